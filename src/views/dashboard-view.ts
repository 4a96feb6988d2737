/** Makes the dashboard's model from the board. */
import { agentTraits } from '../domain/agent-kind.ts';
import { listOpenQuestions } from '../core/commands/answer-command.ts';
import { listGranted } from '../core/granted-rights.ts';
import { countUsedSlots } from '../core/schedule.ts';
import { orderReviews } from '../core/review-order.ts';
import { sumToday } from '../core/spending.ts';
import { verdictOf, type ActiveTask, type Board, type FinishedTask, type SettlingTask } from '../domain/board.ts';
import { describeOverlaps } from '../domain/overlap.ts';
import { describePull } from '../domain/pull-request.ts';
import { describeBehind, mergedAtOf } from '../domain/review.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { Phase } from '../domain/board.ts';
import { formatDuration } from '../domain/amounts.ts';
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
import {
  listDoubts,
  sortByWeight,
  viewAttentions,
  viewAttentionRow,
  viewQuestions,
  viewStrayNotes,
  viewUnreadable,
  describeTaken,
} from './attention-view.ts';
import type { Calendar } from './calendar.ts';
import { describePause, listFinished, listProblems, shortenTool } from './board-data.ts';
import { viewBoxes, viewBoxOutcomes } from './box-view.ts';
import { listOverlaps } from './overlap-view.ts';
import { pauseWords } from './pause-words.ts';
import { labelOf, rankPending, toCode, viewAsking, viewPending, viewQueuedRow, type Redact } from './pending-view.ts';
import { stageOf, stageWords } from './stage.ts';
import { listWarnings } from './warnings.ts';

type WorkedOn = ActiveTask | SettlingTask;
type Reviewed = Omit<FinishedTask, 'verdict'> & { readonly verdict: Verdict };

/** How the board's process is: at work, ended as it was asked to, or ended by a fault that is described. */
export type DaemonState = 'running' | 'stopped' | { readonly fault: string };

/** What a dashboard shows besides the board. */
export interface Page {
  /** Absolute path of the repository. */
  readonly repo: string;
  /** The names that the user's notes are addressed to. */
  readonly addresses: readonly string[];
  /** Takes secrets out of the rights that tasks ask for. */
  readonly redact: Redact;
}

/** The dashboard's model of a board now. */
export function viewDashboard(board: Board, clock: Calendar, daemon: DaemonState, page: Page): DashboardModel {
  const { redact } = page;
  const now = clock.now();
  const live = [...board.live.values()];
  const active = live.filter((task) => task.state === 'active' || task.state === 'settling');
  const attention = sortByWeight(
    board,
    live.filter((task) => task.state === 'attention'),
  );
  const questions = active.flatMap((task) => viewQuestions(task, board));
  const pending = rankPending(board, clock, { redact, isRunning: daemon === 'running' });
  const finished = listFinished(board);
  const done = finished.filter(isReviewed);
  const ready = orderReady(done.filter(({ review }) => mergedAtOf(review) === null));
  const unreadable = finished.flatMap(viewUnreadable);
  const today = clock.day(now);
  const inboxProblems = listProblems(board);
  const asking = pending.flatMap((each) => viewAsking(each, viewBoxes(board, each.task.id)));
  const outcomes = viewBoxOutcomes(board, clock);
  const tell = (id: string) => outcomes.filter((outcome) => outcome.id.toLowerCase() === id.toLowerCase());
  const shown = new Set<string>([...live, ...ready].map(({ id }) => keyOf(id)));
  return {
    head: {
      ...viewHead(board, clock, daemon, page.repo),
      needYou: questions.length + attention.length + unreadable.length + asking.length + inboxProblems.length,
      toReview: ready.length,
      waiting: pending.length,
    },
    isNew: board.live.size + board.finished.size === 0,
    quickStatus: listRows([
      ...active.map((task) => viewActiveRow(task, board, clock)),
      ...attention.map(viewAttentionRow),
      ...unreadable.map(viewUnreadableRow),
      ...pending.map(viewQueuedRow),
      ...ready.map(viewReadyRow),
    ]),
    inboxProblems: listRows(inboxProblems),
    strayNotes: listRows(viewStrayNotes(board, page.addresses)),
    needsYou: listRows([
      ...questions,
      ...viewAttentions(attention, board, tell),
      ...unreadable,
      ...asking.map((entry) => ({ ...entry, outcomes: tell(entry.id) })),
    ]),
    boxOutcomes: outcomes.filter(({ id }) => !shown.has(id.toLowerCase())),
    taskWarnings: listRows(live.flatMap((task) => task.warnings.map((warning) => ({ ...labelOf(task), warning })))),
    ready: listRows(ready.map((task) => ({ ...viewReady(task, board), outcomes: tell(task.id) }))),
    active: listRows(active.map((task) => ({ ...viewActive(task, board, clock, redact), outcomes: tell(task.id) }))),
    pending: listRows(
      pending.map((each) => ({
        ...viewPending(each, viewBoxes(board, each.task.id)),
        outcomes: each.waiting.kind === 'rights' ? [] : tell(each.task.id),
      })),
    ),
    completedToday: listRows(
      done.filter(({ verdict }) => clock.day(verdict.at) === today).map((task) => viewCompleted(task, clock)),
    ),
  };
}

