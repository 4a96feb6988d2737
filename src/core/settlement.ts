/**
 * How a task leaves `active/`: from an outcome to the facts to write and the move that commits them.
 *
 *   outcome       column       facts, in this order, before the rename
 *   done          done         exit, verdict, story; the worktree lets go of its branch
 *   reported      done         report, exit, verdict, story; the worktree goes
 *   failed        (active)     exit; then the next attempt, if one is left
 *   failed        attention    exit, kept work, verdict, story
 *   question      attention    exit, kept work, verdict, story
 *   interrupted   queued       exit
 *   cancelled     archive      exit, kept work, verdict, story; the worktree goes
 */
import type { ActiveTask, Board, NextRun, Settlement, Task, TaskPast } from '../domain/board.ts';
import type { Effect } from '../domain/effect.ts';
import { limits } from '../domain/limits.ts';
import {
  emptyRunView,
  type Evidence,
  type Fault,
  type Outcome,
  type RunExit,
  type RunPlan,
  type RunRecord,
  type Verdict,
} from '../domain/run.ts';
import { unreachable } from '../domain/result.ts';
import type { Draft } from './draft.ts';
import { collectHandoffs } from './graph.ts';
import { countUsedSlots } from './schedule.ts';

/** A run that ended, with what was found of it. `exit` is null where no agent was ever started. */
export interface EndedRun {
  readonly plan: RunPlan;
  readonly exit: RunExit | null;
  readonly evidence: Evidence | null;
}

/** Decides what follows from a run's outcome, and starts it. */
export function settleRun(draft: Draft, task: ActiveTask, run: EndedRun, outcome: Outcome): void {
  const past = addRun(task.past, run);
  const record = recordOf(draft, run, outcome);
  journalEnd(draft, run, outcome);
  const ended: ActiveTask = { ...task, past };
  // Where the user put the file counts, even if the agent was through by then.
  const isDone = outcome.kind === 'done' || outcome.kind === 'reported';
  const wish = isDone && task.file.column === 'done' ? null : task.wish;
  if (wish !== null) {
    settleWish(draft, ended, wish, { plan: run.plan, record });
  } else if (outcome.kind === 'failed' && hasAttemptLeft(draft, task, run.plan) && mayStart(draft.board)) {
    draft.emit({ type: 'record-exit', task: task.id, run: run.plan, record });
    planRun(draft, ended, nextAfterFailure(run.plan, past, outcome.fault));
  } else if (outcome.kind === 'failed' && hasAttemptLeft(draft, task, run.plan)) {
    startSettling(draft, ended, {
      to: 'queued',
      next: nextAfterFailure(run.plan, past, outcome.fault),
      plan: run.plan,
      record,
    });
  } else if (outcome.kind === 'interrupted' && run.plan.freeRestarts < limits.maxFreeRestarts) {
    const resume = past.sessionId;
    const { attempt, freeRestarts } = run.plan;
    const cause = resume === null ? run.plan.cause : ({ kind: 'interrupted' } as const);
    const next: NextRun = { attempt, freeRestarts: freeRestarts + 1, cause, resume, notBefore: 0 };
    startSettling(draft, ended, { to: 'queued', next, plan: run.plan, record });
  } else {
    const verdict = judge(draft, ended, run, outcome);
    startSettling(draft, ended, { to: 'verdict', verdict, plan: run.plan, record });
  }
}

/** Does what the user asked by moving the file of a task that an agent was on, or one that waits. */
export function settleWish(
  draft: Draft,
  task: ActiveTask,
  wish: NonNullable<ActiveTask['wish']>,
  run: { readonly plan: RunPlan | null; readonly record: RunRecord | null },
): void {
  if (wish === 'requeue') {
    const next: NextRun = {
      attempt: 1,
      freeRestarts: 0,
      cause: task.past.sessionId === null ? { kind: 'first' } : { kind: 'interrupted' },
      resume: task.past.sessionId,
      notBefore: 0,
    };
    startSettling(draft, task, { to: 'queued', next, ...run });
    return;
  }
  const fault: Fault = { reason: 'stopped', detail: wish === 'cancel' ? 'You cancelled it.' : 'You put it aside.' };
  const column = wish === 'cancel' ? 'archive' : 'attention';
  const verdict: Verdict = { ...emptyVerdict(draft, task), column, fault, run: run.plan?.n ?? null };
  startSettling(draft, task, { to: 'verdict', verdict, ...run });
}

