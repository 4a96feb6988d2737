/**
 * The review of a task that is done, kept as `runs/TASK/review.json`: what became of its work since. The verdict stays
 * what a run led to.
 *
 *   done ─► ready ── its work is found in the base ─► merged
 *             ▲ │                                        │
 *   done again│ ▼ queued again                           │
 *          sent-back ◄───────────────────────────────────┘
 *
 *   ready ─► discarded ─► ready where its file comes back to done/, sent-back where it is queued again
 */

import type { Overlap } from './overlap.ts';
import type { PullRequest } from './pull-request.ts';
import type { TaskId } from './task.ts';
import { areSameComments, type Comment } from './review-comment.ts';

/** The review's file in a task's folder. */
export const reviewName = 'review.json';

/** What the user said when they sent the work of a round back. */
export interface SentBack {
  /** The round that it ended. */
  readonly round: number;
  /** When it was said, in milliseconds since the epoch. */
  readonly at: number;
  /** At most `maxSaidChars`; empty where the comments say it all. */
  readonly text: string;
  /** The comments of `review.md` that went with it; their numbers begin at 1. */
  readonly comments: readonly Comment[];
  /** The task's last run until then; 0 where it had none. */
  readonly run: number;
  /** The commit that was reviewed, and the one that its own changes begin at; null where it left none. */
  readonly work: { readonly commit: string; readonly base: string } | null;
}

/** A restack as its task's review keeps it, from before the branch moves. */
export interface RestackRecord {
  /** The commit that the branch was at. */
  readonly from: string;
  /** The commit that its own work begins at now. */
  readonly base: string;
  /** The commit that the branch is at now. */
  readonly tip: string;
}

/**
 * See the file's head. `round` is 1 for the first review; each sending back ends one. `sentBack` are the last ones of which
 * the user said why, oldest first, at most `maxSentBackKept`.
 */
export type Review = {
  readonly version: 1;
  readonly round: number;
  readonly sentBack: readonly SentBack[];
  /** The dependencies that changed since its branch was cut. */
  readonly behind?: readonly TaskId[] | undefined;
  /** The other works that waited for a review and change the same lines, at the last look. */
  readonly overlaps?: readonly Overlap[] | undefined;
  readonly pull?: PullRequest | undefined;
  /** The last restack in this round, also one that was broken off. */
  readonly restack?: RestackRecord | undefined;
} & (
  | { readonly state: 'ready' | 'sent-back' }
  /** `at` is when its work was found in the base, in milliseconds since the epoch. */
  | { readonly state: 'merged'; readonly at: number }
  /** Its branch is gone, and was at `tip`; `at` is when the user asked for that. */
  | { readonly state: 'discarded'; readonly at: number; readonly branch: string; readonly tip: string }
);

/** A review that waits for its user. */
export function openReview(round: number, sentBack: readonly SentBack[] = []): Review & { readonly state: 'ready' } {
  return { version: 1, round, sentBack, state: 'ready' };
}

/** The round that begins, or goes on, when a task with this review is done; null is one that was not done before. */
export function roundAfter(review: Review | null): number {
  if (review === null) return 1;
  return review.state === 'sent-back' ? review.round + 1 : review.round;
}

/** What the user said when they sent a task back to the round of review that `round` is; null where they said nothing. */
export function saidBefore(round: number, sentBack: readonly SentBack[]): SentBack | null {
  return sentBack.find((each) => each.round === round - 1) ?? null;
}

/** The comments of a page that was written in this round, without those that were sent since. */
export function listUnsent(
  round: number,
  comments: readonly Comment[],
  sentBack: readonly SentBack[],
): readonly Comment[] {
  const sent = sentBack.flatMap((each) => (each.round >= round ? each.comments : []));
  return comments.filter((comment) => !sent.some((each) => areSameComments(each, comment)));
}

/** Whether a review names these dependencies as changed, and no others. */
export function isBehindOn(review: Review | null | undefined, changed: readonly TaskId[]): boolean {
  return (review?.behind ?? []).join() === changed.join();
}

/** In a sentence, that dependencies changed since a task's branch was cut; null where none did. */
export function describeBehind(review: Review | null): string | null {
  if (review?.state !== 'ready' || review.behind === undefined || review.behind.length === 0) return null;
  return `${review.behind.join(', ')} changed since this was cut: restack`;
}

/** When the work was found in the base; null before. */
export function mergedAtOf(review: Review | null): number | null {
  return review?.state === 'merged' ? review.at : null;
}
