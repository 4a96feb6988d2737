/** Chooses names for tasks' branches and folders, and answers questions of commands about branches. */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Workspace } from '../../domain/run.ts';
import type { TaskId } from '../../domain/task.ts';
import { quote } from 'shell-quote';
import { PortError } from '../../ports.ts';
import type { Git } from './git.ts';
import { taskError } from './git-errors.ts';
import { branchRef, resolveReadable } from './refs.ts';

/** A task's name is tried with so many numbers behind it. */
const maxNamesTried = 1_000;

/** The local branches: their tips by their full names. */
export type Branches = ReadonlyMap<string, string>;

/** The request for a workspace. */
export interface WorkspaceRequest {
  readonly task: TaskId;
  readonly base: string;
  readonly readsOnly: boolean;
  readonly branchPrefix: string;
  /** The branches that are taken. */
  readonly branches: Branches;
  /** The folder of all worktrees. */
  readonly parent: string;
  /** Folders and branches that other tasks were promised and have not made yet. */
  readonly isPromised: (name: string) => boolean;
}

/**
 * A free branch and a free folder with the same number behind both, if any. Case is not told apart, since some file
 * systems don't. Throws PortError if none is free.
 */
export async function chooseWorkspace(request: WorkspaceRequest): Promise<Workspace> {
  const { task, base, parent, isPromised } = request;
  const branches = new Set([...request.branches.keys()].map((ref) => ref.slice(branchRef('').length).toLowerCase()));
  const taken = new Set((await readdir(parent).catch(() => [])).map((folder) => folder.toLowerCase()));
  const prefix = avoidBranches(request.branchPrefix, branches);
  for (let number = 1; number <= maxNamesTried; number += 1) {
    const name = number === 1 ? task : `${task}-${String(number)}`;
    const path = join(parent, name);
    if (taken.has(name.toLowerCase()) || isPromised(path)) continue;
    if (request.readsOnly) return { kind: 'detached', path, base };
    const branch = `${prefix}${name}`;
    if (!isPromised(branch) && !collides(branch, branches)) return { kind: 'branch', path, base, branch };
  }
  throw taskError(
    'setup-failed',
    `No branch name is free for ${task}. Delete old ones: git branch --list '${prefix}${task}*'`,
  );
}

/** A free branch of that name, with a number behind it if need be. */
export function chooseBranch(wishedPrefix: string, name: string, known: Branches): string {
  const branches = new Set([...known.keys()].map((ref) => ref.slice(branchRef('').length).toLowerCase()));
  const prefix = avoidBranches(wishedPrefix, branches);
  for (let number = 1; ; number += 1) {
    const branch = `${prefix}${number === 1 ? name : `${name}-${String(number)}`}`;
    if (!collides(branch, branches)) return branch;
  }
}

/** Lists the branches. One git process. Throws PortError if git fails. */
export async function listBranches(git: Git): Promise<Branches> {
  const output = await git.run(['for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads']);
  const lines = output.split('\n').map((line) => line.split(' '));
  return new Map(lines.flatMap(([ref, tip]) => (ref === undefined || tip === undefined ? [] : [[ref, tip]])));
}

/** A branch `task` and a branch `task/x` can't both be, so a prefix that is a branch itself ends in `-` instead. */
function avoidBranches(prefix: string, branches: ReadonlySet<string>): string {
  const parts = prefix.split('/');
  const clash = parts.slice(1).findIndex((_, index) =>
    branches.has(
      parts
        .slice(0, index + 1)
        .join('/')
        .toLowerCase(),
    ),
  );
  if (clash < 0) return prefix;
  return [...parts.slice(0, clash), parts.slice(clash).join('-')].join('/');
}

function collides(branch: string, branches: ReadonlySet<string>): boolean {
  const folded = branch.toLowerCase();
  if (branches.has(folded)) return true;
  for (const other of branches) if (other.startsWith(`${folded}/`)) return true;
  for (let parent = dirname(folded); parent !== '.'; parent = dirname(parent)) if (branches.has(parent)) return true;
  return false;
}

/** Whether there is a local branch of that name. Throws PortError if git could not be run. */
export async function branchExists(git: Git, branch: string): Promise<boolean> {
  return (await git.attempt(['show-ref', '--verify', '--quiet', '--', branchRef(branch)])).exitCode === 0;
}

/**
 * Those of the commits that none of the tips contains; so does none contain a commit that is damaged or unknown, and a
 * tip that is contains nothing. One git process where the repository is sound. Throws PortError where git could not be
 * run.
 */
export async function listBeyond(
  git: Git,
  commits: readonly string[],
  tips: readonly string[],
): Promise<ReadonlySet<string>> {
  if (commits.length === 0) return new Set();
  const ask = async (asked: readonly string[], from: readonly string[]): Promise<ReadonlySet<string>> => {
    const input = [...asked, ...from.map((tip) => `^${tip}`)].map((each) => `${each}\n`).join('');
    const beyond = new Set((await git.run(['rev-list', '--stdin'], { input })).split('\n'));
    return new Set(asked.filter((commit) => beyond.has(commit)));
  };
  try {
    return await ask(commits, tips);
  } catch (error) {
    if (!(error instanceof PortError) || error.code !== null) throw error;
    const readable = await resolveReadable(git, [...commits, ...tips]);
    const sound = commits.filter((_, index) => readable[index] !== null);
    const from = readable.slice(commits.length).filter((tip) => tip !== null);
    const beyond = sound.length === 0 ? new Set() : await ask(sound, from).catch(() => new Set(sound));
    return new Set(commits.filter((commit) => beyond.has(commit) || !sound.includes(commit)));
  }
}

/** The command by which the user looks at a branch's work, quoted for a shell. */
export function diffCommand(base: string, branch: string): string {
  return `git diff ${quote([`${base}...${branch}`])}`;
}