/** Moves a task that never got to a run, or waits, to `attention/` with a fault. */
export function settleFault(draft: Draft, task: ActiveTask, fault: Fault): void {
  const verdict: Verdict = { ...emptyVerdict(draft, task), column: 'attention', fault };
  startSettling(draft, task, { to: 'verdict', verdict, plan: null, record: null });
}

/** Enters the settling phase and asks for its effects. */
export function startSettling(draft: Draft, task: ActiveTask, settlement: Settlement): void {
  draft.putTask({ ...task, wish: null, phase: { name: 'settling', settlement, failures: 0, retryAt: null } });
  draft.emit(...listSettlingEffects(task, settlement));
}

/** The effects of a settlement; each may be performed again after a fault. */
export function listSettlingEffects(task: Task, settlement: Settlement): readonly Effect[] {
  const { plan, record } = settlement;
  const id = task.id;
  const effects: Effect[] = [];
  if (plan !== null && record !== null) {
    if (record.outcome.kind === 'reported') {
      effects.push({ type: 'write-report', task: id, run: plan, text: record.outcome.report });
    }
    effects.push({ type: 'record-exit', task: id, run: plan, record });
  }
  if (settlement.to === 'verdict') {
    const { verdict } = settlement;
    const workspaceOf = plan ?? task.past.lastPlan;
    if (workspaceOf !== null) {
      if (verdict.column !== 'done') effects.push({ type: 'keep-work', task: id, plan: workspaceOf });
      if (verdict.column !== 'attention') {
        const remove = verdict.column === 'archive' || workspaceOf.workspace.kind === 'detached';
        effects.push({ type: 'release-workspace', task: id, plan: workspaceOf, remove });
      }
    }
    effects.push({ type: 'write-verdict', task: id, verdict });
    effects.push({ type: 'tell-story', task: id, file: task.file, verdict });
    effects.push({ type: 'move-task', task: id, file: task.file, to: verdict.column });
  } else {
    effects.push({ type: 'move-task', task: id, file: task.file, to: 'queued' });
  }
  return effects;
}

/** Takes a slot for a task and asks for its plan. */
export function planRun(draft: Draft, task: Task, next: NextRun): void {
  const { id, spec, file, past } = task;
  draft.putTask({ state: 'active', id, spec, file, past, phase: { name: 'planning', next }, wish: null });
  const dependencies = collectHandoffs(draft.board, task);
  draft.emit({ type: 'plan-run', task: id, n: past.runs + 1, next, past, file, dependencies });
}

/** What is known of a task after one more run. */
export function addRun(past: TaskPast, run: EndedRun): TaskPast {
  const { plan, exit } = run;
  const heard = exit !== null && (exit.view.sessionId !== null || exit.view.result !== null);
  return {
    runs: Math.max(past.runs, plan.n),
    costUsd: past.costUsd + (exit?.view.costUsd ?? 0),
    workedMs: past.workedMs + (exit === null ? 0 : Math.max(0, exit.endedAt - plan.plannedAt)),
    lastPlan: plan,
    sessionId: heard
      ? (exit.view.sessionId ?? plan.session.id)
      : plan.session.mode === 'resume'
        ? plan.session.id
        : past.sessionId,
  };
}

/** The next attempt after a failed one: the same session, told what went wrong. */
export function nextAfterFailure(plan: RunPlan, past: TaskPast, fault: Fault): NextRun {
  return {
    attempt: plan.attempt + 1,
    freeRestarts: 0,
    cause: { kind: 'failed', fault },
    resume: past.sessionId,
    notBefore: 0,
  };
}

