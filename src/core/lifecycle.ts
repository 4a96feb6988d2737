/** A run's life, event by event: planned, started, seen, exited, inspected, moved. */
import {
  baseOf,
  firstRun,
  type ActiveTask,
  type Phase,
  type SettlingTask,
  type TaskFile,
  targetOf,
} from '../domain/board.ts';
import type { BaseConflict } from '../domain/base-conflict.ts';
import type { BoardEvent } from '../domain/event.ts';
import {
  emptyRunView,
  type Outcome,
  type Reason,
  type RunExit,
  type RunId,
  type RunPlan,
  type RunView,
  type StopCause,
} from '../domain/run.ts';
import type { Evidence } from '../domain/work-evidence.ts';
import { listAsks } from '../domain/rights.ts';
import { openReview, saidBefore } from '../domain/review.ts';
import { isAuthors } from '../domain/run-purpose.ts';
import type { TaskId } from '../domain/task.ts';
import type { Draft } from './draft.ts';
import { hasDisk } from './full-disk.ts';
import { boundCost, type CostBounds } from './doubts.ts';
import { collectHandoffs, findWaitingOn } from './dependencies.ts';
import { nameDependencies } from './named-dependencies.ts';
import { liftHold, placeHoldFor } from './circuit-breaker.ts';
import { explainConflict, interpretExit, interruption, judgeEnd } from './outcome.ts';
import { termsOf } from './granted-rights.ts';
import { handleEffectFailed } from './effect-failure.ts';
import { settleRun } from './settle-run.ts';
import { planRun, settleFault, settleWish } from './settlement.ts';
import { spend } from './spending.ts';

/** The plan is on disk: the file may move, the worktree be made and the agent started. `rights` are what it was given. */
export function handleRunPlanned(draft: Draft, planned: BoardEvent & { readonly type: 'run-planned' }): void {
  const { task: id, plan, rights } = planned;
  const spec = nameDependencies(draft.board, planned.spec);
  const found = draft.task(id);
  if (found?.state !== 'active' || found.phase.name !== 'planning') return;
  const lastPlan = isAuthors(plan) ? plan : found.past.lastPlan;
  const task: ActiveTask = { ...found, spec, past: { ...found.past, runs: plan.n, lastRun: plan.n, lastPlan } };
  draft.journal({
    type: 'run-planned',
    run: { task: id, n: plan.n },
    attempt: plan.attempt,
    cause: plan.cause.kind,
    session: plan.session.mode,
  });
  // The file may have been edited since it was chosen: what it says now is what counts.
  const asks = listAsks(spec, draft.board.settings, draft.board.sandbox);
  const isWaiting = findWaitingOn(draft.board, task).length > 0 || asks.some((right) => !rights.includes(right));
  if (task.wish !== null || isWaiting || draft.board.shutdown !== 'no') {
    settleRun(draft, task, { plan, exit: null, evidence: null }, interruption('it had not begun', 'nobody'));
    return;
  }
  const taskChanged = found.past.lastPlan !== null && found.past.lastPlan.taskHash !== plan.taskHash;
  const dependencies = collectHandoffs(draft.board, task.spec.dependsOn);
  const sentBack = saidBefore(task.past.round, task.past.sentBack);
  const work = isAuthors(plan) ? null : task.past.delivered;
  draft.putTask({ ...task, phase: { name: 'preparing', plan } });
  if (task.file.column !== 'active') draft.emit({ type: 'move-task', task: id, file: task.file, to: 'active' });
  draft.emit(
    { type: 'prepare-workspace', task: id, plan },
    { type: 'start-run', task: id, plan, spec, rights, dependencies, taskChanged, sentBack, work },
  );
}

/** The works of a task's dependencies can't be merged: an agent sees to it first, or the user must. */
export function handleBaseConflict(draft: Draft, id: TaskId, conflict: BaseConflict): void {
  const task = draft.task(id);
  if (task?.state !== 'active' || task.phase.name !== 'planning') return;
  if (task.wish !== null) {
    settleWish(draft, task, task.wish, { plan: null, record: null });
    return;
  }
  const { next, before } = task.phase;
  if (draft.board.settings.conflicts === 'ask') {
    settleFault(draft, task, explainConflict(conflict, null), before ?? undefined);
    return;
  }
  // Of another conflict the attempts so far tell nothing.
  const isKnown = task.past.lastPlan?.conflict?.commit === conflict.commit;
  planRun(draft, task, isKnown ? next : { ...firstRun, freeRestarts: next.freeRestarts }, before, conflict);
}

