/**
 * Repairs what a kill or a power cut left in the repository and what stops git there, by git's own message. It writes
 * only what git itself would have written, and deletes nothing but locks of refs that only the board writes.
 */
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

/** The record of a linked worktree lies two folders below the folder that all worktrees share. */
const commonDirText = '../..\n';

/** Mends what a failed command complained of and says so, or says '' where it was mended meanwhile; null where it can't. */
export async function mendRepository(stderr: string, cwd: string): Promise<string | null> {
  return (await mendCommonDir(stderr, cwd)) ?? (await removeOwnLock(stderr, cwd));
}

/** One worktree whose record lost its contents stops git in the whole repository. */
async function mendCommonDir(stderr: string, cwd: string): Promise<string | null> {
  const named = /failed to read (.+\/worktrees\/[^/]+\/commondir)/.exec(stderr)?.[1];
  if (named === undefined) return null;
  const file = resolve(cwd, named);
  try {
    // `git worktree add` of somebody else may be just about to write it: the same text, or a moment ago.
    if ((await readFile(file, 'utf8')) !== '') return '';
    await writeFile(file, commonDirText);
    return `Git's record of a worktree was broken (${file} was empty) and stopped git in this repository; it is mended.`;
  } catch {
    return null;
  }
}

/** Nobody but the board writes below `refs/branchboard/`, and git has waited for the lock: whoever made it was killed. */
async function removeOwnLock(stderr: string, cwd: string): Promise<string | null> {
  const named = /Unable to create '(.+\/refs\/branchboard\/.+\.lock)': File exists/.exec(stderr)?.[1];
  if (named === undefined) return null;
  const file = resolve(cwd, named);
  const found = await stat(file).catch(() => null);
  if (found === null) return '';
  await rm(file, { force: true });
  return `A git process of the board was killed and left ${file}; it is removed.`;
}
