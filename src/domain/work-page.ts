/** A task's `review.md`: the diff that it shows, its lines as the board wrote them, and as it was saved. */
import type { Anchor } from './review-comment.ts';

/** A line of a diff: context, or of one side alone; `old` and `new` are its numbers. */
export interface DiffLine {
  readonly text: string;
  readonly old: number | null;
  readonly new: number | null;
}

/** The changes of one file. */
export interface FileDiff {
  readonly path: string;
  /** Such as `+3 −1`, or why its lines are not shown. */
  readonly about: string;
  readonly lines: readonly DiffLine[];
}

/** A diff, as far as it is shown. */
export interface ShownDiff {
  readonly files: readonly FileDiff[];
  /** Files that are left out. */
  readonly omitted: number;
}

/** A line of the page as it was written. */
export interface PageLine {
  readonly text: string;
  /** What a comment below it is about; null where it goes on with what the line above is about. */
  readonly anchor: Anchor | null;
}

/** A page as it was written, without the user's lines. */
export interface WrittenPage {
  readonly version: 1;
  /** The round of review in which that was. */
  readonly round: number;
  readonly lines: readonly PageLine[];
}

/** A page as it is now. */
export interface SavedPage {
  readonly text: string;
  /** Null where it is none that the board knows. */
  readonly written: WrittenPage | null;
}

/** A page with the user's drafts in it; `lines` are those that are not the user's. */
export interface FilledPage {
  readonly text: string;
  readonly lines: readonly PageLine[];
}

/** The line that names a page. */
export function stampLine(stamp: string): string {
  return `<!-- branchboard review ${stamp} -->`;
}

/** The stamp in a saved page; null where it was taken out. */
export function readStamp(saved: string): string | null {
  return /<!-- branchboard review ([0-9a-f]{12}) -->/.exec(saved)?.[1] ?? null;
}
