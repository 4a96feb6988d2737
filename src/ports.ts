/** The interfaces to the outside. Adapters implement them; the daemon and the simulator are written against them. */
import type { Board, BoardScan, FileIdentity, TaskFile } from './domain/board.ts';
import type { BaseConflict, Resolution } from './domain/base-conflict.ts';
import type { Discarding, KeptReview, LastRun } from './domain/outside-answers.ts';
import type { TaskFacts, UnreadableFact } from './domain/task-facts.ts';
import type { CommandId, CommandRequest, ReadCommand, SettledCommand } from './domain/command.ts';
import type { Hold, Spending } from './domain/hold.ts';
import type { Diagnostic } from './domain/diagnostic.ts';
import type { BaseRequest } from './domain/effect.ts';
import type { HistoryEntry } from './domain/history.ts';
import type { MergeAttempt, MergeRequest, PreparedMerge, TargetMove } from './domain/merge-request.ts';
import type { MovedRef } from './domain/moved-ref.ts';
import type { OverlappingPair } from './domain/overlap.ts';
import type { AskedLine, KnownNote, Note } from './domain/agent-note.ts';
import type { ProjectConfiguration } from './domain/trusted-project.ts';
import type { Pruned, PruneRequest } from './domain/pruned.ts';
import type { TaskEnd } from './domain/event.ts';
import type { Result } from './domain/result.ts';
import type { Fault, RunExit, RunId, RunPlan, RunRecord, RunView, StopCause, Workspace } from './domain/run.ts';
import type { CommandOutcome, Evidence } from './domain/work-evidence.ts';
import type { Behind, DependentWork, PreparedRestack, RestackAttempt } from './domain/restack-outcome.ts';
import type { RestackRecord, Review } from './domain/review.ts';
import type { BranchWork, FinishedWork, Verdict, WorkBranch } from './domain/verdict.ts';
import type { SavedPage } from './domain/work-page.ts';
import type { Grant } from './domain/rights.ts';
import type { Role } from './domain/role.ts';
import type { Settings, WatchMode } from './domain/settings.ts';
import type { Argv, Column, TaskId } from './domain/task.ts';

/** An error of the outside with a stable fault for the user, where the adapter knows one. */
export class PortError extends Error {
  /** The task's fault, or null where the adapter can't tell. */
  readonly fault: Fault | null;
  /** A system's code such as `ENOSPC`, or null. */
  readonly code: string | null;
  /** The hold that keeps every other task from starting as well, or null. */
  readonly pause: Hold['reason'] | null;

  constructor(message: string, options: ErrorOptions & { fault?: Fault; code?: string; pause?: Hold['reason'] } = {}) {
    super(message, { cause: options.cause });
    this.name = 'PortError';
    this.fault = options.fault ?? null;
    this.code = options.code ?? null;
    this.pause = options.pause ?? null;
  }
}

/** A fact that a newer version of the board wrote: it is left as it is, and the task with it. */
export class NewerFactError extends PortError {
  constructor(path: string, version: number) {
    const what = `${path} was written by a newer branchboard (version ${String(version)})`;
    super(`${what}, and this one leaves it alone. Update branchboard.`);
    this.name = 'NewerFactError';
  }
}

/** Time. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since some moment, never set back and standing still while the machine sleeps. */
  monotonic(): number;
  /** Runs `wake` once after `delayMs`; the returned function forgets it. */
  setTimer(delayMs: number, wake: () => void): () => void;
  /** The local day, `YYYY-MM-DD`. */
  day(at: number): string;
  /** The local time of day, `HH:MM:SS`. */
  timeOfDay(at: number): string;
  /** The machine's boot id, or null where it has none. */
  readonly bootId: string | null;
  /** A fresh random UUID. */
  uuid(): string;
}

/** A task's file as read. */
export interface ReadFile {
  readonly text: string;
  readonly file: TaskFile;
}

/** Why a file could not be read as text: it is gone or was changed, or it is of a kind or size that is refused. */
export type Unreadable =
  { readonly kind: 'changed' } | { readonly kind: 'refused'; readonly diagnostics: readonly Diagnostic[] };

