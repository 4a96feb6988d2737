/**
 * Takes a worktree away, so that a kill in the middle never leaves half of it under its name:
 *
 *   its folder is renamed ──► git's record of it is dropped ──► the files are deleted
 *
 * What a kill left undone of that, the next removal or preparation finishes.
 */
import { createHash } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { quote } from 'shell-quote';
import { exists } from '../../machine/file-presence.ts';
import { syncFolder } from '../../machine/durable.ts';
import type { Git } from '../git.ts';
import { findClaim, isLockedByUs } from '../record.ts';
import type { Repository } from '../repository.ts';

/** Its repository, a number, and its name before. Names of earlier versions have no repository. */
const removedName = /^\.branchboard-removed-(?:([0-9a-f]{16})-)?\d+-(.+)$/;

/**
 * Removes a worktree that {@link listLosses} found to hold nothing, whatever is locked or ignored in it. Throws
 * PortError or the system's error where it can't be; then it is where it was.
 */
export async function removeWorktree(git: Git, repository: Repository, path: string): Promise<void> {
  const parent = dirname(path);
  // A name that no other removal has or had, since files are deleted outside of the lock.
  const number = String(process.hrtime.bigint());
  const removed = join(parent, `.branchboard-removed-${keyOfRepository(repository)}-${number}-${basename(path)}`);
  await git.serialise(async () => {
    await rename(path, removed);
    try {
      await syncFolder(parent);
      await dropRecord(git, path);
    } catch (error) {
      await rename(removed, path);
      throw error;
    }
  });
  await finishRemovals(git, repository, parent);
  if (await exists(removed)) {
    git.notice(
      `The worktree ${path} is removed, but some of its files could not be deleted. They are in ${removed}: ${quote(['chmod', '-R', 'u+w', removed])} && ${quote(['rm', '-rf', removed])}`,
    );
  }
}

/** Deletes what removals below a folder left, and the records whose folders they renamed. No git process as a rule. */
export async function finishRemovals(git: Git, repository: Repository, parent: string): Promise<void> {
  const dropped: string[] = [];
  await git.serialise(async () => {
    for (const name of await readdir(parent).catch(() => [])) {
      const [, owner, original] = removedName.exec(name) ?? [];
      // A folder may be shared with a board of another repository, which may put its own back.
      if (original === undefined || (owner ?? keyOfRepository(repository)) !== keyOfRepository(repository)) continue;
      const path = join(parent, original);
      if (!(await exists(path)) && (await findClaim(repository, path)) !== null) await dropRecord(git, path);
      dropped.push(name);
    }
  });
  // The removal itself reports files that can't be deleted, and the next one tries again.
  for (const name of dropped) await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
}

/** A short name for a repository. */
function keyOfRepository({ commonDir }: Repository): string {
  return createHash('sha256').update(commonDir).digest('hex').slice(0, 16);
}

/** Drops git's record of a worktree whose folder is gone, locked or not. Throws PortError if git fails. */
export async function dropRecord(git: Git, path: string): Promise<void> {
  await git.run(['worktree', 'remove', '--force', '--force', path]);
}

/**
 * Renames a worktree to `PATH.aside-N`, with its record, and lets it go of its branch and of the board's lock. Returns
 * its new path. Throws PortError or the system's error where it can't be.
 */
export async function moveAside(git: Git, path: string, record: string, head: string | null): Promise<string> {
  const aside = await findAside(path);
  await git.serialise(async () => {
    await rename(path, aside);
    await git.run(['worktree', 'repair', aside]);
    if (head !== null) await git.run(['update-ref', '--no-deref', 'HEAD', head], { cwd: aside });
    if (await isLockedByUs(record)) await git.run(['worktree', 'unlock', aside]);
  });
  return aside;
}

/** A free name for what stands in the way of a worktree. */
export async function findAside(path: string): Promise<string> {
  return findFreePath((number) => `${path}.aside-${number}`);
}

async function findFreePath(name: (number: string) => string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const path = name(String(number));
    if (!(await exists(path))) return path;
  }
}
