/** The board as data: the one shape of `queue.json`, `status --json` and the control channel. `docs/board-data.md` describes it. */
import { listOpenQuestions } from '../core/commands/answer-command.ts';
import { findWaitingOn } from '../core/dependencies.ts';
import { listOffers, workOf, type Offer } from '../core/commands/offers.ts';
import { findAsks, findGrant, listGranted } from '../core/granted-rights.ts';
import { orderQueue } from '../core/schedule.ts';
import { sumToday } from '../core/spending.ts';
import { isUnseen, verdictOf, type Board, type FinishedTask, type Task } from '../domain/board.ts';
import type { AgentQuestion } from '../domain/agent-question.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { limits } from '../domain/limits.ts';
import type { PauseReason, Progress, Reason, RunPlan, RunView } from '../domain/run.ts';
import type { Judgement } from '../domain/judgement.ts';
import type { Diffstat } from '../domain/work-evidence.ts';
import type { Overlap } from '../domain/overlap.ts';
import type { PullRequest } from '../domain/pull-request.ts';
import { mergedAtOf, type Review } from '../domain/review.ts';
import type { Verdict } from '../domain/verdict.ts';
import { explainUnreadable, isUnreadable } from '../domain/task-facts.ts';
import { formatOrigin, originOf } from '../domain/rights.ts';
import type { Sandbox } from '../domain/sandbox.ts';
import { formatCommand, type Column, type Priority } from '../domain/task.ts';
import { listOverlaps } from './overlap-view.ts';
import { stageOf, type Stage } from './stage.ts';

/** One task. Times are ISO 8601 in UTC, or null. */
export interface TaskData {
  readonly id: string;
  readonly title: string;
  readonly agent: string;
  readonly column: Column;
  readonly priority: Priority;
  readonly dependsOn: readonly string[];
  /** Dependencies that are not done. */
  readonly waitingFor: readonly string[];
  /** Rights that its file asks for and that were not granted, such as `allowed_tools Bash`; it waits for them. */
  readonly asksFor: readonly string[];
  /** Rights that it has beyond the settings because the user granted them. */
  readonly granted: readonly string[];
  /** Where it came from: `added`, `dropped`, `imported`, `child-of ID`; null where that is not known any more. */
  readonly origin: string | null;
  /** What the board is at with it; null where it is not active. */
  readonly stage: Stage | null;
  /** A run of it was interrupted, and its next start goes on with that. */
  readonly resumes: boolean;
  /** Its file was edited since its run began, which does not see that. */
  readonly edited: boolean;
  readonly attempt: number;
  readonly branch: string | null;
  /** The commit that its branch starts from. */
  readonly base: string | null;
  readonly commits: number;
  /** Against its base; null where nothing was looked at. */
  readonly diffstat: Diffstat | null;
  /** The `verify` commands after its last run; one that failed is the last. */
  readonly checks: readonly { readonly command: string; readonly ok: boolean }[];
  /** The reviews of its work by agents, oldest first. */
  readonly judgements: readonly Judgement[];
  readonly reason: Reason | null;
  readonly question: string | null;
  /** Answers to its question to choose from. */
  readonly options: readonly string[];
  readonly summary: string | null;
  readonly progress: Progress | null;
  /** What its agent called last, such as `Bash npm test`, while it runs; null before the first call. */
  readonly lastTool: string | null;
  readonly sessionId: string | null;
  readonly costUsd: number;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly mergedAt: string | null;
  /** What became of its work since it was done; null where it was not. */
  readonly review: {
    readonly state: Review['state'];
    readonly round: number;
    /** Dependencies that changed since its branch was cut; left out where none did. */
    readonly behind?: readonly string[];
    /** Other tasks that are ready for review and change the same lines of these files; left out where none does. */
    readonly overlaps?: readonly Overlap[];
    /** Left out where there is none. */
    readonly pull?: PullRequest;
  } | null;
  /** What can be asked of it, and why something else can't be. */
  readonly commands: readonly Offer[];
}

/** The whole board. */
export interface BoardData {
  readonly version: 2;
  /** Things that wait for the user. It stands second: the hook of Claude Code sessions looks for it at the file's beginning. */
  readonly needsYou: number;
  /** Grows with each change, as long as one daemon runs. */
  readonly revision: number;
  readonly repo: string;
  readonly daemon: { readonly running: boolean; readonly pid: number | null };
  /** Whether agents and commands are confined, as the board found it last; null before it was tried. */
  readonly sandbox: Sandbox['kind'] | null;
  readonly paused: { readonly reason: PauseReason; readonly until: string | null } | null;
  readonly tasks: readonly TaskData[];
  /** What is wrong with files that were dropped or edited, and what is no task; the first `maxDashboardRows`. */
  readonly problems: readonly Diagnostic[];
  /** Problems beyond those. */
  readonly omittedProblems: number;
  /** Spent today by all runs, also of tasks that are put away or deleted; null where a board of an earlier version told none. */
  readonly costTodayUsd: number | null;
  /** Finished tasks that are not listed, because they are older than those that are. */
  readonly omitted: number;
}

