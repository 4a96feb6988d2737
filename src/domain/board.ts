/**
 * The board: all the tasks of one repository, as the reducer sees them.
 *
 * A live task is in one of four states; each has only the data that is valid in it:
 *
 *            start           decided             facts written, file moved
 *   queued ─────────► active ─────────► settling ─────────────────────────► attention, or finished (done, archive)
 *     ▲ │                                 │  ▲                                  │ │
 *     │ └── cancelled, or in a cycle ─────┼──┴──────────────────── cancelled ───┘ │
 *     ├──── interrupted, requeued ────────┘                                       │
 *     └──── retry ────────────────────────────────────────────────────────────────┘
 *
 *   active:  planning ──► preparing ──► running ──► inspecting
 */
import type { BoxAnswer, CommandId, PendingCommand } from './command.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { DiskTrouble, Hold, Spending, Trouble } from './hold.ts';
import type { RunCause, RunExit, RunId, RunPlan, RunRecord, RunView, StopCause } from './run.ts';
import type { KnownNote } from './agent-note.ts';
import type { Retention } from './pruned.ts';
import type { Review } from './review.ts';
import type { TaskPast } from './task-past.ts';
import type { Verdict } from './verdict.ts';
import type { Grant, Right } from './rights.ts';
import type { Sandbox } from './sandbox.ts';
import type { Settings } from './settings.ts';
import type { Place } from './file-place.ts';
import { isUnreadable, type UnreadableFact } from './task-facts.ts';
import type { LastPlace } from './last-place.ts';
import { keyOf, type Column, type TaskId, type TaskKey, type TaskSpec } from './task.ts';

/** Identifies a version of a file without reading it. */
export interface FileIdentity {
  readonly inode: number;
  readonly size: number;
  readonly mtimeMs: number;
}

/** Whether two identities are of the same, unchanged file. */
export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.inode === b.inode && a.size === b.size && a.mtimeMs === b.mtimeMs;
}

/** A task's file in a column. */
export interface TaskFile {
  readonly column: Column;
  readonly name: string;
  readonly identity: FileIdentity;
}

/** What lies among the tasks' files and is no task: it is shown, and left where it is. */
export type Stray =
  /** `what` says what it is, such as `a symbolic link`. */
  | { readonly kind: 'never-read'; readonly what: string }
  /** It is named as sync tools, browsers and desktops name a copy of the file of the task `of`. */
  | { readonly kind: 'copy'; readonly of: TaskId }
  /** A markdown file in a column where nothing is taken in, and its name is no id. */
  | { readonly kind: 'no-id' };

/**
 * The content of the board's folders at one moment. A map is the same object as in the last scan where nothing changed.
 */
export interface BoardScan {
  /**
   * Files to take in, by their path below `.orchestrator/`, such as `inbox/a.md`: regular, and left alone long enough to be
   * whole. So is a markdown file in `queued/` or `active/` whose name is no id.
   */
  readonly inbox: ReadonlyMap<string, FileIdentity>;
  /** What lies in the inbox or in a column and is no task, by such a path. */
  readonly strays: ReadonlyMap<string, Stray>;
  /** Files of the inbox that may still be written, by such a path; each with when it may be whole, in milliseconds since the epoch. */
  readonly unsettled: ReadonlyMap<string, number>;
  readonly columns: Readonly<Record<Column, ReadonlyMap<string, FileIdentity>>>;
  /** The commands that wait to be read or settled, the oldest first. */
  readonly commands: readonly CommandId[];
  /** Grants by task. */
  readonly grants: ReadonlyMap<TaskKey, Grant>;
}

/** The terms of a task's next run. */
export interface NextRun {
  readonly attempt: number;
  readonly freeRestarts: number;
  readonly cause: RunCause;
  /** The session to go on with, or null for a fresh one. */
  readonly resume: string | null;
  /** Why it does not start yet though nothing of the board keeps it, or null. */
  readonly delay: Delay | null;
}

/** The machine could not do what a task's start needs: the task waits until then, in milliseconds since the epoch. */
export interface Delay {
  readonly until: number;
  readonly why: string;
}

/** A task's first run. */
export const firstRun: NextRun = { attempt: 1, freeRestarts: 0, cause: { kind: 'first' }, resume: null, delay: null };

/** What a task has in every state. */
export interface TaskBase {
  readonly id: TaskId;
  readonly spec: TaskSpec;
  readonly file: TaskFile;
  readonly past: TaskPast;
  /** Warnings about its file that keep it from nothing. */
  readonly warnings: readonly Diagnostic[];
}

