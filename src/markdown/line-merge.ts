/**
 * Merges two texts that were made from one, line by line. A line that one side removed is gone; what a side added
 * stays, ours above theirs, and what both added stays once. There are no conflicts and no markers: where both changed a
 * line, both versions stay.
 */

/** Beyond this many comparisons two stretches of lines count as wholly different: more stays, nothing is lost. */
const maxLineComparisons = 4_000_000;

/** Cuts a text into lines that keep their ends. */
function splitLines(text: string): string[] {
  return text === '' ? [] : (text.match(/[^\n]*\n|[^\n]+$/g) ?? []);
}

/** What is compared: a line without its end, so that a change of line ends alone is no change of lines. */
function keyOfLine(line: string): string {
  return line.replace(/\r?\n$|\r$/, '');
}

/** Where two lists of lines agree: pairs of places, ascending (a longest common subsequence). */
function matchLines(left: readonly string[], right: readonly string[]): [number, number][] {
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) head += 1;
  let tail = 0;
  while (
    tail < Math.min(left.length, right.length) - head &&
    left[left.length - 1 - tail] === right[right.length - 1 - tail]
  ) {
    tail += 1;
  }
  const pairs: [number, number][] = [];
  for (let i = 0; i < head; i += 1) pairs.push([i, i]);
  const middle = matchMiddle(left.slice(head, left.length - tail), right.slice(head, right.length - tail));
  for (const [i, j] of middle) pairs.push([i + head, j + head]);
  for (let i = tail; i > 0; i -= 1) pairs.push([left.length - i, right.length - i]);
  return pairs;
}

function matchMiddle(left: readonly string[], right: readonly string[]): [number, number][] {
  const width = right.length + 1;
  if (left.length * right.length === 0 || left.length * right.length > maxLineComparisons) return [];
  const lengths = new Uint32Array((left.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = left[i] === right[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: [number, number][] = [];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    if (left[i] === right[j]) {
      pairs.push([i, j]);
      [i, j] = [i + 1, j + 1];
    } else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return pairs;
}

/** One side beside the base: the lines it has before each line of the base, and its version of those it kept. */
interface Side {
  readonly added: readonly (readonly string[])[];
  readonly kept: readonly (string | undefined)[];
}

function compareToBase(base: readonly string[], side: readonly string[]): Side {
  const kept: (string | undefined)[] = base.map(() => undefined);
  const added: string[][] = [];
  let from = 0;
  let gap = 0;
  const closeGapsUpTo = (index: number, to: number) => {
    added[gap] = side.slice(from, to);
    for (gap += 1; gap <= index; gap += 1) added[gap] = [];
  };
  for (const [i, j] of matchLines(base.map(keyOfLine), side.map(keyOfLine))) {
    closeGapsUpTo(i, j);
    kept[i] = side[j];
    from = j + 1;
    gap = i + 1;
  }
  closeGapsUpTo(base.length, side.length);
  return { added, kept };
}

/** Both sides' additions at one place: ours, then theirs; what both have stands once. */
function uniteAdditions(ours: readonly string[], theirs: readonly string[]): string[] {
  const united: string[] = [];
  let [i, j] = [0, 0];
  for (const [nextOurs, nextTheirs] of matchLines(ours.map(keyOfLine), theirs.map(keyOfLine))) {
    united.push(...ours.slice(i, nextOurs), ...theirs.slice(j, nextTheirs), ...ours.slice(nextOurs, nextOurs + 1));
    [i, j] = [nextOurs + 1, nextTheirs + 1];
  }
  return [...united, ...ours.slice(i), ...theirs.slice(j)];
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
    fromUs.push(...(mine.added[i] ?? []));
    fromThem.push(...(other.added[i] ?? []));
    const [line, kept, keptByOther] = [baseLines[i], mine.kept[i], other.kept[i]];
    const isKept = kept !== undefined && keptByOther !== undefined;
    if (!isKept && i < baseLines.length) continue;
    merged.push(...uniteAdditions(fromUs, fromThem));
    [fromUs, fromThem] = [[], []];
    if (isKept) merged.push(keptByOther === line ? kept : keptByOther);
  }
  return joinLines(merged);
}
