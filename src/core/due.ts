/** What is due though nothing happened. */
import { hasDisk, lookAtDisk } from './full-disk.ts';
import type { Draft } from './draft.ts';
import { inspectWork, stopRun } from './lifecycle.ts';
import { timeoutOf } from './granted-rights.ts';
import { listSettlingEffects } from './settlement.ts';

/** Does what is due by now: timeouts, stalls, settlements that failed. */
export function handleTick(draft: Draft): void {
  const { settings } = draft.board;
  lookAtDisk(draft);
  for (const task of draft.board.live.values()) {
    if (task.state !== 'active') continue;
    const { phase } = task;
    if (phase.name === 'running' && phase.stopping === null) {
      if (draft.at >= phase.startedAt + timeoutOf(draft.board, task.spec)) stopRun(draft, task.id, 'timeout');
      // An open tool call is work, however quiet.
      else if (phase.view.openTools === 0 && draft.at >= phase.lastOutputAt + settings.stallAfterMs)
        stopRun(draft, task.id, 'stalled');
    } else if (phase.name === 'settling' && isDue(draft, phase.retryAt)) {
      draft.putTask({ ...task, phase: { ...phase, retryAt: null } });
      draft.emit(...listSettlingEffects(task, phase.settlement));
    } else if (phase.name === 'inspecting' && isDue(draft, phase.retryAt)) {
      draft.putTask({ ...task, phase: { ...phase, retryAt: null } });
      inspectWork(draft, task, phase.plan);
    }
  }
}

/** Nothing that failed is tried again while the disk is full. */
function isDue(draft: Draft, retryAt: number | null): boolean {
  return retryAt !== null && draft.at >= retryAt && hasDisk(draft.board);
}
