/**
 * Handles a jump of the wall clock: the machine slept, or its clock was set. Times measured from before the jump are
 * moved by as much, so that sleep is no stall and no agent runs out of its time.
 */
import type { ActiveTask, Phase } from '../domain/board.ts';
import type { Draft } from './draft.ts';

/** Moves the times of tasks and runs under way. Times named from outside, such as a limit's reset, stay. */
export function handleClockJumped(draft: Draft, byMs: number): void {
  draft.journal({ type: 'clock-jumped', byMs });
  const { disk, hold } = draft.board;
  if (disk !== null) draft.set({ disk: { ...disk, lookAt: disk.lookAt + byMs } });
  // A hold that backs off would last for as long as the clock was set back.
  if (hold !== null && !hold.isTold && byMs < 0) {
    draft.set({ hold: { ...hold, until: hold.until + byMs } });
  }
  for (const task of [...draft.board.live.values()]) {
    if (task.state === 'active') draft.putTask({ ...task, phase: movePhase(task.phase, byMs) } satisfies ActiveTask);
    else if (task.state === 'settling') draft.putTask({ ...task, retryAt: moveTime(task.retryAt, byMs) });
    else if (task.state === 'queued' && task.next.delay !== null && byMs < 0) {
      const { delay } = task.next;
      draft.putTask({ ...task, next: { ...task.next, delay: { ...delay, until: delay.until + byMs } } });
    }
  }
  for (const file of [...draft.board.inbox.values()]) {
    if (file.retryAt !== null) draft.putInbox({ ...file, retryAt: file.retryAt + byMs });
  }
}

function movePhase(phase: Phase, byMs: number): Phase {
  switch (phase.name) {
    case 'running':
      return { ...phase, startedAt: phase.startedAt + byMs, lastOutputAt: phase.lastOutputAt + byMs };
    case 'inspecting':
      return { ...phase, retryAt: moveTime(phase.retryAt, byMs) };
    case 'planning':
    case 'preparing':
      return phase;
  }
}

function moveTime(at: number | null, byMs: number): number | null {
  return at === null ? null : at + byMs;
}
