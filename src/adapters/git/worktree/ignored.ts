/** Finds what an agent wrote where git ignores it: work that no `git add` takes, and that nothing else would tell of. */
import { lstat, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../../domain/limits.ts';
import type { Git } from '../git.ts';
import { inWorktree, markOf } from '../record.ts';
import { notInside } from './worktree-status.ts';

/**
 * The ignored files and folders that are newer than the worktree's mark `ready`, each with the rule that ignores it; at most
 * `maxDirtyFilesNamed`. Two git processes where there are any. Throws PortError if git fails.
 */
export async function listIgnored(git: Git, path: string, record: string): Promise<readonly string[]> {
  const where = inWorktree(path);
  const ready = await stat(markOf(record, 'ready')).catch(() => null);
  if (ready === null) return [];
  const status = ['status', '--porcelain', '-z', '--no-renames', notInside, '--ignored'];
  const entries = (await git.run(status, where)).split('\0').filter((entry) => entry.startsWith('!! '));
  const names: string[] = [];
  for (const name of entries.map((entry) => entry.slice('!! '.length))) {
    const stats = await lstat(join(path, name)).catch(() => null);
    if (stats !== null && stats.mtimeMs >= ready.mtimeMs) names.push(name);
  }
  if (names.length === 0) return [];
  const shown = names.slice(0, limits.maxDirtyFilesNamed);
  const input = shown.map((name) => `${name}\0`).join('');
  const fields = (await git.run(['check-ignore', '--verbose', '-z', '--stdin'], { ...where, input })).split('\0');
  return shown.map((name, index) => {
    const [source = '', line = '', pattern = ''] = fields.slice(index * 4);
    return `${name} (${source}:${line}: ${pattern})`;
  });
}
