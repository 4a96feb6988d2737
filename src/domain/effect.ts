/**
 * Effects: the reducer's requests to the outside. Effects of one batch that belong to one task are performed in order;
 * when one fails, the rest of its batch is dropped and `effect-failed` comes back. Batches of one task never overlap.
 * Facts come before the rename that commits them.
 */
import type { BaseConflict, Resolution } from './base-conflict.ts';
import type { FileIdentity, NextRun, TaskFile } from './board.ts';
import type { Delivered, TaskPast } from './task-past.ts';
import type { CommandAnswer, CommandId, CommandRequest } from './command.ts';
import type { Hold } from './hold.ts';
import type { HistoryEntry } from './history.ts';
import type { Proposal } from './proposal.ts';
import type { Right } from './rights.ts';
import type { MergeRequest } from './merge-request.ts';
import type { RunId, RunPlan, RunRecord, StopCause } from './run.ts';
import type { PullWords, PullWork } from './pull-request.ts';
import type { Review, SentBack } from './review.ts';
import type { BranchWork, WorkBranch, Verdict } from './verdict.ts';
import {
  idOfFile,
  keyOf,
  type Argv,
  type Column,
  type Priority,
  type TaskId,
  type TaskKey,
  type TaskSpec,
} from './task.ts';

/** The hand-off from a dependency to its dependent: by reference, never its content. */
export interface Handoff {
  readonly id: TaskId;
  readonly title: string;
  /** Null for a report, or work that is in the base already. */
  readonly branch: string | null;
  readonly tip: string | null;
  readonly base: string | null;
  readonly summary: string | null;
  readonly diffstat: Verdict['diffstat'];
  /** What its branch only points to: sentences. */
  readonly elsewhere: readonly string[];
  /** Path of its report, relative to `.orchestrator/`, or null. */
  readonly report: string | null;
  /** What its reviewer said each time they sent it back, oldest first. */
  readonly sentBack: readonly SentBack[];
}

/** The parts that a base is made of. */
export interface BaseRequest {
  readonly task: TaskId;
  /** A branch or commit. */
  readonly start: string | null;
  readonly dependencies: readonly Handoff[];
}

/** Keys of a task's file that a command writes; dependencies are added to those it has. */
export interface EditedFields {
  readonly priority?: Priority;
  readonly dependsOn?: readonly TaskId[];
}

/** Words of the user's for a task; `at` is when they were said, in milliseconds since the epoch. */
export interface Said {
  readonly text: string;
  readonly at: number;
}

/** A task that is to be made of a proposal. */
export interface Child {
  readonly id: TaskId;
  readonly proposal: Proposal;
  readonly dependsOn: readonly TaskId[];
}

