/**
 * Discards the work of a task that is done. Its branch is a ref of the board's own and the review says so before the file is
 * moved; a board that is killed in between finds the command again and goes on.
 */
import type { Effect } from '../domain/effect.ts';
import type { BoardFiles, Worktrees } from '../ports.ts';
import type { UntimedEvent } from './untimed-event.ts';

/** See the file's head. `command-moved` or `command-refused`. */
export async function discardWork(
  { files, worktrees }: { readonly files: BoardFiles; readonly worktrees: Pick<Worktrees, 'discard'> },
  { id, task, file, work, review }: Effect & { readonly type: 'discard-for-command' },
): Promise<UntimedEvent> {
  const outcome = await worktrees.discard(work);
  if (outcome.kind === 'refused') {
    return { type: 'command-refused', id, why: `was not discarded: ${outcome.why}`, hint: outcome.hint };
  }
  await files.writeReview(task, review);
  return { type: 'command-moved', id, file: await files.moveTask(file, 'archive') };
}
