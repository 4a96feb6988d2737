/**
 * Git's record of a worktree, the folder `.git/worktrees/NAME`, and the board's own marks in it.
 *
 * Worktrees may lie inside a checkout of the user's. Where one has lost its `.git` file, git would find that repository
 * above it and change it; so nothing runs in a worktree whose record was not checked here first.
 */
import { mkdir, open, readdir, readFile, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { readRegular } from '../machine/regular-file.ts';
import { exists } from '../machine/file-presence.ts';
import type { TaskId } from '../../domain/task.ts';
import type { GitOptions } from './git.ts';
import { branchRef } from './refs.ts';
import type { Repository } from './repository.ts';

/**
 * The board's marks in a record: `checked-out` once all files are there, `ready` in its place once they are set up and
 * an agent may come, `released` besides once it let go of its branch.
 */
export type Mark = 'checked-out' | 'ready' | 'released';

/** Why the board's worktrees are locked: shown by `git worktree list --verbose`, and how the board knows its own. */
export const lockReason = 'in use by branchboard';

/** Where and how git runs in a worktree: never in a repository further up, or on the files of another folder (`core.worktree`). */
export function inWorktree(path: string): GitOptions {
  return { cwd: path, env: { GIT_CEILING_DIRECTORIES: dirname(path), GIT_WORK_TREE: path } };
}

/** The same for a folder whose `.git` is not to be asked: what git needs to know is in `gitDir`. */
export function inFolder(gitDir: string, path: string): GitOptions {
  return { cwd: path, env: { GIT_DIR: gitDir, GIT_WORK_TREE: path } };
}

/** The record of the worktree in a folder, or null if there is none that belongs to this repository and folder. */
export async function findRecord(repository: Repository, path: string): Promise<string | null> {
  const record = await readLink(path);
  try {
    if (record === null || dirname(record) !== (await realpath(join(repository.commonDir, 'worktrees')))) return null;
    const back = await readBack(record);
    return (await realpath(back)) === (await realpath(join(path, '.git'))) ? record : null;
  } catch {
    return null;
  }
}

/**
 * The record that claims a folder, whether or not the folder is there and leads to it; also one that has forgotten its
 * folder where that leads to it. Null if there is none.
 */
export async function findClaim(repository: Repository, path: string): Promise<string | null> {
  const parent = join(repository.commonDir, 'worktrees');
  const names = await readdir(parent).catch(() => []);
  const wanted = join(await realpath(dirname(path)).catch(() => dirname(path)), basename(path));
  const link = await readLink(path);
  for (const name of names) {
    const record = join(parent, name);
    const folder = dirname(await readBack(record));
    if (folder === path || folder === wanted) return record;
    if (folder === parent && link !== null && link === (await realpath(record))) return record;
  }
  return null;
}

/** The record of the worktree of another repository that is in a folder; null where there is none. */
export async function findOthersRecord(repository: Repository, path: string): Promise<string | null> {
  const record = await readLink(path);
  const own = await realpath(join(repository.commonDir, 'worktrees')).catch(() => null);
  if (record === null || dirname(record) === own) return null;
  const back = await realpath(await readBack(record)).catch(() => null);
  return back !== null && back === (await realpath(join(path, '.git')).catch(() => null)) ? record : null;
}

/** The record that a folder's `.git` file leads to. */
async function readLink(path: string): Promise<string | null> {
  const text = await readRegular(join(path, '.git')).catch(() => '');
  const link = /^gitdir: (.+?)\n*$/s.exec(text)?.[1];
  return link === undefined ? null : realpath(resolve(path, link)).catch(() => null);
}

/** The `.git` file that a record leads back to; the record itself where that is not known. */
async function readBack(record: string): Promise<string> {
  const back = await readFile(join(record, 'gitdir'), 'utf8').catch(() => '');
  return back.includes('/') ? resolve(record, back.replace(/\n+$/, '')) : record;
}

/** Whether git can work with a record: it may have been cut off while it was made. */
export async function isWhole(record: string): Promise<boolean> {
  const [head, commonDir, back] = await Promise.all(
    ['HEAD', 'commondir', 'gitdir'].map((name) => readFile(join(record, name), 'utf8').catch(() => '')),
  );
  return isRefText(head ?? '') && commonDir !== '' && back !== '';
}

/** Whether a file could be what git keeps of a ref: an object's id, or the name of another ref. */
export function isRefText(text: string): boolean {
  return /^(?:(?!0+\s)(?:[0-9a-f]{40}|[0-9a-f]{64})\s|ref: refs\/\S)/.test(text);
}

/** Moves something broken out of git's way, into `.git/branchboard-broken`, under a name that is free. */
export async function setAside(repository: Repository, path: string, name: string): Promise<void> {
  const shelf = join(repository.commonDir, 'branchboard-broken');
  await mkdir(shelf, { recursive: true });
  await rename(path, join(shelf, `${name.replaceAll('/', '-')}-${String(process.hrtime.bigint())}`));
}

/** Whether the worktree's HEAD is on that branch. False also where only git could say. */
export async function isOnBranch(record: string, branch: string): Promise<boolean> {
  return (await readFile(join(record, 'HEAD'), 'utf8').catch(() => '')) === `ref: ${branchRef(branch)}\n`;
}

/** Whether the worktree is locked by the board and by nobody else. */
export async function isLockedByUs(record: string): Promise<boolean> {
  return (await readLock(record)) === lockReason;
}

/** Why the worktree is locked, in the words of who did it; null where it is not. */
export async function readLock(record: string): Promise<string | null> {
  return readFile(join(record, 'locked'), 'utf8').then(
    (text) => text.trim(),
    () => null,
  );
}

/** The file of a mark. */
export const markOf = (record: string, mark: Mark): string => join(record, `branchboard-${mark}`);

/** Whether the mark is there. */
export async function hasMark(record: string, mark: Mark): Promise<boolean> {
  return exists(markOf(record, mark));
}

/** Whether the marks say that a run of that task made the worktree, or let go of its branch. */
export async function isOfTask(record: string, task: TaskId): Promise<boolean> {
  const marks: readonly Mark[] = ['checked-out', 'ready', 'released'];
  const texts = await Promise.all(marks.map((mark) => readFile(markOf(record, mark), 'utf8').catch(() => '')));
  const found = texts.filter((text) => text !== '');
  return found.length > 0 && found.every((text) => text.startsWith(`${task}/`));
}

/** Whether all its files were there once, so that those that are missing were removed. */
export async function isCheckedOut(record: string): Promise<boolean> {
  return (await hasMark(record, 'checked-out')) || (await hasMark(record, 'ready'));
}

/** Leaves a mark that survives a power cut. Throws the system's error if it can't. */
export async function leaveMark(record: string, mark: Mark, text: string): Promise<void> {
  const target = markOf(record, mark);
  const temporary = `${target}.new`;
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, target);
  const folder = await open(record, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Takes a mark away; does nothing where it is not there. */
export async function removeMark(record: string, mark: Mark): Promise<void> {
  await rm(join(record, `branchboard-${mark}`), { force: true });
}
