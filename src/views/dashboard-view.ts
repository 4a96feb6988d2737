/** Makes the dashboard's model from the board. */
import { agentTraits } from '../domain/agent-kind.ts';
import { listUsages } from '../core/commands/offers.ts';
import { listGranted } from '../core/granted-rights.ts';
import { countUsedSlots } from '../core/schedule.ts';
import { sumToday } from '../core/spending.ts';
import {
  verdictOf,
  type ActiveTask,
  type AttentionTask,
  type Board,
  type FinishedTask,
  type SettlingTask,
} from '../domain/board.ts';
import type { Box } from '../domain/command.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { explainUnreadable, isUnreadable } from '../domain/task-facts.ts';
import { mergedAtOf } from '../domain/review.ts';
import { describeDoubts, type Verdict } from '../domain/verdict.ts';
import { keyOf } from '../domain/task.ts';
import {
  listRows,
  type ActiveEntry,
  type AttentionEntry,
  type BoardStatus,
  type CompletedEntry,
  type DashboardHead,
  type DashboardModel,
  type ReadyEntry,
  type ReadyWork,
  type StatusRow,
} from '../markdown/dashboard-model.ts';
import { describeMoved } from '../markdown/moved-refs-text.ts';
import type { Calendar } from './calendar.ts';
import { describePause, listFinished } from './board-data.ts';
import { viewBoxes, viewBoxOutcomes } from './box-view.ts';
import { labelOf, rankPending, viewAsking, viewPending, viewQueuedRow, type Redact } from './pending-view.ts';
import { stageOf, stageWords } from './stage.ts';
import { listWarnings } from './warnings.ts';

type WorkedOn = ActiveTask | SettlingTask;
type Reviewed = Omit<FinishedTask, 'verdict'> & { readonly verdict: Verdict };

/** How the board's process is: at work, ended as it was asked to, or ended by a fault that is described. */
export type DaemonState = 'running' | 'stopped' | { readonly fault: string };

/** The dashboard's model of a board now; `redact` takes secrets out of the rights that tasks ask for. */
export function viewDashboard(board: Board, clock: Calendar, daemon: DaemonState, redact: Redact): DashboardModel {
  const now = clock.now();
  const live = [...board.live.values()];
  const active = live.filter((task) => task.state === 'active' || task.state === 'settling');
  const attention = live.filter((task) => task.state === 'attention');
  const pending = rankPending(board, clock, redact);
  const finished = listFinished(board);
  const done = finished.filter(isReviewed);
  const ready = done.filter(({ review }) => mergedAtOf(review) === null);
  const unreadable = finished.flatMap(viewUnreadable);
  const today = clock.day(now);
  return {
    head: viewHead(board, clock, daemon, pending.length),
    isNew: board.live.size + board.finished.size === 0,
    quickStatus: listRows([
      ...active.map(viewActiveRow),
      ...attention.map(viewAttentionRow),
      ...unreadable.map(viewUnreadableRow),
      ...pending.map(viewQueuedRow),
      ...ready.map(viewReadyRow),
    ]),
    inboxProblems: listRows(listInboxProblems(board)),
    needsYou: listRows([
      ...attention.map((task) => viewAttention(task, viewBoxes(board, task.id))),
      ...unreadable,
      ...pending.flatMap((each) => viewAsking(each, viewBoxes(board, each.task.id))),
    ]),
    boxOutcomes: viewBoxOutcomes(board, clock),
    taskWarnings: listRows(live.flatMap((task) => task.warnings.map((warning) => ({ ...labelOf(task), warning })))),
    ready: listRows(ready.map((task) => viewReady(task, board))),
    active: listRows(active.map((task) => viewActive(task, board, clock, redact))),
    pending: listRows(pending.map((each) => viewPending(each, viewBoxes(board, each.task.id)))),
    completedToday: listRows(
      done.filter(({ verdict }) => clock.day(verdict.at) === today).map((task) => viewCompleted(task, clock)),
    ),
  };
}

function isReviewed(task: FinishedTask): task is Reviewed {
  return task.file.column === 'done' && verdictOf(task) !== null;
}

