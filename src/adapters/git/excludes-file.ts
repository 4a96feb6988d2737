/** Where the user's own list of files that git ignores everywhere is. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { exists } from '../machine/file-presence.ts';
import { createGit } from './git.ts';
import type { Repository } from './repository.ts';

/** The absolute path of the user's `core.excludesFile`, or of git's default for it; null where there is no such file. */
export async function findExcludesFile(
  { topLevel }: Repository,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const asked = await createGit(topLevel).attempt(['config', '--type=path', '--get', 'core.excludesFile']);
  const configHome = env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? homedir(), '.config');
  const file = asked.stdout.trim() || join(configHome, 'git', 'ignore');
  return (await exists(file)) ? file : null;
}
