/** Handles effects that the outside could not perform. */
import type { ActiveTask, Phase, SettlingTask } from '../domain/board.ts';
import type { OutsideFault } from '../domain/outside-answers.ts';
import type { BoardEvent } from '../domain/event.ts';
import { effectTraits } from '../domain/effect-traits.ts';
import { limits } from '../domain/limits.ts';
import type { Fault, Outcome } from '../domain/run.ts';
import { backOff } from './backoff.ts';
import { isDiskFull } from './full-disk.ts';
import type { Draft } from './draft.ts';
import type { TaskPast } from '../domain/task-past.ts';
import { placeHoldFor } from './circuit-breaker.ts';
import { interpretExit, interruption } from './outcome.ts';
import { settleRun, settleUnjudged } from './settle-run.ts';
import { settleFault, settleWish, startSettling } from './settlement.ts';

type Planning = Phase & { readonly name: 'planning' };

/** An effect could not be performed. */
export function handleEffectFailed(
  draft: Draft,
  { task: id, command, effect, fault: outside }: Omit<BoardEvent & { readonly type: 'effect-failed' }, 'type' | 'at'>,
): void {
  const ofCommand = command === undefined ? {} : { command };
  draft.journal({ type: 'effect-failed', task: id, ...ofCommand, effect, message: outside.message });
  const task = id === null ? undefined : draft.task(id);
  if (task?.state !== 'active' && task?.state !== 'settling') return;
  // Anything else belongs to what the task was before the user moved its file.
  if (!effectTraits[effect].phases.includes(task.state === 'active' ? task.phase.name : 'settling')) return;
  if (task.state === 'settling') retrySettling(draft, task);
  else if (isMachineFault(outside)) repeatLater(draft, task, outside);
  else charge(draft, task, outside.fault ?? { reason: 'setup-failed', detail: outside.message });
}

/** The task is not to blame, and the same may succeed later. */
function isMachineFault(outside: OutsideFault): boolean {
  return outside.fault === null || outside.pause !== undefined || isDiskFull(outside);
}

/** The task, or what it asks for, is to blame. */
function charge(draft: Draft, task: ActiveTask, fault: Fault): void {
  const { phase } = task;
  switch (phase.name) {
    case 'planning':
      if (task.wish !== null) settleWish(draft, task, task.wish, phase.before ?? { plan: null, record: null });
      else giveUp(draft, task, phase, fault);
      return;
    case 'preparing':
      settleRun(draft, task, { plan: phase.plan, exit: null, evidence: null }, endOf(draft, { kind: 'failed', fault }));
      return;
    case 'inspecting':
      // At the board's end `verify` is broken off; the next start looks at the work again.
      if (draft.board.shutdown !== 'no') draft.removeTask(task.id);
      else {
        const meaning = interpretExit(phase.exit);
        const outcome = meaning.kind === 'decided' ? meaning.outcome : ({ kind: 'failed', fault } as const);
        settleRun(draft, task, { plan: phase.plan, exit: phase.exit, evidence: null }, outcome);
      }
      return;
    case 'running':
      return;
  }
}

/** Ends a task whose next run can't be planned; work that was only to be judged goes to its user without that. */
function giveUp(draft: Draft, task: ActiveTask, { next, before }: Planning, fault: Fault): void {
  if (next.cause.kind === 'judging' && task.past.delivered !== null) settleUnjudged(draft, task, before, fault);
  else settleFault(draft, task, fault, before ?? undefined);
}

/** At the board's end `setup` is broken off; that is no fault of the task. */
function endOf(draft: Draft, outcome: Outcome): Outcome {
  return draft.board.shutdown === 'no' ? outcome : interruption('it had not begun', 'nobody');
}

/**
 * Repeats later what the machine could not do, at no attempt's cost: once a full disk has room, once a hold is over, or
 * after a wait that grows each time. Others go on meanwhile. After `maxFreeRestarts` in a row, or `maxAlikeFaults` in the
 * same words, the board asks the user: what fails alike each time does not pass by itself.
 */
function repeatLater(draft: Draft, before: ActiveTask, outside: OutsideFault): void {
  const task = { ...before, past: { ...before.past, stuck: countAlike(before.past, outside) } };
  const { phase, past, wish } = task;
  const { message: detail } = outside;
  const isStuck = past.stuck !== null && past.stuck.times >= limits.maxAlikeFaults;
  const fault: Fault = { reason: 'setup-failed', detail };
  switch (phase.name) {
    case 'planning': {
      // Its plan may be on disk all the same, so its number is used up.
      const ended = { ...task, past: { ...past, runs: past.runs + 1 } };
      const run = phase.before ?? { plan: null, record: null };
      const freeRestarts = phase.next.freeRestarts + 1;
      if (wish !== null) settleWish(draft, ended, wish, run);
      else if (freeRestarts > limits.maxFreeRestarts || isStuck) giveUp(draft, ended, phase, fault);
      else {
        const until = findDelay(draft, outside, freeRestarts);
        const delay = until === null ? null : { until, why: detail };
        startSettling(draft, ended, { to: 'queued', next: { ...phase.next, freeRestarts, delay }, ...run });
      }
      return;
    }
    case 'preparing': {
      if (isStuck && draft.board.shutdown === 'no') {
        settleRun(draft, task, { plan: phase.plan, exit: null, evidence: null }, { kind: 'failed', fault }, true);
        return;
      }
      const until = findDelay(draft, outside, phase.plan.freeRestarts + 1);
      const pause = isDiskFull(outside) ? 'disk-full' : (outside.pause ?? null);
      // Nobody knows how long it takes until the user has seen to it.
      const blame = outside.pause === undefined ? 'service' : 'nobody';
      const interrupted = { kind: 'interrupted', detail, blame, pause, until } as const;
      placeHoldFor(draft, interrupted);
      settleRun(draft, task, { plan: phase.plan, exit: null, evidence: null }, endOf(draft, interrupted));
      return;
    }
    case 'inspecting': {
      const failures = phase.failures + 1;
      if (draft.board.shutdown !== 'no' || failures > limits.maxFreeRestarts) {
        charge(draft, task, { reason: 'setup-failed', detail });
        return;
      }
      const retryAt = findDelay(draft, outside, failures) ?? draft.board.disk?.lookAt ?? draft.at;
      draft.putTask({ ...task, phase: { ...phase, failures, retryAt } });
      return;
    }
    case 'running':
      return;
  }
}

/** One more fault of the machine, which counts with those before it if it has their words; what the whole board waits for does not. */
function countAlike({ stuck }: TaskPast, { kind, pause, message }: OutsideFault): TaskPast['stuck'] {
  if (kind !== null || pause !== undefined) return stuck;
  const why = message.replace(/\d+/g, '0');
  return { why, times: stuck?.why === why ? stuck.times + 1 : 1 };
}

/** When a task tries again by itself, in milliseconds since the epoch; null where the whole board waits. */
function findDelay(draft: Draft, outside: OutsideFault, times: number): number | null {
  const isBoards = isDiskFull(outside) || outside.pause !== undefined;
  return isBoards ? null : draft.at + backOff(limits.firstBackoffMs, times);
}

/** Writes a decision later, after longer waits; sooner where a full disk has room again. */
function retrySettling(draft: Draft, task: SettlingTask): void {
  const failures = task.failures + 1;
  const retryAt = draft.at + backOff(limits.firstBackoffMs, failures);
  draft.putTask({ ...task, failures, retryAt });
}
