/** Handles a tick: does everything that is due by now. */
import type { ActiveTask } from '../domain/board.ts';
import { unreachable } from '../domain/result.ts';
import type { Draft } from './draft.ts';
import { listDue, type Due } from './due.ts';
import { lookAtDisk } from './full-disk.ts';
import { inspectWork, stopRun } from './lifecycle.ts';
import { listSettlingEffects } from './settlement.ts';

/** Time went by: looks for room, ends runs that are stalled or over their time, tries again what failed. */
export function handleTick(draft: Draft): void {
  for (const due of listDue(draft.board)) {
    if (draft.at >= due.at) act(draft, due);
  }
}

function act(draft: Draft, due: Due): void {
  switch (due.what) {
    case 'look-at-disk':
      lookAtDisk(draft);
      return;
    case 'stop':
      stopRun(draft, due.task.id, due.cause);
      return;
    case 'retry':
      retryPhase(draft, due.task);
      return;
    case 'start':
      return;
    default:
      unreachable(due);
  }
}

function retryPhase(draft: Draft, task: ActiveTask): void {
  const { phase } = task;
  if (phase.name !== 'settling' && phase.name !== 'inspecting') return;
  draft.putTask({ ...task, phase: { ...phase, retryAt: null } });
  if (phase.name === 'settling') draft.emit(...listSettlingEffects(task, phase.settlement));
  else inspectWork(draft, task, phase.plan);
}
