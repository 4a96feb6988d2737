/** A commit of all that a worktree holds, made in an index of its own, so that the worktree and its index stay as they are. */
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { commitTree } from './commit.ts';
import { gitError, type Git, type GitOptions } from './git.ts';
import { inWorktree } from './record.ts';

/** What is kept, and under what words. */
export interface SnapshotRequest {
  readonly path: string;
  readonly record: string;
  /** The commit that the worktree is on, or null where it has none. */
  readonly head: string | null;
  /** Files that are gone are gone in the snapshot, too; not so for a worktree whose checkout was cut off. */
  readonly removals: boolean;
  /** Repositories inside the worktree, which git can't take in. */
  readonly nested: readonly string[];
  readonly message: string;
}

/**
 * Makes the commit and returns its id, or null where it would hold nothing but what `head` holds; nothing refers to
 * it yet. Throws PortError if git fails.
 */
export async function takeSnapshot(git: Git, request: SnapshotRequest): Promise<string | null> {
  const { path, record, head } = request;
  const index = join(record, 'branchboard-index');
  const where = inWorktree(path);
  const options: GitOptions = { ...where, env: { ...where.env, GIT_INDEX_FILE: index }, config: ['core.fsync=all'] };
  await removeIndex(index);
  try {
    const copied = await copyFile(join(record, 'index'), index).then(
      () => true,
      () => false,
    );
    if (!copied && head !== null) await git.run(['read-tree', head], options);
    const paths = ['.', ...request.nested.map((folder) => `:(exclude,literal)${folder}`)];
    const add = ['add', request.removals ? '--all' : '--ignore-removal', '--ignore-errors'];
    const args = [...add, '--pathspec-from-file=-', '--pathspec-file-nul'];
    const added = await git.attempt(args, { ...options, input: paths.map((each) => `${each}\0`).join('') });
    // Code 1 says that some files could not be read; what could be is in the index.
    if (added.exitCode > 1) throw gitError(args, added, path);
    const tree = (await git.run(['write-tree'], options)).trim();
    const parents = head === null ? [] : [head];
    if (head !== null && tree === (await git.run(['rev-parse', `${head}^{tree}`])).trim()) return null;
    return await commitTree(git, { tree, parents, message: request.message, date: null });
  } finally {
    await removeIndex(index);
  }
}

async function removeIndex(index: string): Promise<void> {
  await rm(index, { force: true });
  await rm(`${index}.lock`, { force: true });
}
