/**
 * Finds what the user did to tasks' files while no board ran, by where the last board left them. It means what it would mean
 * to a board at work: one line of the history, and what follows from it (`core/reconcile`).
 */
import type { BoardScan, TaskFile } from '../domain/board.ts';
import type { LoadedTask } from '../domain/outside-answers.ts';
import type { LastPlace } from '../domain/last-place.ts';
import {
  columns,
  fileNameOf,
  isFinishedColumn,
  keyOf,
  type Column,
  type TaskId,
  type TaskKey,
} from '../domain/task.ts';
import type { Draft } from './draft.ts';
import { journalMove, load } from './move.ts';

/** Compares the first scan with where the files were left, and asks for those that it takes facts to judge. */
export function lookForMoved(draft: Draft, scan: BoardScan): void {
  const moved = new Map<TaskKey, LastPlace>();
  for (const [key, place] of draft.board.left) {
    const name = fileNameOf(place.task);
    if (scan.columns[place.column].has(name)) continue;
    const [to, ...others] = columns.filter((column) => scan.columns[column].has(name));
    // Of two files of one name it is not known which was moved.
    if (others.length > 0) continue;
    const wasFinished = isFinishedColumn(place.column);
    if (wasFinished && (to === undefined || isFinishedColumn(to))) continue;
    const identity = to === undefined ? undefined : scan.columns[to].get(name);
    if (to === undefined || identity === undefined) {
      if (place.told !== 'archive') loadGone(draft, place, name);
    } else {
      if (isFinishedColumn(to)) draft.removeFinished(place.task);
      load(draft, { column: to, name, identity });
    }
    moved.set(key, place);
  }
  draft.set({ left: moved });
}

function loadGone(draft: Draft, { column }: LastPlace, name: string): void {
  load(draft, { column, name, identity: { inode: 0, size: 0, mtimeMs: 0 } }, true);
}

/**
 * The column from which the user moved or deleted a loaded task's file while no board ran, told in the history; null where it
 * was not moved, or the last board moved it itself and could not tell any more.
 */
export function takeMove(draft: Draft, id: TaskId, loaded: LoadedTask): Column | null {
  const place = draft.board.left.get(keyOf(id));
  if (place === undefined) return null;
  const to = loaded.isGone ? null : loaded.file;
  const isMoved = to?.column !== place.column && !isOwn(place, to, loaded);
  if (isMoved && place.told !== (to?.column ?? 'archive') && !isCommanded(draft, id))
    journalMove(draft, id, place.column, to?.column ?? null);
  const left = new Map(draft.board.left);
  left.delete(keyOf(id));
  draft.set({ left });
  return isMoved ? place.column : null;
}

/** Whether the facts say that the last board moved it. */
function isOwn(place: LastPlace, to: TaskFile | null, { facts }: LoadedTask): boolean {
  const last = facts.runs.at(-1);
  switch (to?.column) {
    case undefined:
    case 'archive':
      // The user's move comes before what follows from it, which is done again.
      return false;
    case 'active':
      return last !== undefined && last.record === null;
    case 'queued':
      return place.column === 'active' && last !== undefined && last.record !== null;
    case 'attention':
    case 'done': {
      const { verdict } = facts;
      return verdict?.column === to.column && verdict.at >= place.at;
    }
  }
}

/** Whether a command about the task is being settled: a crash may have come between the move and its line. */
function isCommanded(draft: Draft, id: TaskId): boolean {
  return [...draft.board.commands.values()].some(
    (pending) =>
      'request' in pending && 'task' in pending.request.command && keyOf(pending.request.command.task) === keyOf(id),
  );
}
