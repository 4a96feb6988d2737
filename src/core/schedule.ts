/**
 * Decides which queued tasks start now, and why the others wait. Order: priority, then the longest chain of dependents,
 * then age.
 */
import type { Board, BoardScan, FinishedTask, QueuedTask, Task, Waiting } from '../domain/board.ts';
import { isUnreadable } from '../domain/task-facts.ts';
import type { Hold } from '../domain/hold.ts';
import { limits } from '../domain/limits.ts';
import { placeOf } from '../domain/file-place.ts';
import { idOfFile, keyOf, priorities, type TaskKey } from '../domain/task.ts';
import { touchSame } from '../domain/touches.ts';
import { isAsked, isReadingCommands, listCommanded } from './commands/pending.ts';
import { hasDisk } from './full-disk.ts';
import { findWaitingOn, measureChains } from './dependencies.ts';
import { needsUser } from './circuit-breaker.ts';
import { findAsks } from './granted-rights.ts';

/** Queued tasks in the order in which they would start. */
export function orderQueue(live: ReadonlyMap<TaskKey, Task>): readonly QueuedTask[] {
  const queued = [...live.values()].filter((task) => task.state === 'queued');
  if (queued.length < 2) return queued;
  const chains = measureChains(live);
  const chainOf = (task: Task) => chains.get(keyOf(task.id)) ?? 0;
  return queued.sort(
    (a, b) =>
      priorities.indexOf(a.spec.priority) - priorities.indexOf(b.spec.priority) ||
      chainOf(b) - chainOf(a) ||
      a.file.identity.mtimeMs - b.file.identity.mtimeMs ||
      compareIds(a.id, b.id),
  );
}