/** The agent is at work. */
export function handleRunStarted(draft: Draft, run: RunId, setAside: readonly string[]): void {
  const task = draft.task(run.task);
  if (task?.state !== 'active' || task.phase.name !== 'preparing' || task.phase.plan.n !== run.n) return;
  const phase: Phase = {
    name: 'running',
    plan: task.phase.plan,
    startedAt: draft.at,
    lastOutputAt: draft.at,
    view: emptyRunView,
    stopping: null,
  };
  draft.journal({ type: 'run-started', run, setAside });
  draft.putTask({ ...task, phase });
  draft.emit({ type: 'look-at-notes', task: task.id });
  const cause = stopCauseOf(draft, task);
  if (cause !== null) stopRun(draft, run.task, cause);
}

function stopCauseOf(draft: Draft, task: ActiveTask): StopCause | null {
  if (task.wish === 'cancel') return 'cancelled';
  if (task.wish !== null) return 'requeued';
  return draft.board.shutdown === 'no' ? null : 'shutdown';
}

/** Something new in the agent's stream. */
export function handleRunSeen(draft: Draft, run: RunId, view: RunView, lastOutputAt: number): void {
  const task = draft.task(run.task);
  if (task?.state !== 'active' || task.phase.name !== 'running' || task.phase.plan.n !== run.n) return;
  const counted = boundCost(view, costBoundsOf(draft, task, task.phase.plan));
  // An agent that was adopted is not silent for longer than it is followed.
  const newest = Math.max(task.phase.lastOutputAt, lastOutputAt);
  tellWarnings(draft, run, task.phase.view, view);
  draft.putTask({ ...task, phase: { ...task.phase, view: counted, lastOutputAt: newest } });
  draft.touchProgress();
  if (namesOf(view.questions) !== namesOf(task.phase.view.questions)) draft.touchFacts();
  if (view.answered && draft.board.hold !== null) {
    liftHold(draft, task.phase.plan);
    draft.touchFacts();
  }
}

function namesOf(questions: RunView['questions']): string {
  return questions.map(({ id }) => id).join(' ');
}

/** Once for each run, when they come to be known. */
function tellWarnings(draft: Draft, run: RunId, before: RunView, { warnings }: RunView): void {
  if (before.warnings.length > 0 || warnings.length === 0) return;
  draft.journal({ type: 'run-warned', run, warnings });
  draft.touchFacts();
}

/** Asks for a running task's end. A later cause does not replace an earlier one. */
export function stopRun(draft: Draft, id: TaskId, cause: StopCause): void {
  const task = draft.task(id);
  if (task?.state !== 'active' || task.phase.name !== 'running') return;
  const { plan } = task.phase;
  const run: RunId = { task: id, n: plan.n };
  if (task.phase.stopping === null) {
    draft.journal({ type: 'run-stopping', run, cause });
    draft.putTask({ ...task, phase: { ...task.phase, stopping: cause } });
  }
  draft.emit({
    type: 'stop-run',
    task: id,
    run,
    cause: task.phase.stopping ?? cause,
    hurried: draft.board.shutdown === 'hurried',
  });
}

/** The agent is gone. */
export function handleRunExited(draft: Draft, run: RunId, exit: RunExit): void {
  const task = draft.task(run.task);
  if (task?.state !== 'active') return;
  const { phase } = task;
  if ((phase.name !== 'running' && phase.name !== 'preparing') || phase.plan.n !== run.n) return;
  tellWarnings(draft, run, phase.name === 'running' ? phase.view : emptyRunView, exit.view);
  // A signal to the process group ends the agents at the same moment, and quicker than the board does.
  const isSwept = draft.board.shutdown !== 'no' && exit.endedBy.kind === 'broken-off';
  finishRun(draft, task, phase.plan, isSwept && exit.stopped === null ? { ...exit, stopped: 'shutdown' } : exit);
}

/** Goes on from a run's exit, seen now or found after a restart. */
export function finishRun(draft: Draft, task: ActiveTask, plan: RunPlan, told: RunExit): void {
  const exit = { ...told, view: boundCost(told.view, costBoundsOf(draft, task, plan)) };
  spend(draft, plan, exit.view.costUsd);
  const meaning = interpretExit(exit);
  const ended = { plan, exit, evidence: null };
  switch (meaning.kind) {
    case 'inspect':
      inspectFirst(draft, task, plan, exit);
      return;
    case 'session-lost': {
      // The same attempt again, now with a session of its own.
      const lost = { ...task, past: { ...task.past, sessionId: null } };
      settleRun(
        draft,
        lost,
        {
          ...ended,
          exit: { ...exit, view: { ...exit.view, sessionId: null, result: null } },
          plan: { ...plan, session: { mode: 'fresh', id: plan.session.id } },
        },
        interruption('its session was not found', 'service'),
      );
      return;
    }
    case 'decided': {
      if (meaning.outcome.kind === 'question' || task.wish === 'finish') {
        // It is settled, and what was committed before is shown with it.
        inspectFirst(draft, task, plan, exit);
        return;
      }
      const outcome = excuseDiskFull(draft, meaning.outcome);
      if (outcome.kind === 'interrupted') placeHoldFor(draft, outcome);
      else if (outcome.kind !== 'cancelled' && exit.view.result !== null) liftHold(draft, plan);
      settleRun(draft, task, ended, outcome);
      return;
    }
  }
}