/** Whether a retry may begin at once; otherwise it waits in the queue like any other start. */
function mayStart(board: Board): boolean {
  const hasSlot = countUsedSlots(board) <= board.settings.maxParallel;
  return board.shutdown === 'no' && board.hold === null && !board.userPaused && hasSlot;
}

function hasAttemptLeft(draft: Draft, task: Task, plan: RunPlan): boolean {
  return plan.attempt <= (task.spec.retries ?? draft.board.settings.retries);
}

function judge(draft: Draft, task: ActiveTask, run: EndedRun, outcome: Outcome): Verdict {
  const { plan, exit, evidence } = run;
  const report = exit?.view.result?.report ?? null;
  const base: Verdict = {
    ...emptyVerdict(draft, task),
    run: plan.n,
    base: plan.workspace.base,
    attempts: plan.attempt,
    summary: report?.summary ?? null,
    followUps: report?.followUps ?? [],
    ...(evidence === null ? {} : { tip: evidence.tip, commits: evidence.commits, diffstat: evidence.diffstat }),
  };
  switch (outcome.kind) {
    case 'done': {
      const nothingToDo = evidence?.commits === 0;
      return {
        ...base,
        column: 'done',
        summary: outcome.summary,
        verified: (evidence?.verify.length ?? 0) > 0,
        nothingToDo,
      };
    }
    case 'reported':
      return {
        ...base,
        column: 'done',
        summary: outcome.summary,
        tip: null,
        report: `runs/${task.id}/${plan.n}/report.md`,
      };
    case 'question':
      return { ...base, question: outcome.question, fault: { reason: 'question', detail: outcome.question } };
    case 'failed':
      return { ...base, fault: outcome.fault };
    case 'interrupted':
      return { ...base, fault: { reason: 'interrupted', detail: outcome.detail } };
    case 'cancelled':
      return { ...base, column: 'archive', fault: { reason: 'stopped', detail: 'You cancelled it.' } };
    default:
      return unreachable(outcome);
  }
}

/** A verdict that says no more than what is known of the task anyway. */
export function emptyVerdict(draft: Draft, task: Task): Verdict {
  const { spec, past } = task;
  const workspace = past.lastPlan?.workspace ?? null;
  return {
    version: 1,
    column: 'attention',
    run: past.lastPlan?.n ?? null,
    at: draft.at,
    title: spec.title,
    agent: spec.agent,
    fault: null,
    question: null,
    summary: null,
    branch: workspace?.kind === 'branch' ? workspace.branch : null,
    base: workspace?.base ?? null,
    tip: null,
    commits: 0,
    diffstat: null,
    verified: false,
    nothingToDo: false,
    report: null,
    followUps: [],
    sessionId: past.sessionId,
    attempts: past.lastPlan?.attempt ?? 0,
    costUsd: past.costUsd,
    workedMs: past.workedMs,
    mergedAt: null,
  };
}

function recordOf(draft: Draft, run: EndedRun, outcome: Outcome): RunRecord {
  return { version: 1, exit: run.exit ?? unseenExit(draft), evidence: run.evidence, outcome };
}

/** The exit of a run that never had an agent. */
function unseenExit(draft: Draft): RunExit {
  return { endedAt: draft.at, exitCode: null, signal: null, stopped: null, view: emptyRunView, stderrTail: '' };
}

function journalEnd(draft: Draft, run: EndedRun, outcome: Outcome): void {
  const { plan, exit } = run;
  draft.journal({
    type: 'run-ended',
    run: { task: plan.task, n: plan.n },
    outcome: outcome.kind === 'failed' ? outcome.fault.reason : outcome.kind,
    detail: describeOutcome(outcome).slice(0, limits.maxSummaryChars),
    costUsd: exit?.view.costUsd ?? 0,
    workedMs: exit === null ? 0 : Math.max(0, exit.endedAt - plan.plannedAt),
  });
}

function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'done':
    case 'reported':
      return outcome.summary;
    case 'question':
      return outcome.question;
    case 'failed':
      return outcome.fault.detail;
    case 'interrupted':
      return outcome.detail;
    case 'cancelled':
      return 'cancelled by the user';
    default:
      return unreachable(outcome);
  }
}