/** The board's folder. All calls that change or list the columns are performed one at a time, in the order of the calls. */
export interface BoardFiles {
  scan(): Promise<BoardScan>;
  /** Reads a file that is to be taken in; `path` is below `.orchestrator/`, such as `inbox/a.md`, as in {@link BoardScan.inbox}. */
  readInbox(path: string, identity: FileIdentity): Promise<Result<{ readonly text: string }, Unreadable>>;
  /** Puts such a file into `queued/` under the task's id, removes the original if it is as read, and drops an earlier task's grant. */
  acceptInbox(
    path: string,
    identity: FileIdentity,
    id: TaskId,
    text: string,
  ): Promise<
    | { readonly kind: 'accepted'; readonly file: TaskFile; readonly grant: Grant | null }
    | { readonly kind: 'in-use'; readonly by: TaskFile; readonly same: boolean }
  >;
  /** Puts a task into the inbox, whole and durably; false where a task of that id is anywhere on the board. */
  layInbox(id: TaskId, text: string): Promise<boolean>;
  /** Removes such a file if it is still the one that was read. */
  dropInbox(path: string, identity: FileIdentity): Promise<void>;
  /** Reads the file of that column and name, whatever its version; the result says which one it was. */
  readTask(file: TaskFile): Promise<Result<ReadFile, Unreadable>>;
  /** Renames; throws PortError if the target is there or the source is not. */
  moveTask(file: TaskFile, to: Column): Promise<TaskFile>;
  /** Puts `file` into the archive, where it and `keeper` are two files that are there. Where it is then; otherwise null. */
  setAside(file: TaskFile, keeper: TaskFile): Promise<TaskFile | null>;
  /** Replaces a task's file atomically if it is still what `file` says; otherwise throws PortError. */
  rewriteTask(file: TaskFile, text: string): Promise<TaskFile>;

  /** Throws PortError where a newer version of the board wrote one of them. */
  readFacts(task: TaskId): Promise<TaskFacts>;
  /** Null where there is none, of a review as well. */
  readVerdict(task: TaskId): Promise<Verdict | UnreadableFact | null>;
  readReview(task: TaskId): Promise<Review | UnreadableFact | null>;
  /** Exclusive and durable: throws PortError if that run has a plan already. */
  writePlan(plan: RunPlan): Promise<void>;
  /** Replaces the plan of a run, once its task is done and its work has another base. */
  replacePlan(plan: RunPlan): Promise<void>;
  writeRecord(run: RunId, record: RunRecord): Promise<void>;
  writeReport(run: RunId, text: string): Promise<void>;
  writePrompt(run: RunId, text: string): Promise<void>;
  writeVerdict(task: TaskId, verdict: Verdict): Promise<void>;
  writeReview(task: TaskId, review: Review): Promise<void>;
  /** A task's `review.md` as it is now, or null. Throws PortError where it can't be read. */
  readPage(task: TaskId): Promise<SavedPage | null>;
  /** When finished tasks came to their end; one whose file is gone, or whose verdict or review can't be understood, is left out. */
  readEnds(files: readonly TaskFile[]): Promise<readonly TaskEnd[]>;
  /** Removes what a finished task's runs left but the facts of the last; nothing where its file is somewhere else by now. */
  removeRemains(file: TaskFile): Promise<Pick<Pruned, 'runs' | 'bytes'>>;
  /** The grant of a task as it is now; null where there is none. */
  readGrant(task: TaskId): Promise<Grant | null>;
  /** Removes the grant of a task, unless the task's file is back in a column. */
  dropGrant(task: TaskId): Promise<void>;
  /** The process of the session that the user has open on a task; null where none is. */
  findSession(task: TaskId): Promise<number | null>;
  /** Puts what is no command aside. */
  readCommand(id: CommandId): Promise<ReadCommand>;
  /** Lays a command down, durably; nothing where one of its id lies there. */
  writeCommand(request: CommandRequest): Promise<void>;
  /** The lines of User Notes that became commands. */
  readLines(): Promise<readonly AskedLine[]>;
  writeLines(lines: readonly AskedLine[]): Promise<void>;
  /** Durable, and in turn with scans. Does nothing where it is gone. */
  removeCommand(id: CommandId): Promise<void>;
  readPause(): Promise<boolean>;
  writePause(paused: boolean): Promise<void>;
  readHold(): Promise<Hold | null>;
  writeHold(hold: Hold | null): Promise<void>;
  /** Writes `queue.json`. */
  writeBoardData(json: string): Promise<void>;
}

/** The dashboard's file, with the zones that belong to the user. */
export interface DashboardFile {
  /** Replaces the file by what `compose`, which may be called more than once, makes of it as it is now: no save is lost. */
  update(compose: (current: string | null) => string): Promise<void>;
  /** Reads saves since the last update, late ones into replaced files too. */
  settle(): Promise<void>;
  /** The user's notes as they are now, or as they were known last where they can't be read. Never rejects. */
  readNotes(): Promise<string>;
}

