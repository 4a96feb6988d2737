/** Everything that can happen to the board. Each event carries its time; the reducer has no clock of its own. */
import type { BoardScan, FileIdentity, TaskFile } from './board.ts';
import type { BaseConflict } from './base-conflict.ts';
import type { LoadedTask, OutsideFault } from './outside-answers.ts';
import type { CommandId, ReadCommand } from './command.ts';
import type { Hold, Spending, Trouble } from './hold.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { EffectKind } from './effect.ts';
import type { KnownNote } from './agent-note.ts';
import type { MergeOutcome } from './merge-request.ts';
import type { Pruned } from './pruned.ts';
import type { TaskOverlaps } from './overlap.ts';
import type { PullNews, PullOutcome } from './pull-request.ts';
import type { Behind, RestackOutcome } from './restack-outcome.ts';
import type { RunExit, RunId, RunPlan, RunView } from './run.ts';
import type { Evidence } from './work-evidence.ts';
import type { ReadVerdict } from './task-facts.ts';
import type { Grant, Right } from './rights.ts';
import type { Sandbox } from './sandbox.ts';
import type { Settings } from './settings.ts';
import type { LastPlace } from './last-place.ts';
import type { Verdict } from './verdict.ts';
import type { TaskId, TaskKey, TaskSpec } from './task.ts';

/** The result of taking a file of the inbox in. */
export type TakenIn =
  | {
      readonly kind: 'accepted';
      readonly spec: TaskSpec;
      readonly file: TaskFile;
      /** The record that `add` made of it, or null. */
      readonly grant: Grant | null;
      readonly warnings: readonly Diagnostic[];
    }
  /** The same file, byte for byte, as a task that waits already: the inbox's copy was removed. */
  | { readonly kind: 'repeated'; readonly id: TaskId }
  | { readonly kind: 'rejected'; readonly diagnostics: readonly Diagnostic[] }
  /** It was changed or removed while it was read; the next scan says more. */
  | { readonly kind: 'changed' }
  /** It could not be read or taken in, which was not its fault; it is tried again. */
  | { readonly kind: 'failed'; readonly fault: OutsideFault };

/** What is read of a finished task before anything of it goes. */
export interface TaskEnd {
  readonly file: TaskFile;
  /** When its work was found to be in the base; null before. */
  readonly mergedAt: number | null;
  /** When its file came into `archive/`; null where it is in `done/`. */
  readonly putAwayAt: number | null;
  /** Whether its runs left anything that may go. */
  readonly hasRemains: boolean;
}

