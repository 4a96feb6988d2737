/**
 * A merge that the user asked for: the work of a task that is done goes into the branch that tasks start from.
 *
 *   prepared aside ─► verified in a checkout of its own ─► the branch moves ─► the user's checkout of it follows
 *         │                        │                            └── it moved meanwhile: prepared anew
 *         └── conflict, refused    └── red
 */
import type { CommandOutcome } from './work-evidence.ts';
import type { TaskId } from './task.ts';

/**
 * `merge` makes a commit with both sides; `squash` one commit on the target, with the task's changes alone; `rebase` makes
 * the branch's own commits again on the target, one by one.
 */
export const mergeWays = ['merge', 'squash', 'rebase'] as const;
/** One of {@link mergeWays}. */
export type MergeWay = (typeof mergeWays)[number];

/** All that a merge is made of. */
export interface MergeRequest {
  readonly task: TaskId;
  /** The task's branch. */
  readonly branch: string;
  /** The commit of it that the user saw: another one is not merged. */
  readonly commit: string;
  /** The commit that the task's own work begins at; null where that is not known. */
  readonly base: string | null;
  /** The branch that it goes into. */
  readonly target: string;
  readonly way: MergeWay;
  /** The user knows that the work changes what runs on their machine. */
  readonly whatRuns: boolean;
  /** The commit whose files passed the checks when the task was done; null where none did. */
  readonly checked: string | null;
  readonly message: string;
}

/** A commit of a branch, with the first line of its message. */
export interface ReplayedCommit {
  readonly id: string;
  readonly subject: string;
}

/** A merge that exists as a commit which nothing names yet. */
export interface PreparedMerge {
  readonly kind: 'prepared';
  /** The branch that is to move. */
  readonly target: string;
  readonly before: string;
  readonly after: string;
  /** The merged files are those that were checked when the task was done. */
  readonly isSameTree: boolean;
}

/** The target moved since the merge was prepared: it is to be prepared anew. */
export interface TargetMoved {
  readonly kind: 'moved';
}

/** The end of a merge. */
export type MergeOutcome =
  /** `followed` is the checkout of the target that has the merged files now; null where it is checked out nowhere. */
  | { readonly kind: 'merged'; readonly target: string; readonly commit: string; readonly followed: string | null }
  /** To merge it would change nothing. */
  | { readonly kind: 'contained'; readonly target: string }
  | {
      readonly kind: 'conflict';
      readonly target: string;
      readonly files: readonly string[];
      /** The commit that can't be made again on the target; null where the branch was merged as a whole. */
      readonly commit: ReplayedCommit | null;
    }
  /** A check failed on the merged files. */
  | { readonly kind: 'red'; readonly target: string; readonly check: CommandOutcome }
  | { readonly kind: 'refused'; readonly why: string; readonly hint: string };

/** The places of a conflict, in words that follow the task's id. */
export function describeConflict({
  target,
  files,
  commit,
}: Extract<MergeOutcome, { readonly kind: 'conflict' }>): string {
  const same = `changes the same places as ${target}: ${files.join(', ')}`;
  return commit === null ? same : `${same} (in its commit ${commit.id.slice(0, 10)}, ${commit.subject})`;
}

/** What came of preparing one. */
export type MergeAttempt = PreparedMerge | Exclude<MergeOutcome, { readonly kind: 'merged' | 'red' }>;

/** What came of moving its target. */
export type TargetMove = TargetMoved | Extract<MergeOutcome, { readonly kind: 'merged' | 'refused' }>;
