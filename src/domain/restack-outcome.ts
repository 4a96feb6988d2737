/**
 * A restack that the user asked for: what the work of a task builds on has changed since its branch was cut, so the branch's
 * own commits are made again on a new base.
 *
 *   prepared aside ─► verified in a checkout of its own ─► the review says so ─► the branch moves ─► plan and verdict say so
 *         │                        │
 *         └── conflict, refused    └── red
 */
import type { ReplayedCommit } from './merge-request.ts';
import type { BaseConflict } from './base-conflict.ts';
import type { RestackRecord, Review } from './review.ts';
import type { FinishedWork, Verdict } from './verdict.ts';
import type { TaskId } from './task.ts';
import type { CommandOutcome, Evidence } from './work-evidence.ts';

/** A restack that exists as commits which nothing names yet. */
export interface PreparedRestack extends Pick<Evidence, 'commits' | 'diffstat' | 'changesWhatRuns'>, RestackRecord {
  readonly kind: 'prepared';
  readonly branch: string;
  /** The branch is at its new commit already: a board was killed before the facts said so. */
  readonly isMoved: boolean;
  /** The files are those of the commit before, which were checked. */
  readonly isSameTree: boolean;
}

/** The end of a restack; `verdict` is as it was written, `review` as it is to be. */
export type RestackOutcome =
  | { readonly kind: 'restacked'; readonly verdict: Verdict; readonly review: Review }
  /** It is on the newest of what it builds on. */
  | { readonly kind: 'current' }
  /** The work of its dependencies does not go together. */
  | { readonly kind: 'base-conflict'; readonly conflict: BaseConflict }
  | { readonly kind: 'conflict'; readonly commit: ReplayedCommit; readonly files: readonly string[] }
  /** A check failed on the new files. */
  | { readonly kind: 'red'; readonly check: CommandOutcome }
  | { readonly kind: 'refused'; readonly why: string; readonly hint: string };

/** What came of preparing one. */
export type RestackAttempt = PreparedRestack | Exclude<RestackOutcome, { readonly kind: 'restacked' | 'red' }>;

/** A finished task's work, and that of its dependencies as it is now. */
export interface DependentWork extends FinishedWork {
  readonly dependencies: readonly FinishedWork[];
}

/** The dependencies of a task that changed since its branch was cut: their work is not in it. */
export interface Behind {
  readonly id: TaskId;
  readonly changed: readonly TaskId[];
}
