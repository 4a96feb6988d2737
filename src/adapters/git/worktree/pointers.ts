/**
 * Finds files of a new worktree that git-lfs left as pointers while the user's checkout has what they point to: an agent
 * would fail on them, and it would look like its fault.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { readBeginning } from '../../machine/regular-file.ts';
import { exists } from '../../machine/file-presence.ts';
import { taskError } from '../git-errors.ts';
import type { Git } from '../git.ts';
import { inWorktree } from '../record.ts';
import type { Repository } from '../repository.ts';

/** A pointer is shorter, by its format. */
const maxPointerBytes = 1024;
const maxNamed = 3;

/** Throws PortError with `setup-failed` where there are such files. One git process in a repository that git-lfs has worked in. */
export async function refusePointers(git: Git, { commonDir, topLevel }: Repository, worktree: string): Promise<void> {
  if (!(await exists(join(commonDir, 'lfs')))) return;
  const { stdout } = await git.attempt(['ls-files', '-z', '--', ':(attr:filter=lfs)'], inWorktree(worktree));
  const names = stdout.split('\0').filter((name) => name !== '');
  const missing: string[] = [];
  for (const name of names) {
    const mine = join(topLevel, name);
    if ((await isPointer(join(worktree, name))) && (await exists(mine)) && !(await isPointer(mine))) missing.push(name);
  }
  if (missing.length === 0) return;
  const more = missing.length > maxNamed ? ` and ${String(missing.length - maxNamed)} more` : '';
  throw taskError(
    'setup-failed',
    `${missing.slice(0, maxNamed).join(', ')}${more}: git-lfs left pointers in the worktree, and your checkout has the files. It may be set not to fetch (git lfs install --skip-smudge). Put \`git lfs pull\` under \`setup\` in config.yaml.`,
  );
}

async function isPointer(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => null);
  if (stats?.isFile() !== true || stats.size >= maxPointerBytes) return false;
  return readBeginning(path, maxPointerBytes).startsWith('version https://git-lfs.github.com/spec/');
}
