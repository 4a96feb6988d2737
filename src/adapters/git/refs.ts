/**
 * Names of the refs that keep work alive, and the few questions about refs that several files ask.
 *
 *   refs/branchboard/base/TASK      the merge of its dependencies' work that a task starts from
 *   refs/branchboard/kept/TASK/N    all that the worktree held after run N, uncommitted files too
 *   refs/branchboard/left/TASK/N-…  commits or files found elsewhere than on the task's branch; a ref for each commit
 *   refs/branchboard/done/TASK      the tip of the task's branch when its worktree let go of it
 *   refs/branchboard/rescue/TASK    the tip of its branch when the task was discarded
 *   refs/branchboard/reviewed/TASK  the commit that was reviewed when the task was sent back last
 *   refs/branchboard/resolved/TASK/CONFLICT  what was made of a conflict among its dependencies
 */
import type { RunId } from '../../domain/run.ts';
import type { TaskId } from '../../domain/task.ts';
import { PortError } from '../../ports.ts';
import type { Git, GitOptions } from './git.ts';

/** See the file's head. */
export const baseRef = (task: TaskId): string => `refs/branchboard/base/${task}`;
/** See the file's head. */
export const keptRef = (run: RunId): string => `refs/branchboard/kept/${run.task}/${String(run.n)}`;
/** See the file's head. */
export const leftRef = (run: RunId, commit: string): string =>
  `refs/branchboard/left/${run.task}/${String(run.n)}-${commit.slice(0, 12)}`;
/** See the file's head. */
export const doneRef = (task: TaskId): string => `refs/branchboard/done/${task}`;
/** See the file's head. */
export const rescueRef = (task: TaskId): string => `refs/branchboard/rescue/${task}`;
/** See the file's head. */
export const reviewedRef = (task: TaskId): string => `refs/branchboard/reviewed/${task}`;
/** See the file's head; `*` is every task. */
export const resolvedRef = (task: TaskId | '*', conflict: string): string =>
  `refs/branchboard/resolved/${task}/${conflict}`;
/** A branch's full name. */
export const branchRef = (branch: string): string => `refs/heads/${branch}`;

/** Whether the text is a full object id, of SHA-1 or SHA-256. */
export function isObjectId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/**
 * The commits that names stand for, in the order of the names; null for one that names none. One process, and names
 * travel through stdin, where they can't be taken for options. Throws PortError if git fails.
 */
export async function resolveCommits(
  git: Git,
  names: readonly string[],
  options: GitOptions = {},
): Promise<readonly (string | null)[]> {
  if (names.length === 0) return [];
  const asked = names.map((name) => (/\p{Cc}/u.test(name) ? 'refs/invalid' : name));
  const input = asked.map((name) => `${name}^{commit}\n`).join('');
  const output = await git.run(['cat-file', '--batch-check=%(objectname) %(objecttype)'], { ...options, input });
  const lines = output.split('\n');
  return asked.map((_, index) => /^([0-9a-f]+) commit$/.exec(lines[index] ?? '')?.[1] ?? null);
}

/**
 * The same where the repository may be damaged: a commit that can't be read counts as none. One process where all is
 * well. Throws PortError where git could not be run.
 */
export async function resolveReadable(
  git: Git,
  names: readonly string[],
  options: GitOptions = {},
): Promise<readonly (string | null)[]> {
  try {
    return await resolveCommits(git, names, options);
  } catch (error) {
    if (!(error instanceof PortError) || error.code !== null) throw error;
    if (names.length <= 1) return names.map(() => null);
    const middle = Math.ceil(names.length / 2);
    const [first, second] = [names.slice(0, middle), names.slice(middle)];
    return [...(await resolveReadable(git, first, options)), ...(await resolveReadable(git, second, options))];
  }
}

/** Whether one commit is the other or one of its ancestors. Throws PortError if either is unknown. */
export async function isAncestor(git: Git, ancestor: string, descendant: string): Promise<boolean> {
  const args = ['merge-base', '--is-ancestor', ancestor, descendant];
  const { exitCode, stderr } = await git.attempt(args);
  if (exitCode > 1) throw new PortError(`git could not compare ${ancestor} and ${descendant}: ${stderr.trim()}`);
  return exitCode === 0;
}

/** The trees of commits. Throws PortError if git fails. */
export async function readTrees(git: Git, ...commits: readonly string[]): Promise<readonly string[]> {
  return (await git.run(['rev-parse', ...commits.map((commit) => `${commit}^{tree}`)])).trim().split('\n');
}

/** A branch: its tip, and the folder of the worktree that has it checked out, or null. */
export interface BranchState {
  readonly tip: string;
  readonly checkedOutIn: string | null;
}

/** The state of a branch, or null if there is none of that name. Throws PortError if git fails. */
export async function readBranch(git: Git, branch: string): Promise<BranchState | null> {
  const format = '--format=%(refname)%09%(objectname)%09%(worktreepath)';
  const output = await git.run(['for-each-ref', format, branchRef(branch)]);
  for (const line of output.split('\n')) {
    const [name, tip, folder] = line.split('\t');
    if (name === branchRef(branch) && tip !== undefined) return { tip, checkedOutIn: folder ? folder : null };
  }
  return null;
}
