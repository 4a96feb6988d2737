/**
 * Settles a task that leaves `active/`: from an outcome to the facts to write and the move that commits them.
 *
 *   outcome       column       facts, in this order, before the rename
 *   done          done         exit, verdict, story; the worktree goes, its branch stays
 *   reported      done         report, exit, verdict, story; the worktree goes
 *   failed        (active)     exit, kept work; then the next attempt, if one is left
 *   failed        attention    exit, kept work, verdict, story
 *   question      attention    exit, kept work, verdict, story
 *   interrupted   queued       exit, kept work
 *   finished      done         by the user's word: exit, kept work, verdict, story; as where it is done
 *   cancelled     archive      exit, kept work, verdict, story; the worktree goes, and a branch without commits
 */
import {
  baseOf,
  type ActiveTask,
  type Board,
  type EndedBefore,
  type NextRun,
  type Settlement,
  type Task,
  type TaskBase,
} from '../domain/board.ts';
import { type TaskPast } from '../domain/task-past.ts';
import type { Effect } from '../domain/effect.ts';
import { limits } from '../domain/limits.ts';
import { emptyRunView, type Fault, type Outcome, type RunExit, type RunPlan, type RunRecord } from '../domain/run.ts';
import { joinRefusals } from '../domain/refusal.ts';
import { openReview } from '../domain/review.ts';
import { mayShareSession } from '../domain/run-terms.ts';
import type { Verdict } from '../domain/verdict.ts';
import { unreachable } from '../domain/result.ts';
import { acceptByItself } from './auto-accept.ts';
import type { Draft } from './draft.ts';
import { hasDisk } from './full-disk.ts';
import { collectHandoffs } from './dependencies.ts';
import { retriesOf } from './granted-rights.ts';
import { countUsedSlots } from './schedule.ts';
import { listUntold } from './untold-notes.ts';
import { listMoved, listWarnings } from './doubts.ts';
import { emptyVerdict, judge, judgeFinished, type EndedRun } from './make-verdict.ts';

/** The run that a settlement ends, if any. */
interface Ended {
  readonly plan: RunPlan | null;
  readonly record: RunRecord | null;
}

type Interrupted = Outcome & { readonly kind: 'interrupted' };

/** Decides what follows from a run's outcome, and starts it. With `isLast` nothing is tried again without the user. */
export function settleRun(draft: Draft, task: ActiveTask, run: EndedRun, outcome: Outcome, isLast = false): void {
  const past = addRun(task.past, run, outcome);
  const record = recordOf(draft, run, outcome);
  journalEnd(draft, run, outcome);
  journalDoubts(draft, run);
  const ended: ActiveTask = { ...task, past };
  // Where the user put the file counts, even if the agent was through by then.
  const isDone = outcome.kind === 'done' || outcome.kind === 'reported';
  const wish = isDone && task.file.column === 'done' ? null : task.wish;
  const mayTry = !isLast && outcome.kind === 'failed' && mayRetry(draft.board, task, run.plan, outcome.fault);
  if (wish !== null) {
    settleWish(draft, ended, wish, { plan: run.plan, record });
  } else if (outcome.kind === 'failed' && mayTry && mayStart(draft.board)) {
    const { plan } = run;
    draft.emit({ type: 'record-exit', task: task.id, run: plan, record }, { type: 'keep-work', task: task.id, plan });
    planRun(draft, ended, nextAfterFailure(plan, past, outcome.fault), { plan, record });
  } else if (outcome.kind === 'failed' && mayTry) {
    startSettling(draft, ended, {
      to: 'queued',
      next: nextAfterFailure(run.plan, past, outcome.fault),
      plan: run.plan,
      record,
    });
  } else if (outcome.kind === 'interrupted' && mayRepeat(run.plan, past, outcome)) {
    const next = nextAfterInterruption(run.plan, past, outcome);
    startSettling(draft, ended, { to: 'queued', next, plan: run.plan, record });
  } else {
    const judged = judge(draft, ended, run, outcome);
    // A plan that the user moved there is done; what it proposes is offered still.
    const column = isDone && task.file.column === 'done' ? 'done' : judged.column;
    const untold = column === 'done' ? listUntold(draft, task.id) : [];
    const proposals = judged.proposals.slice(0, draft.board.settings.maxSubtasks);
    const verdict = { ...judged, column, proposals, warnings: [...untold, ...judged.warnings] };
    startSettling(draft, ended, { to: 'verdict', verdict, plan: run.plan, record });
  }
}

