/** Makes the history of a task out of its runs, one by one: what the next run and the verdict need of them. */
import { describeNamed } from '../domain/base-conflict.ts';
import { limits } from '../domain/limits.ts';
import type { Judgement } from '../domain/judgement.ts';
import { joinRefusals } from '../domain/refusal.ts';
import { isAuthors } from '../domain/run-purpose.ts';
import { mayShareSession } from '../domain/run-terms.ts';
import type { Outcome, RunPlan } from '../domain/run.ts';
import type { Delivered, EndedRun, TaskPast } from '../domain/task-past.ts';
import { listMoved, listWarnings } from './doubts.ts';

/** The history of a task after one more run; `outcome` is null for a run without a record. */
export function addRun(past: TaskPast, run: EndedRun, outcome: Outcome | null): TaskPast {
  const { plan, exit } = run;
  const counted: TaskPast = {
    ...past,
    runs: Math.max(past.runs, plan.n),
    lastRun: plan.n,
    costUsd: past.costUsd + (exit?.view.costUsd ?? 0),
    workedMs: past.workedMs + (exit === null ? 0 : Math.max(0, exit.endedAt - plan.plannedAt)),
    accepted: null,
    stuck: exit === null ? past.stuck : null,
    losses: outcome === null ? past.losses : isLoss(outcome) ? past.losses + 1 : 0,
    warnings: [...past.warnings, ...listWarnings(run)].slice(-limits.maxWarnings),
    moved: [...past.moved, ...listMoved(run)].slice(-limits.maxMovedRefs),
  };
  if (!isAuthors(plan)) return { ...counted, judgements: [...past.judgements, ...listJudgements(past, plan, outcome)] };
  // The task itself begins after that, on what was made of the conflict.
  if (outcome?.kind === 'integrated') {
    const warnings = [...counted.warnings, ...tellIntegrated(run, outcome)].slice(-limits.maxWarnings);
    return { ...counted, warnings, lastPlan: null, sessionId: null, delivered: null, faults: [] };
  }
  const earlier = plan.attempt === 1 ? [] : past.faults;
  const heard = exit !== null && (exit.view.sessionId !== null || exit.view.result !== null);
  return {
    ...counted,
    lastPlan: plan,
    sessionId: heard
      ? (exit.view.sessionId ?? plan.session.id)
      : plan.session.mode === 'resume'
        ? plan.session.id
        : mayShareSession(past.lastPlan?.terms ?? null, plan.terms)
          ? past.sessionId
          : null,
    delivered: findDelivered(run, outcome),
    judgements: isAskedByUser(plan) ? [] : past.judgements,
    faults:
      outcome?.kind === 'failed' ? [...earlier, { run: plan.n, attempt: plan.attempt, fault: outcome.fault }] : earlier,
    refusals: joinRefusals(past.refusals, exit?.view.denials ?? [], limits.maxDenials),
  };
}

function isAskedByUser({ cause }: RunPlan): boolean {
  return cause.kind === 'first' || cause.kind === 'retried' || cause.kind === 'sent-back';
}

/** A branch whose diff is empty has nothing that could be judged. */
function findDelivered({ plan, exit, evidence }: EndedRun, outcome: Outcome | null): Delivered | null {
  if (outcome?.kind !== 'done' || exit === null || evidence === null || evidence.diffstat.files === 0) return null;
  return { plan, record: { version: 1, exit, evidence, outcome } };
}

/** The judgement of the work before it that a run which judged came to; none where it was interrupted. */
function listJudgements({ delivered }: TaskPast, { n, role }: RunPlan, outcome: Outcome | null): readonly Judgement[] {
  if (outcome === null || delivered === null) return [];
  switch (outcome.kind) {
    case 'judged': {
      const { approves, summary, comments } = outcome;
      const result = approves ? 'approved' : 'changes';
      return [{ ...failJudgement(delivered, n, role, summary), result, comments }];
    }
    case 'failed':
      return [failJudgement(delivered, n, role, outcome.fault.detail)];
    case 'question':
      return [failJudgement(delivered, n, role, `It asked: ${outcome.question}`)];
    case 'done':
    case 'reported':
    case 'integrated':
    case 'interrupted':
    case 'cancelled':
      return [];
  }
}

/** A review that came to no judgement, and why. */
export function failJudgement({ record }: Delivered, run: number, role: string | null, summary: string): Judgement {
  return { run, role: role ?? '', commit: record.evidence.tip, result: 'failed', summary, comments: [] };
}

function tellIntegrated(
  { plan, evidence }: EndedRun,
  { summary, named }: Outcome & { readonly kind: 'integrated' },
): readonly string[] {
  const { sides, files } = plan.conflict ?? { sides: [], files: [] };
  const beside = evidence?.merge?.beside ?? [];
  const all = [
    `${sides.join(' and ')}, which it builds on, were in conflict in ${files.join(', ')}; an agent resolved that in run ${String(plan.n)}: ${summary}`,
    ...(named.length === 0 ? [] : [`Not as one of them had it: ${named.map(describeNamed).join('; ')}`]),
    ...(beside.length === 0 ? [] : [`It changed files without a conflict, too: ${beside.join(', ')}`]),
  ];
  return all.map((each) => each.slice(0, limits.maxSummaryChars));
}

function isLoss(outcome: Outcome): boolean {
  return outcome.kind === 'interrupted' && outcome.blame === 'loss';
}