/** Whether a task's text was edited after its run had begun, which does not see it. */
export function isUnseen({ unseenBy }: TaskPast, { n }: Pick<RunPlan, 'n'>): boolean {
  return unseenBy === n;
}

/** Accepted; waiting for a dependency, a slot or a limit to lift. */
export interface QueuedTask extends TaskBase {
  readonly state: 'queued';
  readonly next: NextRun;
  /** Why its file, edited since, can't be read; it is not started until it can. */
  readonly problems: readonly Diagnostic[];
}

/**
 * The user's request, made by moving the file while an agent was on it: `hold` puts the task into `attention/`, `finish` into
 * `done/` as it stands.
 */
export type Wish = 'cancel' | 'requeue' | 'hold' | 'finish';

/** The steps of an active task. */
export type Phase =
  /** The plan is being made and written, after the record of the run before where the board retries it at once. */
  | { readonly name: 'planning'; readonly next: NextRun; readonly before: EndedBefore | null }
  /** The worktree is being made and the agent spawned. */
  | { readonly name: 'preparing'; readonly plan: RunPlan }
  | {
      readonly name: 'running';
      readonly plan: RunPlan;
      readonly startedAt: number;
      readonly lastOutputAt: number;
      readonly view: RunView;
      /** Why the board is ending it, or null. */
      readonly stopping: StopCause | null;
    }
  /** The agent is gone; its work is being looked at and verified. Done again at `retryAt` where the machine could not. */
  | {
      readonly name: 'inspecting';
      readonly plan: RunPlan;
      readonly exit: RunExit;
      readonly failures: number;
      readonly retryAt: number | null;
    };

/** A run whose record may still have to be written. */
export interface EndedBefore {
  readonly plan: RunPlan;
  readonly record: RunRecord;
}

/** The decision about a task. */
export type Settlement =
  | {
      readonly to: 'verdict';
      readonly verdict: Verdict;
      readonly plan: RunPlan | null;
      readonly record: RunRecord | null;
    }
  | { readonly to: 'queued'; readonly next: NextRun; readonly plan: RunPlan | null; readonly record: RunRecord | null };

/** The column to which a settlement moves its task. */
export function targetOf(settlement: Settlement): Column {
  return settlement.to === 'queued' ? 'queued' : settlement.verdict.column;
}

/** An agent is on it. Its file may still be in `queued/` while its plan is made. */
export interface ActiveTask extends TaskBase {
  readonly state: 'active';
  readonly phase: Phase;
  readonly wish: Wish | null;
}

/** Decided; facts are being written and the file moved. Tried again at `retryAt` where that failed. */
export interface SettlingTask extends TaskBase {
  readonly state: 'settling';
  readonly settlement: Settlement;
  readonly failures: number;
  readonly retryAt: number | null;
}

/** Waiting for the user. */
export interface AttentionTask extends TaskBase {
  readonly state: 'attention';
  readonly verdict: Verdict;
}

/** A task that is not finished. */
export type Task = QueuedTask | ActiveTask | SettlingTask | AttentionTask;

/** The part of a task that it takes along into its next state. */
export function baseOf({ id, spec, file, past, warnings }: TaskBase): TaskBase {
  return { id, spec, file, past, warnings };
}

/** A task in `done/` or `archive/`. Its verdict is read only when something asks for it. */
export interface FinishedTask {
  readonly id: TaskId;
  readonly file: TaskFile;
  /** Undefined before it was read; null where there is none (a file put there by hand). */
  readonly verdict: Verdict | UnreadableFact | null | undefined;
  /** Null where its verdict is not known, where it was never done, and where a newer version of the board wrote it. */
  readonly review: Review | null;
}

/** A finished task's verdict, or null where none is known. */
export function verdictOf({ verdict }: FinishedTask): Verdict | null {
  return verdict === undefined || isUnreadable(verdict) ? null : verdict;
}

/** The verdict of the finished task of this id, or null where there is none or it is not known. */
export function findVerdict({ finished }: Pick<Board, 'finished'>, id: TaskId): Verdict | null {
  const task = finished.get(keyOf(id));
  return task === undefined ? null : verdictOf(task);
}

