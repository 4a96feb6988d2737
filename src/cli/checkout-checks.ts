/**
 * Looks at what a repository's checkouts need, and at what the user's own one holds that agents don't see. `doctor` and
 * `start` tell what is found; nothing is told of what is in order.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../adapters/machine/file-presence.ts';
import { createGit, type Git } from '../adapters/git/git.ts';
import { adviseOnFilter } from '../adapters/git/git-errors.ts';
import { listBranches } from '../adapters/git/branches.ts';
import { branchRef, resolveReadable } from '../adapters/git/refs.ts';
import type { Repository } from '../adapters/git/repository.ts';
import { isOnPath } from '../adapters/sandbox/sandbox-probe.ts';
import type { Settings } from '../domain/settings.ts';
import { findNearest } from '../markdown/fields.ts';
import type { Finding } from './finding.ts';
import { folderOfWorktrees, type OpenPlace } from './place.ts';

/** What is to be told, at most one finding a check. Six git processes, most of them at once. */
export async function checkCheckout(place: OpenPlace, settings: Settings): Promise<readonly Finding[]> {
  const { repository } = place;
  const git = createGit(place.topLevel, { repository });
  const found = await Promise.all([
    checkFilters(git, repository),
    checkHooks(git, repository, settings),
    checkSparse(git, repository),
    checkBase(git, settings),
    checkUncommitted(git),
  ]);
  return [...found, checkFolder(place, settings)].filter((finding) => finding !== null);
}

function warn(check: string, detail: string, hint: string): Finding {
  return { check, status: 'warning', detail, hint };
}

/** A filter that the tracked attributes name, and whose program or key is missing. */
async function checkFilters(git: Git, { commonDir, settings }: Repository): Promise<Finding | null> {
  const asked = ['grep', '-h', '-o', '-E', 'filter=[^[:space:]]+', 'HEAD', '--', '.gitattributes', '**/.gitattributes'];
  const named = (await git.attempt(asked)).stdout.split('\n').filter((line) => line !== '');
  for (const driver of new Set(named.map((line) => line.slice('filter='.length)))) {
    const value = (key: string): string =>
      settings.findLast(({ name }) => name === `filter.${driver}.${key}`)?.value ?? '';
    const command = value('process') || value('smudge');
    const [program = ''] = command.replaceAll('"', '').split(' ');
    if (command === '')
      return warn('filters', `git knows no filter ${driver}; files stay as they are stored`, adviseOnFilter(driver));
    if (!program.includes('/') && !isOnPath(program, process.env['PATH'] ?? '')) {
      return warn(
        'filters',
        `${program} is not installed, and files need it (filter ${driver})`,
        adviseOnFilter(driver),
      );
    }
    const isLocked = driver.startsWith('git-crypt') && !(await exists(join(commonDir, 'git-crypt', 'keys')));
    if (isLocked) return warn('filters', 'files are encrypted, and git-crypt has no key here', adviseOnFilter(driver));
  }
  return null;
}

/** Hooks of a tool that installs them: in the checkout they may be missing, in worktrees they are as long as `setup` does not install them. */
async function checkHooks(
  git: Git,
  { topLevel, commonDir, settings }: Repository,
  { setup }: Settings,
): Promise<Finding | null> {
  if (setup.length > 0) return null;
  const tools = [
    ['.husky', 'husky', 'npm install'],
    ['lefthook.yml', 'lefthook', 'lefthook install'],
    ['.pre-commit-config.yaml', 'pre-commit', 'pre-commit install'],
  ] as const;
  const tracked = (
    await git.attempt(['ls-tree', '--name-only', 'HEAD', '--', ...tools.map(([name]) => name)])
  ).stdout.split('\n');
  const tool = tools.find(([name]) => tracked.includes(name));
  if (tool === undefined) return null;
  const [, name, install] = tool;
  const folder = settings.findLast((setting) => setting.name === 'core.hookspath')?.value ?? null;
  if (folder === null) {
    const isInstalled = await exists(join(commonDir, 'hooks', 'pre-commit'));
    return isInstalled
      ? null
      : warn('hooks', `the hooks of ${name} are not installed, so commits are not checked`, `Type: ${install}`);
  }
  const isTracked = (await git.attempt(['ls-tree', '--name-only', 'HEAD', '--', folder])).stdout !== '';
  if (folder.startsWith('/') || isTracked || !(await exists(join(topLevel, folder)))) return null;
  return warn(
    'hooks',
    `the hooks of ${name} (${folder}) are not in new worktrees, so agents' commits are not checked`,
    `Add to .orchestrator/config.yaml  setup: ${install}`,
  );
}

