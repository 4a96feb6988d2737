/**
 * Writes `review.md`: what the agent answered to the last review and what changed since then, then the task's whole diff
 * against its own base. The user writes comments between its lines. Each comment, sent or not, stands below the line that it
 * is about; one whose line is gone stands above the diffs.
 */
import { limits } from '../domain/limits.ts';
import { revealHiddenCharacters } from '../domain/hidden-characters.ts';
import { describeAnchor, type Anchor, type Comment, type CommentAnswer } from '../domain/review-comment.ts';
import type { SentBack } from '../domain/review.ts';
import { stampLine, type DiffLine, type FilledPage, type PageLine, type ShownDiff } from '../domain/work-page.ts';
import { clip } from './plain-text.ts';

/** A sending back, with the agent's answers. */
export interface EarlierRound extends SentBack {
  readonly answers: readonly CommentAnswer[];
}

/** All that the page shows, the user's drafts aside. */
export interface ReviewPage {
  readonly id: string;
  readonly title: string;
  readonly round: number;
  readonly tip: string;
  readonly from: string;
  readonly rounds: readonly EarlierRound[];
  /** Null in the first round. */
  readonly since: (ShownDiff & { readonly note: string | null }) | null;
  readonly own: ShownDiff;
}

/** The page's lines without drafts; `stamp` tells it from every other. */
export function composePage(page: ReviewPage, stamp: string): readonly PageLine[] {
  const lines: PageLine[] = [];
  const put = (...texts: readonly string[]): void => {
    for (const text of texts) lines.push({ text, anchor: null });
  };
  put(`# Review of ${page.id}, round ${String(page.round)}: ${oneLine(page.title)}`, '', stampLine(stamp), '');
  put(
    'Write between the lines of the diff. Each line of yours is a comment on the line above it, whatever it says; a line',
    'is yours if it is none of those that are here now, white space aside. Below this paragraph you write about the work as',
    'a whole. Save this file, then send all comments with',
    '',
    `    branchboard send-back ${page.id}`,
    '',
    'Comments that are not sent are kept when this file is written again.',
    '',
  );
  lines.push({ text: topLine, anchor: { path: null, side: 'new', line: null, quote: '' } });
  put('');
  const last = page.rounds.at(-1);
  const earlier = numberComments(page.rounds);
  const unplaced = new Set(earlier);
  const diffs = composeDiffs(page, earlier, unplaced);
  if (last !== undefined) {
    put(`## What you said after round ${String(last.round)}`, '', ...quote(last.text), '');
    for (const comment of unplaced) put(...describeEarlier(comment, true), '');
  }
  return [...lines, ...diffs];
}

/** Below it the user writes about the work as a whole. */
const topLine = '---';

/** Puts drafts below the lines that they are about, and those whose line is gone above the diffs. */
export function fillPage(page: readonly PageLine[], drafts: readonly Comment[]): FilledPage {
  const below = new Map<number, string[]>();
  const lost: (PageLine | string)[] = [];
  for (const { text, ...anchor } of drafts) {
    const at = findLine(page, anchor);
    if (at !== null) below.set(at, [...(below.get(at) ?? []), text]);
    else lost.push(...nameLost(anchor), text);
  }
  const top = page.findIndex(({ text }) => text === topLine);
  const all = page.flatMap((line, index): readonly (PageLine | string)[] => [
    line,
    ...(below.get(index) ?? []),
    ...(index === top ? lost : []),
  ]);
  return {
    text: `${all.map((line) => (typeof line === 'string' ? line : line.text)).join('\n')}\n`,
    lines: all.filter((line) => typeof line !== 'string'),
  };
}

function nameLost(anchor: Anchor): readonly PageLine[] {
  const quoted = anchor.quote === '' ? [] : quote(anchor.quote);
  return ['', `Outdated: ${describe(anchor)} is not in this diff any more`, ...quoted].map((text) => ({
    text,
    anchor,
  }));
}

/** The line of the page that a comment is about, the nearest of those with its text; null where it is gone. */
function findLine(page: readonly PageLine[], { path, side, line, quote: text }: Anchor): number | null {
  let best: { readonly index: number; readonly distance: number } | null = null;
  for (const [index, { anchor }] of page.entries()) {
    if (anchor === null || anchor.path !== path || (anchor.line === null) !== (line === null)) continue;
    if (line !== null && (anchor.side !== side || anchor.quote.trim() !== text.trim())) continue;
    const distance = Math.abs((anchor.line ?? 0) - (line ?? 0));
    if (best === null || distance < best.distance) best = { index, distance };
  }
  return best?.index ?? null;
}

