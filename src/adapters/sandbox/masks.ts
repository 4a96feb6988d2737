/**
 * The sandbox hides some names in the worktree behind devices, so that nothing confined can write files that the user's
 * own tools run. `git add -A` stops at a device. The agent's git is told to ignore those that are not there.
 */
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../machine/file-presence.ts';

/** Names that Claude Code's sandbox (2.1.197 to 2.1.330) and the sandbox runtime put devices or empty folders at. */
const masked = [
  ...['.bash_profile', '.bashrc', '.profile', '.zprofile', '.zshrc', '.gitconfig', '.gitmodules', '.ripgreprc'],
  ...['.mcp.json', '.idea', '.vscode', '.claude'],
  ...[
    'agents',
    'commands',
    'hooks',
    'loop.md',
    'launch.json',
    'output-styles',
    'routines',
    'rules',
    'scheduled_tasks.json',
  ].map((name) => `.claude/${name}`),
  ...['settings.json', 'settings.local.json', 'skills', 'workflows', '.cc-writes'].map((name) => `.claude/${name}`),
];

/**
 * The text of a `core.excludesFile` for an agent in a worktree: what the user's own one says, then the names that are
 * hidden and not there. `userFile` is an absolute path, or null where the user has none.
 */
export async function composeExcludes(worktree: string, userFile: string | null): Promise<string> {
  const own = userFile === null ? '' : await readFile(userFile, 'utf8').catch(() => '');
  const present = await Promise.all(masked.map((name) => exists(join(worktree, name))));
  const hidden = masked.filter((_, index) => present[index] !== true).map((name) => `/${name}`);
  return [own.trimEnd(), ...hidden, ''].filter((line, index) => index > 0 || line !== '').join('\n');
}

/**
 * The empty files that a sandbox left in a worktree because it was killed: it makes one in the place of each name that
 * it hides, and removes it after the command. Relative to the worktree. One that is tracked may be among them.
 */
export async function listLeftMasks(worktree: string): Promise<readonly string[]> {
  const found = await Promise.all(
    masked.map(async (name) => {
      const stats = await lstat(join(worktree, name)).catch(() => null);
      return stats?.isFile() === true && stats.size === 0 ? [name] : [];
    }),
  );
  return found.flat();
}
