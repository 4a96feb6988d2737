/** `review`: writes a task's diff into a file in which the user comments on it, between its lines. */
import { relative } from 'node:path';
import { readTaskFacts } from '../../adapters/files/facts.ts';
import { reviewPath, writePage } from '../../adapters/files/review-file.ts';
import { createGit, type Git } from '../../adapters/git/git.ts';
import { findSinceReview, type OwnChanges } from '../../adapters/git/own-changes.ts';
import { readDiff } from '../../adapters/git/review-diff.ts';
import { countOf } from '../../domain/amounts.ts';
import { roundAfter, type SentBack } from '../../domain/review.ts';
import type { TaskFacts } from '../../domain/task-facts.ts';
import { listDrafts } from '../../markdown/page-comments.ts';
import { composePage, fillPage, type EarlierRound, type ReviewPage } from '../../markdown/review-page.ts';
import { requireOwnChanges } from '../own-work.ts';
import { openPlace, type GlobalOptions } from '../place.ts';
import { findTask, requireBranch } from '../task-files.ts';
import { print, type Verb } from '../verb.ts';

/** The verb `review`. */
export const reviewCommand: Verb = (command) =>
  command.action(async (text: string, options: GlobalOptions) => {
    const place = await openPlace(options);
    const { layout, repository } = place;
    const { id } = await findTask(place, text);
    const facts = await readTaskFacts(layout, id);
    const { branch, base } = requireBranch(id, facts.runs);
    const git = createGit(place.topLevel, { repository });
    const { own } = await requireOwnChanges(place, git, { id, branch, base, tip: facts.verdict?.tip ?? null });
    const sentBack = facts.review?.sentBack ?? [];
    const page: ReviewPage = {
      ...{ id, title: facts.verdict?.title ?? id, round: roundAfter(facts.review), tip: own.tip, from: own.from },
      rounds: sentBack.map((each, index) => withAnswers(facts, each, sentBack[index + 1] ?? null)),
      since: await readSince(git, own, sentBack.at(-1) ?? null),
      own: await readDiff(git, own.from, own.tip),
    };
    let drafts = 0;
    const aside = await writePage(layout, id, page.round, (before, stamp) => {
      const kept = listDrafts(before, sentBack);
      drafts = kept.length;
      return fillPage(composePage(page, stamp), kept);
    });
    const path = relative(process.cwd(), reviewPath(layout, id));
    if (aside !== null) print(`! ${path} was none that the board knows; it is ${aside} beside it now.`);
    print(`${path}${drafts === 0 ? '' : ` · ${countOf(drafts, 'comment')} not sent`}`);
    print(`Write your comments into it, save it, then: branchboard send-back ${id}`);
  });

/** A sending back, with what the runs that followed it answered. */
function withAnswers({ runs }: TaskFacts, said: SentBack, next: SentBack | null): EarlierRound {
  const followed = runs.filter(({ plan }) => plan.n > said.run && (next === null || plan.n <= next.run));
  return { ...said, answers: followed.flatMap(({ record }) => record?.exit.view.result?.report?.answers ?? []) };
}

async function readSince(git: Git, own: OwnChanges, last: SentBack | null): Promise<ReviewPage['since']> {
  if (last === null) return null;
  const since = last.work === null ? null : await findSinceReview(git, last.work, own);
  if (since === null) return { files: [], omitted: 0, note: 'what was reviewed is gone' };
  const note = since.isWithBase ? 'with what its base brought, which could not be told apart' : null;
  return { ...(await readDiff(git, since.from, own.tip)), note };
}
