/**
 * What a user did in the generated part of a dashboard: boxes that were ticked, text at the places for it (`drafts`), and
 * text that was typed where the board writes. A save is compared with the very dashboard that it was made from, so that only
 * a box that the board offered there counts, and what is new is the user's.
 */
import type { Tick } from '../domain/command.ts';
import { formatTick, listOffered, listTicks } from './boxes.ts';
import { putDrafts, readDrafts } from './drafts.ts';
import { extractGenerated, isStatusLine } from './user-zones.ts';

/** Lines that a user typed one below the other, byte for byte. */
export interface TypedText {
  /** The heading above it, such as `Needs You, add-auth`. */
  readonly under: string;
  readonly text: string;
  /** The key of its task's place for text, where it has one: it belongs there. */
  readonly place: string | null;
}

/** See the file's head. */
export interface DashboardEdits {
  readonly ticks: readonly Tick[];
  readonly texts: readonly TypedText[];
  /** What stands at each place, by its key. */
  readonly drafts: ReadonlyMap<string, string>;
}

/** What a save was made from. */
export type Origin =
  | { readonly kind: 'exact'; readonly written: string }
  /** Of an unknown one a box counts by its comment; `hasWritten` tells by its key a line that the board once wrote, and is null where nobody knows. */
  | { readonly kind: 'unknown'; readonly hasWritten: ((key: string) => boolean) | null };

/** The sections with places for text. */
const placed: readonly string[] = ['Needs You', 'Ready for Review'];
/** A line that may be a box, perhaps with words of the user's. */
const boxLine = /^\s*[-*+] +\[[ xX]\].*<!-- /;

/**
 * The edits in a save that was made from `origin`. `taken` are lines that were taken out of earlier saves of the same
 * dashboard.
 */
export function readEdits(saved: string, origin: Origin, taken: string): DashboardEdits {
  const drafts = readDrafts(extractGenerated(saved));
  const generated = withoutDrafts(extractGenerated(saved));
  const written = origin.kind === 'exact' ? withoutDrafts(extractGenerated(origin.written)) : null;
  if (generated === written) return { ticks: listTicks(generated), texts: [], drafts };
  const lines = splitLines(generated);
  const unmatched = findTyped(lines, splitLines(`${written ?? ''}\n${taken}`));
  const hasWritten = origin.kind === 'exact' ? () => false : (origin.hasWritten ?? (() => true));
  const isTyped = lines.map((line, i) => unmatched[i] === true && !hasWritten(keyOfWords(line)));
  // Text of the user's is kept from the parser: it could hide a box, or keep the parser busy for seconds.
  const isKept = (line: string, i: number) => isTyped[i] !== true || boxLine.test(line);
  const ticked = listTicks(lines.map((line, i) => (isKept(line, i) ? line : '\n')).join(''));
  const offered = ticked.length === 0 || written === null ? null : listOffered(written);
  const ticks = ticked.filter((tick) => offered === null || offered.has(formatTick(tick)));
  return { ticks, texts: gatherTexts(lines, isTyped, [...drafts.keys()]), drafts };
}

/** What tells the generated lines of a dashboard again, each once, whatever an editor made of their white space and markup. */
export function keysOfLines(dashboard: string): readonly string[] {
  const lines = splitLines(withoutDrafts(extractGenerated(dashboard))).filter((line) => !isNothing(line));
  return [...new Set(lines.map(keyOfWords))];
}

function withoutDrafts(generated: string): string {
  return putDrafts(generated, new Map());
}

/** Blank, or the line that differs from dashboard to dashboard. */
function isNothing(line: string): boolean {
  return line.trim() === '' || isStatusLine(line.trim());
}

/** The notes with texts that were typed elsewhere below them, each with where that was. */
export function appendTexts(
  notes: string,
  texts: readonly Pick<TypedText, 'under' | 'text'>[],
  timeOfDay: string,
): string {
  return texts.reduce((all, { under, text }) => {
    const gap = all === '' ? '' : all.endsWith('\n') ? '\n' : '\n\n';
    return `${all}${gap}> (typed under ${under}, ${timeOfDay})\n\n${text}`;
  }, notes);
}

/** Lines with their line feeds, so that joined they are the text again. */
function splitLines(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/**
 * Which lines are no lines of what was written: each written line stands for one. Those that are the same count first,
 * then those that differ in white space and markup alone, since editors align tables and change bullets.
 */
function findTyped(lines: readonly string[], written: readonly string[]): readonly boolean[] {
  let typed = lines.map((line) => !isNothing(line));
  let left = written;
  for (const keyOf of [keyOfLine, keyOfWords]) {
    const counts = new Map<string, number>();
    for (const line of left) counts.set(keyOf(line), (counts.get(keyOf(line)) ?? 0) + 1);
    typed = lines.map((line, i) => {
      const count = counts.get(keyOf(line)) ?? 0;
      if (typed[i] !== true || count === 0) return typed[i] === true;
      counts.set(keyOf(line), count - 1);
      return false;
    });
    left = left.filter((line) => {
      const count = counts.get(keyOf(line)) ?? 0;
      counts.set(keyOf(line), count - 1);
      return count > 0;
    });
  }
  return typed;
}

/** A line without its end, and without a tick. */
function keyOfLine(line: string): string {
  return line.trimEnd().replace(/^(\s*[-*+] )\[[ xX]\]/, '$1[ ]');
}

/** What of a line is no white space and no markup; of lines without any, only those below a table's titles are alike. */
function keyOfWords(line: string): string {
  const isBelowTitles = /^\s*\|[\s|:-]+\|\s*$/.test(line);
  return keyOfLine(line).replace(/[\s\\*_|:+-]/g, '') || (isBelowTitles ? '|' : line);
}

/** Typed lines, together where only blank ones are between them, with the heading above. */
function gatherTexts(
  lines: readonly string[],
  isTyped: readonly boolean[],
  places: readonly string[],
): readonly TypedText[] {
  const texts: { under: string; text: string; place: string | null }[] = [];
  let [section, task, blanks] = ['', '', ''];
  let open: { text: string } | null = null;
  for (const [i, line] of lines.entries()) {
    if (isTyped[i] === true) {
      const under = [section === '' ? 'the title' : section, ...(task === '' ? [] : [task])].join(', ');
      if (open === null) {
        const place = task === '' ? undefined : places.find((key) => key.split(' ')[2] === task);
        const typed = { under, text: line, place: placed.includes(section) ? (place ?? null) : null };
        texts.push(typed);
        open = typed;
      } else open.text += blanks + line;
      blanks = '';
    } else if (line.trim() === '') blanks += line;
    else {
      [open, blanks] = [null, ''];
      const [, marks, name = ''] = /^(#{2,3}) (.*)/.exec(line) ?? [];
      if (marks === '##') section = /^[\w ]*/.exec(name)?.[0].trim() ?? '';
      if (marks !== undefined) task = /\(`([\w.-]+)`\)/.exec(name)?.[1] ?? '';
    }
  }
  return texts.map((typed) => ({ ...typed, text: typed.text.endsWith('\n') ? typed.text : `${typed.text}\n` }));
}
