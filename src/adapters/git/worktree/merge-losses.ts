/**
 * Compares the resolution of a conflict with its two sides, line by line. A line that a side added must be in the result: in
 * the same file, or in another one to which it was moved. Lines without a letter or a digit, and spaces, don't count.
 */
import { foldLine, type Loss } from '../../../domain/base-conflict.ts';

/** A file at one commit: its object, and its lines where it is a text of a size that is read. */
export interface FileState {
  readonly object: string;
  readonly lines: readonly string[] | null;
}

/** A file through a merge; null where it is not there. */
export interface MergedFile {
  readonly path: string;
  /** Where the two sides parted. */
  readonly base: FileState | null;
  readonly sides: readonly [ours: FileState | null, theirs: FileState | null];
  /** With the marks of the conflict, if it had one. */
  readonly marked: FileState | null;
  readonly result: FileState | null;
}

/** Of a file that lacks more lines than this, the file as a whole is named. */
const maxLinesNamed = 40;

const isMark = (line: string): boolean => /^([<=>|])\1{6,}(?: |$)/.test(line);

/** The files among these in which a mark is left: a line of that form that the merge brought and neither side has. */
export function findMarked(files: readonly MergedFile[]): readonly string[] {
  const marksOf = ({ marked, sides }: MergedFile): readonly string[] => {
    const own = new Set(sides.flatMap((side) => side?.lines ?? []));
    return (marked?.lines ?? []).filter((line) => isMark(line) && !own.has(line));
  };
  // Those that name a commit are marks wherever they stand, so that a file which was renamed hides none.
  const named = new Set(files.flatMap(marksOf).filter((line) => line.includes(' ')));
  return files
    .filter((file) => {
      const own = new Set(marksOf(file));
      return (file.result?.lines ?? []).some((line) => own.has(line) || named.has(line));
    })
    .map(({ path }) => path);
}

/** The lines of the sides that the result lacks, by the names of the sides. */
export function findLosses(files: readonly MergedFile[], names: readonly [string, string]): readonly Loss[] {
  const moved = new Set(files.flatMap(({ result, marked }) => listAdded(marked, result)));
  return files.flatMap((file) =>
    file.sides.flatMap((side, index) => compare(file, side, { name: names[index] ?? '', moved })),
  );
}

function compare(
  { path, base, result }: MergedFile,
  side: FileState | null,
  { name, moved }: { readonly name: string; readonly moved: ReadonlySet<string> },
): readonly Loss[] {
  if (side === null || side.object === base?.object || side.object === result?.object) return [];
  const whole = { side: name, path, line: null };
  // What is no text can't be told line by line.
  if (side.lines === null || base?.lines === null || result?.lines === null) return [whole];
  const kept = new Set(listWords(result));
  const lost = listAdded(base, side).filter((line) => !kept.has(line) && !moved.has(line));
  if (lost.length === 0) return [];
  return result === null || lost.length > maxLinesNamed ? [whole] : lost.map((line) => ({ side: name, path, line }));
}

function listAdded(before: FileState | null, after: FileState | null): readonly string[] {
  const known = new Set(listWords(before));
  return [...new Set(listWords(after))].filter((line) => !known.has(line));
}

function listWords(file: FileState | null): readonly string[] {
  return (file?.lines ?? []).map(foldLine).filter((line) => /[\p{L}\p{N}]/u.test(line));
}
