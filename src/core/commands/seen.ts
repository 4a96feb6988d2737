/** What somebody sees of a task at this moment, for the command that they ask now. */
import { verdictOf, type Board } from '../../domain/board.ts';
import type { Seen } from '../../domain/command.ts';
import { keyOf, type TaskId } from '../../domain/task.ts';

/** Null where there is no such task. */
export function see(board: Board, id: TaskId): Seen | null {
  const live = board.live.get(keyOf(id));
  if (live !== undefined) return { column: live.file.column, run: live.past.runs };
  const finished = board.finished.get(keyOf(id));
  return finished === undefined ? null : { column: finished.file.column, run: verdictOf(finished)?.run ?? null };
}
