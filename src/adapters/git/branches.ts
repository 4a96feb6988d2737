/** Names for tasks' branches and folders, and questions about branches that commands ask. */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Workspace } from '../../domain/run.ts';
import type { TaskId } from '../../domain/task.ts';
import { quote } from 'shell-quote';
import type { Git } from './git.ts';
import { taskError } from './git-errors.ts';
import { branchRef, resolveReadable } from './refs.ts';

/** A task's name is tried with so many numbers behind it. */
const maxNamesTried = 1_000;

/** The local branches: their tips by their full names. */
export type Branches = ReadonlyMap<string, string>;

/** What a workspace is chosen for. */
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
 * Which of the refs, given as branch names or as full names that begin with `refs/`, are contained in the base; one
 * whose commit is damaged is not. One git process where the repository is sound. Throws PortError where the base is
 * unknown.
 */
export async function listMerged(git: Git, base: string, refs: readonly string[]): Promise<ReadonlySet<string>> {
  if (refs.length === 0) return new Set();
  const fullName = (ref: string): string => (ref.startsWith('refs/') ? ref : branchRef(ref));
  const ask = (names: readonly string[]): Promise<string> =>
    git.run(['for-each-ref', `--merged=${base}`, '--format=%(refname)', ...names]);
  const names = refs.map(fullName);
  const output = await ask(names).catch(async (error: unknown) => {
    const readable = await resolveReadable(git, names);
    const sound = names.filter((_, index) => readable[index] !== null);
    if (sound.length === names.length) throw error;
    return sound.length === 0 ? '' : ask(sound);
  });
  const merged = new Set(output.split('\n'));
  return new Set(refs.filter((ref) => merged.has(fullName(ref))));
}

/** The command by which the user looks at a branch's work, quoted for a shell. */
export function diffCommand(base: string, branch: string): string {
  return `git diff ${quote([`${base}...${branch}`])}`;
}
