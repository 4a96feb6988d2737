/**
 * Runs git, through simple-git alone: its plugins give stdin, exit codes, the timeout and a guarded environment.
 *
 * The board's own commands must behave the same in every repository and never ask, page, sign or run the user's hooks.
 * So only listed variables are inherited, and the settings below override the repository's. Everything in a worktree
 * was written by an agent: no command reaches into a repository that lies in one, connects to anything unasked, or runs a
 * program that the settings did not name when the board started (`programs.ts`). Each command gets an instance of its
 * own, since simple-git's queue would put commands behind each other that may run at once.
 */
import { getSystemErrorName } from 'node:util';
import { messageOf } from '../../domain/error-message.ts';
import { GitConstructError, GitPluginError, simpleGit } from 'simple-git';
import { limits } from '../../domain/limits.ts';
import { PortError } from '../../ports.ts';
import { machineVariables, pickVariables } from '../machine/environment.ts';
import { gitError, killedExitCode, nameOf, type GitOutput } from './git-errors.ts';
import {
  composeConfigVariables,
  listSettingsArgs,
  parseSettingsList,
  ProgramGuard,
  type Override,
  type StartSettings,
} from './programs.ts';
import { mendRepository } from './repository-mending.ts';

/** The oldest git that has all the board needs (`merge-tree --write-tree`). */
export const oldestGit = { major: 2, minor: 38 } as const;

/** The code of the error of a command where the machine has no git. */
export const noProgram = 'ENOENT';

/** A command is tried again after something in the repository was mended, at most so often. */
const maxMends = 100;

const settings = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'commit.gpgSign=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'color.ui=false',
  'submodule.recurse=false',
  'core.safecrlf=false',
  // A file that is not there ends even `git status`.
  'diff.orderFile=/dev/null',
  'core.filesRefLockTimeout=5000',
  'core.packedRefsTimeout=5000',
];

/** Variables that git inherits besides those of agents: the board's mark, and the committer. */
const ownVariables = ['BRANCHBOARD_*', 'EMAIL', 'DEVELOPER_DIR'];
/** Variables for fetching from the origin of a partial clone. */
const fetchingVariables = ['SSH_AUTH_SOCK', 'XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS'];
/** Variables by which `gh` lends git the user's login. */
const loginVariables = ['GH_TOKEN', 'GITHUB_TOKEN', 'GH_HOST', 'GH_CONFIG_DIR'];
const fetchingProtocols = 'file:git:http:https:ssh';

/** Programs that settings may name, which simple-git refuses to be told about: here they take away, or give back the user's. */
const permitted = {
  allowUnsafeHooksPath: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeConfigEnvCount: true,
  allowUnsafeFilter: true,
  allowUnsafeMergeDriver: true,
  allowUnsafeSshCommand: true,
  allowUnsafeGitProxy: true,
  allowUnsafeAskPass: true,
  allowUnsafeCredentialHelper: true,
  allowUnsafePack: true,
};

/** The options of one command. */
export interface GitOptions {
  /** Where; default: the folder the runner was made for. */
  readonly cwd?: string;
  /** Text for its stdin; must not be empty. */
  readonly input?: string;
  /** `GIT_*` variables for this command alone. */
  readonly env?: Readonly<Record<string, string>>;
  /** More settings, as `name=value`. */
  readonly config?: readonly string[];
  /** Ends the command. */
  readonly signal?: AbortSignal;
}

/** The options of a runner. */
export interface GitRunnerOptions {
  /** The environment of which git inherits what is listed; default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Receives messages about repairs on the way, and about settings that were not obeyed. */
  readonly notice?: (message: string) => void;
  /** The repository as it was at the board's start; without, no command may be run that could run a program of its settings. */
  readonly repository?: StartSettings;
}

/** Runs git in one repository. */
export interface Git {
  /** The command's stdout. Throws PortError if it exits with another code than 0. */
  run(args: readonly string[], options?: GitOptions): Promise<string>;
  /** The same, whatever its exit code. Throws PortError where git could not be run or took too long. */
  attempt(args: readonly string[], options?: GitOptions): Promise<GitOutput>;
  /** Tells the user what no task fails over. */
  notice(message: string): void;
  /** Performs one piece of work at a time: for commands that change the repository's own records. */
  serialise<Value>(work: () => Promise<Value>): Promise<Value>;
}

