/**
 * Brings ignored files of the user's checkout, such as `.env`, into a new worktree: those that the settings' `copy`
 * or the repository's `.worktreeinclude` names and that git ignores. Symbolic links are neither copied nor followed.
 */
import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { gitError, taskError } from '../git-errors.ts';
import { codeOf } from '../../machine/errors.ts';
import type { Git } from '../git.ts';
import type { Repository } from '../repository.ts';

const maxCopyPatterns = 1_000;
const maxCopiedFiles = 20_000;
const maxCopiedBytes = 2 * 1024 ** 3;

/** The source and the target of the copies. */
export interface CopyRequest {
  /** Patterns as in `.gitignore`. */
  readonly patterns: readonly string[];
  /** The board's own folder, from which nothing is copied. */
  readonly boardDir: string;
  readonly target: string;
}

/**
 * Copies the files; one that is there already stays as it is. No git process where nothing asks for copies, else two.
 * Throws PortError with `setup-failed` where they are too many or too large, and the system's errors.
 */
export async function copyIgnoredFiles(git: Git, repository: Repository, request: CopyRequest): Promise<void> {
  const include = await readFile(join(repository.topLevel, '.worktreeinclude'), 'utf8').catch(() => '');
  const lines = [...request.patterns, ...include.split('\n').map((line) => line.trimEnd())];
  const patterns = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (patterns.length === 0) return;
  if (patterns.length > maxCopyPatterns) throw tooMuch(`there are more than ${String(maxCopyPatterns)} patterns`);
  const files = await listIgnored(git, await listMatching(git, repository, request.boardDir, patterns));
  if (files.length > maxCopiedFiles) throw tooMuch(`they name ${String(files.length)} files`);
  const root = await realpath(request.target);
  let bytes = 0;
  for (const file of files) {
    const source = join(repository.topLevel, file);
    const status = await lstat(source).catch(() => null);
    if (status?.isFile() !== true) continue;
    bytes += status.size;
    if (bytes > maxCopiedBytes) throw tooMuch(`their files hold more than ${String(maxCopiedBytes)} bytes`);
    await copyInto(root, source, file);
  }
}

function tooMuch(what: string): Error {
  return taskError(
    'setup-failed',
    `Too much to copy into the worktree: ${what}. Name fewer files in \`copy\` or .worktreeinclude, or make them by a \`setup\` command.`,
  );
}

async function listMatching(
  git: Git,
  repository: Repository,
  boardDir: string,
  patterns: readonly string[],
): Promise<readonly string[]> {
  const board = relative(repository.topLevel, boardDir);
  const skipped = board === '' || board.startsWith('..') ? [] : [`:(exclude,literal)${board}`];
  const excludes = patterns.map((pattern) => `--exclude=${pattern}`);
  const args = ['ls-files', '-z', '--others', '--ignored', ...excludes, '--', '.', ...skipped];
  // A folder with a slash at its end is another repository, and stays where it is.
  return (await git.run(args)).split('\0').filter((file) => file !== '' && !file.endsWith('/'));
}

async function listIgnored(git: Git, files: readonly string[]): Promise<readonly string[]> {
  if (files.length === 0) return [];
  const args = ['check-ignore', '-z', '--stdin'];
  const output = await git.attempt(args, { input: files.map((file) => `${file}\0`).join('') });
  if (output.exitCode > 1) throw gitError(args, output, 'the repository');
  return output.stdout.split('\0').filter((file) => file !== '');
}

async function copyInto(root: string, source: string, file: string): Promise<void> {
  const target = join(root, file);
  // A folder on the way may be a symbolic link in the commit that the task starts from.
  const parent = dirname(target);
  const existing = await nearestFolder(parent);
  if (existing !== root && !existing.startsWith(root + sep)) return;
  await mkdir(parent, { recursive: true });
  try {
    await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

async function nearestFolder(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    const real = await realpath(at).catch(() => null);
    if (real !== null || at === dirname(at)) return real ?? at;
  }
}