/** Does what the user asked by moving the file of a task that an agent was on, or one that waits. */
export function settleWish(draft: Draft, task: TaskBase, wish: NonNullable<ActiveTask['wish']>, run: Ended): void {
  if (wish === 'requeue') {
    const next: NextRun = {
      attempt: 1,
      freeRestarts: 0,
      cause: task.past.sessionId === null ? { kind: 'first' } : { kind: 'interrupted' },
      resume: task.past.sessionId,
      delay: null,
    };
    startSettling(draft, task, { to: 'queued', next, ...run });
    return;
  }
  if (wish === 'cancel' && task.file.column !== 'archive') {
    forgetDeleted(draft, task, run);
    return;
  }
  if (wish === 'finish') {
    startSettling(draft, task, { to: 'verdict', verdict: judgeFinished(draft, task, run), ...run });
    return;
  }
  const fault: Fault = { reason: 'stopped', detail: wish === 'cancel' ? 'You cancelled it.' : 'You put it aside.' };
  const column = wish === 'cancel' ? 'archive' : 'attention';
  const verdict: Verdict = { ...emptyVerdict(draft, task), column, fault, run: run.plan?.n ?? null };
  startSettling(draft, task, { to: 'verdict', verdict, ...run });
}

/** A deleted task is cancelled, and what its worktree holds is kept. */
export function forgetDeleted(draft: Draft, { id, past }: TaskBase, run: Ended = { plan: null, record: null }): void {
  draft.removeTask(id);
  const plan = run.plan ?? past.lastPlan;
  if (plan === null) return;
  if (run.record !== null) draft.emit({ type: 'record-exit', task: id, run: plan, record: run.record });
  draft.emit({ type: 'keep-work', task: id, plan }, { type: 'release-workspace', task: id, plan, forget: true });
}

/** Moves a task that never got to a run, or waits, to `attention/` with a fault. */
export function settleFault(draft: Draft, task: TaskBase, fault: Fault, before?: EndedBefore): void {
  const verdict: Verdict = { ...emptyVerdict(draft, task), column: 'attention', fault };
  startSettling(draft, task, { to: 'verdict', verdict, ...(before ?? { plan: null, record: null }) });
}

/** Begins to settle a task, whatever its state, and asks for the effects. */
export function startSettling(draft: Draft, task: TaskBase, settlement: Settlement): void {
  draft.putTask({ ...baseOf(task), state: 'settling', settlement, failures: 0, retryAt: null });
  draft.emit(...listSettlingEffects(draft.board, task, settlement));
}

/** The effects of a settlement; each may be performed again after a fault. */
export function listSettlingEffects(board: Board, task: TaskBase, settlement: Settlement): readonly Effect[] {
  const { plan, record } = settlement;
  const { id } = task;
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
      // Releasing the worktree keeps the work that is committed, and that is all of it where the agent was through.
      const isThrough = record?.outcome.kind === 'done' || record?.outcome.kind === 'reported';
      if (verdict.column !== 'done' || !isThrough) effects.push({ type: 'keep-work', task: id, plan: workspaceOf });
      if (verdict.column !== 'attention') {
        const forget = verdict.column === 'archive';
        effects.push({ type: 'release-workspace', task: id, plan: workspaceOf, forget });
      }
    }
    const review = openReview(task.past.round, task.past.sentBack);
    effects.push({ type: 'write-verdict', task: id, verdict });
    if (verdict.column === 'done') effects.push({ type: 'write-review', task: id, review });
    const request = acceptByItself(board, task, verdict);
    if (request !== null) effects.push({ type: 'ask-command', task: id, request });
    effects.push({ type: 'tell-story', task: id, file: task.file, verdict, isMerged: false });
    effects.push({ type: 'move-task', task: id, file: task.file, to: verdict.column });
  } else {
    if (plan !== null) effects.push({ type: 'keep-work', task: id, plan });
    effects.push({ type: 'move-task', task: id, file: task.file, to: 'queued' });
  }
  return effects;
}

/** Takes a slot for a task and asks for its plan; `before` is the run that it retries at once. */
export function planRun(draft: Draft, task: Task, next: NextRun, before: EndedBefore | null = null): void {
  const { id, past, file } = task;
  draft.putTask({ ...baseOf(task), state: 'active', phase: { name: 'planning', next, before }, wish: null });
  const dependencies = collectHandoffs(draft.board, task.spec.dependsOn);
  draft.emit({ type: 'plan-run', task: id, n: past.runs + 1, next, past, file, dependencies });
}

