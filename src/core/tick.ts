/** Handles a tick: does everything that is due by now. */
import type { ActiveTask, SettlingTask } from '../domain/board.ts';
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
      retry(draft, due.task);
      return;
    case 'start':
      return;
    default:
      unreachable(due);
  }
}

function retry(draft: Draft, task: ActiveTask | SettlingTask): void {
  if (task.state === 'settling') {
    draft.putTask({ ...task, retryAt: null });
    draft.emit(...listSettlingEffects(draft.board, task, task.settlement));
  } else if (task.phase.name === 'inspecting') {
    draft.putTask({ ...task, phase: { ...task.phase, retryAt: null } });
    inspectWork(draft, task, task.phase.plan, task.phase.exit);
  }
}
