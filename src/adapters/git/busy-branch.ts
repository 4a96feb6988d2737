/** Finds operations of the user's, in whichever checkout, that will move a branch when they end. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { branchRef } from './refs.ts';
import type { Repository } from './repository.ts';

/** The files of a checkout's git directory that name the branch an unfinished operation will move. */
const operations = [
  { file: 'rebase-merge/head-name', what: 'rebase' },
  { file: 'rebase-apply/head-name', what: 'rebase' },
  { file: 'BISECT_START', what: 'bisection' },
] as const;

/** The operation that will move the branch when it ends, in whichever checkout; null where there is none. */
export async function findBusy({ commonDir }: Repository, branch: string): Promise<string | null> {
  const linked = await readdir(join(commonDir, 'worktrees')).catch(() => []);
  const gitDirs = [commonDir, ...linked.map((name) => join(commonDir, 'worktrees', name))];
  for (const gitDir of gitDirs) {
    for (const { file, what } of operations) {
      const named = (await readFile(join(gitDir, file), 'utf8').catch(() => '')).trim();
      if (named === branch || named === branchRef(branch)) return what;
    }
  }
  return null;
}
