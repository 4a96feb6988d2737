/**
 * A folder that git takes for no worktree: its `.git` file or its record was deleted, or leads elsewhere. What is in it
 * is compared with a commit, and kept, through a record that is made for the moment, on that commit. Neither the folder
 * nor the repository's own records change. A file that the commit has and the folder has not is named as a difference,
 * but no snapshot leaves it out: half of the folder may be gone.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Git } from '../git.ts';
import { inFolder } from '../record.ts';
import type { Repository } from '../repository.ts';
import { takeSnapshot } from './folder-snapshot.ts';
import { readStatus } from './worktree-status.ts';

/** A folder, and the commit it is compared with. */
export interface LooseFolder {
  readonly path: string;
  readonly commit: string;
}

/** The paths that differ from the commit, ignored ones aside. Two git processes. Throws PortError, and the system's errors. */
export function listDifferences(
  git: Git,
  repository: Repository,
  { path, commit }: LooseFolder,
): Promise<readonly string[]> {
  return withStandIn(repository, commit, (gitDir) => readDifferences(git, path, gitDir));
}

/**
 * Makes a commit of all that the folder holds beyond the commit and returns its id, or null where that is nothing;
 * nothing refers to it yet. Throws PortError, and the system's errors.
 */
export function snapshotFolder(
  git: Git,
  repository: Repository,
  { path, commit }: LooseFolder,
  message: string,
): Promise<string | null> {
  return withStandIn(repository, commit, async (gitDir) => {
    const dirty = await readDifferences(git, path, gitDir);
    if (dirty.length === 0) return null;
    return takeSnapshot(git, { path, gitDir, head: commit, removals: false, dirty, message });
  });
}

async function readDifferences(git: Git, path: string, gitDir: string): Promise<readonly string[]> {
  await git.run(['read-tree', 'HEAD'], inFolder(gitDir, path));
  return (await readStatus(git, path, true, inFolder(gitDir, path))).dirty;
}

async function withStandIn<Value>(
  repository: Repository,
  commit: string,
  work: (gitDir: string) => Promise<Value>,
): Promise<Value> {
  const gitDir = await mkdtemp(join(tmpdir(), 'branchboard-stand-in-'));
  try {
    await writeFile(join(gitDir, 'commondir'), `${repository.commonDir}\n`);
    await writeFile(join(gitDir, 'HEAD'), `${commit}\n`);
    return await work(gitDir);
  } finally {
    await rm(gitDir, { recursive: true, force: true });
  }
}
