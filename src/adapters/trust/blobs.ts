/** Reads files as they are in git's store: many with one process each for their sizes and for their texts. */
import { randomUUID } from 'node:crypto';
import type { Git } from '../git/git.ts';

/** A larger file is not read: the board reads settings, and the files of a conflict that an agent resolved. */
export const maxBlobBytes = 256 * 1024;

/** Texts of blobs by id; one that is missing or too large is left out. Throws PortError if git fails. */
export async function readBlobs(git: Git, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const sizes = await git.run(['cat-file', '--batch-check'], { input: asLines(ids) });
  const small = sizes
    .split('\n')
    .map((line) => /^([0-9a-f]+) blob (\d+)$/.exec(line))
    .filter((found) => found !== null && Number(found[2]) <= maxBlobBytes)
    .flatMap((found) => found?.[1] ?? []);
  if (small.length === 0) return new Map();
  // A text may look like anything, but for a line that nobody knew when it was written.
  const mark = randomUUID();
  const output = await git.run(['cat-file', `--batch=${mark} %(objectname)`], { input: asLines(small) });
  const parts = output.split(new RegExp(`^${mark} ([0-9a-f]+)\\n`, 'm')).slice(1);
  // Git ends each text with a line break of its own.
  return new Map(small.map((_, index) => [parts[2 * index] ?? '', (parts[2 * index + 1] ?? '').replace(/\n$/, '')]));
}

function asLines(ids: readonly string[]): string {
  return ids.map((id) => `${id}\n`).join('');
}
