/**
 * Sends a task that is done back to its author: the review says so before the file is moved, so that a kill in between
 * loses no word of the user's. What counts is the commit that they saw.
 */
import type { Effect } from '../domain/effect.ts';
import type { BoardFiles, Worktrees } from '../ports.ts';
import type { UntimedEvent } from './untimed-event.ts';

/** See the file's head. `command-moved` or `command-refused`. */
export async function sendBack(
  { files, worktrees }: { readonly files: BoardFiles; readonly worktrees: Pick<Worktrees, 'readTip'> },
  { id, task, file, branch, commit, review }: Effect & { readonly type: 'send-back-for-command' },
): Promise<UntimedEvent> {
  const tip = branch === null ? null : await worktrees.readTip(branch);
  if (branch !== null && tip !== null && tip !== commit) {
    const why = `was not sent back: ${branch} is at ${tip.slice(0, 10)} by now`;
    return { type: 'command-refused', id, why, hint: `Look at it, then ask again: branchboard diff ${task}` };
  }
  await files.writeReview(task, review);
  return { type: 'command-moved', id, file: await files.moveTask(file, 'queued') };
}
