/**
 * Reads a diff for people to comment on: bounded, with the numbers of its lines. Paths come from git's list of them and not
 * from the diff's text, where a file's name or a line could look like something else.
 */
import { limits } from '../../domain/limits.ts';
import type { DiffLine, FileDiff, ShownDiff } from '../../domain/work-page.ts';
import type { Git } from './git.ts';

const how = ['-r', '-M', '--no-ext-diff', '--no-textconv', '--no-color', '-z'];

/** A changed file, and how much of it. */
interface Changed {
  /** Its name before, where that was another. */
  readonly was: string | null;
  readonly path: string;
  /** Lines added and removed; null for what is no text. */
  readonly added: number | null;
  readonly removed: number | null;
}

/** The diff from a commit or tree to another. Throws PortError if git fails. */
export async function readDiff(git: Git, from: string, to: string): Promise<ShownDiff> {
  const all = parseCounts(await git.run(['diff-tree', ...how, '--numstat', from, to, '--']));
  const shown = all.slice(0, limits.maxReviewFiles);
  let room: number = limits.maxReviewLines;
  const whole = shown.filter(({ added, removed }) => {
    const size = (added ?? 0) + (removed ?? 0);
    const fits = added !== null && size <= Math.min(room, limits.maxReviewFileLines);
    if (fits) room -= size;
    return fits;
  });
  const patches = await readPatches(git, from, to, whole);
  const files = shown.map((file): FileDiff => {
    const lines = patches.get(file.path) ?? [];
    return { path: file.path, about: describe(file, lines.length > 0), lines };
  });
  return { files, omitted: all.length - shown.length };
}

function describe({ was, added, removed }: Changed, isShown: boolean): string {
  const name = was === null ? '' : `, was ${JSON.stringify(was)}`;
  if (added === null || removed === null) return `(no text)${name}`;
  const size = `+${String(added)} −${String(removed)}${name}`;
  return isShown || added + removed === 0 ? size : `${size}, too long to be shown here`;
}

function parseCounts(output: string): readonly Changed[] {
  const fields = output.split('\0');
  const files: Changed[] = [];
  for (let at = 0; at < fields.length; at += 1) {
    const [, added, removed, name = ''] = /^(\d+|-)\t(\d+|-)\t([^]*)$/.exec(fields[at] ?? '') ?? [];
    if (added === undefined || removed === undefined) continue;
    const counts = { added: added === '-' ? null : Number(added), removed: removed === '-' ? null : Number(removed) };
    // Of a renamed file both names follow.
    if (name !== '') files.push({ was: null, path: name, ...counts });
    else files.push({ was: fields[(at += 1)] ?? '', path: fields[(at += 1)] ?? '', ...counts });
  }
  return files;
}

async function readPatches(
  git: Git,
  from: string,
  to: string,
  files: readonly Changed[],
): Promise<ReadonlyMap<string, readonly DiffLine[]>> {
  if (files.length === 0) return new Map();
  const names = files.flatMap(({ was, path }) => [...(was === null ? [] : [was]), path]);
  const paths = names.map((name) => `:(top,literal)${name}`);
  const output = await git.run(['diff-tree', ...how, '--raw', '--patch', from, to, '--', ...paths]);
  // The records of all files come first, each ended by NUL like the list itself; then their diffs, in the same order.
  const listed: string[] = [];
  let rest = output;
  for (;;) {
    const record = /^:[^\0]* ([A-Z])\d*\0([^\0]*)\0/.exec(rest);
    if (record === null) break;
    rest = rest.slice(record[0].length);
    let path = record[2] ?? '';
    if (record[1] === 'R' || record[1] === 'C') {
      path = rest.slice(0, rest.indexOf('\0'));
      rest = rest.slice(path.length + 1);
    }
    listed.push(path);
  }
  const patches = `\n${rest.replace(/^\0/, '')}`.split('\ndiff --git ').slice(1);
  return new Map(listed.map((path, index) => [path, parsePatch(patches[index] ?? '')]));
}

/** The hunks of one file's diff, with their heads. */
function parsePatch(patch: string): readonly DiffLine[] {
  const lines: DiffLine[] = [];
  let [oldLine, newLine, oldLeft, newLeft] = [0, 0, 0, 0];
  for (const text of patch.split('\n')) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(text);
    if (oldLeft <= 0 && newLeft <= 0) {
      if (hunk !== null) {
        [oldLine, oldLeft] = [Number(hunk[1]), Number(hunk[2] ?? 1)];
        [newLine, newLeft] = [Number(hunk[3]), Number(hunk[4] ?? 1)];
        lines.push({ text, old: null, new: null });
      } else if (text.startsWith('\\') && lines.length > 0) lines.push({ text, old: null, new: null });
      continue;
    }
    const isOld = !text.startsWith('+') && !text.startsWith('\\');
    const isNew = !text.startsWith('-') && !text.startsWith('\\');
    lines.push({ text, old: isOld ? oldLine : null, new: isNew ? newLine : null });
    if (isOld) [oldLine, oldLeft] = [oldLine + 1, oldLeft - 1];
    if (isNew) [newLine, newLeft] = [newLine + 1, newLeft - 1];
  }
  return lines;
}
