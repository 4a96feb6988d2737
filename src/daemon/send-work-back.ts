/**
 * Sends a task that is done back to its author, with the comments of its `review.md`. The review says so before the file is
 * moved, so that a kill in between loses no word of the user's. What counts is the commit that they saw.
 */
import type { Effect } from '../domain/effect.ts';
import { limits } from '../domain/limits.ts';
import { listDrafts } from '../markdown/page-comments.ts';
import type { BoardFiles, Notes, Worktrees } from '../ports.ts';
import type { UntimedEvent } from './untimed-event.ts';

interface SendBackPorts {
  readonly files: BoardFiles;
  readonly worktrees: Pick<Worktrees, 'keepReviewed'>;
  readonly notes: Pick<Notes, 'list'>;
}

/** See the file's head. Notes that wait for the task are told by its next run, so that they are enough. `command-moved` or `command-refused`. */
export async function sendBack(
  { files, worktrees, notes }: SendBackPorts,
  { id, task, file, work, target, review }: Effect & { readonly type: 'send-back-for-command' },
): Promise<UntimedEvent> {
  const refuse = (why: string, hint: string): UntimedEvent => ({ type: 'command-refused', id, why, hint });
  const page = await files.readPage(task);
  if (page !== null && page.written === null) {
    const why = `was not sent back: in its review.md your comments can't be told from what the board wrote there`;
    return refuse(why, `branchboard review ${task} keeps that file under another name; write them anew then.`);
  }
  const comments = listDrafts(page, review.sentBack);
  const said = review.sentBack.at(-1);
  const isSilent = said === undefined || (said.text.trim() === '' && comments.length === 0);
  if (said === undefined || (isSilent && !(await notes.list(task)).some(({ readAt }) => readAt === null))) {
    const how = `branchboard review ${task}, write your comments into that file, and ask again. Or: branchboard send-back ${task} TEXT`;
    return refuse('was told nothing', `Say what is wrong: ${how}`);
  }
  const length = comments.reduce((sum, { text }) => sum + text.length, 0);
  if (comments.length > limits.maxComments || length > limits.maxCommentsChars) {
    const most = `${String(limits.maxComments)} comments and ${String(limits.maxCommentsChars)} characters`;
    return refuse(`can take at most ${most} at once`, `Shorten .orchestrator/runs/${task}/review.md, and ask again.`);
  }
  const kept = work === null ? null : await worktrees.keepReviewed(work, target);
  if (work !== null && kept?.kind === 'elsewhere') {
    const why = `was not sent back: ${work.branch} is at ${kept.tip.slice(0, 10)} by now`;
    return refuse(why, `Look at it: branchboard diff ${task}. Then: branchboard send-back ${task} TEXT`);
  }
  const reviewed = work === null || kept?.kind !== 'kept' ? null : { commit: work.tip, base: kept.base };
  const sentBack = [...review.sentBack.slice(0, -1), { ...said, comments, work: reviewed }];
  await files.writeReview(task, { ...review, sentBack });
  return { type: 'command-moved', id, file: await files.moveTask(file, 'queued'), comments: comments.length };
}