/** The history of a task after one more run; `outcome` is null for a run without a record. */
export function addRun(past: TaskPast, run: EndedRun, outcome: Outcome | null): TaskPast {
  const { plan, exit } = run;
  const earlier = plan.attempt === 1 ? [] : past.faults;
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
        : mayShareSession(past.lastPlan?.terms ?? null, plan.terms)
          ? past.sessionId
          : null,
    round: past.round,
    sentBack: past.sentBack,
    unseenBy: past.unseenBy,
    accepted: null,
    stuck: exit === null ? past.stuck : null,
    losses: outcome === null ? past.losses : isLoss(outcome) ? past.losses + 1 : 0,
    warnings: [...past.warnings, ...listWarnings(run)].slice(-limits.maxWarnings),
    faults:
      outcome?.kind === 'failed' ? [...earlier, { run: plan.n, attempt: plan.attempt, fault: outcome.fault }] : earlier,
    refusals: joinRefusals(past.refusals, exit?.view.denials ?? [], limits.maxDenials),
    moved: [...past.moved, ...listMoved(run)].slice(-limits.maxMovedRefs),
  };
}

function isLoss(outcome: Outcome): boolean {
  return outcome.kind === 'interrupted' && outcome.blame === 'loss';
}

/** The next attempt after a failed one: the same session, told what went wrong. */
export function nextAfterFailure(plan: RunPlan, past: TaskPast, fault: Fault): NextRun {
  return {
    attempt: plan.attempt + 1,
    freeRestarts: 0,
    cause: { kind: 'failed', fault },
    resume: past.sessionId,
    delay: null,
  };
}

/** The same attempt again, in the same session where there is one. */
export function nextAfterInterruption(plan: RunPlan, past: TaskPast, outcome: Interrupted): NextRun {
  const resume = past.sessionId;
  const cause = resume === null ? plan.cause : ({ kind: 'interrupted' } as const);
  const freeRestarts = plan.freeRestarts + (outcome.blame === 'service' ? 1 : 0);
  const delay = outcome.pause === null && outcome.until !== null ? { until: outcome.until, why: outcome.detail } : null;
  return { attempt: plan.attempt, freeRestarts, cause, resume, delay };
}

/** Whether an interrupted run is repeated without asking the user. */
function mayRepeat(plan: RunPlan, past: TaskPast, { blame }: Interrupted): boolean {
  switch (blame) {
    case 'nobody':
      return true;
    case 'service':
      return plan.freeRestarts < limits.maxFreeRestarts;
    case 'loss':
      return past.losses <= limits.maxLosses;
    default:
      return unreachable(blame);
  }
}

/** Whether a retry may begin at once; otherwise it waits in the queue like any other start. */
function mayStart(board: Board): boolean {
  const hasSlot = countUsedSlots(board) <= board.settings.maxParallel;
  return board.shutdown === 'no' && board.hold === null && hasDisk(board) && !board.userPaused && hasSlot;
}

/** Whether a failed run is tried again without asking the user. One that filled the disk would do so again. */
export function mayRetry(board: Board, task: Pick<Task, 'spec'>, plan: RunPlan, { reason }: Fault): boolean {
  return reason !== 'output-limit' && plan.attempt <= retriesOf(board, task.spec);
}

function recordOf(draft: Draft, run: EndedRun, outcome: Outcome): RunRecord {
  return { version: 1, exit: run.exit ?? unseenExit(draft), evidence: run.evidence, outcome };
}

/** The exit of a run that never had an agent. */
function unseenExit(draft: Draft): RunExit {
  const end = { exitCode: null, signal: null, stopped: null, view: emptyRunView, stderrTail: '', moved: [] };
  return { endedAt: draft.at, ...end, endedBy: { kind: 'broken-off', service: null } };
}

function journalEnd(draft: Draft, run: EndedRun, outcome: Outcome): void {
  const { plan, exit } = run;
  draft.journal({
    type: 'run-ended',
    run: { task: plan.task, n: plan.n },
    plannedAt: plan.plannedAt,
    outcome: outcome.kind === 'failed' ? outcome.fault.reason : outcome.kind,
    detail: describeOutcome(outcome).slice(0, limits.maxSummaryChars),
    costUsd: exit?.view.costUsd ?? 0,
    workedMs: exit === null ? 0 : Math.max(0, exit.endedAt - plan.plannedAt),
  });
}

function journalDoubts(draft: Draft, ended: EndedRun): void {
  const run = { task: ended.plan.task, n: ended.plan.n };
  const [warnings, moved] = [listWarnings(ended), listMoved(ended)];
  if (warnings.length > 0) draft.journal({ type: 'run-warned', run, warnings });
  if (moved.length > 0) draft.journal({ type: 'refs-moved', run, moved });
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
