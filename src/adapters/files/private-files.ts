/**
 * Keeps a board closed to other users: prompts, agents' output, settings with secrets. All that the board makes is
 * private, whatever the umask. This file mends folders and files that git, an earlier version or the user made with
 * other modes.
 */
import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from './layout.ts';

/** The owner's rights stay, such as git's executable bit; everybody else gets none. */
const ownersBits = 0o700;

/**
 * Takes away what others may do in the board's folder, and gives how many files and folders that were. Where the folder
 * was private already nobody else could reach what is below it, so that only its own entries are looked at. Worktrees
 * are left as they are: their files' modes are the repository's. Throws the system's errors.
 */
export function makePrivate(layout: Layout): number {
  const wasOpen = tighten(layout.root);
  return Number(wasOpen) + tightenWithin(layout.root, (folder) => !wasOpen || folder === layout.worktrees);
}

/** Mends the entries of a folder, and those of the folders in it that are not spared; gives how many. */
function tightenWithin(folder: string, isSpared: (folder: string) => boolean): number {
  let count = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory() && !entry.isFile()) continue;
    count += Number(tighten(path));
    if (entry.isDirectory() && !isSpared(path)) count += tightenWithin(path, isSpared);
  }
  return count;
}

/** Whether it had to be mended. A file with a second name is somewhere else as well, where its mode may be meant. */
function tighten(path: string): boolean {
  const stats = lstatSync(path);
  const isOurs = stats.isDirectory() || (stats.isFile() && stats.nlink === 1);
  if (!isOurs || (stats.mode & 0o777 & ~ownersBits) === 0) return false;
  chmodSync(path, stats.mode & ownersBits);
  return true;
}