interface NumberedComment extends Comment {
  readonly round: number;
  readonly number: number;
  readonly answer: string | null;
}

function numberComments(rounds: readonly EarlierRound[]): readonly NumberedComment[] {
  return rounds.flatMap(({ round, comments, answers }) =>
    comments.map((comment, index) => {
      const answer = answers.findLast((each) => each.comment === index + 1)?.answer ?? null;
      return { ...comment, round, number: index + 1, answer };
    }),
  );
}

function composeDiffs(
  page: ReviewPage,
  earlier: readonly NumberedComment[],
  unplaced: Set<NumberedComment>,
): readonly PageLine[] {
  const head = (text: string): PageLine[] => [
    { text, anchor: null },
    { text: '', anchor: null },
  ];
  const parts: PageLine[] = [];
  if (page.since !== null) {
    parts.push(...head(`## What changed since then${page.since.note === null ? '' : `: ${page.since.note}`}`));
    parts.push(...composeDiff(page.since));
  }
  parts.push(
    ...head(`## All changes of ${page.id}, since ${page.from.slice(0, 10)} on which it is based`),
    ...composeDiff(page.own),
  );
  const below = new Map<number, NumberedComment[]>();
  for (const comment of earlier) {
    const at = comment.path === null ? null : findLine(parts, comment);
    if (at === null) continue;
    unplaced.delete(comment);
    below.set(at, [...(below.get(at) ?? []), comment]);
  }
  return parts.flatMap((line, index) => [
    line,
    ...(below.get(index) ?? []).flatMap((comment) =>
      describeEarlier(comment, false).map((text) => ({ text, anchor: null })),
    ),
  ]);
}

function composeDiff({ files, omitted }: ShownDiff): readonly PageLine[] {
  const ticks = files.flatMap(({ lines }) => lines.flatMap(({ text }) => text.match(/`{3,}/g) ?? []));
  const fence = '`'.repeat(ticks.reduce((longest, run) => Math.max(longest, run.length), 2) + 1);
  const plain = (text: string): PageLine => ({ text, anchor: null });
  return [
    ...(files.length === 0 ? [plain('Nothing.'), plain('')] : []),
    ...files.flatMap(({ path, about, lines }): readonly PageLine[] => {
      const ofFile: PageLine = {
        text: `### ${show(path)} ${about}`,
        anchor: { path, side: 'new', line: null, quote: '' },
      };
      if (lines.length === 0) return [ofFile, plain('')];
      return [ofFile, plain(`${fence}diff`), ...lines.map((line) => composeLine(path, line)), plain(fence), plain('')];
    }),
    ...(omitted === 0 ? [] : [plain(`${String(omitted)} more files are left out here: see git diff.`), plain('')]),
  ];
}

function composeLine(path: string, line: DiffLine): PageLine {
  const text = clip(reveal(line.text), limits.maxReviewLineChars);
  const number = line.new ?? line.old;
  if (number === null) return { text, anchor: null };
  const quoted = line.text.slice(1, 1 + limits.maxQuoteChars);
  return { text, anchor: { path, side: line.new === null ? 'old' : 'new', line: number, quote: quoted } };
}

/** An earlier comment with its answer; of one that stands beside its line no place is named. */
function describeEarlier(comment: NumberedComment, isApart: boolean): readonly string[] {
  const { number, round, text, answer } = comment;
  const about = isApart ? ` on ${describe(comment)}` : '';
  return [
    `│ ${String(number)}. You, round ${String(round)}${about}: ${oneLine(text)}`,
    `│    Its agent: ${answer === null ? '(no answer)' : oneLine(answer)}`,
  ];
}

function describe(anchor: Anchor): string {
  return oneLine(describeAnchor(anchor));
}

/** A path on one line, in quotation marks where it would not be seen as it is. */
function show(path: string): string {
  return /^[\w./@+ -]+$/.test(path) ? path : revealHiddenCharacters(JSON.stringify(path));
}

function quote(text: string): readonly string[] {
  const lines = text.trimEnd().split(/\r?\n/).map(reveal);
  return lines.map((line) => `> ${clip(line, limits.maxReviewLineChars)}`);
}

function oneLine(text: string): string {
  return clip(reveal(text.replace(/\s+/g, ' ').trim()), limits.maxSummaryChars);
}

/** One line as it can be seen; a carriage return would begin another in some editors. */
function reveal(line: string): string {
  return revealHiddenCharacters(line).replaceAll('\r', '␍');
}