function viewHead(board: Board, clock: Calendar, daemon: DaemonState, waiting: number): DashboardHead {
  const { settings } = board;
  return {
    status: viewStatus(board, clock, daemon),
    slotsUsed: countUsedSlots(board),
    slotsTotal: settings.maxParallel,
    waiting,
    costTodayUsd: sumToday(board),
    updated: clock.timeOfDay(clock.now()),
    banner: agentTraits[settings.agent.kind].isBuiltIn
      ? `Built-in ${settings.agent.kind} agent: no model is called`
      : null,
    warnings: listWarnings(board, clock),
    settingsProblems: board.settingsProblems,
  };
}

function viewStatus(board: Board, clock: Calendar, daemon: DaemonState): BoardStatus {
  if (daemon !== 'running') return { kind: 'stopped', fault: daemon === 'stopped' ? null : daemon.fault };
  const pause = describePause(board);
  if (pause === null) return { kind: 'running' };
  return { kind: 'paused', reason: pause.reason, until: pause.until && describeMoment(Date.parse(pause.until), clock) };
}

/** The time of day, with its date where that is not today. */
function describeMoment(time: number, clock: Calendar): string {
  const ofDay = clock.timeOfDay(time).slice(0, 5);
  return clock.day(time) === clock.day(clock.now()) ? ofDay : `${clock.day(time)} ${ofDay}`;
}

function listInboxProblems(board: Board): readonly Diagnostic[] {
  const ofQueued = [...board.live.values()].flatMap((task) => (task.state === 'queued' ? task.problems : []));
  return [...[...board.inbox.values()].flatMap((file) => file.diagnostics ?? []), ...ofQueued];
}

function viewActiveRow(task: WorkedOn): StatusRow {
  return { ...labelOf(task), agent: task.spec.agent, status: 'ACTIVE', progress: describeStage(task) };
}

function describeStage(task: WorkedOn): string {
  const stage = stageOf(task) ?? 'finishing';
  const running = task.state === 'active' && task.phase.name === 'running' ? task.phase : null;
  const progress = running?.view.progress ?? null;
  return stage === 'running' && progress !== null
    ? `${progress.done}/${progress.total} ${progress.step ?? ''}`.trim()
    : stageWords[stage];
}

function viewAttentionRow(task: AttentionTask): StatusRow {
  return { ...labelOf(task), agent: task.spec.agent, status: 'ATTENTION', progress: headlineOf(task.verdict) };
}

function headlineOf({ fault, attempts }: Verdict): string {
  switch (fault?.reason) {
    case undefined:
      return 'waits for you';
    case 'question':
      return 'has a question';
    case 'stopped':
      return 'put aside';
    case 'dependency-cycle':
    case 'dependency-conflict':
      return fault.reason;
    default:
      return attempts > 1
        ? `failed ${attempts === 2 ? 'twice' : `${attempts} times`}: ${fault?.reason ?? ''}`
        : `failed: ${fault?.reason ?? ''}`;
  }
}

function viewAttention(task: AttentionTask, boxes: readonly Box[]): AttentionEntry {
  const { verdict, id } = task;
  const failed = verdict.run === null ? null : `.orchestrator/runs/${id}/${verdict.run}`;
  return {
    ...labelOf(task),
    headline: headlineOf(verdict),
    detail: verdict.question === null ? (verdict.fault?.detail ?? null) : null,
    question: verdict.question,
    log: failed === null ? null : `${failed}/stream.jsonl`,
    branch: verdict.branch,
    warnings: listDoubts(verdict),
    boxes,
    commands: [
      ...(failed === null ? [] : [`branchboard logs ${id}`]),
      ...(verdict.branch === null ? [] : [`branchboard diff ${id}`]),
      ...listUsages('attention', id, ['retry', 'cancel']),
    ],
  };
}

function viewReadyRow({ id, verdict }: Reviewed): StatusRow {
  return { id, title: verdict.title, agent: verdict.agent, status: 'READY', progress: 'waits for your review' };
}

