/**
 * Restacks a task's work as the user asked. The review says what is to be before the branch moves, and plan and verdict say
 * what is after that: so a board that is killed in between knows by the branch how far it came, and goes on from there.
 */
import type { Effect } from '../domain/effect.ts';
import type { RestackOutcome } from '../domain/restack-outcome.ts';
import { openReview } from '../domain/review.ts';
import { findOwnRun } from '../domain/task-facts.ts';
import { findRed, type BoardNow, type MergePorts } from './merge-work.ts';

/** See the file's head; `start` is the branch or commit that the task starts from. Throws what the ports throw. */
export async function restackWork(
  ports: MergePorts,
  effect: Effect & { readonly type: 'restack-for-command' },
  start: string | null,
  now: BoardNow,
): Promise<RestackOutcome> {
  const { files, worktrees } = ports;
  const { task, work, verdict, review, dependencies } = effect;
  const { restack = null } = review;
  // One that came to its end has the facts on its side, unless this is the same command again.
  const begun = restack?.from === work.tip || restack?.tip !== verdict.tip ? restack : null;
  const prepared = await worktrees.prepareRestack(work, { task, start, dependencies }, begun);
  if (prepared.kind !== 'prepared') return prepared;
  const { from, base, tip, commits, diffstat, changesWhatRuns } = prepared;
  const restacked = { ...openReview(review.round, review.sentBack), pull: review.pull, restack: { from, base, tip } };
  const { plan = null } = findOwnRun(await files.readFacts(task)) ?? {};
  if (!prepared.isMoved) {
    const isSameTree = prepared.isSameTree && verdict.verified && verdict.tip === from;
    const red = await findRed(ports, task, { after: tip, isSameTree }, now);
    if (red !== null) return { kind: 'red', check: red };
    await files.writeReview(task, { ...review, ...restacked });
    const refused = await worktrees.finishRestack({ task, n: plan?.n ?? 0 }, prepared);
    if (refused !== null) return refused;
  }
  // The next run goes on from the plan of the last one.
  if (plan !== null) await files.replacePlan({ ...plan, workspace: { ...plan.workspace, base } });
  const moved = { ...verdict, base, tip, commits, diffstat, changesWhatRuns };
  await files.writeVerdict(task, moved);
  return { kind: 'restacked', verdict: moved, review: restacked };
}
