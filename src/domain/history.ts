import type { Trouble } from './hold.ts';
import type { Command, CommandId, Refusal, Way } from './command.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { MovedRef } from './moved-ref.ts';
import type { PauseReason, RunId, StopCause } from './run.ts';
import type { RightKey } from './rights.ts';
import type { Pruned } from './pruned.ts';
import type { Column, TaskId } from './task.ts';

/** A line of `history.jsonl`: what happened, for people and scripts. */
export type HistoryEntry = { readonly at: number } & (
  | { readonly type: 'board-started' }
  /** `fault` says what ended the board where nobody had asked for its end. */
  | { readonly type: 'board-stopped'; readonly fault?: string }
  | {
      readonly type: 'task-accepted';
      readonly task: TaskId;
      readonly title: string;
      /** Such as `dropped` or `child-of db-schema`. */
      readonly origin: string;
    }
  /** Its file asks for rights under these keys, and waits for a grant. */
  | { readonly type: 'task-asks'; readonly task: TaskId; readonly keys: readonly RightKey[] }
  /** Files that are no tasks, or none yet: `name` is the first one's path below `.orchestrator/`. */
  | { readonly type: 'inbox-rejected'; readonly name: string; readonly diagnostics: readonly Diagnostic[] }
  | { readonly type: 'inbox-repeated'; readonly name: string; readonly task: TaskId }
  | { readonly type: 'task-found'; readonly task: TaskId; readonly column: Column; readonly note: string }
  | { readonly type: 'task-changed'; readonly task: TaskId; readonly diagnostics: readonly Diagnostic[] }
  /** A command's fact can't be understood, and is at `path` in `.orchestrator/` now; with `why`, it stays there as it was. */
  | { readonly type: 'command-unread'; readonly id: CommandId; readonly path: string; readonly why?: string }
  /** A command was settled; `id` is null for a file that the user moved. */
  | {
      readonly type: 'command';
      readonly id: CommandId | null;
      readonly by: Way;
      readonly command: Command;
      readonly outcome: 'done' | Refusal;
      readonly said: string;
    }
  | {
      readonly type: 'run-planned';
      readonly run: RunId;
      readonly attempt: number;
      readonly cause: string;
      readonly session: string;
    }
  /** `setAside` are paths that count as they stand in the base, since the run's branch changes them. */
  | { readonly type: 'run-started'; readonly run: RunId; readonly setAside: readonly string[] }
  | { readonly type: 'run-stopping'; readonly run: RunId; readonly cause: StopCause }
  | {
      readonly type: 'run-ended';
      readonly run: RunId;
      /** With `run`, this names the run among those of earlier tasks of the same id. */
      readonly plannedAt: number;
      readonly outcome: string;
      readonly detail: string;
      readonly costUsd: number;
      readonly workedMs: number;
    }
  /** Warnings about a run beside how it ended. */
  | { readonly type: 'run-warned'; readonly run: RunId; readonly warnings: readonly string[] }
  /** Refs that moved while an agent ran and that are not its task's. */
  | { readonly type: 'refs-moved'; readonly run: RunId; readonly moved: readonly MovedRef[] }
  | { readonly type: 'task-settled'; readonly task: TaskId; readonly column: Column; readonly detail: string }
  | { readonly type: 'task-merged'; readonly task: TaskId }
  /** The board pruned these finished tasks, as the setting `keep` says: counts, and bytes of the runs' files. */
  | ({ readonly type: 'pruned'; readonly tasks: readonly TaskId[] } & Pruned)
  | { readonly type: 'held'; readonly reason: PauseReason; readonly until: number | null; readonly detail: string }
  | { readonly type: 'hold-lifted'; readonly reason: PauseReason }
  /** `message` is null once it is over. */
  | { readonly type: 'trouble'; readonly trouble: Trouble; readonly message: string | null }
  | { readonly type: 'clock-jumped'; readonly byMs: number }
  | { readonly type: 'settings-changed'; readonly problems: readonly Diagnostic[] }
  | {
      readonly type: 'effect-failed';
      readonly task: TaskId | null;
      /** The command that it belongs to. */
      readonly command?: CommandId;
      readonly effect: string;
      readonly message: string;
    }
);
