/** A commit of all that a worktree holds, made in an index of its own, so that the worktree and its index stay as they are. */
import { randomUUID } from 'node:crypto';
import { copyFile, lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { kindOf } from '../../../domain/outside-kind.ts';
import { commitTree } from '../commit.ts';
import type { Git, GitOptions } from '../git.ts';
import { gitError } from '../git-errors.ts';
import { inFolder } from '../record.ts';

/** The files to keep, and the message of the commit. */
export interface SnapshotRequest {
  readonly path: string;
  /** The worktree's record, or what stands in for it where the folder is no worktree. */
  readonly gitDir: string;
  /** The commit that the worktree is on, or null where it has none. */
  readonly head: string | null;
  /** Files that are gone are gone in the snapshot, too; not so for a worktree whose checkout was cut off. */
  readonly removals: boolean;
  /** Paths that `git status` names; a folder, which is a repository inside the worktree, ends in a slash. */
  readonly dirty: readonly string[];
  readonly message: string;
}

/** A larger file stays where it is: a worktree that holds one is not removed. */
const maxFileBytes = 100 * 1024 * 1024;

/**
 * Makes the commit and returns its id, or null where it would hold nothing but what `head` holds; nothing refers to
 * it yet. Throws PortError if git fails.
 */
export async function takeSnapshot(git: Git, request: SnapshotRequest): Promise<string | null> {
  const { path, gitDir, head } = request;
  const index = join(gitDir, `.branchboard-index-${randomUUID()}`);
  const where = inFolder(gitDir, path);
  const options: GitOptions = { ...where, env: { ...where.env, GIT_INDEX_FILE: index }, config: ['core.fsync=all'] };
  try {
    const copied = await copies(join(gitDir, 'index'), index);
    if (!copied && head !== null) await git.run(['read-tree', head], options);
    const excluded = [...(await listExcluded(git, path, request.dirty)), ...(await listRepositories(git, options))];
    const paths = ['.', ...excluded.map(excludeOf)];
    const add = ['add', request.removals ? '--all' : '--ignore-removal', '--ignore-errors'];
    const args = [...add, '--pathspec-from-file=-', '--pathspec-file-nul'];
    const added = await git.attempt(args, { ...options, input: paths.map((each) => `${each}\0`).join('') });
    // Code 1 says that some files could not be read; what could be is in the index. A full disk says the same.
    const problem = added.exitCode === 0 ? null : gitError(args, added, path);
    if (problem !== null && (added.exitCode > 1 || kindOf(problem) === 'no-room')) throw problem;
    if (problem !== null)
      git.notice(`Some files could not be kept under a ref; they stay in ${path}. ${problem.message}`);
    const tree = (await git.run(['write-tree'], options)).trim();
    const parents = head === null ? [] : [head];
    if (head !== null && tree === (await git.run(['rev-parse', `${head}^{tree}`])).trim()) return null;
    return await commitTree(git, { tree, parents, message: request.message, date: null });
  } finally {
    await removeIndex(index);
  }
}

/** Files that git can't take in, or that are too large to be put into the repository for good. */
async function listExcluded(git: Git, path: string, dirty: readonly string[]): Promise<readonly string[]> {
  const excluded: string[] = [];
  for (const each of dirty) {
    if (each.endsWith('/')) {
      excluded.push(each.slice(0, -1));
      continue;
    }
    const bytes = (await lstat(join(path, each)).catch(() => null))?.size ?? 0;
    if (bytes <= maxFileBytes) continue;
    excluded.push(each);
    git.notice(
      `${join(path, each)} is larger than ${String(maxFileBytes / 1024 ** 2)} MiB and was not kept under a ref; it stays there.`,
    );
  }
  return excluded;
}

/** Repositories in the worktree that its index names: `git add` would look at their files by what their settings name. */
async function listRepositories(git: Git, options: GitOptions): Promise<readonly string[]> {
  const entries = (await git.run(['ls-files', '--stage', '-z'], options)).split('\0');
  return entries.filter((entry) => entry.startsWith('160000 ')).map((entry) => entry.slice(entry.indexOf('\t') + 1));
}

/** A pathspec against one path. Bytes of a name that are no UTF-8 were lost on the way; there anything matches. */
function excludeOf(path: string): string {
  if (!path.includes('\u{FFFD}')) return `:(exclude,literal)${path}`;
  return `:(exclude,glob)${path.replaceAll(/[\\*?[]/g, '\\$&').replaceAll('\u{FFFD}', '*')}`;
}

async function copies(from: string, to: string): Promise<boolean> {
  return copyFile(from, to).then(
    () => true,
    () => false,
  );
}

async function removeIndex(index: string): Promise<void> {
  await rm(index, { force: true });
  await rm(`${index}.lock`, { force: true });
}
