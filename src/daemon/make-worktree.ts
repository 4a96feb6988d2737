/** Makes the worktree of a task's last run again, as a command asks; of a task that its user takes over it then keeps that it is theirs. */
import type { Effect } from '../domain/effect.ts';
import { findOwnRun } from '../domain/task-facts.ts';
import type { BoardFiles, Worktrees } from '../ports.ts';
import type { UntimedEvent } from './untimed-event.ts';

/** See the file's head. Throws PortError where it can't be made. */
export async function makeWorktree(
  {
    files,
    worktrees,
  }: { readonly files: Pick<BoardFiles, 'readFacts' | 'writeVerdict'>; readonly worktrees: Pick<Worktrees, 'open'> },
  { id, task, file, verdict }: Effect & { readonly type: 'open-for-command' },
): Promise<UntimedEvent> {
  const plan = findOwnRun(await files.readFacts(task))?.plan;
  if (plan === undefined) {
    const why = 'has no worktree: no agent was at work on it yet';
    return { type: 'command-refused', id, why, hint: 'To see why it waits: branchboard status' };
  }
  await worktrees.open(plan, file.column === 'done');
  if (verdict !== null) await files.writeVerdict(task, verdict);
  return { type: 'command-opened', id, path: plan.workspace.path, verdict };
}
