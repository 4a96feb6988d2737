/**
 * Settles a task that leaves `active/`: from an outcome to the facts to write and the move that commits them.
 *
 *   outcome       column       facts, in this order, before the rename
 *   done          done         exit, verdict, story; the worktree goes, its branch stays
 *   reported      done         report, exit, verdict, story; the worktree goes
 *   integrated    (active)     the resolution of the conflict, exit; the worktree goes; then the task's own first run
 *   failed        (active)     exit, kept work; then the next attempt, if one is left
 *   failed        attention    exit, kept work, verdict, story
 *   question      attention    exit, kept work, verdict, story
 *   interrupted   queued       exit, kept work
 *   finished      done         by the user's word: exit, kept work, verdict, story; as where it is done
 *   cancelled     archive      exit, kept work, verdict, story; the worktree goes, and a branch without commits
 */
import {
  baseOf,
  firstRun,
  type ActiveTask,
  type Board,
  type EndedBefore,
  type NextRun,
  type Settlement,
  type Task,
  type TaskBase,
} from '../domain/board.ts';
import { describeResolution, type BaseConflict } from '../domain/base-conflict.ts';
import type { Effect } from '../domain/effect.ts';
import { openReview } from '../domain/review.ts';
import { isAuthors } from '../domain/run-purpose.ts';
import type { Fault, RunPlan, RunRecord } from '../domain/run.ts';
import type { TaskId } from '../domain/task.ts';
import type { Verdict } from '../domain/verdict.ts';
import { acceptByItself } from './auto-accept.ts';
import { collectHandoffs } from './dependencies.ts';
import type { Draft } from './draft.ts';
import { emptyVerdict, judgeFinished } from './make-verdict.ts';

/** The run that a settlement ends, if any. */
export interface Ended {
  readonly plan: RunPlan | null;
  readonly record: RunRecord | null;
}

/** Does what the user asked by moving the file of a task that an agent was on, or one that waits. */
export function settleWish(draft: Draft, task: TaskBase, wish: NonNullable<ActiveTask['wish']>, run: Ended): void {
  if (wish === 'requeue') {
    const resume = task.past.sessionId;
    const next: NextRun = resume === null ? firstRun : { ...firstRun, cause: { kind: 'interrupted' }, resume };
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
  if (run.plan !== null && run.record !== null) {
    draft.emit({ type: 'record-exit', task: id, run: run.plan, record: run.record });
  }
  const plans = [run.plan, past.lastPlan].filter((plan) => plan !== null);
  for (const plan of new Map(plans.map((each) => [each.n, each])).values()) {
    draft.emit(...listPutAway(id, plan));
  }
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
  const effects: Effect[] = plan === null || record === null ? [] : [...listRecordEffects(id, { plan, record })];
  const own = plan !== null && isOwn(plan, record) ? plan : null;
  if (plan !== null && own === null) effects.push(...listPutAway(id, plan));
  if (settlement.to === 'verdict') {
    const { verdict } = settlement;
    const workspaceOf = own ?? task.past.lastPlan;
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
    if (own !== null) effects.push({ type: 'keep-work', task: id, plan: own });
    effects.push({ type: 'move-task', task: id, file: task.file, to: 'queued' });
  }
  return effects;
}

/** The effects that keep what a run left before the next one is planned. */
export function listEndingEffects(task: TaskId, { plan, record }: EndedBefore): readonly Effect[] {
  const kept = isOwn(plan, record) ? [{ type: 'keep-work', task, plan } as const] : listPutAway(task, plan);
  return [...listRecordEffects(task, { plan, record }), ...kept];
}

/** Puts a workspace away for good; what it holds is kept. */
function listPutAway(task: TaskId, plan: RunPlan): readonly Effect[] {
  return [
    { type: 'keep-work', task, plan },
    { type: 'release-workspace', task, plan, forget: true },
  ];
}

/** Whether the next run of the task's own agent goes on in a run's worktree. */
function isOwn(plan: RunPlan, record: RunRecord | null): boolean {
  return isAuthors(plan) && record?.outcome.kind !== 'integrated';
}

function listRecordEffects(task: TaskId, { plan, record }: EndedBefore): readonly Effect[] {
  const { outcome } = record;
  const first: Effect[] = [];
  if (outcome.kind === 'reported') first.push({ type: 'write-report', task, run: plan, text: outcome.report });
  if (outcome.kind === 'integrated' && plan.conflict !== null) {
    const { conflict } = plan;
    const message = describeResolution(conflict, outcome);
    first.push({ type: 'keep-resolution', task, conflict, tip: outcome.tip, message });
  }
  return [...first, { type: 'record-exit', task, run: plan, record }];
}

/**
 * Takes a slot for a task and asks for its plan; `before` is the run that it retries at once, and `conflict` what of its
 * dependencies is to be resolved first.
 */
export function planRun(
  draft: Draft,
  task: Task,
  next: NextRun,
  before: EndedBefore | null = null,
  conflict: BaseConflict | null = null,
): void {
  const { id, past, file } = task;
  draft.putTask({ ...baseOf(task), state: 'active', phase: { name: 'planning', next, before }, wish: null });
  const dependencies = collectHandoffs(draft.board, task.spec.dependsOn);
  draft.emit({ type: 'plan-run', task: id, n: past.runs + 1, next, past, file, dependencies, conflict });
}
