/** Reads `git status`. */
import type { Git, GitOptions } from '../git.ts';
import { inWorktree } from '../record.ts';

/**
 * A repository in a worktree is named by its commit alone: reading its files would run programs that its own settings
 * name.
 */
export const notInside = '--ignore-submodules=dirty';

/** The result of `git status` in a worktree. */
export interface WorktreeStatus {
  /** The commit checked out, or null where there is none. */
  readonly head: string | null;
  /** The branch checked out, or null where HEAD is detached. */
  readonly branch: string | null;
  /** Paths that differ from the commit, ignored ones aside; a folder ends in a slash. */
  readonly dirty: readonly string[];
}

/**
 * Reads a worktree's status. `every` lists each untracked file, not only the folder that holds them; `where` is told of
 * a folder that is none. Throws PortError if git fails.
 */
export async function readStatus(
  git: Git,
  path: string,
  every: boolean,
  where: GitOptions = inWorktree(path),
): Promise<WorktreeStatus> {
  const untracked = `--untracked-files=${every ? 'all' : 'normal'}`;
  const args = ['status', '--porcelain=v2', '--branch', '-z', '--no-renames', notInside, untracked];
  const dirty: string[] = [];
  let head: string | null = null;
  let branch: string | null = null;
  for (const line of (await git.run(args, where)).split('\0')) {
    if (line.startsWith('# branch.oid ')) head = line.slice('# branch.oid '.length);
    else if (line.startsWith('# branch.head ')) branch = line.slice('# branch.head '.length);
    else if (line.startsWith('? ')) dirty.push(line.slice('? '.length));
    else if (line !== '' && !line.startsWith('#')) dirty.push(pathOf(line));
  }
  return { head: head === '(initial)' ? null : head, branch: branch === '(detached)' ? null : branch, dirty };
}

/** The path is the last field, behind eight others, or ten where the path is in conflict. */
function pathOf(line: string): string {
  const fields = line.split(' ');
  return fields.slice(line.startsWith('u ') ? 10 : 8).join(' ');
}