function costBoundsOf(draft: Draft, { spec, past }: ActiveTask, plan: RunPlan): CostBounds {
  return { budgetUsd: termsOf(draft.board, spec, plan).budgetUsd, earlierUsd: past.costUsd };
}

function inspectFirst(draft: Draft, task: ActiveTask, plan: RunPlan, exit: RunExit): void {
  draft.putTask({ ...task, phase: { name: 'inspecting', plan, exit, failures: 0, retryAt: null } });
  inspectWork(draft, task, plan, exit);
  liftHold(draft, plan);
}

/** Looks at what a run left, and verifies it where that decides anything. */
export function inspectWork(draft: Draft, task: ActiveTask, plan: RunPlan, exit: RunExit): void {
  const isDecided = interpretExit(exit).kind === 'decided';
  const verify =
    isDecided || (plan.workspace.kind === 'detached' && plan.conflict === null)
      ? []
      : termsOf(draft.board, task.spec, plan).verify;
  draft.emit({ type: 'inspect-work', task: task.id, plan, verify });
}

/** Failures of an agent that can't write. */
const undone: readonly Reason[] = ['no-result', 'agent-error', 'no-changes', 'uncommitted', 'commit-failed'];

/** An agent that could not write is not to blame. */
function excuseDiskFull(draft: Draft, outcome: Outcome): Outcome {
  if (outcome.kind !== 'failed' || !undone.includes(outcome.fault.reason) || hasDisk(draft.board)) return outcome;
  return { kind: 'interrupted', detail: 'the disk was full', blame: 'nobody', pause: 'disk-full', until: null };
}

/** Handles the inspection of a run's work. */
export function handleWorkInspected(draft: Draft, run: RunId, evidence: Evidence): void {
  const task = draft.task(run.task);
  if (task?.state !== 'active' || task.phase.name !== 'inspecting' || task.phase.plan.n !== run.n) return;
  const { plan, exit } = task.phase;
  const red = evidence.verify.find((command) => !command.ok);
  if (red !== undefined && !hasDisk(draft.board)) {
    // Red for want of room says nothing of the work: it is verified again.
    const message = `no room on the disk for ${red.argv.join(' ')}`;
    const fault = { kind: 'no-room', message, fault: null } as const;
    handleEffectFailed(draft, { task: task.id, effect: 'inspect-work', fault });
    return;
  }
  const outcome = judgeEnd(exit, plan, evidence, draft.board.settings.maxSubtasks);
  settleRun(draft, task, { plan, exit, evidence }, excuseDiskFull(draft, outcome));
}

/** The task's file is at another place, or was rewritten at its own. */
export function handleMoved(draft: Draft, id: TaskId, file: TaskFile): void {
  const task = draft.task(id);
  if (task?.state === 'settling') {
    const moved = { ...task, file };
    draft.putTask(moved);
    if (file.column === targetOf(task.settlement)) finishSettling(draft, moved);
    return;
  }
  // Anything else belongs to what the task was before the user moved its file.
  if (task?.state !== 'active' || task.phase.name !== 'preparing' || file.column !== 'active') return;
  draft.putTask({ ...task, file });
}

function finishSettling(draft: Draft, task: SettlingTask): void {
  const { id, file, past, settlement } = task;
  const same = baseOf(task);
  if (settlement.to === 'queued') {
    draft.putTask({ ...same, state: 'queued', next: settlement.next, problems: [] });
    draft.journal({ type: 'task-settled', task: id, column: 'queued', detail: settlement.next.cause.kind });
    return;
  }
  const { verdict } = settlement;
  if (verdict.column === 'attention') {
    draft.putTask({ ...same, state: 'attention', verdict });
  } else {
    draft.removeTask(id);
    const review = verdict.column === 'done' ? openReview(past.round, past.sentBack) : null;
    draft.putFinished({ id, file, verdict, review });
  }
  draft.journal({
    type: 'task-settled',
    task: id,
    column: verdict.column,
    detail: verdict.fault?.reason ?? verdict.summary ?? '',
  });
}
