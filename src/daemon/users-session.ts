/** Keeps the board off a task on which its user has a session open: two at work in one worktree would undo each other's work. */
import type { CommandId } from '../domain/command.ts';
import type { TaskId } from '../domain/task.ts';
import { PortError, type BoardFiles } from '../ports.ts';
import type { UntimedEvent } from './untimed-event.ts';

type Sessions = Pick<BoardFiles, 'findSession'>;

/** Refuses a command that would begin work on it, or check what is there; null where no session is open. */
export async function refuseBesideUser(files: Sessions, id: CommandId, task: TaskId): Promise<UntimedEvent | null> {
  const pid = await files.findSession(task);
  if (pid === null) return null;
  const why = `is in your hands, and your session on it is open (process ${String(pid)})`;
  return { type: 'command-refused', id, why, hint: 'End that session: it asks then what becomes of the task.' };
}

/** Throws PortError while one is open, as where the user moved its file: the start is tried again later. */
export async function requireNoSession(files: Sessions, task: TaskId): Promise<void> {
  const pid = await files.findSession(task);
  if (pid !== null) throw new PortError(`your own session on it is open (process ${String(pid)}); end it first`);
}
