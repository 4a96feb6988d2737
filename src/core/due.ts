/** When the board must act though nothing happens: one list, for the timer that wakes it and for what it does then. */
import type { ActiveTask, Board, SettlingTask, Task } from '../domain/board.ts';
import { hasDisk } from './full-disk.ts';
import { termsOf } from './granted-rights.ts';

/** Something that is due at a time, in milliseconds since the epoch. */
export type Due = { readonly at: number } &
  /** A hold or a task's delay is over: {@link chooseStarts} looks at both after every event. */
  (
    | { readonly what: 'start' }
    | { readonly what: 'look-at-disk' }
    | { readonly what: 'stop'; readonly task: ActiveTask; readonly cause: 'timeout' | 'stalled' }
    /** Retries a failed step of a task. */
    | { readonly what: 'retry'; readonly task: ActiveTask | SettlingTask }
  );

/** Everything that is due now or later as things stand, in no order. */
export function listDue(board: Board): readonly Due[] {
  const due: Due[] = [];
  if (board.hold !== null) due.push({ at: board.hold.until, what: 'start' });
  if (board.disk !== null) due.push({ at: board.disk.lookAt, what: 'look-at-disk' });
  for (const task of board.live.values()) {
    due.push(...listTaskDue(board, task));
  }
  return due;
}

function listTaskDue(board: Board, task: Task): readonly Due[] {
  if (task.state === 'queued') return task.next.delay === null ? [] : [{ at: task.next.delay.until, what: 'start' }];
  if (task.state === 'attention') return [];
  const step = task.state === 'settling' ? task : task.phase;
  if ('retryAt' in step) {
    // Nothing that failed is tried again while the disk is full.
    return step.retryAt === null || !hasDisk(board) ? [] : [{ at: step.retryAt, what: 'retry', task }];
  }
  return task.state === 'active' ? listPhaseDue(board, task) : [];
}

function listPhaseDue(board: Board, task: ActiveTask): readonly Due[] {
  const { phase } = task;
  if (phase.name !== 'running' || phase.stopping !== null) return [];
  const { timeoutMs, stallAfterMs } = termsOf(board, task.spec, phase.plan);
  const timeout = { at: phase.startedAt + timeoutMs, what: 'stop', task, cause: 'timeout' } as const;
  // An open tool call is work, however quiet.
  if (phase.view.openTools > 0) return [timeout];
  const stall = { at: phase.lastOutputAt + stallAfterMs, what: 'stop', task, cause: 'stalled' } as const;
  return [timeout.at <= stall.at ? timeout : stall];
}

/** The next time after `now` at which the board needs a tick, in milliseconds since the epoch; Infinity for never. */
export function findNextWake(board: Board, now: number): number {
  // A hold that is over keeps nobody, but whatever else is due waits for a tick, which another event may have come before.
  const wakes = listDue(board).map(({ at, what }) => (what === 'start' ? at : Math.max(at, now + 1)));
  return wakes.reduce((earliest, wake) => (wake > now && wake < earliest ? wake : earliest), Infinity);
}