/** A file that is to be taken in and that the board has looked at. */
export interface InboxFile {
  /** Below `.orchestrator/`, such as `inbox/a.md`. */
  readonly path: string;
  readonly identity: FileIdentity;
  /** Null while it is being read. */
  readonly diagnostics: readonly Diagnostic[] | null;
  /** How often in a row reading it or taking it in failed through the system's fault. */
  readonly failures: number;
  /** When that is tried again though the file did not change, or null. */
  readonly retryAt: number | null;
}

/** A file in a column that could not be read, with its facts. */
export interface UnreadFile {
  readonly file: TaskFile;
  readonly why: string;
  /** How often in a row it failed for that reason. */
  readonly failures: number;
}

/** In the place of a pid: no daemon runs the board, which is only looked at, or opened for one command. */
export const noDaemon = 0;

/** The state that {@link BoardEvent}s change. */
export interface Board {
  /** The daemon's own process, or {@link noDaemon}. */
  readonly pid: number;
  readonly settings: Settings;
  /** Errors of the settings file as it is now; the last correct settings stay in force. */
  readonly settingsProblems: readonly Diagnostic[];
  /** Whether agents and commands are confined; null before it was tried, and for who only looks at the board. */
  readonly sandbox: Sandbox | null;
  readonly live: ReadonlyMap<TaskKey, Task>;
  readonly finished: ReadonlyMap<TaskKey, FinishedTask>;
  /** By path. */
  readonly inbox: ReadonlyMap<string, InboxFile>;
  /** Words for the strays that the last scan found. */
  readonly passedOver: readonly Diagnostic[];
  /** The notes to agents of live tasks, as far as they were looked at. */
  readonly notes: ReadonlyMap<TaskKey, readonly KnownNote[]>;
  /** Commands that were asked and are not settled. */
  readonly commands: ReadonlyMap<CommandId, PendingCommand>;
  /** Where the last board left files that are elsewhere now; those that are not loaded yet. */
  readonly left: ReadonlyMap<TaskKey, LastPlace>;
  /** What became of boxes that were ticked, the last `maxBoxAnswers`. */
  readonly boxAnswers: readonly BoxAnswer[];
  readonly userPaused: boolean;
  /** Grants by task, as the last scan found them. */
  readonly grants: ReadonlyMap<TaskKey, Grant>;
  readonly hold: Hold | null;
  readonly disk: DiskTrouble | null;
  /** When the disk had room again last, and how often it had been looked at, so that one that fills up at once is left alone longer. */
  readonly diskLifted: { readonly at: number; readonly everyMs: number } | null;
  /** Work that the board can't do at the moment, each with the reason. */
  readonly troubles: ReadonlyMap<Trouble, string>;
  /** Agents that were alive when the board started and may be at work on a run that it does not follow. */
  readonly strays: readonly RunId[];
  readonly shutdown: 'no' | 'asked' | 'hurried';
  readonly spending: Spending;
  /** Files that are being read for the first time; nothing starts before they are known. */
  readonly loading: ReadonlySet<Place>;
  /** Finished tasks whose verdicts are being read; only their dependents wait for them. */
  readonly readingVerdicts: ReadonlySet<TaskKey>;
  /** Files that could not be read the last time. */
  readonly unread: ReadonlyMap<Place, UnreadFile>;
  readonly scan: BoardScan | null;
  readonly retention: Retention;
  /** Counts changes that the dashboard shows; progress apart, so that it can be shown less often. */
  readonly revision: { readonly facts: number; readonly progress: number };
}

/** Why a queued task does not start. */
export type Waiting =
  | { readonly kind: 'next' }
  | { readonly kind: 'slot' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'delay'; readonly delay: Delay }
  | { readonly kind: 'problem' }
  /** Its file asks for rights that it was not given; `refusal` says why it can't be given them, or is null. */
  | { readonly kind: 'rights'; readonly asks: readonly Right[]; readonly refusal: string | null }
  | { readonly kind: 'dependencies'; readonly on: readonly WaitingOn[] }
  /** An agent is on this task, which is expected to change the same files. */
  | { readonly kind: 'collision'; readonly with: TaskId };

/** A dependency that is not done, and why. */
export type WaitingOn =
  | {
      readonly id: TaskId;
      readonly why:
        'queued' | 'rights' | 'active' | 'attention' | 'cancelled' | 'discarded' | 'unknown' | UnreadableFact;
    }
  /** Its name is the title of several tasks. */
  | { readonly id: TaskId; readonly why: 'ambiguous'; readonly rivals: readonly TaskId[] };