/** A finished task of which nothing is known, since its verdict can't be read. */
function viewUnreadable({ id, file, verdict }: FinishedTask): readonly AttentionEntry[] {
  if (file.column !== 'done' || verdict === undefined || !isUnreadable(verdict)) return [];
  const { path, what, advice, commands } = explainUnreadable(id, verdict);
  const detail = `${path} ${what}. ${advice}`;
  const headline = 'is done, and its verdict is not known';
  const none = { question: null, log: null, branch: null, warnings: [], boxes: [] };
  return [{ id, title: id, headline, detail, ...none, commands }];
}

function viewUnreadableRow({ id, title, headline }: AttentionEntry): StatusRow {
  return { id, title, agent: '', status: 'ATTENTION', progress: headline };
}

function viewReady(task: Reviewed, board: Board): ReadyEntry {
  const { id, verdict } = task;
  const work = workOf(verdict, board);
  return {
    id,
    title: verdict.title,
    work,
    verify: verdict.verified ? 'passed' : 'none',
    workedMs: verdict.workedMs,
    costUsd: verdict.costUsd,
    summary: verdict.summary,
    changesWhatRuns: verdict.changesWhatRuns,
    warnings: listDoubts(verdict),
    review: work.kind === 'branch' ? `git diff ${work.baseBranch}...${work.branch}` : null,
    followUps: verdict.followUps,
  };
}

function listDoubts(verdict: Verdict): readonly string[] {
  return [...describeDoubts(verdict), ...verdict.moved.map(describeMoved)];
}

function workOf(verdict: Verdict, board: Board): ReadyWork {
  if (verdict.report !== null) return { kind: 'report', path: verdict.report };
  if (verdict.nothingToDo || verdict.branch === null) return { kind: 'nothing-to-do' };
  const { branch, commits, diffstat } = verdict;
  return { kind: 'branch', branch, baseBranch: board.settings.base ?? 'HEAD', commits, diffstat };
}

function viewActive(task: WorkedOn, board: Board, clock: Calendar, redact: Redact): ActiveEntry {
  const { spec, past } = task;
  const phase = task.state === 'active' ? task.phase : null;
  const running = phase?.name === 'running' ? phase : null;
  const plan = phase !== null && 'plan' in phase ? phase.plan : past.lastPlan;
  const progress = running?.view.progress ?? null;
  return {
    ...labelOf(task),
    agent: spec.agent,
    attempt: plan?.attempt ?? 1,
    session: running?.view.sessionId?.slice(0, 8) ?? null,
    started: running === null ? null : clock.timeOfDay(running.startedAt).slice(0, 5),
    branch: plan?.workspace.kind === 'branch' ? plan.workspace.branch : null,
    onBranches: listBaseBranches(task, board),
    step: progress === null ? null : { text: progress.step ?? '', done: progress.done, total: progress.total },
    note: running === null || running.stopping !== null ? describeStage(task) : (running.view.apiRetry ?? null),
    warnings: running?.view.warnings ?? [],
    recentOutput: running?.view.lastText ?? null,
    granted: listGranted(board, spec).map(redact),
    follow: `branchboard logs ${task.id} -f`,
  };
}

function listBaseBranches(task: WorkedOn, board: Board): readonly string[] {
  return task.spec.dependsOn.flatMap((id) => {
    const finished = board.finished.get(keyOf(id));
    const branch = finished === undefined ? null : (verdictOf(finished)?.branch ?? null);
    return branch === null ? [] : [branch];
  });
}

function viewCompleted(task: Reviewed, clock: Calendar): CompletedEntry {
  const { verdict, review } = task;
  const mergedAt = mergedAtOf(review);
  const at = mergedAt ?? verdict.at;
  const how = `${mergedAt === null ? 'done' : 'merged'} ${clock.timeOfDay(at).slice(0, 5)}`;
  return {
    id: task.id,
    title: verdict.title,
    agent: verdict.agent,
    how,
    workedMs: verdict.workedMs,
    costUsd: verdict.costUsd,
  };
}