/** In the order in which merges conflict least; the oldest first otherwise. */
function orderReady(tasks: readonly Reviewed[]): readonly Reviewed[] {
  const works = tasks.map((task) => {
    const overlaps = (task.review?.overlaps ?? []).map(({ id }) => id);
    return { id: task.id, dependsOn: task.verdict.dependsOn, overlaps, task };
  });
  return orderReviews(works.reverse()).map(({ task }) => task);
}

function isReviewed(task: FinishedTask): task is Reviewed {
  return task.file.column === 'done' && verdictOf(task) !== null;
}

function viewHead(
  board: Board,
  clock: Calendar,
  daemon: DaemonState,
  repo: string,
): Omit<DashboardHead, 'needYou' | 'toReview' | 'waiting'> {
  const { settings } = board;
  const now = clock.now();
  return {
    repo: repo.slice(repo.lastIndexOf('/') + 1),
    status: viewStatus(board, clock, daemon),
    slotsUsed: countUsedSlots(board),
    slotsTotal: settings.maxParallel,
    costTodayUsd: sumToday(board),
    updated: `${clock.day(now)} ${clock.timeOfDay(now)}`,
    banner: agentTraits[settings.agent.kind].isBuiltIn
      ? `Built-in ${settings.agent.kind} agent: no model is called`
      : null,
    warnings: listWarnings(board, clock, daemon === 'running'),
    settingsProblems: board.settingsProblems,
  };
}

function viewStatus(board: Board, clock: Calendar, daemon: DaemonState): BoardStatus {
  if (daemon !== 'running') return { kind: 'stopped', fault: daemon === 'stopped' ? null : daemon.fault };
  const pause = describePause(board);
  if (pause === null) return { kind: 'running' };
  return {
    kind: 'paused',
    reason: pauseWords[pause.reason].why,
    until: pause.until && describeMoment(Date.parse(pause.until), clock),
  };
}

/** The time of day, with its date where that is not today. */
function describeMoment(time: number, clock: Calendar): string {
  const ofDay = clock.timeOfDay(time).slice(0, 5);
  return clock.day(time) === clock.day(clock.now()) ? ofDay : `${clock.day(time)} ${ofDay}`;
}

function viewActiveRow(task: WorkedOn, board: Board, clock: Calendar): StatusRow {
  const running = runningOf(task);
  const since = running === null ? [] : [formatDuration(Math.max(0, clock.now() - running.startedAt))];
  const tool = running === null ? null : shortenTool(running);
  const asks = listOpenQuestions(board, task.id).length > 0 ? ['waits for your answer'] : [];
  const facts = [...since, describeStage(task), ...asks, ...(tool === null ? [] : [toCode(tool)])];
  return { ...labelOf(task), agent: task.spec.agent, status: 'ACTIVE', progress: facts.join(' · ') };
}

function runningOf(task: WorkedOn): (Phase & { readonly name: 'running' }) | null {
  return task.state === 'active' && task.phase.name === 'running' ? task.phase : null;
}

function describeStage(task: WorkedOn): string {
  const stage = stageOf(task) ?? 'finishing';
  const running = task.state === 'active' && task.phase.name === 'running' ? task.phase : null;
  const progress = running?.view.progress ?? null;
  return stage === 'running' && progress !== null
    ? `${progress.done}/${progress.total} ${progress.step ?? ''}`.trim()
    : stageWords[stage];
}

function viewReadyRow({ id, verdict }: Reviewed): StatusRow {
  return { id, title: verdict.title, agent: verdict.agent, status: 'READY', progress: 'waits for your review' };
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
    warnings: [
      describeBehind(task.review) ?? [],
      describeOverlaps(listOverlaps(board, task)) ?? [],
      listDoubts(verdict),
    ].flat(),
    review:
      work.kind === 'branch'
        ? { look: `git diff ${work.baseBranch}...${work.branch}`, take: `branchboard merge ${task.id}` }
        : null,
    pull: describePull(task.review?.pull),
    links: [{ words: 'file and story', path: `done/${task.file.name}` }],
    boxes: viewBoxes(board, id),
    outcomes: [],
    takenIn: describeTaken(verdict),
  };
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
  const running = runningOf(task);
  const plan = phase !== null && 'plan' in phase ? phase.plan : past.lastPlan;
  const progress = running?.view.progress ?? null;
  return {
    ...labelOf(task),
    agent: plan?.role ?? spec.agent,
    attempt: plan?.attempt ?? 1,
    session: running?.view.sessionId?.slice(0, 8) ?? null,
    started:
      running === null
        ? null
        : `${clock.timeOfDay(running.startedAt).slice(0, 5)}, ${formatDuration(Math.max(0, clock.now() - running.startedAt))} ago`,
    lastTool: running === null ? null : shortenTool(running),
    links: [{ words: 'file', path: `${task.file.column}/${task.file.name}` }],
    outcomes: [],
    branch: plan?.workspace.kind === 'branch' ? plan.workspace.branch : null,
    onBranches: listBaseBranches(task, board),
    step: progress === null ? null : { text: progress.step ?? '', done: progress.done, total: progress.total },
    note: running === null || stageOf(task) !== 'running' ? describeStage(task) : (running.view.apiRetry ?? null),
    warnings: running?.view.warnings ?? [],
    recentOutput: running?.view.lastText ?? null,
    notes: (board.notes.get(keyOf(task.id)) ?? []).map(({ text, readAt }) => ({
      text,
      state: readAt === null ? 'not read yet' : `read ${clock.timeOfDay(readAt).slice(0, 5)}`,
    })),
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
