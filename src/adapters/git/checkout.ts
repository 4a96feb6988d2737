/**
 * Finds the checkout that a folder is in without git, which would take five processes. It answers only for a plain
 * repository of the user's own; linked worktrees, submodules and all unusual places are left to git.
 */
import { existsSync, lstatSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The top of the checkout, as a real path; null where only git can tell whether there is one. */
export function findPlainCheckout(dir: string): string | null {
  try {
    let folder = realpathSync(dir);
    const { dev } = statSync(folder);
    for (;;) {
      // Git takes such a folder for a repository without a checkout.
      if (existsSync(join(folder, 'HEAD'))) return null;
      if (lstatSync(join(folder, '.git'), { throwIfNoEntry: false }) !== undefined)
        return isPlain(folder) ? folder : null;
      const parent = dirname(folder);
      // Git does not look beyond a file system.
      if (parent === folder || statSync(parent).dev !== dev) return null;
      folder = parent;
    }
  } catch {
    return null;
  }
}

function isPlain(topLevel: string): boolean {
  const gitDir = join(topLevel, '.git');
  const user = process.geteuid?.();
  const areOwn = [topLevel, gitDir].every((path) => {
    const stats = lstatSync(path);
    return stats.isDirectory() && stats.uid === user;
  });
  const isWhole = ['HEAD', 'objects', 'refs', 'config'].every((name) => existsSync(join(gitDir, name)));
  return areOwn && isWhole && !['config', 'config.worktree'].some((name) => movesCheckout(join(gitDir, name)));
}

/** Whether settings may say that the checkout is elsewhere, or that there is none. */
function movesCheckout(path: string): boolean {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return /^\s*(?:\[[^\]]*\]\s*)?(?:worktree\b|bare\b(?!\s*=\s*false\s*$))/im.test(text);
}
