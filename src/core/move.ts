/** Makes of a task whose file was moved or deleted what that means, whether the user's hand or a command moved it. */
import { placeOf } from '../domain/file-place.ts';
import {
  targetOf,
  type ActiveTask,
  type AttentionTask,
  type QueuedTask,
  type SettlingTask,
  type Task,
  type TaskFile,
  type Wish,
} from '../domain/board.ts';
import type { MoveKind } from '../domain/command.ts';
import { deletedFrom, type LastPlace } from '../domain/last-place.ts';
import { keyOf, type Column, type TaskId } from '../domain/task.ts';
import { settleCommand } from './commands/settle-command.ts';
import { hasDisk } from './full-disk.ts';
import type { Draft } from './draft.ts';
import { stopRun } from './lifecycle.ts';
import { forgetDeleted, settleWish } from './settlement.ts';

/** A task's file is in another column, or was deleted (null). */
export function moveTask(draft: Draft, id: TaskId, to: TaskFile | null): void {
  const task = draft.task(id);
  if (task !== undefined) {
    if (task.state === 'active') moveActive(draft, task, to);
    else if (task.state === 'settling') moveSettling(draft, task, to);
    else moveWaiting(draft, task, to);
    return;
  }
  const finished = draft.board.finished.get(keyOf(id));
  if (finished === undefined || to === null) return;
  // Its facts look as if the board had not moved it to `done/` yet.
  if (to.column === 'queued')
    remember(draft, { task: id, column: finished.file.column, at: draft.at, told: to.column });
  draft.removeFinished(id);
  load(draft, to);
}

/**
 * Adds the line of the history for a file that the user moved, which is a command. Where it was is remembered if it is in
 * `active/` now: its facts look as if the board had not yet moved it out of there.
 */
export function journalMove(draft: Draft, task: TaskId, from: Column, to: Column | null): void {
  if (to === 'active') remember(draft, { task, column: from, at: draft.at, told: to });
  const command = { kind: kindOfMove(from, to), task };
  settleCommand(draft, { id: null, by: 'file-move', command }, { kind: 'done', said: describeMove(from, to) });
}

function remember(draft: Draft, place: LastPlace): void {
  draft.set({ left: new Map(draft.board.left).set(keyOf(place.task), place) });
}

function kindOfMove(from: Column, to: Column | null): MoveKind {
  switch (to) {
    case null:
    case 'archive':
      return 'cancel';
    case 'queued':
      return from === 'active' ? 'requeue' : 'retry';
    case 'active':
      return 'retry';
    case 'attention':
      return 'put-aside';
    case 'done':
      return 'finish';
  }
}

/** The request that a move of a task is which an agent is on. */
export function wishOf(to: Column | null): Wish {
  switch (to) {
    case null:
    case 'archive':
      return 'cancel';
    case 'queued':
      return 'requeue';
    case 'done':
      return 'finish';
    case 'attention':
    case 'active':
      return 'hold';
  }
}

/** A move in a few words, such as `attention/ → queued/`. */
export function describeMove(from: Column, to: Column | null): string {
  return to === null ? `${deletedFrom}${from}/` : `${from}/ → ${to}/`;
}

/** A task without a run under way. */
function moveWaiting(draft: Draft, task: QueuedTask | AttentionTask, to: TaskFile | null): void {
  const { id } = task;
  if (to === null) {
    forgetDeleted(draft, task);
    return;
  }
  if (to.column === 'archive') {
    settleWish(draft, { ...task, file: to }, 'cancel', { plan: null, record: null });
    return;
  }
  draft.removeTask(id);
  if (to.column === 'done') draft.putFinished({ id, file: to, verdict: undefined, review: null });
  else load(draft, to);
}

/** A task that an agent is on. */
function moveActive(draft: Draft, task: ActiveTask, to: TaskFile | null): void {
  if (to === null && task.wish === 'cancel') return;
  const wish = wishOf(to?.column ?? null);
  if (to?.column === 'active' && task.file.column === 'queued') {
    draft.putTask({ ...task, file: to });
    return;
  }
  draft.putTask({ ...task, file: to ?? task.file, wish });
  stopRun(draft, task.id, wish === 'cancel' ? 'cancelled' : 'requeued');
}

/** A task of which all is decided. */
function moveSettling(draft: Draft, task: SettlingTask, to: TaskFile | null): void {
  if (to !== null && targetOf(task.settlement) === to.column) {
    draft.putTask({ ...task, file: to });
    return;
  }
  // The facts of its last run are written first; on a full disk they have to wait.
  if (!hasDisk(draft.board)) return;
  // Its run is over; wherever the file went, it is where the user wants it.
  draft.removeTask(task.id);
  if (to !== null) load(draft, to);
}

/** Whether a task is found where the board itself is moving it, or is missed again: the user did nothing. */
export function isOwnMove({ board }: Draft, task: Task, to: TaskFile | null): boolean {
  if (task.state === 'settling') return targetOf(task.settlement) === to?.column || !hasDisk(board);
  if (task.state !== 'active') return false;
  return to === null ? task.wish === 'cancel' : to.column === 'active' && task.file.column === 'queued';
}

/** Asks for a file that no known task has, once; of one that `isGone`, for its facts. */
export function load(draft: Draft, file: TaskFile, isGone = false): void {
  const place = placeOf(file);
  if (draft.board.loading.has(place)) return;
  draft.set({ loading: new Set(draft.board.loading).add(place) });
  draft.emit({ type: 'load-task', file, isGone });
}
