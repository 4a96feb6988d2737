/** Finds what keeps a branch from being moved or taken away: a checkout of it, and an operation that will move it when it ends. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../machine/file-presence.ts';
import { branchRef, type BranchState } from './refs.ts';
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

/** Why a branch must stay as it is; null where nobody is on it. `folder` is the checkout, null for an operation. */
export async function findHolder(
  repository: Repository,
  branch: string,
  { checkedOutIn }: BranchState,
): Promise<{ readonly why: string; readonly folder: string | null } | null> {
  if (checkedOutIn !== null && (await exists(checkedOutIn)))
    return { why: `${branch} is checked out in ${checkedOutIn}`, folder: checkedOutIn };
  const busy = await findBusy(repository, branch);
  return busy === null ? null : { why: `a ${busy} of ${branch} is under way`, folder: null };
}
