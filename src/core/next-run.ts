/** Decides which run of a task comes next by itself, after one that failed, was interrupted, is to be judged, or was judged. */
import { firstRun, type Board, type NextRun, type Task } from '../domain/board.ts';
import { limits } from '../domain/limits.ts';
import { unreachable } from '../domain/result.ts';
import { isAuthors } from '../domain/run-purpose.ts';
import type { Fault, Outcome, RunPlan } from '../domain/run.ts';
import type { Settings } from '../domain/settings.ts';
import type { TaskPast } from '../domain/task-past.ts';
import type { TaskSpec } from '../domain/task.ts';
import { retriesOf } from './granted-rights.ts';

type Interrupted = Outcome & { readonly kind: 'interrupted' };

/** Reviews by agents that may fail for one commit before the user gets the work without one. */
const maxFailedJudgements = 2;

/** The next attempt after a failed one: the same session, told what went wrong. */
export function nextAfterFailure(plan: RunPlan, past: TaskPast, fault: Fault): NextRun {
  return { ...firstRun, attempt: plan.attempt + 1, cause: { kind: 'failed', fault }, resume: past.sessionId };
}

/** The same attempt again, in the same session where there is one. */
export function nextAfterInterruption(plan: RunPlan, past: TaskPast, outcome: Interrupted): NextRun {
  // A judge has a session of its own, which is not gone on with.
  const resume = isAuthors(plan) ? past.sessionId : null;
  const cause = resume === null ? plan.cause : ({ kind: 'interrupted' } as const);
  const freeRestarts = plan.freeRestarts + (outcome.blame === 'service' ? 1 : 0);
  const delay = outcome.pause === null && outcome.until !== null ? { until: outcome.until, why: outcome.detail } : null;
  return { attempt: plan.attempt, freeRestarts, cause, resume, delay };
}

/** Whether an interrupted run is repeated without asking the user. */
export function mayRepeat(plan: RunPlan, past: TaskPast, { blame }: Interrupted): boolean {
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

/** The role that judges the work of a task before its user does; null where none does. */
export function judgeOf({ review }: Settings, spec: TaskSpec): string | null {
  return spec.review === undefined ? review : spec.review;
}

/** The run that judges the work that the task's last run left; null where none is asked for, or none is left to try. */
export function nextJudging({ settings }: Board, spec: TaskSpec, { delivered, judgements }: TaskPast): NextRun | null {
  const commit = delivered?.record.evidence.tip;
  const said = judgements.filter((each) => each.commit === commit);
  const failed = said.filter(({ result }) => result === 'failed').length;
  if (delivered === null || judgeOf(settings, spec) === null) return null;
  if (said.length > failed || failed >= maxFailedJudgements) return null;
  return { ...firstRun, attempt: delivered.plan.attempt, cause: { kind: 'judging' } };
}

/** The author's next run after its work was judged; null where that was approved, or the rounds are used up. */
export function nextAfterJudgement({ settings }: Board, { judgements, sessionId }: TaskPast): NextRun | null {
  const last = judgements.at(-1);
  const rounds = judgements.filter(({ result }) => result === 'changes').length;
  if (last?.result !== 'changes' || rounds > settings.reviewRounds) return null;
  const { summary, comments } = last;
  return { ...firstRun, cause: { kind: 'judged', summary, comments }, resume: sessionId };
}

/** Whether a failed run is tried again without asking the user. One that filled the disk would do so again. */
export function mayRetry(board: Board, task: Pick<Task, 'spec'>, plan: RunPlan, { reason }: Fault): boolean {
  return reason !== 'output-limit' && plan.attempt <= retriesOf(board, task.spec);
}
