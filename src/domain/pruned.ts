/** The pruning of finished tasks: the request, the result, and the state of the board's rounds. */
import type { RunPlan } from './run.ts';
import type { TaskId, TaskKey } from './task.ts';

/** A finished task that is pruned: `plan` is its last run, if it had one; `putAwayAt` is null for one that is merged. */
export interface PruneRequest {
  readonly task: TaskId;
  readonly plan: RunPlan | null;
  readonly putAwayAt: number | null;
}

/** What went of one finished task. */
export interface Pruned {
  readonly worktrees: number;
  /** Folders of runs that are gone, or hold their facts alone. */
  readonly runs: number;
  /** What their files took, in bytes. */
  readonly bytes: number;
  readonly refs: number;
}

/** Nothing went. */
export const nothingPruned: Pruned = { worktrees: 0, runs: 0, bytes: 0, refs: 0 };

/** How far the board is with looking for what may go. */
export interface Retention {
  /** When the last round of looking was over, in milliseconds since the epoch. */
  readonly lookedAt: number;
  /** Tasks that were looked at in this round. */
  readonly looked: ReadonlySet<TaskKey>;
  /** Tasks that could not be pruned; they are left alone until the next start. */
  readonly failed: ReadonlySet<TaskKey>;
  /** Tasks that are being read or pruned. */
  readonly underWay: ReadonlySet<TaskKey>;
  /** What went of the tasks that were decided upon together. */
  readonly pruned: ReadonlyMap<TaskId, Pruned>;
}

/** A board that has not looked yet. */
export const noRetention: Retention = {
  lookedAt: -Infinity,
  looked: new Set(),
  failed: new Set(),
  underWay: new Set(),
  pruned: new Map(),
};