/** See the file's head. `at` is in milliseconds since the epoch, `day` the local day as `YYYY-MM-DD`. */
export type BoardEvent = { readonly at: number } & (
  | {
      readonly type: 'opened';
      readonly spending: Spending;
      readonly hold: Hold | null;
      readonly paused: boolean;
      readonly pid: number;
    }
  /** Where the last board left the tasks' files; comes before the first scan. */
  | { readonly type: 'places-recalled'; readonly places: ReadonlyMap<TaskKey, LastPlace> }
  | { readonly type: 'tick'; readonly day: string }
  | { readonly type: 'scanned'; readonly scan: BoardScan }
  | { readonly type: 'settings-read'; readonly settings: Settings | null; readonly problems: readonly Diagnostic[] }
  | { readonly type: 'task-loaded'; readonly loaded: LoadedTask }
  /** A file that was to be loaded is gone or was changed; the next scan says more. */
  | { readonly type: 'task-vanished'; readonly file: TaskFile }
  /** A task's file or facts could not be read; the next scan asks for them again. */
  | { readonly type: 'task-unread'; readonly file: TaskFile; readonly why: string }
  | { readonly type: 'verdicts-read'; readonly verdicts: ReadonlyMap<TaskKey, ReadVerdict> }
  | { readonly type: 'taken-in'; readonly path: string; readonly identity: FileIdentity; readonly outcome: TakenIn }
  | {
      readonly type: 'task-read';
      readonly file: TaskFile;
      /** As {@link RunPlan.taskHash}; null where the file can't be read. */
      readonly textHash: string | null;
      readonly spec: TaskSpec | null;
      readonly diagnostics: readonly Diagnostic[];
    }
  /** `rights` are those that the task was given, read together with its file. */
  | {
      readonly type: 'run-planned';
      readonly task: TaskId;
      readonly plan: RunPlan;
      readonly spec: TaskSpec;
      readonly rights: readonly Right[];
    }
  | { readonly type: 'base-conflicted'; readonly task: TaskId; readonly conflict: BaseConflict }
  | { readonly type: 'moved'; readonly task: TaskId; readonly file: TaskFile }
  /** `setAside` are the paths of the repository's configuration that the run does not read from its own branch. */
  | { readonly type: 'run-started'; readonly run: RunId; readonly setAside: readonly string[] }
  | { readonly type: 'run-seen'; readonly run: RunId; readonly view: RunView; readonly lastOutputAt: number }
  | { readonly type: 'run-exited'; readonly run: RunId; readonly exit: RunExit }
  | { readonly type: 'work-inspected'; readonly run: RunId; readonly evidence: Evidence }
  /** An effect could not be performed; the rest of its batch was dropped. */
  | {
      readonly type: 'effect-failed';
      readonly task: TaskId | null;
      /** The command that it belongs to. */
      readonly command?: CommandId;
      readonly effect: EffectKind;
      readonly fault: OutsideFault;
    }
  | { readonly type: 'command-read'; readonly id: CommandId; readonly read: ReadCommand }
  /** The task's file was moved, since a command asked for it; so many of the user's `comments` went with it. */
  | { readonly type: 'command-moved'; readonly id: CommandId; readonly file: TaskFile; readonly comments?: number }
  /** The task's file was rewritten, likewise. */
  | {
      readonly type: 'command-edited';
      readonly id: CommandId;
      readonly file: TaskFile;
      readonly spec: TaskSpec | null;
      readonly diagnostics: readonly Diagnostic[];
    }
  /** The outside found that a command can't be carried out as things are; `why` follows the task's id. */
  | { readonly type: 'command-refused'; readonly id: CommandId; readonly why: string; readonly hint: string }
  /** A merge that a command asked for came to its end. */
  | { readonly type: 'command-merged'; readonly id: CommandId; readonly outcome: MergeOutcome }
  /** A restack that a command asked for came to its end. */
  | { readonly type: 'command-restacked'; readonly id: CommandId; readonly outcome: RestackOutcome }
  /** The pull request of a task's work is there. */
  | {
      readonly type: 'command-proposed';
      readonly id: CommandId;
      readonly outcome: Exclude<PullOutcome, { readonly kind: 'refused' }>;
    }
  /** What a task's agent proposed lies in the inbox, as far as no task was there of that id, and its verdict tells so. */
  | {
      readonly type: 'command-accepted';
      readonly id: CommandId;
      readonly verdict: Verdict;
      readonly children: readonly TaskId[];
      /** Where a plan's own file is now; null for what others propose. */
      readonly file: TaskFile | null;
      readonly laid: readonly TaskId[];
    }
  /** The worktree that a command asked for is there, and the verdict of a task that was taken over is written; the path is absolute. */
  | {
      readonly type: 'command-opened';
      readonly id: CommandId;
      readonly path: string;
      readonly verdict: Verdict | null;
    }
  /** The board looked at the work that a user hands back. */
  | { readonly type: 'command-checked'; readonly id: CommandId; readonly evidence: Evidence }
  /** A note that a command asked for lies where the task's agents are told of it. */
  | { readonly type: 'note-laid'; readonly id: CommandId }
  /** All notes to a task's agents, the oldest first. */
  | { readonly type: 'notes-seen'; readonly task: TaskId; readonly notes: readonly KnownNote[] }
  /** What a command asked of the board is on disk. */
  | { readonly type: 'command-kept'; readonly id: CommandId }
  /** What a command asked could not be done. */
  | { readonly type: 'command-failed'; readonly id: CommandId; readonly fault: OutsideFault }
  /** The fact of a settled command is gone. */
  | { readonly type: 'command-removed'; readonly id: CommandId }
  /** The work of these finished tasks was found to be in the base. */
  | { readonly type: 'merges-found'; readonly tasks: readonly TaskId[] }
  /** Which dependencies of these finished tasks changed since their branches were cut, where that is news. */
  | { readonly type: 'behind-found'; readonly found: readonly Behind[] }
  /** Pull requests that were merged or closed. */
  | { readonly type: 'pulls-found'; readonly found: readonly PullNews[] }
  /** The works that change the same lines as others, as far as that is news. */
  | { readonly type: 'overlaps-found'; readonly found: readonly TaskOverlaps[] }
  | { readonly type: 'ends-read'; readonly ends: readonly TaskEnd[] }
  | { readonly type: 'task-pruned'; readonly task: TaskId; readonly pruned: Pruned }
  /** Something that the board does all the time fails, with a reason that is new, or no longer fails. */
  | { readonly type: 'trouble-changed'; readonly trouble: Trouble; readonly fault: OutsideFault | null }
  /** A port found the disk full. */
  | { readonly type: 'disk-filled'; readonly detail: string }
  | { readonly type: 'disk-looked-at'; readonly hasRoom: boolean }
  /** Agents of this board that were alive when it started. */
  /** Whether this machine confines agents and commands. */
  | { readonly type: 'sandbox-tried'; readonly sandbox: Sandbox }
  | { readonly type: 'agents-found'; readonly runs: readonly RunId[] }
  /** The wall clock moved by so much more than time went by: the machine slept, or its clock was set. */
  | { readonly type: 'clock-jumped'; readonly byMs: number }
  | { readonly type: 'shutdown-asked' }
);