/** See the file's head. */
export type Effect =
  /** Reads a file of {@link BoardScan.inbox}, checks it and moves it to `queued/`: `taken-in`. */
  | { readonly type: 'take-in'; readonly path: string; readonly identity: FileIdentity }
  /** Reads a file met for the first time, with its facts: `task-loaded`. Of one that is gone only the facts. */
  | { readonly type: 'load-task'; readonly file: TaskFile; readonly isGone: boolean }
  /** Reads a known file that was edited: `task-read`. */
  | { readonly type: 'read-task'; readonly file: TaskFile }
  /** Reads finished tasks' verdicts, and what else may tell one that can't be read: `verdicts-read`. */
  | { readonly type: 'read-verdicts'; readonly tasks: ReadonlyMap<TaskKey, TaskFile> }
  /**
   * Reads the file again, finds the base, writes the plan: `run-planned` or `base-conflicted`. With a `conflict` it is the plan
   * of the run that resolves it.
   */
  | {
      readonly type: 'plan-run';
      readonly conflict: BaseConflict | null;
      readonly task: TaskId;
      readonly n: number;
      readonly next: NextRun;
      readonly past: TaskPast;
      readonly file: TaskFile;
      readonly dependencies: readonly Handoff[];
    }
  /** Renames a task's file: `moved`. Never overwrites. */
  | { readonly type: 'move-task'; readonly task: TaskId; readonly file: TaskFile; readonly to: Column }
  /** Makes the run's worktree, or takes the one that is there. */
  | { readonly type: 'prepare-workspace'; readonly task: TaskId; readonly plan: RunPlan }
  /** Composes and keeps the prompt, and starts the agent: `run-started`, then `run-seen`…, then `run-exited`. */
  | {
      readonly type: 'start-run';
      readonly task: TaskId;
      readonly plan: RunPlan;
      readonly spec: TaskSpec;
      /** Rights granted to the task beyond the settings. */
      readonly rights: readonly Right[];
      readonly dependencies: readonly Handoff[];
      /** Whether the user edited the task since its last run. */
      readonly taskChanged: boolean;
      /** What the user said when they sent it back last, to the round that goes on; or null. */
      readonly sentBack: SentBack | null;
      /** Of a run that judges: the run whose work it is about. */
      readonly work: Delivered | null;
    }
  /** Ends an agent and all it has started; `run-exited` follows as always. */
  | {
      readonly type: 'stop-run';
      readonly task: TaskId;
      readonly run: RunId;
      readonly cause: StopCause;
      readonly hurried: boolean;
    }
  /** Looks at what the run left, and runs `verify`: `work-inspected`. */
  | { readonly type: 'inspect-work'; readonly task: TaskId; readonly plan: RunPlan; readonly verify: readonly Argv[] }
  /** Makes what the worktree holds reachable from a ref. */
  | { readonly type: 'keep-work'; readonly task: TaskId; readonly plan: RunPlan }
  /** Keeps the branch's tip and removes the worktree if nothing is lost; to `forget` the task, an empty branch as well. */
  | { readonly type: 'release-workspace'; readonly task: TaskId; readonly plan: RunPlan; readonly forget: boolean }
  /** Keeps the tree of the commit `tip` as the resolution of a conflict. */
  | ({ readonly type: 'keep-resolution' } & Resolution)
  | { readonly type: 'write-report'; readonly task: TaskId; readonly run: RunId; readonly text: string }
  | { readonly type: 'record-exit'; readonly task: TaskId; readonly run: RunId; readonly record: RunRecord }
  | { readonly type: 'write-verdict'; readonly task: TaskId; readonly verdict: Verdict }
  | { readonly type: 'write-review'; readonly task: TaskId; readonly review: Review }
  /** Renews the generated section at the end of the task's file: `moved`, with the file as it is now. */
  | {
      readonly type: 'tell-story';
      readonly task: TaskId;
      readonly file: TaskFile;
      readonly verdict: Verdict;
      /** Whether its work was found in the base since. */
      readonly isMerged: boolean;
    }
  /** Reads when finished tasks came to their end: `ends-read`. */
  | { readonly type: 'read-ends'; readonly files: readonly TaskFile[] }
  /** Removes what is kept of a finished task and nobody needs any more: `task-pruned`. `putAwayAt` is null for one that is merged. */
  | { readonly type: 'prune-task'; readonly task: TaskId; readonly file: TaskFile; readonly putAwayAt: number | null }
  /** Removes the grant of a task that is gone. */
  | { readonly type: 'drop-grant'; readonly task: TaskId }
  | { readonly type: 'write-hold'; readonly hold: Hold | null }
  /** Lays down a command that the board asks for by itself, once: `command-read`. */
  | { readonly type: 'ask-command'; readonly task: TaskId; readonly request: CommandRequest }
  /** Reads the fact of a command: `command-read`. */
  | { readonly type: 'read-command'; readonly id: CommandId }
  /** Moves a task's file as a command asks, with what the user says to the task written into it: `command-moved`. Never overwrites. */
  | {
      readonly type: 'move-for-command';
      readonly id: CommandId;
      readonly file: TaskFile;
      readonly to: Column;
      readonly said: Said | null;
    }
  /** Writes keys of a task's frontmatter as a command asks: `command-edited`. */
  | {
      readonly type: 'edit-for-command';
      readonly id: CommandId;
      readonly file: TaskFile;
      readonly fields: EditedFields;
    }
  /**
   * Writes the review of a task that is sent back with the comments in its `review.md`, and moves its file to `queued/`:
   * `command-moved`; or `command-refused`, where the branch is not at the commit that was seen, or nothing is said.
   */
  | {
      readonly type: 'send-back-for-command';
      readonly id: CommandId;
      readonly task: TaskId;
      readonly file: TaskFile;
      /** The branch and the commit that the user saw; null where the task left no branch. */
      readonly work: BranchWork | null;
      /** The branch that it would be merged into; null is the one checked out. */
      readonly target: string | null;
      /** As it is to be, but for the comments and for what they are about. */
      readonly review: Review;
    }
  /** Discards a task's work as a command asks: `command-moved` or `command-refused`. */
  | {
      readonly type: 'discard-for-command';
      readonly id: CommandId;
      readonly task: TaskId;
      readonly file: TaskFile;
      readonly work: WorkBranch;
      /** As it is to be. */
      readonly review: Review;
    }
  /** Merges a task's work as a command asks: `command-merged`. */
  | {
      readonly type: 'merge-for-command';
      readonly id: CommandId;
      readonly task: TaskId;
      readonly request: MergeRequest;
    }
  /** Restacks a task's work as a command asks: `command-restacked`. `work.tip` is the commit that the user saw. */
  | {
      readonly type: 'restack-for-command';
      readonly id: CommandId;
      readonly task: TaskId;
      readonly file: TaskFile;
      readonly work: BranchWork;
      readonly verdict: Verdict;
      readonly review: Review;
      readonly dependencies: readonly Handoff[];
    }
  /** Proposes a task's work as a pull request: `command-proposed` or `command-refused`. */
  | {
      readonly type: 'pr-for-command';
      readonly id: CommandId;
      readonly task: TaskId;
      readonly work: PullWork;
      readonly words: PullWords;
    }
  /** Makes the worktree of a task's last run again, as a command asks, and writes its verdict if there is one: `command-opened` or `command-refused`. */
  | {
      readonly type: 'open-for-command';
      readonly id: CommandId;
      readonly task: TaskId;
      readonly file: TaskFile;
      /** Of a task that its user takes over. */
      readonly verdict: Verdict | null;
    }
  /** Looks at what the user leaves in the worktree of the task's last run, and runs `verify`: `command-checked`. */
  | {
      readonly type: 'check-for-command';
      readonly id: CommandId;
      readonly task: TaskId;
      readonly plan: RunPlan;
      readonly verify: readonly Argv[];
    }
  /** Makes tasks of what a task's agent proposes, as a command asks: `command-accepted` or `command-refused`. */
  | {
      readonly type: 'accept-for-command';
      readonly id: CommandId;
      readonly task: TaskId;
      readonly file: TaskFile;
      /** Whether the task itself is queued then, to wait for its children. */
      readonly isPlan: boolean;
      /** As it is to be: it tells what was taken in, before anything is. */
      readonly verdict: Verdict;
      readonly children: readonly Child[];
    }
  /** Lays a note down for a task's agents, once: `note-laid`, and `notes-seen`. A line of User Notes is the same note as long as it says the same. */
  | {
      readonly type: 'lay-note';
      readonly id: CommandId;
      readonly task: TaskId;
      readonly said: Said;
      readonly isLine: boolean;
      /** The questions that it answers, by which the calls that wait find it; none for a note. */
      readonly answers: readonly string[];
    }
  /** Looks which notes of a task were told: `notes-seen`. */
  | { readonly type: 'look-at-notes'; readonly task: TaskId }
  /** Keeps whether the user paused the board: `command-kept`. */
  | { readonly type: 'write-pause'; readonly id: CommandId; readonly paused: boolean }
  /** Removes the fact of a command that is settled, and answers who waits for it: `command-removed`. */
  | { readonly type: 'settle-command'; readonly id: CommandId; readonly answer: CommandAnswer }
  /** Looks whether the disk has room again: `disk-looked-at`. */
  | { readonly type: 'look-at-disk' }
  /** Puts the second of two files of one name into `archive/`, if both are still there. */
  | { readonly type: 'set-aside'; readonly task: TaskId; readonly file: TaskFile; readonly keeper: TaskFile }
  /** Ends an agent that is at work on a run that the board does not know or is through with, and keeps its work. */
  | { readonly type: 'end-stray'; readonly task: TaskId; readonly run: RunId }
  | { readonly type: 'journal'; readonly entry: HistoryEntry };

/** An effect's `type`. */
export type EffectKind = Effect['type'];

/** The task that an effect is asked for, or null where it is asked for the board. */
export function taskOf(effect: Effect): TaskId | null {
  return 'task' in effect ? effect.task : null;
}

/** The task that an effect is asked for, or whose file it is about; null where there is none. */
export function taskKeyOf(effect: Effect): TaskKey | null {
  const task = taskOf(effect) ?? ('file' in effect ? idOfFile(effect.file.name) : null);
  return task === null ? null : keyOf(task);
}