/** Facts of the board's data besides the board itself. */
export interface Surroundings {
  readonly running: boolean;
  /** Absolute path of the repository. */
  readonly repo: string;
  readonly pid: number | null;
  /** Takes secrets out of a text: rights hold what users wrote. */
  readonly redact: (text: string) => string;
}

/** Describes a board: tasks at work first, then those that wait for the user, the queue in its order, and finished ones, newest first. */
export function describeBoard(board: Board, { running, repo, pid, redact }: Surroundings): BoardData {
  const live = [...board.live.values()];
  const describe = (task: Task) => describeTask(board, task, redact);
  const finished = listFinished(board);
  const shown = finished.slice(0, limits.maxFinishedListed);
  const problems = listProblems(board);
  const shownLive = {
    active: live.filter((task) => task.state === 'active' || task.state === 'settling').map(describe),
    attention: live.filter((task) => task.state === 'attention').map(describe),
    queued: orderQueue(board.live).map(describe),
  };
  return {
    version: 2,
    needsYou: countNeeds(board, Object.values(shownLive).flat()),
    revision: revisionOf(board),
    repo,
    daemon: { running, pid: running ? pid : null },
    sandbox: board.sandbox?.kind ?? null,
    paused: describePause(board),
    costTodayUsd: sumToday(board),
    tasks: [
      ...shownLive.active,
      ...shownLive.attention,
      ...shownLive.queued,
      ...shown.map((task) => describeFinished(board, task)),
    ],
    omitted: finished.length - shown.length,
    problems: problems.slice(0, limits.maxDashboardRows),
    omittedProblems: Math.max(0, problems.length - limits.maxDashboardRows),
  };
}

/** Tasks that wait for the user, agents that ask them, and dropped files that can't be taken in. */
function countNeeds({ inbox }: Board, live: readonly TaskData[]): number {
  const waiting = live.filter(
    ({ column, question, asksFor }) => column === 'attention' || question !== null || asksFor.length > 0,
  );
  return waiting.length + [...inbox.values()].filter(({ diagnostics }) => (diagnostics ?? []).length > 0).length;
}

/** What is wrong with files that wait to be taken in or to run, and what lies among them and is no task. */
export function listProblems(board: Board): readonly Diagnostic[] {
  const ofQueued = [...board.live.values()].flatMap((task) => (task.state === 'queued' ? task.problems : []));
  return [...[...board.inbox.values()].flatMap((file) => file.diagnostics ?? []), ...board.passedOver, ...ofQueued];
}

/** A number that grows with each change of what is described. */
export function revisionOf({ revision }: Board): number {
  return revision.facts + revision.progress;
}

/** Sorted once for each set of finished tasks: there may be thousands, and they seldom change. */
const sortedFinished = new WeakMap<Board['finished'], readonly FinishedTask[]>();

/** Finished tasks, newest first. */
export function listFinished(board: Board): readonly FinishedTask[] {
  const known = sortedFinished.get(board.finished);
  if (known !== undefined) return known;
  const sorted = [...board.finished.values()].sort((a, b) => endedAt(b) - endedAt(a));
  sortedFinished.set(board.finished, sorted);
  return sorted;
}

/** A file's own time tells when its task ended only until its story is told again, such as when its work is merged. */
function endedAt(task: FinishedTask): number {
  return verdictOf(task)?.at ?? task.file.identity.mtimeMs;
}

/** Why no new run starts, or null. The user's own pause comes first. */
export function describePause(board: Board): BoardData['paused'] {
  if (board.userPaused) return { reason: 'user', until: null };
  const { disk, hold } = board;
  if (disk !== null) return { reason: 'disk-full', until: null };
  if (hold === null) return null;
  return { reason: hold.reason, until: toIso(hold.until) };
}

