/**
 * Decides what to do with a task that the board meets for the first time, by its file and facts: after a start, or when
 * the user put a file into a column by hand.
 *
 *   column      facts                              becomes
 *   queued      no run                             its first run waits
 *   queued      a plan that was accepted           waits for its children; ends again where it had ended
 *   queued      last run interrupted               the same attempt goes on, in the same session
 *   queued      last run failed, or a verdict      the user queued it again, or sent it back: attempt 1, in the same session
 *   not active  last run's agent is alive          its file was moved while no board looked: stopped, then as moved
 *   archive     left elsewhere by the last board   cancelled
 *   none        left somewhere by the last board   deleted: its work is kept, its worktree goes
 *   active      moved there by the user            queued again, as where they move it to queued/
 *   active      no run                             queued again
 *   active      last run's plan is damaged         queued again
 *   active      run without a record               followed if alive; judged by what it left if dead; else queued again
 *   active      run with a record                  settled as the record says
 *   attention   with or without a verdict          waits for the user
 */
import { firstRun, type ActiveTask, type Board, type NextRun, type TaskBase } from '../domain/board.ts';
import { emptyPast, type TaskPast } from '../domain/task-past.ts';
import type { LastRun, LoadedTask } from '../domain/outside-answers.ts';
import { verdictName, type RunFacts, type TaskFacts } from '../domain/task-facts.ts';
import { roundAfter, saidBefore } from '../domain/review.ts';
import { isAuthors } from '../domain/run-purpose.ts';
import type { Outcome, RunPlan } from '../domain/run.ts';
import { isEndedPlan, isPlan, type Verdict } from '../domain/verdict.ts';
import type { TaskId, TaskSpec } from '../domain/task.ts';
import { isOnlyTold } from './commands/pending.ts';
import type { Draft } from './draft.ts';
import { wishOf } from './move.ts';
import { takeMove } from './moved-meanwhile.ts';
import { noteSentBack } from './review-states.ts';
import { finishRun, stopRun } from './lifecycle.ts';
import { interruption } from './outcome.ts';
import { journalAsks } from './granted-rights.ts';
import {
  mayRepeat,
  mayRetry,
  nextAfterFailure,
  nextAfterInterruption,
  nextAfterJudgement,
  nextJudging,
} from './next-run.ts';
import { addRun } from './past-runs.ts';
import { settleRun } from './settle-run.ts';
import { forgetDeleted, settleWish, startSettling } from './settlement.ts';
import { emptyVerdict, judge, judgeDelivered } from './make-verdict.ts';

/** Puts a loaded task on the board and goes on from where its facts say it was. */
export function adoptTask(draft: Draft, id: TaskId, loaded: LoadedTask): void {
  const { file, lastRun } = loaded;
  const from = takeMove(draft, id, loaded);
  const to = loaded.isGone ? null : file.column;
  const facts = noteSentBack(draft, id, file, loaded.facts, from);
  const spec = { ...(loaded.spec ?? nameOnlySpec(id)), id };
  const warnings = loaded.diagnostics.filter((diagnostic) => diagnostic.severity === 'warning');
  const base = { id, spec, file, past: recallPast(facts), warnings };
  const planning = { state: 'active', phase: { name: 'planning', next: firstRun, before: null } } as const;
  const wish = wishOf(to);
  if (to !== 'active' && lastRun?.kind === 'alive') {
    draft.putTask({ ...base, ...planning, wish });
    followAgent(draft, id, facts, lastRun);
    stopRun(draft, id, wish === 'cancel' ? 'cancelled' : 'requeued');
    return;
  }
  if (from === 'active' && to !== 'active' && lastRun !== null) {
    // Its agent ended with its board; then the user moved its file.
    adoptActive(draft, { ...base, ...planning, wish }, { ...loaded, facts });
    return;
  }
  if (loaded.isGone) {
    forgetDeleted(draft, base);
    return;
  }
  if (from !== null && to === 'archive') {
    settleWish(draft, base, 'cancel', { plan: null, record: null });
    return;
  }
  switch (file.column) {
    case 'queued': {
      const problems = loaded.diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
      const next = recallNext(draft.board, spec, facts);
      draft.putTask({ ...base, state: 'queued', next, problems });
      journalAsks(draft, spec);
      return;
    }
    case 'active':
      if (from === null) adoptActive(draft, { ...base, ...planning, wish: null }, { ...loaded, facts });
      else queueAgain(draft, base, facts);
      return;
    case 'attention': {
      const isDamaged = facts.damaged.includes(verdictName);
      const detail = isDamaged
        ? `Why it waits is not known: .orchestrator/runs/${id}/verdict.json can't be understood.`
        : 'You put it aside.';
      const unexplained = { ...emptyVerdict(draft, base), fault: { reason: 'stopped', detail } } as const;
      draft.putTask({ ...base, state: 'attention', verdict: facts.verdict ?? unexplained });
      return;
    }
    case 'done':
    case 'archive':
      // What was decided before the user moved it is not what its place says.
      if (from !== null) draft.putFinished({ id, file, verdict: undefined, review: null });
      else draft.putFinished({ id, file, verdict: facts.verdict, review: facts.review });
  }
}

