/** The user's comments on a task's work: lines of `review.md`, each with the line of the diff that it is about. */

/** A place in the work. */
export interface Anchor {
  /** Null where it is about the work as a whole. */
  readonly path: string | null;
  /** Which version of the file has the line. */
  readonly side: 'old' | 'new';
  /** Null where it is about the file as a whole. */
  readonly line: number | null;
  /** The line's text as it was, at most `maxQuoteChars`; empty where there is no line. */
  readonly quote: string;
}

/** What the user says of one place; byte for byte. */
export interface Comment extends Anchor {
  readonly text: string;
}

/** What the agent says of one of them, by its number, which begins at 1. */
export interface CommentAnswer {
  readonly comment: number;
  readonly answer: string;
}

/** The place in words, such as `src/a.ts:12`. */
export function describeAnchor({ path, side, line }: Anchor): string {
  if (path === null) return 'the work as a whole';
  return `${path}${line === null ? '' : `:${String(line)}`}${side === 'old' && line !== null ? ' (as it was before)' : ''}`;
}

/** Whether two comments say the same of the same place. */
export function areSameComments(a: Comment, b: Comment): boolean {
  const key = ({ path, side, line, quote, text }: Comment): string => JSON.stringify([path, side, line, quote, text]);
  return key(a) === key(b);
}