function describeTask(board: Board, task: Task, redact: (text: string) => string): TaskData {
  const { id, spec, past } = task;
  const running = task.state === 'active' && task.phase.name === 'running' ? task.phase : null;
  const verdict = task.state === 'attention' ? task.verdict : null;
  const asked = listOpenQuestions(board, id);
  const workspace = past.lastPlan?.workspace ?? null;
  const column = task.state === 'settling' ? task.file.column : task.state;
  return {
    id,
    title: spec.title,
    agent: spec.agent,
    column,
    priority: spec.priority,
    dependsOn: spec.dependsOn,
    waitingFor: task.state === 'queued' ? findWaitingOn(board, task).map((waiting) => waiting.id) : [],
    asksFor: task.state === 'queued' ? (findAsks(board, spec)?.asks.map(redact) ?? []) : [],
    granted: listGranted(board, spec).map(redact),
    origin: formatOrigin(originOf(spec, findGrant(board, id))),
    stage: stageOf(task),
    resumes: task.state === 'queued' && task.next.cause.kind === 'interrupted',
    edited: running !== null && isUnseen(past, running.plan),
    attempt: task.state === 'queued' ? task.next.attempt : (past.lastPlan?.attempt ?? 1),
    branch: workspace?.kind === 'branch' ? workspace.branch : null,
    base: workspace?.base ?? null,
    commits: verdict?.commits ?? 0,
    diffstat: verdict?.diffstat ?? null,
    checks: describeChecks(verdict?.checks),
    judgements: verdict?.judgements ?? past.judgements,
    reason: verdict?.fault?.reason ?? null,
    question: verdict?.question ?? joinQuestions(asked),
    options: verdict?.options ?? (asked.length === 1 ? asked.flatMap(({ options }) => options) : []),
    summary: verdict?.summary ?? null,
    progress: running?.view.progress ?? null,
    lastTool: running === null ? null : shortenTool(running),
    sessionId: running?.view.sessionId ?? past.sessionId,
    costUsd: past.costUsd + (running?.view.costUsd ?? 0),
    startedAt: running === null ? null : toIso(running.startedAt),
    finishedAt: verdict === null ? null : toIso(verdict.at),
    mergedAt: null,
    review: past.round === 1 ? null : { state: 'sent-back', round: past.round - 1 },
    commands: listOffers(column, id),
  };
}

function joinQuestions(asked: readonly AgentQuestion[]): string | null {
  return asked.length === 0 ? null : asked.map(({ text }) => text).join('\n');
}

/** A run's last tool call, paths of its own worktree relative to it; null where there was none. */
export function shortenTool({ plan, view }: { readonly plan: RunPlan; readonly view: RunView }): string | null {
  return view.lastTool?.replaceAll(`${plan.workspace.path}/`, '') ?? null;
}

function describeFinished(board: Board, task: FinishedTask): TaskData {
  const verdict: Partial<Verdict> = verdictOf(task) ?? {};
  const mergedAt = mergedAtOf(task.review);
  return {
    id: task.id,
    title: verdict.title ?? task.id,
    agent: verdict.agent ?? '',
    column: task.file.column,
    priority: 'normal',
    dependsOn: verdict.dependsOn ?? [],
    waitingFor: [],
    asksFor: [],
    granted: [],
    origin: null,
    stage: null,
    resumes: false,
    edited: false,
    attempt: verdict.attempts ?? 0,
    branch: verdict.branch ?? null,
    base: verdict.base ?? null,
    commits: verdict.commits ?? 0,
    diffstat: verdict.diffstat ?? null,
    checks: describeChecks(verdict.checks),
    judgements: verdict.judgements ?? [],
    reason: verdict.fault?.reason ?? null,
    question: null,
    options: [],
    summary: verdict.summary ?? problemOf(task),
    progress: null,
    lastTool: null,
    sessionId: verdict.sessionId ?? null,
    costUsd: verdict.costUsd ?? 0,
    startedAt: null,
    finishedAt: verdict.at === undefined ? null : toIso(verdict.at),
    mergedAt: mergedAt === null ? null : toIso(mergedAt),
    review: describeReview(board, task),
    commands: listOffers(task.file.column, task.id, workOf(verdictOf(task), task.review)),
  };
}

function describeReview(board: Board, task: FinishedTask): TaskData['review'] {
  if (task.review === null) return null;
  const { state, round, behind, pull } = task.review;
  const overlaps = listOverlaps(board, task);
  return {
    state,
    round,
    ...(behind === undefined ? {} : { behind }),
    ...(overlaps.length === 0 ? {} : { overlaps }),
    ...(pull === undefined ? {} : { pull }),
  };
}

function describeChecks(checks: Verdict['checks'] = []): TaskData['checks'] {
  return checks.map(({ argv, ok }) => ({ command: formatCommand(argv), ok }));
}

/** Why a finished task's verdict is not known, in a sentence; null where it is, or where nobody asked for it. */
function problemOf({ id, verdict }: FinishedTask): string | null {
  if (verdict === undefined || !isUnreadable(verdict)) return null;
  const { path, what, advice } = explainUnreadable(id, verdict);
  return `${path} ${what}. ${advice}`;
}

/** Null for what no date stands for: it may come from a file that was written by hand or by an agent. */
function toIso(at: number): string | null {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