function adoptActive(draft: Draft, task: ActiveTask, loaded: LoadedTask): void {
  const { facts, lastRun } = loaded;
  const last = facts.runs.at(-1);
  draft.putTask(task);
  if (last === undefined || (last.plan.n !== facts.highestRun && lastRun?.kind !== 'alive')) {
    // The run before the last one does not tell what became of the task.
    queueAgain(draft, task, facts);
  } else if (last.record !== null) {
    adoptRecorded(draft, task, facts, last);
  } else if (lastRun?.kind === 'alive') {
    followAgent(draft, task.id, facts, lastRun);
    if (draft.board.shutdown !== 'no' && !isOnlyTold(draft.board, task.id)) stopRun(draft, task.id, 'shutdown');
  } else if (lastRun?.kind === 'dead') {
    const { exit } = lastRun;
    // Nobody stopped it but the end of its daemon or its machine: that costs no attempt.
    const ended = exit.endedBy.kind === 'broken-off' ? { ...exit, stopped: 'lost' as const } : exit;
    draft.journal({
      type: 'task-found',
      task: task.id,
      column: 'active',
      note: 'its agent is gone; going on from what it left',
    });
    finishRun(draft, task, last.plan, ended);
  } else {
    const unheard = { plan: last.plan, exit: null, evidence: null };
    settleRun(draft, task, unheard, interruption('it had not begun', 'loss'));
  }
}

/** It is in `active/` and nothing is under way: its next run waits for its turn. */
function queueAgain(draft: Draft, task: TaskBase, facts: TaskFacts): void {
  const next = recallNext(draft.board, task.spec, facts);
  startSettling(draft, task, { to: 'queued', next, plan: null, record: null });
}

/** Its agent outlived the board that started it. */
function followAgent(draft: Draft, id: TaskId, facts: TaskFacts, lastRun: LastRun & { readonly kind: 'alive' }): void {
  const task = draft.task(id);
  const last = facts.runs.at(-1);
  if (task?.state !== 'active' || last === undefined) return;
  const { view, startedAt } = lastRun;
  const phase = { name: 'running', plan: last.plan, startedAt, lastOutputAt: draft.at, view, stopping: null } as const;
  draft.putTask({ ...task, phase });
  const note = 'its agent is still at work and is followed';
  draft.journal({ type: 'task-found', task: id, column: task.file.column, note });
  draft.emit({ type: 'look-at-notes', task: id });
}

/** The run's end is known, but not all that follows from it was done. */
function adoptRecorded(draft: Draft, task: ActiveTask, facts: TaskFacts, last: RunFacts): void {
  const { plan, record } = last;
  if (record === null) return;
  const { exit, evidence, outcome } = record;
  if (facts.verdict?.run === plan.n) {
    startSettling(draft, task, { to: 'verdict', verdict: facts.verdict, plan, record });
  } else if (isAuthors(plan) && (outcome.kind === 'interrupted' || isRetried(draft.board, task, plan, outcome))) {
    // The next attempt was due; it is planned as if nothing had happened in between.
    startSettling(draft, task, { to: 'queued', next: recallNext(draft.board, task.spec, facts), plan, record });
  } else {
    settleRun(draft, withoutLastRun(task, facts), { plan, exit, evidence }, outcome);
  }
}

function isRetried(board: Board, task: Pick<TaskBase, 'spec'>, plan: RunPlan, outcome: Outcome): boolean {
  return outcome.kind === 'failed' && mayRetry(board, task, plan, outcome.fault);
}