/** The disk that the board and its worktrees are on. */
export interface Disk {
  /** Whether there is room to go on, found out by writing. Never throws. */
  hasRoom(): Promise<boolean>;
}

/** A file of settings, or several that are read as one. */
export interface SettingsFile<Value = Settings> {
  /** Null where nothing changed since the last call. */
  readIfChanged(): Promise<ReadSettings<Value> | null>;
}

/** Settings as they were read; null where something is wrong with them. */
export interface ReadSettings<Value = Settings> {
  readonly settings: Value | null;
  readonly problems: readonly Diagnostic[];
}

/** Git: branches, worktrees and what is in them. Commands that change the repository's records never run at once. */
export interface Worktrees {
  /** A commit that contains the work of all dependencies. Throws PortError where the start is unknown. */
  resolveBase(request: BaseRequest): Promise<Result<{ readonly commit: string }, BaseConflict>>;
  /** Keeps the tree of a commit as the resolution of a conflict, unless that has one: it is found by {@link resolveBase} then. */
  keepResolution(resolution: Resolution): Promise<void>;
  /** Where a task works: a branch name that is free, and a folder. Changes nothing. */
  choose(task: TaskId, base: string, readsOnly: boolean): Promise<Workspace>;
  /** Keeps what was reviewed under a ref, unless its branch is at another commit by now. Throws PortError. */
  keepReviewed(work: BranchWork, target: string | null): Promise<KeptReview>;
  /** Takes the branch away, and keeps its commit under a ref; a branch that somebody is on, or that moved, stays. */
  discard(work: WorkBranch): Promise<Discarding>;
  /** Undoes that, as far as the commit is there and the name is free. */
  restore(work: WorkBranch): Promise<void>;
  /** Makes a merge that nothing refers to yet. */
  prepareMerge(request: MergeRequest): Promise<MergeAttempt>;
  /** Moves the merge's target from where it was, and its checkout with it. */
  finishMerge(prepared: PreparedMerge): Promise<TargetMove>;
  /** Makes a task's own commits again on what it builds on now; nothing refers to them yet. `begun` may have been broken off. */
  prepareRestack(work: BranchWork, request: BaseRequest, begun: RestackRecord | null): Promise<RestackAttempt>;
  /** Moves the branch from where it was, and keeps that under a ref; why it can't be moved, or null. */
  finishRestack(run: RunId, prepared: PreparedRestack): Promise<Extract<RestackAttempt, { kind: 'refused' }> | null>;
  /** Which dependencies of each work are not in it as they are now. */
  findBehind(works: readonly DependentWork[]): Promise<readonly Behind[]>;
  /** Which two of these works change the same lines, where all would go into the branch or commit `base`; null while that is not known yet. */
  findOverlaps(base: string | null, works: readonly FinishedWork[]): Promise<readonly OverlappingPair[] | null>;
  /** Which of these works are contained in the branch or commit `base`; null is HEAD. */
  findMerged(base: string | null, works: readonly FinishedWork[]): Promise<readonly TaskId[]>;
  /** Makes the workspace, or takes it as it is if an earlier run made it. Throws PortError with `setup-failed`. */
  prepare(plan: RunPlan): Promise<void>;
  /** Makes the workspace of a task's last run again, or takes it as it is; one that `isDone` keeps off its branch, which others may move. Throws as {@link prepare}. */
  open(plan: RunPlan, isDone: boolean): Promise<void>;
  /** Compares the workspace's configuration of Claude Code with that of the commit that tasks start from. */
  readProject(plan: RunPlan): Promise<ProjectConfiguration>;
  /** Notes where all branches, tags and checkouts stand, before the run's agent starts. Throws PortError. */
  noteRefs(plan: RunPlan): Promise<void>;
  /** Refs that moved since {@link noteRefs} and are not the task's nor, by git's logs, the user's. Never rejects. */
  listMoved(plan: RunPlan): Promise<readonly MovedRef[]>;
  inspect(plan: RunPlan): Promise<Omit<Evidence, 'verify' | 'moved'>>;
  /** Makes all that the workspace holds, uncommitted files too, reachable from a ref, without touching the workspace. */
  keep(plan: RunPlan): Promise<void>;
  /** Keeps the tip under a ref, and removes the worktree where it holds nothing else; with `forget` a branch without commits as well. */
  release(plan: RunPlan, forget: boolean): Promise<void>;
  /** Removes what is kept of a finished task and holds nothing that would be lost: its worktree and internal refs. */
  prune(request: PruneRequest): Promise<Pick<Pruned, 'worktrees' | 'refs'>>;
}

