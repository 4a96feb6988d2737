/**
 * Finds what is meant as frontmatter and is not read as such: another language's, or ours in the wrong place. To take it
 * for text would lose what it says, and with it the order of tasks. Only the beginning of a text is looked at, and a block
 * counts where it has a key that is seldom written but in a task.
 *
 *   +++   ;;;   {"id": …}   ----   —-   ```yaml   <!-- id: … -->   a comment above `---`   keys without `---`   a second one
 */
import type { Problem } from './reporter.ts';
import { foldKey, isAboutOrder, isTaskKey } from './task-keys.ts';

/** What is meant as frontmatter, and where it begins, as an offset into the text. */
export interface ForeignFrontmatter {
  readonly offset: number;
  readonly problem: Problem;
}

/** No more lines are looked at. */
const maxLines = 200;
/** No more of a line is looked at. */
const maxLineChars = 500;
/** Lines of text that may stand above a block that is still meant as frontmatter. */
const maxLinesAbove = 3;

interface Line {
  readonly text: string;
  readonly offset: number;
}

const expected = 'YAML keys between two lines `---`, at the very beginning of the file';

/** Looks at a text in which no frontmatter was found, or at what follows one. Null where nothing is meant as such. */
export function findForeignFrontmatter(text: string, isBelowFrontmatter: boolean): ForeignFrontmatter | null {
  if (!text.includes('\n') && /^-{3,}\r/.test(text)) return { offset: 0, problem: oldLineEnds };
  const lines = readLines(text);
  const first = lines.findIndex((line) => line.text !== '');
  const opening = lines[first];
  if (opening === undefined) return null;
  return findOtherLanguage(opening, lines.slice(first + 1)) ?? findMisplaced(lines.slice(first), isBelowFrontmatter);
}

/** A line such as `Depends on: a` in a task's text, where nothing reads it. */
export interface OrderLine {
  readonly offset: number;
  /** As it is written, without its markup. */
  readonly text: string;
  /** What it names. */
  readonly names: readonly string[];
}

/** Finds lines about the order in a text that is no frontmatter, but for blocks of code. */
export function findOrderLines(text: string): readonly OrderLine[] {
  let fence: string | null = null;
  return readLines(text).flatMap((line) => {
    const mark = /^\s*(```|~~~)/.exec(line.text)?.[1];
    if (mark !== undefined && (fence === null || fence === mark)) fence = fence === null ? mark : null;
    const bare = unmark(line.text);
    if (fence !== null || mark !== undefined || !plainOrder.test(keyOfLine(bare) ?? '')) return [];
    const value = idValue.exec(bare)?.[0].slice(1) ?? '';
    const names = value.split(/[\s,[\]"']+/).filter((name) => /\w/.test(name));
    return names.length === 0 ? [] : [{ offset: line.offset, text: bare, names }];
  });
}

const oldLineEnds: Problem = {
  message: 'the lines of this file end with a carriage return alone, so that it is one line to everybody else',
  expected: 'lines that end with a line feed',
  hint: 'Save it with the line ends of Unix or Windows.',
};

function readLines(text: string): readonly Line[] {
  const lines: Line[] = [];
  for (let offset = 0; offset < text.length && lines.length < maxLines;) {
    const end = text.indexOf('\n', offset);
    const next = end === -1 ? text.length : end;
    // Marks that nobody sees are no part of what was meant.
    const line = text.slice(offset, Math.min(next, offset + maxLineChars)).replace(/^[\u200b\u2060\ufeff]+/, '');
    lines.push({ text: line.trimEnd(), offset });
    offset = next + 1;
  }
  return lines;
}

function findOtherLanguage(opening: Line, rest: readonly Line[]): ForeignFrontmatter | null {
  const { offset, text } = opening;
  if (/^\s*\+{3,}(?:\s*toml)?$/i.test(text)) return refuse(offset, 'this is TOML frontmatter, which is not read');
  if (/^\s*;{3,}(?:\s*json)?$/i.test(text)) return refuse(offset, 'this is JSON frontmatter, which is not read');
  const inline = [opening, ...rest]
    .slice(0, 2)
    .map((line) => line.text)
    .join(' ');
  const key = /^\s*\{\s*"([^"]*)"\s*:/.exec(inline)?.[1];
  if (key !== undefined && isTaskKey(foldKey(key)))
    return refuse(offset, 'this is JSON, which is not read as frontmatter');
  return null;
}

/** Our own kind of block, in the wrong place or between the wrong lines. */
function findMisplaced(lines: readonly Line[], isBelowFrontmatter: boolean): ForeignFrontmatter | null {
  let textLines = 0;
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index];
    if (line === undefined || line.text === '') continue;
    const rest = lines.slice(index + 1);
    const isFirst = textLines === 0 && !isBelowFrontmatter;
    const ours = line.text === '---' ? findFenced(line, rest, describePlace(index, isBelowFrontmatter)) : null;
    const found = ours ?? (isFirst ? (findUnusual(line, rest) ?? findBareKeys(lines.slice(index))) : null);
    if (found !== null || /^\s*(?:```|~~~)/.test(line.text)) return found;
    if (/^\s*<!--/.test(line.text)) index += countCommentLines(line, rest);
    else if (!/^\s*(?:#|\/\/|%|;)/.test(line.text)) textLines += 1;
    if (textLines > maxLinesAbove || (isBelowFrontmatter && textLines > 0)) return null;
  }
  return null;
}

function describePlace(index: number, isBelowFrontmatter: boolean): string {
  if (isBelowFrontmatter) return 'a second frontmatter begins here';
  return index === 0
    ? 'the frontmatter begins behind a character that nobody sees'
    : 'the frontmatter begins here, below other lines';
}

/** How many lines below its first one a comment has. */
function countCommentLines(first: Line, rest: readonly Line[]): number {
  return first.text.includes('-->') ? 0 : rest.findIndex(({ text }) => text.includes('-->')) + 1;
}

/** Dashes of all kinds and other rules. */
const rule = /^\s*[-\u2010-\u2015\u2212_*=~]{2,}\s*$/;
const codeFence = /^\s*(?:```+|~~~+)\s*(?:ya?ml|toml|json|front-?matter|md|markdown|te?xt)?\s*$/i;

function findUnusual(line: Line, rest: readonly Line[]): ForeignFrontmatter | null {
  if (codeFence.test(line.text)) {
    const message = 'the frontmatter stands in a block of code, where it is not read';
    const first = rest.find(({ text }) => text !== '');
    const inner = first !== undefined && rule.test(first.text) ? rest.slice(rest.indexOf(first) + 1) : rest;
    return findFenced(line, inner, message, /^\s*(?:```|~~~|-{3,}\s*$)/);
  }
  if (rule.test(line.text)) {
    return findFenced(line, rest, `the frontmatter begins with ${JSON.stringify(line.text)}`);
  }
  return findInComment(line, rest);
}