function compareIds(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** The number of agents that may be started beside those at work. */
export function countFreeSlots(board: Board): number {
  return board.settings.maxParallel - countUsedSlots(board);
}

/** The number of slots taken; a task whose facts are only being written takes none. */
export function countUsedSlots(board: Board): number {
  // On a task that can't be read an agent may be at work.
  let used = [...board.unread.values()].filter(({ file }) => file.column === 'active').length;
  for (const task of board.live.values()) {
    if (task.state === 'active') used++;
  }
  return used;
}

/** The tasks to start at `now`, the first first. */
export function chooseStarts(board: Board, now: number): readonly QueuedTask[] {
  const slots = countStartable(board, now);
  if (slots <= 0) return [];
  const commanded = listCommanded(board);
  const waiting = orderQueue(board.live).filter(({ id }) => !commanded.has(keyOf(id)));
  const ready = waiting.filter((task) => findObstacle(board, task, now) === null);
  const { hold } = board;
  if (hold === null || ready.length === 0) return takeApart(ready, slots);
  // Each strike is probed by another task, lest one that alone meets the wall keeps all others from it.
  const probe = ready[(hold.strikes - 1) % ready.length];
  return probe === undefined ? [] : [probe];
}

/** The first of these tasks that may all be at work at once. */
function takeApart(tasks: readonly QueuedTask[], slots: number): readonly QueuedTask[] {
  const taken: QueuedTask[] = [];
  for (const task of tasks) {
    if (taken.length === slots) break;
    if (!taken.some((other) => touchSame(task.spec.touches, other.spec.touches))) taken.push(task);
  }
  return taken;
}

function countStartable(board: Board, now: number): number {
  if (board.userPaused || board.shutdown !== 'no' || board.loading.size > 0 || !hasDisk(board)) return 0;
  // Of files that were dropped together, the most urgent one starts first, whichever was read first.
  if (isReadingInbox(board) || isReadingCommands(board)) return 0;
  const { hold } = board;
  if (hold === null) return countFreeSlots(board);
  // One task probes whether what held the board is over; agents from before may still be at work.
  const isDue = now >= hold.until && ![...board.live.values()].some((task) => isProbe(task, hold));
  return isDue ? Math.min(1, countFreeSlots(board)) : 0;
}

/** Whether a task is the one that was started since the hold was due, or is about to be. */
function isProbe(task: Task, hold: Hold): boolean {
  if (task.state !== 'active') return false;
  const { phase } = task;
  return phase.name === 'planning' || ('plan' in phase && phase.plan.plannedAt >= hold.until);
}

/** Whether a file of the inbox is being read. */
export function isReadingInbox(board: Board): boolean {
  return [...board.inbox.values()].some((file) => file.diagnostics === null);
}

/** The reason why this one task can't start, whatever the slots; null if there is none. */
export function findObstacle(board: Board, task: QueuedTask, now: number): Waiting | null {
  if (task.problems.length > 0) return { kind: 'problem' };
  // The user is asked before the dependencies are done: by then they may be asleep.
  const asks = findAsks(board, task.spec);
  if (asks !== null) return asks;
  const on = findWaitingOn(board, task);
  if (on.length > 0) return { kind: 'dependencies', on };
  const { delay } = task.next;
  if (delay !== null && delay.until > now) return { kind: 'delay', delay };
  return findCollision(board, task);
}

/** A task that changes the same files as one at work waits for that, so that neither has to be mended when both are merged. */
function findCollision(board: Board, { spec }: QueuedTask): Waiting | null {
  if (spec.touches.length === 0) return null;
  for (const { id, state, spec: other } of board.live.values()) {
    if (state === 'active' && touchSame(spec.touches, other.touches)) return { kind: 'collision', with: id };
  }
  return null;
}

/** Why a queued task waits; `position` is its place among the tasks that nothing but a slot keeps. */
export function explainWaiting(board: Board, task: QueuedTask, now: number, position: number): Waiting {
  const obstacle = findObstacle(board, task, now);
  if (obstacle !== null) return obstacle;
  const isPaused = board.userPaused || board.hold !== null || board.shutdown !== 'no' || !hasDisk(board);
  if (isPaused) return { kind: 'paused' };
  return position === 0 ? { kind: 'next' } : { kind: 'slot' };
}

/** Whether nothing can go on without the user. */
export function isIdle(board: Board, now: number): boolean {
  if (board.scan === null || board.scan.unsettled.size > 0) return false;
  if (board.loading.size > 0 || board.readingVerdicts.size > 0 || isAsked(board)) return false;
  if (isReadingInbox(board) || !hasDisk(board)) return false;
  // A file that could not be read is read again.
  const isTried = [...board.inbox.values()].some(
    (file) => file.retryAt !== null && file.failures < limits.maxQuickRetries,
  );
  if (isTried) return false;
  // A file that was changed while it was read is taken in after the next scan.
  if ([...board.scan.inbox.keys()].some((path) => !board.inbox.has(path))) return false;
  if (hasUnloaded(board, board.scan)) return false;
  if ([...board.live.values()].some((task) => task.state === 'active' || task.state === 'settling')) return false;
  if (board.userPaused || (board.hold !== null && needsUser(board.hold))) return true;
  return ![...board.live.values()].some((task) => {
    if (task.state !== 'queued') return false;
    const obstacle = findObstacle(board, task, now);
    return obstacle === null || obstacle.kind === 'delay';
  });
}

/**
 * Whether a task's file could not be read yet, or was changed meanwhile: it is loaded after the next scan. One that fails
 * again and again for one reason is the user's to mend.
 */
function hasUnloaded(board: Board, scan: BoardScan): boolean {
  return (['queued', 'active', 'attention'] as const).some((column) =>
    [...scan.columns[column].keys()].some((name) => {
      const id = idOfFile(name);
      if (id === null || board.live.has(keyOf(id)) || board.finished.has(keyOf(id))) return false;
      return (board.unread.get(placeOf({ column, name }))?.failures ?? 0) < limits.maxQuickRetries;
    }),
  );
}

/** Whether something waits for the user: what `start --until-idle` tells by its exit code. */
export function needsAttention(board: Board): boolean {
  const isUnknown = ({ file, verdict }: FinishedTask) =>
    file.column === 'done' && verdict !== undefined && isUnreadable(verdict);
  return (
    board.live.size > 0 || board.inbox.size > 0 || board.unread.size > 0 || [...board.finished.values()].some(isUnknown)
  );
}

/** Whether the board's end waits for a task. A write that fails now is done at the next start. */
export function isBusy(task: Task): boolean {
  if (task.state === 'settling') return task.failures === 0;
  return task.state === 'active' && !(task.phase.name === 'inspecting' && task.phase.retryAt !== null);
}
