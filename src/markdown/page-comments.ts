/**
 * Finds the user's comments in a saved `review.md`: its lines that are no lines of the page as it was written. The two are
 * compared in order and without white space, so that it does not matter what an editor does to line ends or indentation,
 * and no line of the diff can pass for a comment, whatever it says.
 */
import type { Anchor, Comment } from '../domain/review-comment.ts';
import { listUnsent, type SentBack } from '../domain/review.ts';
import type { PageLine, SavedPage } from '../domain/work-page.ts';

/** So far ahead it is looked for a line of the page that an editor may have lost, and for one that comes again. */
const maxLinesAhead = 300;

const nowhere: Anchor = { path: null, side: 'new', line: null, quote: '' };

/** The comments of a saved page that were not sent yet. */
export function listDrafts(page: SavedPage | null, sentBack: readonly SentBack[]): readonly Comment[] {
  if (page === null || page.written === null) return [];
  const { round, lines } = page.written;
  return listUnsent(round, findComments(page.text, lines), sentBack);
}

/** The comments of a saved page, in its order; lines of one comment stay together. */
export function findComments(saved: string, page: readonly PageLine[]): readonly Comment[] {
  const lines = saved.split('\n').map((line) => line.replace(/\r$/, ''));
  const isComment = markComments(
    lines.map(keyOf),
    page.map(({ text }) => keyOf(text)),
  );
  const comments: Comment[] = [];
  let open: string[] = [];
  let anchor = nowhere;
  const close = (): void => {
    const text = open
      .join('\n')
      .replace(/^(?:[ \t]*\n)+/, '')
      .trimEnd();
    if (text.trim() !== '') comments.push({ ...anchor, text });
    open = [];
  };
  for (const [index, line] of lines.entries()) {
    const at = isComment[index] ?? 'comment';
    if (at === 'comment') open.push(line);
    else {
      close();
      for (let known = at.from; known <= at.to; known += 1) anchor = page[known]?.anchor ?? anchor;
    }
  }
  close();
  return comments;
}

/** Of each saved line which lines of the page it passes by, or that it is a comment's. A blank line ends no comment. */
function markComments(
  saved: readonly string[],
  page: readonly string[],
): readonly ('comment' | { readonly from: number; readonly to: number })[] {
  let next = 0;
  const pass = (to: number): { readonly from: number; readonly to: number } => {
    const from = next;
    next = to + 1;
    return { from, to };
  };
  return saved.map((line, index) => {
    if (line === page[next]) return pass(next);
    if (line === '' || comesAgain(saved, index, page, next)) return 'comment';
    const last = Math.min(page.length, next + maxLinesAhead);
    for (let ahead = next + 1; ahead < last; ahead += 1) {
      if (page[ahead] === line && isPair(saved, index, page, ahead)) return pass(ahead);
    }
    return 'comment';
  });
}

/** Whether the page's next line stands further down, so that what stands here was put in before it. */
function comesAgain(saved: readonly string[], index: number, page: readonly string[], next: number): boolean {
  const last = Math.min(saved.length, index + maxLinesAhead);
  for (let ahead = index + 1; ahead < last; ahead += 1) {
    if (saved[ahead] === page[next] && isPair(saved, ahead, page, next)) return true;
  }
  return next >= page.length;
}

/** Whether the lines behind these two are the same as well; one that is a comment may come in between. */
function isPair(saved: readonly string[], index: number, page: readonly string[], next: number): boolean {
  const following = page[next + 1];
  return following === undefined || saved.slice(index + 1, index + maxLinesAhead).includes(following);
}

function keyOf(line: string): string {
  return line.replace(/\s+/g, '');
}
