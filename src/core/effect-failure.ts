/** What follows when the outside could not do what it was asked. */
import type { ActiveTask, OutsideFault, Phase } from '../domain/board.ts';
import type { EffectKind } from '../domain/effect.ts';
import { limits } from '../domain/limits.ts';
import type { Outcome } from '../domain/run.ts';
import type { TaskId } from '../domain/task.ts';
import { backOff } from './backoff.ts';
import { isDiskFull } from './disk.ts';
import type { Draft } from './draft.ts';
import { interruption } from './outcome.ts';
import { settleFault, settleRun, settleWish, startSettling } from './settlement.ts';

/** What each phase waits for. Others belong to what the task was before the user moved its file. */
const effectsOf: Readonly<Record<Phase['name'], readonly EffectKind[]>> = {
  planning: ['record-exit', 'keep-work', 'plan-run'],
  preparing: ['move-task', 'prepare-workspace', 'start-run'],
  running: [],
  inspecting: ['inspect-work'],
  settling: [
    'write-report',
    'record-exit',
    'keep-work',
    'release-workspace',
    'write-verdict',
    'tell-story',
    'move-task',
  ],
};

/** An effect of a task could not be performed. */
export function handleEffectFailed(draft: Draft, id: TaskId, effect: EffectKind, outside: OutsideFault): void {
  draft.journal({ type: 'effect-failed', task: id, effect, message: outside.message });
  const task = draft.task(id);
  if (task?.state !== 'active') return;
  const { phase } = task;
  if (!effectsOf[phase.name].includes(effect)) return;
  if (phase.name === 'settling') {
    retrySettling(draft, task, phase);
    return;
  }
  if (isDiskFull(outside)) {
    waitForDisk(draft, task, outside);
    return;
  }
  const fault = outside.fault ?? {
    reason: effect === 'start-run' ? 'spawn-failed' : 'setup-failed',
    detail: outside.message,
  };
  switch (phase.name) {
    case 'planning':
      if (task.wish !== null) settleWish(draft, task, task.wish, phase.before ?? { plan: null, record: null });
      else settleFault(draft, task, fault, phase.before ?? undefined);
      return;
    case 'preparing': {
      // At the board's end `setup` is broken off; that is no fault of the task.
      const outcome: Outcome =
        draft.board.shutdown === 'no' ? { kind: 'failed', fault } : interruption('it had not begun', 'nobody');
      settleRun(draft, task, { plan: phase.plan, exit: null, evidence: null }, outcome);
      return;
    }
    case 'inspecting':
      // At the board's end `verify` is broken off; the next start looks at the work again.
      if (draft.board.shutdown !== 'no') draft.removeTask(id);
      else settleRun(draft, task, { plan: phase.plan, exit: phase.exit, evidence: null }, { kind: 'failed', fault });
      return;
    case 'running':
      return;
  }
}

/** What the disk had no room for is done once it has; that costs no attempt. */
function waitForDisk(draft: Draft, task: ActiveTask, outside: OutsideFault): void {
  const { phase, past, wish } = task;
  const retryAt = draft.board.disk?.lookAt ?? draft.at + limits.diskLookEveryMs;
  switch (phase.name) {
    case 'planning': {
      // Its plan may be on disk all the same, so its number is used up.
      const ended = { ...task, past: { ...past, runs: past.runs + 1 } };
      const run = phase.before ?? { plan: null, record: null };
      const next = { ...phase.next, freeRestarts: phase.next.freeRestarts + 1 };
      if (wish !== null) settleWish(draft, ended, wish, run);
      // A disk that the board can't look at may be the full one.
      else if (next.freeRestarts > limits.maxFreeRestarts) {
        settleFault(draft, ended, { reason: 'setup-failed', detail: outside.message });
      } else startSettling(draft, ended, { to: 'queued', next, ...run });
      return;
    }
    case 'preparing': {
      const detail = 'the disk was full before it began';
      const outcome: Outcome = { kind: 'interrupted', detail, blame: 'service', pause: 'disk-full', until: null };
      settleRun(draft, task, { plan: phase.plan, exit: null, evidence: null }, outcome);
      return;
    }
    case 'inspecting':
      draft.putTask({ ...task, phase: { ...phase, retryAt } });
      return;
    case 'settling':
    case 'running':
      return;
  }
}

/** What was decided is written later, after longer waits; sooner where a disk that was full has room again. */
function retrySettling(draft: Draft, task: ActiveTask, phase: Phase & { readonly name: 'settling' }): void {
  const failures = phase.failures + 1;
  const retryAt = draft.at + backOff(limits.firstBackoffMs, failures);
  draft.putTask({ ...task, phase: { ...phase, failures, retryAt } });
}