/** Makes a runner for one repository. Throws nothing; a missing folder or git shows in the first command. */
export function createGit(dir: string, options: GitRunnerOptions = {}): Git {
  const notice = options.notice ?? (() => undefined);
  const guard = options.repository === undefined ? null : new ProgramGuard(options.repository, notice);
  const environment = composeEnvironment(options.env ?? process.env, guard?.isPartialClone === true);

  async function findOverrides(args: readonly string[], how: GitOptions, cwd: string): Promise<readonly Override[]> {
    if (guard?.mayRunPrograms(args) !== true) return [];
    return guard.findOverrides(async () => {
      const output = await spawnGit(listSettingsArgs, { env: how.env ?? {} }, cwd, environment);
      if (output.exitCode !== 0) throw gitError(listSettingsArgs, output, cwd);
      return parseSettingsList(output.stdout);
    });
  }

  async function attempt(args: readonly string[], how: GitOptions = {}): Promise<GitOutput> {
    const cwd = how.cwd ?? dir;
    for (let mends = 0; ; mends += 1) {
      const overrides = composeConfigVariables(await findOverrides(args, how, cwd));
      const output = await spawnGit(args, { ...how, env: { ...overrides, ...how.env } }, cwd, environment);
      if (output.exitCode === 0 || mends === maxMends) return output;
      const mended = await mendRepository(output.stderr, cwd);
      if (mended === null) return output;
      if (mended !== '') notice(mended);
    }
  }

  let last: Promise<unknown> = Promise.resolve();
  return {
    attempt,
    notice,
    async run(args, how = {}) {
      const output = await attempt(args, how);
      if (output.exitCode !== 0) throw gitError(args, output, how.cwd ?? dir);
      return output.stdout;
    },
    serialise(work) {
      const mine = last.then(work);
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}

async function spawnGit(
  args: readonly string[],
  how: GitOptions,
  cwd: string,
  environment: Record<string, string>,
): Promise<GitOutput> {
  const extra = how.env ?? {};
  let exitCode = 0;
  let stderr = '';
  try {
    const git = simpleGit({
      baseDir: cwd,
      config: [...settings, ...(how.config ?? [])],
      unsafe: permitted,
      allowEnvironment: [...ownSettings, ...Object.keys(extra)],
      // Where a child such as a filter holds the output open, simple-git ends the command 50 ms after git's own exit. All
      // that git wrote is read by then, and a longer `completion` would keep this process alive as long after each command.
      timeout: { block: patienceFor(args), stdOut: false, stdErr: false },
      input: () => how.input,
      ...(how.signal === undefined ? {} : { abort: how.signal }),
      errors(error, result) {
        // A command that a signal ended has no code, whatever the type says.
        exitCode = Number.isInteger(result.exitCode) ? result.exitCode : killedExitCode;
        stderr = Buffer.concat(result.stdErr).toString();
        // The exit code is judged by the caller; only what a plugin says goes on, such as the timeout.
        return error instanceof GitPluginError ? error : undefined;
      },
    });
    git.outputHandler(markRead);
    const stdout = await git.env({ ...environment, ...extra }).raw([...args]);
    if (exitCode >= 0) return { exitCode, stdout, stderr };
  } catch (error) {
    throw runError(args, cwd, error);
  }
  // Node's number for a program that the system did not start.
  throw runError(args, cwd, new Error(`spawn ${getSystemErrorName(exitCode)}`));
}

/** simple-git waits 50 ms more for a command that printed nothing; a chunk of no length tells it that all was read. */
function markRead(_command: string, stdout: NodeJS.ReadableStream | undefined): void {
  stdout?.once('end', () => stdout.emit('data', Buffer.alloc(0)));
}

/** Commands that take as long as a worktree has files. */
const writers = new Set(['git reset', 'git checkout', 'git merge', 'git worktree remove', 'git worktree move']);

function writesFiles(args: readonly string[]): boolean {
  return writers.has(nameOf(args));
}

/** The time limit of a command, in milliseconds. */
function patienceFor(args: readonly string[]): number {
  return writesFiles(args) ? limits.checkoutTimeoutMs : limits.gitTimeoutMs;
}

/** An error for a command that could not be run, or was ended. */
function runError(args: readonly string[], cwd: string, error: unknown): PortError {
  const said = messageOf(error);
  const plugin = error instanceof GitPluginError ? error.plugin : null;
  if (error instanceof GitConstructError) return new PortError(`The folder ${cwd} does not exist.`);
  if (plugin === 'timeout') {
    const seconds = String(patienceFor(args) / 1000);
    const what = writesFiles(args) ? ', which writes or removes all files there,' : '';
    return new PortError(
      `${nameOf(args)} in ${cwd}${what} took longer than ${seconds} s and was ended. Is the disk slow, or does a filter wait?`,
      { code: 'ETIMEDOUT' },
    );
  }
  if (plugin === 'abort') return new PortError(`${nameOf(args)} in ${cwd} was broken off because the board stops.`);
  // An error that spawn throws comes here as its message alone.
  const code = /\bspawn (?:\S+ )?(E[A-Z0-9]+)\b/.exec(said)?.[1];
  if (code === noProgram) {
    const hint = 'Install git 2.38 or newer and make sure that it is on the PATH.';
    return new PortError(`git was not found. ${hint}`, { code });
  }
  const options = code === undefined ? {} : { code };
  return new PortError(`${nameOf(args)} could not be run in ${cwd}: ${said}`, options);
}

/** Variables that let one command reach a remote, and the user's login there. */
export function connecting(inherited: NodeJS.ProcessEnv): Record<string, string> {
  const variables = pickVariables(inherited, [...fetchingVariables, ...loginVariables]);
  return { ...variables, GIT_ALLOW_PROTOCOL: fetchingProtocols };
}

/** Variables by which the board tells git how to behave. */
const ownSettings = ['GIT_TERMINAL_PROMPT', 'GIT_OPTIONAL_LOCKS', 'GIT_ALLOW_PROTOCOL'];

function composeEnvironment(inherited: NodeJS.ProcessEnv, mayFetch: boolean): Record<string, string> {
  const names = [...machineVariables, ...ownVariables, ...(mayFetch ? fetchingVariables : [])];
  return {
    ...pickVariables(inherited, names),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    // It overrides all of the settings about protocols; none is called so.
    GIT_ALLOW_PROTOCOL: mayFetch ? fetchingProtocols : 'none',
  };
}
