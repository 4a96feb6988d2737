/** Decides what follows from a run's end: the next run, what its user asked meanwhile, or a verdict. */
import { firstRun, type ActiveTask, type Board, type EndedBefore, type NextRun } from '../domain/board.ts';
import { limits } from '../domain/limits.ts';
import { unreachable } from '../domain/result.ts';
import { isAuthors } from '../domain/run-purpose.ts';
import { emptyRunView, type Fault, type Outcome, type RunExit, type RunRecord } from '../domain/run.ts';
import type { Verdict } from '../domain/verdict.ts';
import { listUntold } from './untold-notes.ts';
import type { Draft } from './draft.ts';
import { listMoved, listWarnings } from './doubts.ts';
import { hasDisk } from './full-disk.ts';
import { judge, judgeDelivered, judgeUnjudged } from './make-verdict.ts';
import type { EndedRun } from '../domain/task-past.ts';
import {
  judgeOf,
  mayRepeat,
  mayRetry,
  nextAfterFailure,
  nextAfterInterruption,
  nextAfterJudgement,
  nextJudging,
} from './next-run.ts';
import { addRun } from './past-runs.ts';
import { countUsedSlots } from './schedule.ts';
import { listEndingEffects, planRun, settleWish, startSettling, type Ended } from './settlement.ts';

/** Decides what follows from a run's outcome, and starts it. With `isLast` nothing is tried again without the user. */
export function settleRun(draft: Draft, task: ActiveTask, run: EndedRun, outcome: Outcome, isLast = false): void {
  const past = addRun(task.past, run, outcome);
  const end: EndedBefore = { plan: run.plan, record: recordOf(draft, run, outcome) };
  journalEnd(draft, run, outcome);
  journalDoubts(draft, run);
  const ended: ActiveTask = { ...task, past };
  if (!isAuthors(run.plan)) {
    settleJudging(draft, ended, end, outcome, isLast);
    return;
  }
  // Where the user put the file counts, even if the agent was through by then.
  const isDone = outcome.kind === 'done' || outcome.kind === 'reported';
  const wish = isDone && task.file.column === 'done' ? null : task.wish;
  if (wish !== null) {
    settleWish(draft, ended, wish, end);
    return;
  }
  const next = isLast ? null : findNext(draft.board, ended, run, outcome);
  if (outcome.kind === 'interrupted' && mayRepeat(run.plan, past, outcome)) {
    startSettling(draft, ended, { to: 'queued', next: nextAfterInterruption(run.plan, past, outcome), ...end });
  } else if (next !== null && task.file.column !== 'done') {
    goOn(draft, ended, next, end);
  } else {
    const judged = judge(draft, ended, run, outcome);
    // A plan that the user moved there is done; what it proposes is offered still.
    const column = isDone && task.file.column === 'done' ? 'done' : judged.column;
    const proposals = judged.proposals.slice(0, draft.board.settings.maxSubtasks);
    settleVerdict(draft, ended, { ...judged, column, proposals }, end);
  }
}

/** The run that follows at once on one of the task's own agent. */
function findNext(board: Board, task: ActiveTask, { plan }: EndedRun, outcome: Outcome): NextRun | null {
  const { spec, past } = task;
  if (outcome.kind === 'done') return nextJudging(board, spec, past);
  if (outcome.kind === 'integrated') return firstRun;
  const mayTry = outcome.kind === 'failed' && mayRetry(board, task, plan, outcome.fault);
  return mayTry ? nextAfterFailure(plan, past, outcome.fault) : null;
}

/** Goes on once the work was judged: its author goes on, it is judged again, or the user gets it as it is. */
function settleJudging(draft: Draft, task: ActiveTask, end: EndedBefore, outcome: Outcome, isLast: boolean): void {
  const { past, wish, spec } = task;
  const { plan } = end;
  if (wish !== null && (wish !== 'finish' || past.delivered === null)) {
    settleWish(draft, task, wish, end);
    return;
  }
  if (wish === null && outcome.kind === 'interrupted' && mayRepeat(plan, past, outcome)) {
    startSettling(draft, task, { to: 'queued', next: nextAfterInterruption(plan, past, outcome), ...end });
    return;
  }
  const next =
    wish !== null || isLast ? null : (nextAfterJudgement(draft.board, past) ?? nextJudging(draft.board, spec, past));
  const unheard = wish === null && outcome.kind === 'interrupted' ? outcome.detail : null;
  if (next !== null) goOn(draft, task, next, end);
  else settleVerdict(draft, task, judgeDelivered(draft, task, plan, unheard), end);
}

/** Gives the user work that was to be judged and can't be: no run for that can be planned. */
export function settleUnjudged(draft: Draft, task: ActiveTask, before: EndedBefore | null, fault: Fault): void {
  const verdict = judgeUnjudged(draft, task, judgeOf(draft.board.settings, task.spec), fault);
  settleVerdict(draft, task, verdict, before ?? { plan: null, record: null });
}

function settleVerdict(draft: Draft, task: ActiveTask, verdict: Verdict, end: Ended): void {
  const untold = verdict.column === 'done' ? listUntold(draft, task.id) : [];
  const told = { ...verdict, warnings: [...untold, ...verdict.warnings] };
  startSettling(draft, task, { to: 'verdict', verdict: told, ...end });
}

/** Has the next run planned now where it may start; otherwise it waits in the queue. */
function goOn(draft: Draft, task: ActiveTask, next: NextRun, before: EndedBefore): void {
  if (!mayStart(draft.board)) {
    startSettling(draft, task, { to: 'queued', next, ...before });
    return;
  }
  draft.emit(...listEndingEffects(task.id, before));
  planRun(draft, task, next, before);
}

/** Whether a retry may begin at once; otherwise it waits in the queue like any other start. */
function mayStart(board: Board): boolean {
  const hasSlot = countUsedSlots(board) <= board.settings.maxParallel;
  return board.shutdown === 'no' && board.hold === null && hasDisk(board) && !board.userPaused && hasSlot;
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
    case 'judged':
    case 'integrated':
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
