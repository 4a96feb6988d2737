/** Opens a repository: reads once the facts that all else relies on, and says clearly why one can't be used. */
import { join, resolve } from 'node:path';
import { failure, success, type Result } from '../../domain/result.ts';
import { formatCommand } from '../../domain/task.ts';
import { PortError } from '../../ports.ts';
import { createGit, noProgram, oldestGit } from './git.ts';
import { quote, type GitOutput } from './git-errors.ts';
import { exists } from '../machine/file-presence.ts';
import { listSettingsArgs, parseSettingsList, type Setting } from './programs.ts';

/** A repository as it was when it was opened. */
export interface Repository {
  /** The user's checkout; a linked worktree if the board was started in one. */
  readonly topLevel: string;
  /** The checkout's own git folder. */
  readonly gitDir: string;
  /** The git folder shared by all worktrees. */
  readonly commonDir: string;
  /** Such as `2.39.5`. */
  readonly gitVersion: string;
  /** The branch checked out, or null where HEAD is detached. */
  readonly branch: string | null;
  readonly commit: string;
  readonly hasSubmodules: boolean;
  /** The user told git a name and an email; without, the agents' commits fail. */
  readonly hasIdentity: boolean;
  /** All of git's settings there, and when it was asked for them. */
  readonly settings: readonly Setting[];
  readonly settingsReadAt: number;
}

/** Why a folder can't have a board. */
export interface RepositoryProblem {
  readonly kind: 'no-git' | 'too-old' | 'not-a-repository' | 'not-trusted' | 'bare' | 'no-commit' | 'broken';
  readonly message: string;
  /** The next thing to type. */
  readonly hint: string;
}

/** The commands that give git a name and an email. */
export const identityHint =
  'git config --global user.name "Your Name" && git config --global user.email you@example.com';

/** Looks at the repository that a folder is in. Never throws for a problem of the user's machine. */
export async function openRepository(
  dir: string,
  options: { readonly env?: NodeJS.ProcessEnv; readonly notice?: (message: string) => void } = {},
): Promise<Result<Repository, RepositoryProblem>> {
  const env = options.env ?? process.env;
  const git = createGit(dir, options);
  const settingsReadAt = Date.now();
  try {
    const [version, places, listed] = await Promise.all([
      git.run(['version']),
      git.attempt(['rev-parse', ...placeOptions, ...headOptions]),
      git.attempt(listSettingsArgs),
    ]);
    const gitVersion = /\d+\.\d+(?:\.\d+)*/.exec(version)?.[0] ?? '0.0';
    if (isTooOld(gitVersion)) return failure(tooOld(gitVersion));
    const found = readPlaces(places, dir);
    if (!found.ok) return found;
    const [commit, name] = places.stdout.trim().split('\n').slice(placeOptions.length);
    if (commit === undefined) {
      const branches = await git.run([
        'for-each-ref',
        '--count=1',
        '--sort=-committerdate',
        '--format=%(refname:lstrip=2)',
        'refs/heads',
      ]);
      return failure(noCommit(found.value.topLevel, branches.trim()));
    }
    const settings = parseSettingsList(listed.stdout).filter(({ scope }) => scope !== 'command');
    return success({
      ...found.value,
      gitVersion,
      commit,
      branch: name?.startsWith('refs/heads/') === true ? name.slice('refs/heads/'.length) : null,
      hasSubmodules: await exists(join(found.value.topLevel, '.gitmodules')),
      hasIdentity: hasIdentityIn(settings, env),
      settings,
      settingsReadAt,
    });
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    return failure(
      error.code === noProgram
        ? {
            kind: 'no-git',
            message: 'git was not found',
            hint: 'Install git 2.38 or newer: https://git-scm.com/downloads',
          }
        : { kind: 'broken', message: error.message, hint: `Try: git -C '${dir}' status` },
    );
  }
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < oldestGit.major || (major === oldestGit.major && minor < oldestGit.minor);
}

function tooOld(version: string): RepositoryProblem {
  return {
    kind: 'too-old',
    message: `git is ${version}; branchboard needs ${String(oldestGit.major)}.${String(oldestGit.minor)} or newer`,
    hint: 'Install a newer git: https://git-scm.com/downloads',
  };
}

/** `other` is a branch that has commits, or empty. */
function noCommit(topLevel: string, other: string): RepositoryProblem {
  if (other !== '') {
    const message = `the branch checked out in ${topLevel} has no commit yet`;
    return {
      kind: 'no-commit',
      message,
      hint: `Make its first one, or go to one that has: git switch ${formatCommand([other])}`,
    };
  }
  return {
    kind: 'no-commit',
    message: `${topLevel} has no commit yet, so there is nothing that a task could start from`,
    hint: 'Make the first one: git add -A && git commit -m "First commit" (or with --allow-empty)',
  };
}

type Places = Pick<Repository, 'topLevel' | 'gitDir' | 'commonDir'>;

/** The last one fails where there is no checkout; what the others print comes first. */
const placeOptions = [
  '--is-bare-repository',
  '--is-inside-work-tree',
  '--absolute-git-dir',
  '--git-common-dir',
  '--show-toplevel',
];
/** Print the commit checked out and its branch; nothing where there is no commit yet. */
const headOptions = ['--revs-only', 'HEAD', '--symbolic-full-name', 'HEAD'];

function readPlaces(output: GitOutput, dir: string): Result<Places, RepositoryProblem> {
  const [bare, inside, gitDir, commonDir, topLevel] = output.stdout.split('\n');
  if (output.stderr.includes('dubious ownership')) {
    const command = /git config --global --add safe\.directory .*/.exec(output.stderr)?.[0];
    return failure({
      kind: 'not-trusted',
      message: `git does not trust ${dir}: it belongs to another user`,
      hint: command ?? `git config --global --add safe.directory '${dir}'`,
    });
  }
  if (/not a git repository/.test(output.stderr)) {
    return failure({ kind: 'not-a-repository', message: `${dir} is not in a git repository`, hint: 'git init' });
  }
  if (bare === 'true') {
    return failure({
      kind: 'bare',
      message: `${dir} is a bare repository; a board needs a checkout to live in`,
      hint: 'git worktree add ../checkout, then start there',
    });
  }
  if (inside === 'false') {
    const message = `${dir} is inside a .git folder, not in a checkout`;
    return failure({ kind: 'not-a-repository', message, hint: 'Go to the top of the checkout and try again' });
  }
  if (output.exitCode !== 0 || !gitDir || !commonDir || !topLevel) {
    return failure({ kind: 'broken', message: quote(output.stderr), hint: `Try: git -C '${dir}' status` });
  }
  return success({ topLevel, gitDir, commonDir: resolve(dir, commonDir) });
}

/** Whether git finds a name and an email for author and committer alike, in the places that `git var` looks at. */
function hasIdentityIn(settings: readonly Setting[], env: NodeJS.ProcessEnv): boolean {
  const isSet = (key: string): boolean => (settings.findLast(({ name }) => name === key)?.value.trim() ?? '') !== '';
  return ['author', 'committer'].every((role) =>
    ['name', 'email'].every(
      (part) =>
        Boolean(env[`GIT_${role}_${part}`.toUpperCase()]) ||
        isSet(`${role}.${part}`) ||
        isSet(`user.${part}`) ||
        (part === 'email' && Boolean(env['EMAIL'])),
    ),
  );
}