/** Runs the user's own `verify` commands, without a shell. */
export interface CommandRunner {
  run(argv: Argv, options: { readonly cwd: string; readonly plan: RunPlan }): Promise<CommandOutcome>;
}

/** All that one run of an agent needs. */
export interface RunRequest {
  readonly plan: RunPlan;
  readonly readsOnly: boolean;
  /** A role that the agent takes as it is, such as one of `.claude/agents/` for Claude Code; else the prompt tells it. */
  readonly ownRole: Role | null;
  readonly project: ProjectConfiguration;
  readonly model: string | null;
  /** See `Role`. */
  readonly effort: string | null;
  /** Serves where that model is overloaded. */
  readonly fallbackModel: string | null;
  readonly maxTurns: number | null;
  readonly budgetUsd: number | null;
  readonly permissionMode: string;
  readonly allowedTools: readonly string[];
  readonly disallowedTools: readonly string[];
  /** Of the allowed tools those that settings, task, role and checks add to the board's own. */
  readonly userRules: readonly string[];
}

/** Notes to the agents of tasks: each is told once to a session, by a hook while an agent works or by a run's prompt. */
export interface Notes {
  /** A word that marks notes to this task's agents as the user's: the prompt tells it, and no file or tool knows it. */
  mark(task: TaskId): Promise<string>;
  /** Lays a note down, durably; `shown` is what the agent is shown. Nothing where the task has one of that key. */
  lay(task: TaskId, note: Note, shown: string): Promise<void>;
  /** The same for an answer, which the call that waits for it takes, and no hook. */
  layAnswer(task: TaskId, note: Note, shown: string): Promise<void>;
  /** All of a task, the oldest first. */
  list(task: TaskId): Promise<readonly KnownNote[]>;
  /** The notes that no agent was told, the oldest first, for this run's prompt: from now on no hook tells them. */
  take(run: RunId): Promise<readonly KnownNote[]>;
}

/** Where a runner tells what it sees. */
export interface RunListener {
  seen(run: RunId, view: RunView, lastOutputAt: number): void;
  /** Called once for each run; what moved is not known to who calls. */
  exited(plan: RunPlan, exit: RunExit): void;
}

/** Agents: processes that outlive the daemon, write to files and are followed there. */
export interface AgentRunner {
  /** Starts the agent; the prompt is in the run's folder. Resolves once the run is claimed. Throws PortError with `spawn-failed`. */
  start(request: RunRequest): Promise<void>;
  /** Ends an agent and all it has started: INT, TERM, KILL, with waits between; `hurried` shortens the waits. */
  stop(run: RunId, cause: StopCause, hurried: boolean): void;
  /** Finds out about a run that an earlier daemon started; follows it from now on if it is alive. */
  recover(plan: RunPlan): Promise<LastRun>;
  /** Follows no run any more; their agents go on, for the next board to find. */
  letGo(): void;
  /** The runs of this board that have living processes, whoever started them and whether or not they are followed. */
  findRunning(): Promise<readonly RunId[]>;
  /** As `stop`, for a run that this daemon does not follow; it is closed for good. Resolves once all of it is gone. */
  endStray(run: RunId): Promise<void>;
}

/** `history.jsonl`, append only. */
export interface Journal {
  append(entry: HistoryEntry): Promise<void>;
  /** Resolves once all lines that were appended are written; rejects where they can't be. */
  settle(): Promise<void>;
  /** The cost of the runs that ended on that local day. */
  readSpending(day: string): Promise<Spending>;
  /** Where the last board left each task's file, as far as it is told in the newest history. */
  readPlaces(): Promise<Board['left']>;
  /** What became of a command that was settled lately; null where none of this id was. */
  findSettled(id: CommandId): Promise<SettledCommand | null>;
}

/** Something may have changed: look again. */
export interface ChangeHints {
  /** Calls `hint` until the returned function is called. A change of `mode` counts after some seconds. */
  watch(hint: () => void, mode: () => WatchMode): Promise<() => Promise<void>>;
}

/** Finds roles by name. */
export interface Roles {
  /** Throws PortError with `setup-failed` that names the nearest role where there is none of that name. */
  find(name: string): Promise<Role>;
}
