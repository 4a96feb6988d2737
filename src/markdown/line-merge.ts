/**
 * Merges two texts that were made from one, line by line. A line that one side removed is gone; a line that a side
 * added stays, ours above theirs, and a line that both added stays once. There are no conflicts and no markers: where
 * both changed a line, both versions stay. node-diff3 finds where two texts differ; its own merge is not used, since
 * it reports such a place as a conflict for somebody to solve.
 */
import { diffIndices } from 'node-diff3';

/** Beyond this many comparisons two stretches of lines count as wholly different: more stays, nothing is lost. */
const maxLineComparisons = 1_000_000;

/** Cuts a text into lines that keep their ends. */
function splitLines(text: string): string[] {
  return text === '' ? [] : (text.match(/[^\n]*\n|[^\n]+$/g) ?? []);
}

/** A line without its end, for comparing: a change of line ends alone is no change of lines. */
function keyOfLine(line: string): string {
  return line.replace(/\r?\n$|\r$/, '');
}

/** Lines `[from, to)` of the left list stand where the right list has lines `[rightFrom, rightTo)`. */
interface Difference {
  readonly from: number;
  readonly to: number;
  readonly rightFrom: number;
  readonly rightTo: number;
}

/** The differences, ascending. The equal lines at both ends are left out of the search, whose time is quadratic. */
function compareLines(leftLines: readonly string[], rightLines: readonly string[]): readonly Difference[] {
  const [left, right] = [leftLines.map(keyOfLine), rightLines.map(keyOfLine)];
  const shorter = Math.min(left.length, right.length);
  let head = 0;
  while (head < shorter && left[head] === right[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && left.at(-1 - tail) === right.at(-1 - tail)) tail += 1;
  const [middle, rightMiddle] = [left.slice(head, left.length - tail), right.slice(head, right.length - tail)];
  if (middle.length * rightMiddle.length > maxLineComparisons) {
    return [{ from: head, to: left.length - tail, rightFrom: head, rightTo: right.length - tail }];
  }
  return diffIndices(middle, rightMiddle).map(({ buffer1: [at, length], buffer2: [rightAt, rightLength] }) => ({
    from: head + at,
    to: head + at + length,
    rightFrom: head + rightAt,
    rightTo: head + rightAt + rightLength,
  }));
}

/** One side beside the base: the lines that it has before each line of the base, and its version of those it kept. */
interface Side {
  readonly added: ReadonlyMap<number, readonly string[]>;
  readonly kept: readonly (string | undefined)[];
}

function compareToBase(base: readonly string[], side: readonly string[]): Side {
  const added = new Map<number, readonly string[]>();
  let kept: (string | undefined)[] = [];
  let next = 0;
  for (const { from, to, rightFrom, rightTo } of compareLines(base, side)) {
    added.set(from, side.slice(rightFrom, rightTo));
    kept = kept.concat(side.slice(next, rightFrom), Array<undefined>(to - from).fill(undefined));
    next = rightTo;
  }
  return { added, kept: kept.concat(side.slice(next)) };
}

/** Both sides' additions at one place: ours, then theirs; a line that both have stands once. */
function uniteAdditions(ours: readonly string[], theirs: readonly string[]): string[] {
  let united: string[] = [];
  let next = 0;
  for (const { to, rightFrom, rightTo } of compareLines(ours, theirs)) {
    united = united.concat(ours.slice(next, to), theirs.slice(rightFrom, rightTo));
    next = to;
  }
  return united.concat(ours.slice(next));
}

function joinLines(lines: readonly string[]): string {
  return lines.map((line, i) => (i === lines.length - 1 || line.endsWith('\n') ? line : `${line}\n`)).join('');
}

function countLines(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(keyOfLine(line), (counts.get(keyOfLine(line)) ?? 0) + 1);
  return counts;
}

/** How many lines a text gained and lost beside another, wherever they stand. */
export function countChanges(before: string, after: string): { readonly gained: number; readonly lost: number } {
  const [old, fresh] = [countLines(splitLines(before)), countLines(splitLines(after))];
  let [gained, lost] = [0, 0];
  for (const [line, count] of fresh) gained += Math.max(0, count - (old.get(line) ?? 0));
  for (const [line, count] of old) lost += Math.max(0, count - (fresh.get(line) ?? 0));
  return { gained, lost };
}

/** Whether ours has every change that theirs made to the base already. */
function isMerged(base: readonly string[], ours: readonly string[], theirs: readonly string[]): boolean {
  const [before, mine, other] = [countLines(base), countLines(ours), countLines(theirs)];
  for (const line of new Set([...before.keys(), ...other.keys()])) {
    const [b, m, o] = [before.get(line) ?? 0, mine.get(line) ?? 0, other.get(line) ?? 0];
    if ((o > b && m < o) || (o < b && m > o)) return false;
  }
  return true;
}

/** See the file's head. Merging the same additions and removals again changes nothing; a line that a side moved counts as removed and added. */
export function mergeLines(base: string, ours: string, theirs: string): string {
  if (ours === theirs || theirs === base) return ours;
  if (ours === base) return theirs;
  const [baseLines, ourLines, theirLines] = [splitLines(base), splitLines(ours), splitLines(theirs)];
  if (isMerged(baseLines, ourLines, theirLines)) return ours;
  const [mine, other] = [compareToBase(baseLines, ourLines), compareToBase(baseLines, theirLines)];
  const merged: string[] = [];
  let [fromUs, fromThem]: [string[], string[]] = [[], []];
  for (let i = 0; i <= baseLines.length; i += 1) {
    for (const line of mine.added.get(i) ?? []) fromUs.push(line);
    for (const line of other.added.get(i) ?? []) fromThem.push(line);
    const [kept, keptByOther] = [mine.kept[i], other.kept[i]];
    const isKept = kept !== undefined && keptByOther !== undefined;
    if (!isKept && i < baseLines.length) continue;
    for (const line of uniteAdditions(fromUs, fromThem)) merged.push(line);
    [fromUs, fromThem] = [[], []];
    if (isKept) merged.push(keptByOther === baseLines[i] ? kept : keptByOther);
  }
  return joinLines(merged);
}