/** A block whose end is there, and that holds a task's keys. */
function findFenced(line: Line, rest: readonly Line[], message: string, closing = rule): ForeignFrontmatter | null {
  const end = rest.findIndex(({ text }) => closing.test(text) || text === '...');
  return end !== -1 && isBlockOfKeys(rest.slice(0, end)) ? refuse(line.offset, message) : null;
}

function findInComment(line: Line, rest: readonly Line[]): ForeignFrontmatter | null {
  if (!/^\s*<!--/.test(line.text)) return null;
  const all = [{ ...line, text: line.text.replace(/^\s*<!--/, '') }, ...rest];
  const end = all.findIndex(({ text }) => text.includes('-->'));
  const block = all
    .slice(0, end === -1 ? 0 : end + 1)
    .map((each) => ({ ...each, text: each.text.replace(/-->.*$/, '').trim() }))
    .filter(({ text }) => text !== '' && !rule.test(text));
  if (!isBlockOfKeys(block)) return null;
  return refuse(line.offset, 'the frontmatter stands in a comment, where it is not read');
}

/** The first lines, down to an empty one, are keys with values; a single one counts if it is about the order. */
function findBareKeys(lines: readonly Line[]): ForeignFrontmatter | null {
  const end = lines.findIndex(({ text }) => text === '' || rule.test(text));
  const block = (end === -1 ? lines : lines.slice(0, end)).map((line) => ({ ...line, text: unmark(line.text) }));
  const [first] = block;
  if (first === undefined || !isBlockOfKeys(block)) return null;
  const keys = block.flatMap(({ text }) => keyOfLine(text) ?? []);
  // `Before: …` and `After: …` may be prose.
  const isOrder = block.some(({ text }) => isAboutOrder(keyOfLine(text) ?? '') && idValue.test(text));
  const isOther = keys.length > 1 && keys.some((key) => isTaskKey(key) && !isAboutOrder(key));
  if (!isOrder && !isOther) return null;
  return refuse(first.offset, 'these lines look like frontmatter, and no line `---` is above them');
}

/** Words that people put into lists, quotations and bold type to say what waits for what. */
const plainOrder = /depend|prereq|blockedby|waitsfor|predecessor/;

/** A line about the order without its markup: `> **Depends on:** a`. */
function unmark(text: string): string {
  const bare = text.replace(/^\s*(?:[>*+-]\s+)+/, '').replaceAll(/\*+|__|`|(?<!\w)_|_(?!\w)/g, '');
  return plainOrder.test(keyOfLine(bare) ?? '') ? bare : text;
}

/** A value that is an id, or a list of them, which may begin on the next line. */
const idValue = /:\s*(?:\[.*\]|["']?[\w./#@[-]+\]*["']?(?:,\s*["']?[\w./#@[-]+["']?)*)?$/;

/** All lines are of YAML as people write it, and a key of a task is among them. */
function isBlockOfKeys(block: readonly Line[]): boolean {
  const written = block.filter(({ text }) => text.trim() !== '');
  const isYaml = written.every(({ text }) => keyOfLine(text) !== null || /^\s+\S|^\s*[-#\]}]/.test(text));
  return isYaml && written.some(({ text }) => isTaskKey(keyOfLine(text) ?? ''));
}

/** The key of a line `key: value`, of TOML's `key = value` or of Dataview's `key:: value`, folded; null where there is none. */
function keyOfLine(text: string): string | null {
  const key = /^["']?(\p{L}[\p{L}\p{N} _.-]{0,40}?)["']?\s*(?:::?(?=\s|$)|=(?=\s))/u.exec(text)?.[1];
  return key === undefined ? null : foldKey(key);
}

function refuse(offset: number, message: string): ForeignFrontmatter {
  const hint = 'If it is text for the agent, put it into a block of code below a line of text.';
  return { offset, problem: { message, expected, hint } };
}
