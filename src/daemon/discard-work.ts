/**
 * Discards the work of a task that is done. The review says so before its branch goes to a ref of the board's own, so that
 * whatever fails or is killed after that, the branch is made again unless the file is moved.
 */
import type { Effect } from '../domain/effect.ts';
import type { BoardFiles, Worktrees } from '../ports.ts';
import type { UntimedEvent } from './untimed-event.ts';

/** See the file's head. `command-moved` or `command-refused`. */
export async function discardWork(
  {
    files,
    worktrees,
  }: {
    readonly files: Pick<BoardFiles, 'readReview' | 'writeReview' | 'moveTask'>;
    readonly worktrees: Pick<Worktrees, 'discard'>;
  },
  { id, task, file, work, review }: Effect & { readonly type: 'discard-for-command' },
): Promise<UntimedEvent> {
  const before = await files.readReview(task);
  await files.writeReview(task, review);
  const outcome = await worktrees.discard(work);
  if (outcome.kind === 'refused') {
    if (before !== null && typeof before === 'object') await files.writeReview(task, before);
    return { type: 'command-refused', id, why: `was not discarded: ${outcome.why}`, hint: outcome.hint };
  }
  return { type: 'command-moved', id, file: await files.moveTask(file, 'archive') };
}