/**
 * Among whole folders (cones, the default) `git sparse-checkout set` deletes those that hold tracked files and lie outside
 * of it, with all that is ignored in them. Among patterns it takes the tracked files alone.
 */
async function checkSparse(git: Git, { gitDir, settings }: Repository): Promise<Finding | null> {
  const isSet = (key: string): boolean => settings.findLast(({ name }) => name === key)?.value === 'true';
  const tracked = (await git.attempt(['ls-files', '-t', '--', '.orchestrator'])).stdout;
  if (!isSet('core.sparsecheckout')) {
    if (tracked === '') return null;
    const detail =
      'off; `git sparse-checkout set` deletes .orchestrator/, tasks and all, unless .orchestrator is among its folders';
    return { check: 'sparse', status: 'ok', detail };
  }
  const hint = 'Type: git sparse-checkout add .orchestrator';
  if (tracked !== '' && isSet('core.sparsecheckoutcone')) {
    const patterns = await readFile(join(gitDir, 'info', 'sparse-checkout'), 'utf8').catch(() => '');
    const isIn = patterns.split('\n').some((line) => /^\/?\.orchestrator\/?$/.test(line));
    const loss =
      'core.sparseCheckout leaves out .orchestrator/, which has tracked files: git may delete the whole folder, tasks and all';
    if (!isIn) return warn('sparse', loss, hint);
  }
  return /^S /m.test(tracked)
    ? warn('sparse', 'core.sparseCheckout leaves out tracked files of .orchestrator/, so they do not count', hint)
    : warn(
        'sparse',
        'core.sparseCheckout is on: worktrees hold what your checkout holds',
        'See it: git sparse-checkout list',
      );
}

async function checkBase(git: Git, { base }: Settings): Promise<Finding | null> {
  if (base === null) return null;
  const isBranch = (await git.attempt(['show-ref', '--verify', '--quiet', '--', branchRef(base)])).exitCode === 0;
  if (isBranch) return null;
  const [commit = null] = await resolveReadable(git, [base]);
  if (commit === null) {
    const branches = [...(await listBranches(git)).keys()].map((ref) => ref.slice(branchRef('').length));
    const own = branches.filter((name) => !name.startsWith('task/'));
    const hint = 'Set `base` in .orchestrator/config.yaml to a branch';
    return {
      check: 'base',
      status: 'problem',
      detail: `tasks start from ${base}, and there is no branch, tag or commit of that name`,
      hint: own.length === 0 ? `${hint}.` : `${hint}, such as ${findNearest(base, own)}.`,
    };
  }
  return warn(
    'base',
    `tasks start from ${base}, which is no branch and stays where it is`,
    'Set `base` in .orchestrator/config.yaml to a branch.',
  );
}

/** Agents start from commits. */
async function checkUncommitted(git: Git): Promise<Finding | null> {
  const status = [
    'status',
    '--porcelain',
    '-z',
    '--no-renames',
    '--ignore-submodules=dirty',
    '--',
    ':/',
    ':(top,exclude).orchestrator',
  ];
  const count = (await git.attempt(status)).stdout.split('\0').filter((entry) => entry !== '').length;
  if (count === 0) return null;
  const what = count === 1 ? '1 file is' : `${String(count)} files are`;
  return warn('checkout', `${what} not committed; agents don't see ${count === 1 ? 'it' : 'them'}`, 'See: git status');
}

function checkFolder(place: OpenPlace, settings: Settings): Finding | null {
  const { path, whyInside } = folderOfWorktrees(place, settings);
  if (whyInside === null) return null;
  return warn(
    'worktrees',
    `they are made in ${path}, where your test runner may find them: ${whyInside}`,
    'Set `worktrees.dir` in .orchestrator/config.yaml.',
  );
}