/** So that settling the last run again does not count its cost twice. */
function withoutLastRun(task: ActiveTask, facts: TaskFacts): ActiveTask {
  return { ...task, past: recallPast({ ...facts, runs: facts.runs.slice(0, -1) }) };
}

/**
 * The verdict of a task, made again from its last run where its own file can't be read; null where that run did not lead
 * to one, or can't be read itself. It is as it was written but for its time.
 */
export function remakeVerdict(board: Board, id: TaskId, spec: TaskSpec | null, facts: TaskFacts): Verdict | null {
  const last = facts.runs.at(-1);
  if (last?.record == null || last.plan.n !== facts.highestRun) return null;
  const { exit, evidence, outcome } = last.record;
  const task = { id, spec: { ...(spec ?? nameOnlySpec(id)), id }, past: recallPast(facts) };
  if (!isAuthors(last.plan)) {
    const isUnheard = outcome.kind === 'interrupted' && !mayRepeat(last.plan, task.past, outcome);
    const unheard = isUnheard ? outcome.detail : null;
    return task.past.delivered === null ? null : judgeDelivered({ at: exit.endedAt }, task, last.plan, unheard);
  }
  const isRepeated = isRetried(board, task, last.plan, outcome);
  const isUnsettled = ['interrupted', 'cancelled', 'integrated'].includes(outcome.kind);
  if (isUnsettled || isRepeated) return null;
  return judge({ at: exit.endedAt }, task, { plan: last.plan, exit, evidence }, outcome);
}

/** The history of a task from its earlier runs. A run without a record counts as one whose end no board saw. */
export function recallPast(facts: TaskFacts): TaskPast {
  const past = facts.runs.reduce<TaskPast>(
    (sofar, { plan, record }) =>
      addRun(sofar, { plan, exit: record?.exit ?? null, evidence: record?.evidence ?? null }, record?.outcome ?? null),
    { ...emptyPast, round: roundAfter(facts.review), sentBack: facts.review?.sentBack ?? [] },
  );
  const { verdict, review } = facts;
  const isEnding = isEndedPlan(verdict) && review?.state !== 'sent-back';
  const isAccepted = verdict !== null && ((isPlan(verdict) && verdict.taken.length > 0) || isEnding);
  return { ...past, runs: Math.max(past.runs, facts.highestRun), accepted: isAccepted ? verdict : null };
}

/** The next step of a task in `queued/`. */
function recallNext(board: Board, spec: TaskSpec, facts: TaskFacts): NextRun {
  const past = recallPast(facts);
  const resume = past.sessionId;
  if (facts.verdict?.column === 'done' && saidBefore(past.round, past.sentBack) !== null) {
    return { ...firstRun, cause: { kind: 'sent-back' }, resume };
  }
  const last = facts.runs.at(-1);
  if (last === undefined) return firstRun;
  const { plan, record } = last;
  if (record === null) return repeat(plan, isAuthors(plan) ? resume : null);
  const { outcome } = record;
  const settled = facts.verdict?.run === plan.n ? facts.verdict : null;
  const fault = isAuthors(plan) && outcome.kind === 'failed' ? outcome.fault : null;
  if (settled === null) {
    if (outcome.kind === 'interrupted') return nextAfterInterruption(plan, past, outcome);
    if (outcome.kind === 'integrated') return firstRun;
    const judged = isAuthors(plan) ? null : nextAfterJudgement(board, past);
    const next = judged ?? nextJudging(board, spec, past);
    if (next !== null) return next;
    if (fault !== null && mayRetry(board, { spec }, plan, fault)) return nextAfterFailure(plan, past, fault);
  }
  const taken = settled?.fault?.reason === 'taken' ? settled.fault : null;
  return { ...firstRun, cause: { kind: 'retried', fault: taken ?? fault ?? facts.verdict?.fault ?? null }, resume };
}

function repeat(plan: RunPlan, resume: string | null): NextRun {
  const { attempt, freeRestarts, cause } = plan;
  return { attempt, freeRestarts, cause, resume, delay: null };
}

/** Stands for a file that can't be read, until it can. */
function nameOnlySpec(id: TaskId): TaskSpec {
  return { id, title: id, agent: 'developer', dependsOn: [], priority: 'normal', body: '', context: [], touches: [] };
}
