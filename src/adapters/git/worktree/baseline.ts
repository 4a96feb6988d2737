/**
 * What of a worktree differs from its commit before any agent comes: checkout, filters, line ends and `setup` leave
 * changes, too. They are remembered in the worktree's record before the mark `ready`, each with a print of its content,
 * and as long as they stay as they are they are no agent's and no loss.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { replaceFile } from '../../machine/durable.ts';
import type { Git } from '../git.ts';
import { readStatus } from './worktree-status.ts';

/** A larger file is known by its size and time, since it would take long to read. */
const maxHashedBytes = 16 * 1024 * 1024;
const executable = 0o111;

/** The differing paths, each with the print of its content. */
export type Baseline = ReadonlyMap<string, string>;

const fileOf = (record: string): string => join(record, 'branchboard-baseline');

/**
 * Remembers what differs now, and returns it. What was remembered first stays: a worktree is set up again after a kill.
 * One git process. Throws PortError if git fails.
 */
export async function noteBaseline(git: Git, path: string, record: string): Promise<Baseline> {
  const known = await readBaseline(record);
  if (known.size > 0) return known;
  const { dirty } = await readStatus(git, path, true);
  const baseline: Baseline = new Map(
    await Promise.all(dirty.map(async (name) => [name, await printOf(join(path, name))] as const)),
  );
  if (baseline.size > 0) await replaceFile(fileOf(record), JSON.stringify(Object.fromEntries(baseline)));
  return baseline;
}

/** What was remembered; nothing for a worktree that was made before anything was. */
export async function readBaseline(record: string): Promise<Baseline> {
  const text = await readFile(fileOf(record), 'utf8').catch(() => '{}');
  try {
    const value: unknown = JSON.parse(text);
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return new Map();
  }
}

/**
 * The paths that differ from the commit, parted by whether they are as they were before any agent came, and the rest of
 * the status. One git process. Throws PortError if git fails.
 */
export async function readOwnStatus(git: Git, path: string, record: string) {
  const baseline = await readBaseline(record);
  const status = await readStatus(git, path, baseline.size > 0);
  const asGiven: string[] = [];
  const own: string[] = [];
  for (const name of status.dirty) {
    const isAsGiven = baseline.has(name) && baseline.get(name) === (await printOf(join(path, name)));
    (isAsGiven ? asGiven : own).push(name);
  }
  return { ...status, dirty: own, asGiven };
}

async function printOf(path: string): Promise<string> {
  const stats = await lstat(path).catch(() => null);
  if (stats === null) return 'absent';
  if (stats.isSymbolicLink()) return `link ${await readlink(path).catch(() => '')}`;
  // A repository: git looks no further either.
  if (!stats.isFile()) return 'no file';
  const mode = (stats.mode & executable) === 0 ? 'file' : 'program';
  if (stats.size > maxHashedBytes) return `${mode} of ${String(stats.size)} bytes at ${String(stats.mtimeMs)}`;
  const hash = createHash('sha256');
  return pipeline(createReadStream(path), hash).then(
    () => `${mode} ${hash.digest('hex')}`,
    () => `${mode} that can't be read`,
  );
}
