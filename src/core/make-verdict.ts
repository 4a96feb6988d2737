/** Makes the verdict of a task that leaves `active/`, from a run and its outcome. */
import { isUnseen, type Task } from '../domain/board.ts';
import { limits } from '../domain/limits.ts';
import { unreachable } from '../domain/result.ts';
import type { Fault, Outcome, Reason, RunPlan, RunRecord } from '../domain/run.ts';
import { describeGiven, type Evidence } from '../domain/work-evidence.ts';
import type { Delivered, EndedRun } from '../domain/task-past.ts';
import type { AttemptFault, Verdict } from '../domain/verdict.ts';
import type { TaskId } from '../domain/task.ts';
import type { Draft } from './draft.ts';
import { explainConflict } from './outcome.ts';
import { failJudgement } from './past-runs.ts';

/** When it is decided, in milliseconds since the epoch. */
type Moment = Pick<Draft, 'at'>;
/** The part of a verdict about its task. */
type Judged = Pick<Task, 'id' | 'spec' | 'past'>;

/** Why work can't be judged whose facts the board can't read. */
export const unknownWork = 'The work of its agent is not known: the record of that run is gone.';

/** The verdict that follows from a run's outcome. */
export function judge(draft: Moment, task: Judged, run: EndedRun, outcome: Outcome): Verdict {
  const { plan, exit, evidence } = run;
  const report = exit?.view.result?.report ?? null;
  const base: Verdict = {
    ...emptyVerdict(draft, task),
    run: plan.n,
    base: plan.workspace.base,
    attempts: plan.attempt,
    summary: report?.summary ?? null,
    followUps: report?.followUps ?? [],
    proposals: [...(report?.subtasks ?? []), ...(exit?.view.proposals ?? [])],
    warnings: [
      ...(isUnseen(task.past, plan) ? [describeUnseen(task.id, plan)] : []),
      ...task.past.warnings,
      ...(exit?.view.warnings ?? []),
      ...(evidence === null || evidence.asGiven.length === 0 ? [] : [describeGiven(evidence.asGiven)]),
    ],
    ...(evidence === null ? {} : pickEvidence(evidence)),
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
        // A plan waits for its user; what others propose holds nothing up.
        column: plan.purpose === 'plan' && (report?.subtasks.length ?? 0) > 0 ? 'attention' : 'done',
        summary: outcome.summary,
        tip: null,
        report: `runs/${task.id}/${plan.n}/report.md`,
      };
    case 'judged':
    case 'integrated':
      return base;
    case 'question': {
      const { question, options } = outcome;
      return { ...base, question, options, fault: { reason: 'question', detail: question } };
    }
    case 'failed': {
      const fault = chooseFault(outcome.fault, base.faults);
      return { ...base, fault: plan.conflict === null ? fault : explainConflict(plan.conflict, fault) };
    }
    case 'interrupted':
      return { ...base, fault: { reason: 'interrupted', detail: describeRepeated(outcome) } };
    case 'cancelled':
      return { ...base, column: 'archive', fault: { reason: 'stopped', detail: 'You cancelled it.' } };
    default:
      return unreachable(outcome);
  }
}

/**
 * The verdict on the work that a task's own agent left, once its review by an agent is over, in the run `judging`. `unheard` is
 * why that came to no end, or null. Work that is not known any more is said to be.
 */
export function judgeDelivered(draft: Moment, task: Judged, judging: RunPlan, unheard: string | null): Verdict {
  const { past } = task;
  if (past.delivered === null) {
    return { ...emptyVerdict(draft, task), run: judging.n, fault: { reason: 'no-result', detail: unknownWork } };
  }
  const failed = unheard === null ? [] : [failJudgement(past.delivered, judging.n, judging.role, unheard)];
  const judgements = [...past.judgements, ...failed];
  return { ...judgeWorkOf(draft, task, past.delivered), run: judging.n, judgements };
}

/**
 * The verdict on that work where no run could be planned that judges it; `role` is the one that was to, or null where no
 * review is asked for any more.
 */
