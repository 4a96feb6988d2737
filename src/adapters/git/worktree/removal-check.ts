/**
 * Finds what would be lost with a worktree, before every removal. Where there is anything, the worktree stays, or is
 * put aside. Commits are no loss: refs name them before.
 *
 *   its lock                     without the board's own, somebody else may be at work there
 *   its files                    that differ from the commit, as git sees them, and did not do so before any agent came
 *   repositories in its folder   also in ignored folders, where `git status` does not look
 *   its record                   a rebase in the middle, refs of its own, submodules
 *
 * Ignored files are what `copy`, `setup` and builds leave, and no loss; but nobody has made any for the board in a
 * worktree that was never wholly checked out. Files that somebody told git not to look at (`skip-worktree`) count as
 * ignored.
 */
import { randomUUID } from 'node:crypto';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../../machine/file-presence.ts';
import type { Git } from '../git.ts';
import { inWorktree, isCheckedOut, isLockedByUs } from '../record.ts';
import { readOwnStatus } from './baseline.ts';
import { notInside } from './worktree-status.ts';

/** Of what would be lost, so much is named in a message. */
const maxLossesNamed = 3;

/** Files that git keeps in a worktree's record and nowhere else; all but `MERGE_AUTOSTASH` are folders. */
const recordParts = ['rebase-merge', 'rebase-apply', 'MERGE_AUTOSTASH', 'modules', 'refs'] as const;

/** Names what would be lost, in words; nothing where the worktree can go. One git process. Throws PortError if git fails. */
export async function listLosses(git: Git, path: string, record: string): Promise<readonly string[]> {
  if ((await lstat(path)).isSymbolicLink()) return ['a link in the place of the folder'];
  return [
    ...((await isLockedByUs(record)) ? [] : ["somebody else's hold on it: it is not locked by the board"]),
    ...(await listRepositories(path)),
    ...(await listRecorded(record)),
    ...((await isCheckedOut(record)) ? await listChanged(git, path, record) : await listAdded(git, path, record)),
  ];
}

/** A list of losses for a message, shortened. */
export function nameLosses(losses: readonly string[]): string {
  const more = losses.length - maxLossesNamed;
  return `${losses.slice(0, maxLossesNamed).join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
}

const statusArgs = ['status', '--porcelain', '-z', '--no-renames', notInside, '--untracked-files=normal'] as const;

async function listChanged(git: Git, path: string, record: string): Promise<readonly string[]> {
  const { dirty } = await readOwnStatus(git, path, record);
  return dirty.map((name) => `${name} (not committed)`);
}

/** Half of its files are missing, and so may be its index: what is there is compared with the commit itself. */
async function listAdded(git: Git, path: string, record: string): Promise<readonly string[]> {
  const index = join(record, `.branchboard-index-${randomUUID()}`);
  const where = inWorktree(path);
  const options = { ...where, env: { ...where.env, GIT_INDEX_FILE: index } };
  try {
    const read = await git.attempt(['read-tree', 'HEAD'], options);
    // Without a commit to compare with, all of it counts.
    if (read.exitCode !== 0) return (await readdir(path)).filter((name) => name !== '.git');
    const lines = (await git.run([...statusArgs, '--ignored'], options)).split('\0');
    const added = lines.filter((line) => line !== '' && !line.startsWith(' D '));
    return added.map((line) => `${pathOf(line)} (not of its commit)`);
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}

/** Two letters and a space stand before the path. */
function pathOf(line: string): string {
  return line.slice(3);
}

/** Names are taken as bytes: not all are UTF-8. */
async function listRepositories(path: string): Promise<readonly string[]> {
  const root = Buffer.from(path).toString('latin1');
  const found: string[] = [];
  const folders = [''];
  for (const folder of folders) {
    const place = Buffer.from(join(root, folder), 'latin1');
    const name = Buffer.from(folder, 'latin1').toString();
    const entries = await readdir(place, { withFileTypes: true, encoding: 'latin1' }).catch(() => null);
    if (entries === null) found.push(`${name}/ (can't be read)`);
    for (const entry of entries ?? []) {
      if (entry.name !== '.git' && entry.isDirectory()) folders.push(join(folder, entry.name));
      if (entry.name === '.git' && folder !== '') found.push(`${name}/ (a repository of its own)`);
    }
  }
  return found;
}

async function listRecorded(record: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const part of recordParts) {
    const place = join(record, part);
    const within = await readdir(place, { withFileTypes: true, recursive: true }).catch(() => null);
    const isThere = within === null ? await exists(place) : within.some((entry) => !entry.isDirectory());
    if (isThere) found.push(`what git keeps of it in ${place}`);
  }
  return found;
}
