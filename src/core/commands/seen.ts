/** What somebody sees of a task at a moment, and whether that still holds when their command is carried out. */
import { verdictOf, type Board, type TaskFile } from '../../domain/board.ts';
import type { CommandRequest, Seen, TaskCommand } from '../../domain/command.ts';
import { keyOf, type Column, type TaskId } from '../../domain/task.ts';
import type { Draft } from '../draft.ts';
import { settleCommand } from './settle-command.ts';

/** Null where there is no such task. */
export function see(board: Board, id: TaskId): Seen | null {
  const live = board.live.get(keyOf(id));
  if (live !== undefined) return { column: live.file.column, run: live.past.runs };
  const finished = board.finished.get(keyOf(id));
  return finished === undefined ? null : { column: finished.file.column, run: verdictOf(finished)?.run ?? null };
}

/**
 * Settles a command where the task is not what its asker saw; says whether it did. One that moves a task to the column `to`
 * may have moved it already; null is for one that leaves it where it is.
 */
export function settleStale(
  draft: Draft,
  request: CommandRequest & { readonly command: TaskCommand },
  file: TaskFile,
  to: Column | null,
): boolean {
  const { seen, command } = request;
  const { task } = command;
  if (seen === null || isAsSeen(draft, task, file, seen)) return false;
  // A crash may have come between the move and its answer; or the user was quicker.
  if (file.column === to || (to === 'queued' && file.column === 'active')) {
    settleCommand(draft, request, { kind: 'done', said: `${task} is in ${file.column}/ already` });
    return true;
  }
  // A board that ends puts what is at work back into the queue, and leaves what was asked meanwhile to the next start.
  if (seen.column === 'active' && isAsSeen(draft, task, file, { ...seen, column: 'queued' })) return false;
  const said =
    file.column === seen.column
      ? `${task} was worked on again since this was asked`
      : `${task} is in ${file.column}/ by now; it was in ${seen.column}/ when this was asked`;
  const hint = `To see how it stands: branchboard show ${task}`;
  settleCommand(draft, request, { kind: 'refused', why: 'moved-on', said, hint });
  return true;
}

function isAsSeen(draft: Draft, id: TaskId, file: TaskFile, seen: Seen): boolean {
  const run = see(draft.board, id)?.run ?? null;
  return file.column === seen.column && (seen.run === null || run === null || run === seen.run);
}