export function judgeUnjudged(draft: Moment, task: Judged, role: string | null, { detail }: Fault): Verdict {
  const { past } = task;
  if (past.delivered === null) return emptyVerdict(draft, task);
  const failed = role === null ? [] : [failJudgement(past.delivered, past.runs, role, detail)];
  return {
    ...judgeWorkOf(draft, task, past.delivered),
    run: past.lastRun,
    judgements: [...past.judgements, ...failed],
  };
}

function judgeWorkOf(draft: Moment, task: Judged, { plan, record }: Delivered): Verdict {
  return judge(draft, task, { plan, exit: record.exit, evidence: record.evidence }, record.outcome);
}

/** The verdict of a task that the user moved to `done/` while an agent was on it: it counts as done as it stands. */
export function judgeFinished(
  draft: Moment,
  task: Judged,
  { plan, record }: { readonly plan: RunPlan | null; readonly record: RunRecord | null },
): Verdict {
  const evidence = record?.evidence ?? null;
  const dirty = evidence?.dirty ?? [];
  const kept = `Not committed when you moved it to done/: ${dirty.join(', ')}. It is kept: branchboard rescue ${task.id}`;
  return {
    ...emptyVerdict(draft, task),
    ...(evidence === null ? {} : pickEvidence(evidence)),
    column: 'done',
    run: plan?.n ?? null,
    summary: 'You moved it to done/ while its agent was at work.',
    warnings: [...(dirty.length === 0 ? [] : [kept]), ...task.past.warnings],
  };
}

/** That a run does not see what its task's file says since. */
export function describeUnseen(id: TaskId, { n }: RunPlan): string {
  return `Its file was edited while run ${String(n)} was at work, which does not see it. To have it done: branchboard retry ${id}`;
}

function pickEvidence(evidence: Evidence): Partial<Verdict> {
  const { tip, commits, diffstat, changesWhatRuns, elsewhere, verify } = evidence;
  const checks = verify.map(({ argv, ok }) => ({ argv, ok }));
  return { tip, commits, diffstat, changesWhatRuns, elsewhere, checks };
}

/** An interruption that came too often in a row to be repeated without the user. */
function describeRepeated({ detail, blame }: Outcome & { readonly kind: 'interrupted' }): string {
  const again = 'If it was not the task that did it, try it again.';
  return blame === 'loss'
    ? `The board or the machine went down ${String(limits.maxLosses + 1)} times in a row while it ran (${detail}). ${again}`
    : `It was interrupted more than ${String(limits.maxFreeRestarts)} times in a row: ${detail.replace(/\.$/, '')}. ${again}`;
}

/** A verdict that adds nothing to the task itself. */
export function emptyVerdict(draft: Moment, task: Judged): Verdict {
  const { spec, past } = task;
  const workspace = past.lastPlan?.workspace ?? null;
  return {
    version: 1,
    column: 'attention',
    run: past.lastRun,
    at: draft.at,
    title: spec.title,
    agent: spec.agent,
    dependsOn: spec.dependsOn,
    parent: spec.parent ?? null,
    fault: null,
    question: null,
    options: [],
    summary: null,
    branch: workspace?.kind === 'branch' ? workspace.branch : null,
    base: workspace?.base ?? null,
    tip: null,
    commits: 0,
    diffstat: null,
    verified: false,
    checks: [],
    judgements: past.judgements,
    changesWhatRuns: [],
    nothingToDo: false,
    report: null,
    followUps: [],
    proposals: [],
    taken: [],
    sessionId: past.sessionId,
    attempts: past.lastPlan?.attempt ?? 0,
    costUsd: past.costUsd,
    workedMs: past.workedMs,
    warnings: past.warnings,
    faults: past.faults,
    refusals: past.refusals,
    elsewhere: [],
    worktree: workspace?.path ?? null,
    moved: past.moved,
  };
}

/** Reasons that only say what is missing at the end, and not why. */
const vague: readonly Reason[] = ['no-changes', 'no-result', 'uncommitted'];

/** The failure that says most about why a task failed: an attempt that only misses something hides none that knew why. */
function chooseFault(last: Fault, faults: readonly AttemptFault[]): Fault {
  if (!vague.includes(last.reason)) return last;
  return faults.findLast(({ fault }) => !vague.includes(fault.reason))?.fault ?? last;
}
