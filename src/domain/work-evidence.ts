/** What is found in a worktree after a run. */
import type { MovedRef } from './moved-ref.ts';
import type { Argv } from './task.ts';

/** Lines and files changed. */
export interface Diffstat {
  readonly files: number;
  readonly insertions: number;
  readonly deletions: number;
}

/** The outcome of one `verify` or `setup` command. */
export interface CommandOutcome {
  readonly argv: Argv;
  readonly ok: boolean;
  /** The end of what it printed, bounded by `maxTailChars`. */
  readonly outputTail: string;
}

/** The state of the worktree after a run. */
export interface Evidence {
  /** The tip of the task's branch; for a workspace without a branch, its HEAD. */
  readonly tip: string;
  /** Commits on the branch that are not in its base. */
  readonly commits: number;
  readonly diffstat: Diffstat;
  /** Changed files that decide what runs for whoever merges them, such as `.claude/settings.json`; bounded. */
  readonly changesWhatRuns: readonly string[];
  /** Paths with uncommitted changes, at most `maxDirtyFilesNamed`. */
  readonly dirty: readonly string[];
  readonly verify: readonly CommandOutcome[];
  /** The same as of the run's exit, once `verify` is through: its commands run what the agent wrote. */
  readonly moved: readonly MovedRef[];
}
