/**
 * What is in a worktree after a run.
 *
 * The task's branch is what counts. An agent may have left it, though:
 *
 *   HEAD is on the branch, or at its tip    the branch's tip
 *   HEAD is ahead of the branch             HEAD; letting go of the worktree moves the branch forward
 *   the branch is ahead of HEAD             the branch's tip
 *   both have commits of their own          the branch's tip, and the others are named among what is not committed
 *   the branch is gone                      HEAD; letting go of the worktree makes the branch again
 */
import { limits } from '../../domain/limits.ts';
import type { Diffstat, Evidence, RunPlan } from '../../domain/run.ts';
import type { Git, GitOptions } from './git.ts';
import { taskError } from './git-errors.ts';
import { findRecord, inWorktree } from './record.ts';
import { branchRef, isAncestor, resolveCommits } from './refs.ts';
import type { Repository } from './repository.ts';
import { mendWorktree } from './worktree-mending.ts';

/** What `git status` says of a worktree. */
export interface WorktreeStatus {
  /** The commit checked out, or null where there is none. */
  readonly head: string | null;
  /** The branch checked out, or null where HEAD is detached. */
  readonly branch: string | null;
  /** Paths that differ from the commit, ignored ones aside; a folder ends in a slash. */
  readonly dirty: readonly string[];
}

/** Reads a worktree's status. `every` lists each untracked file, not only the folder that holds them. */
export async function readStatus(git: Git, path: string, every: boolean): Promise<WorktreeStatus> {
  const untracked = `--untracked-files=${every ? 'all' : 'normal'}`;
  const args = ['status', '--porcelain=v2', '--branch', '-z', '--no-renames', untracked];
  const dirty: string[] = [];
  let head: string | null = null;
  let branch: string | null = null;
  for (const line of (await git.run(args, inWorktree(path))).split('\0')) {
    if (line.startsWith('# branch.oid ')) head = line.slice('# branch.oid '.length);
    else if (line.startsWith('# branch.head ')) branch = line.slice('# branch.head '.length);
    else if (line.startsWith('? ')) dirty.push(line.slice('? '.length));
    else if (line !== '' && !line.startsWith('#')) dirty.push(pathOf(line));
  }
  return { head: head === '(initial)' ? null : head, branch: branch === '(detached)' ? null : branch, dirty };
}

/** The path is the last field, behind eight others, or ten where the path is in conflict. */
function pathOf(line: string): string {
  const fields = line.split(' ');
  return fields.slice(line.startsWith('u ') ? 10 : 8).join(' ');
}

/** Looks at what a run left. Three git processes at once; one or two where the worktree is gone. Throws PortError. */
export async function inspect(git: Git, repository: Repository, plan: RunPlan): Promise<Omit<Evidence, 'verify'>> {
  const { workspace } = plan;
  const where = inWorktree(workspace.path);
  await mendWorktree(git, repository, plan);
  if ((await findRecord(repository, workspace.path)) === null) return inspectBranch(git, plan);
  const [status, measured] = await Promise.all([
    readStatus(git, workspace.path, false),
    measure(git, workspace.base, 'HEAD', where).catch(() => null),
  ]);
  const dirty = status.dirty.slice(0, limits.maxDirtyFilesNamed);
  const isAtHome = workspace.kind === 'detached' || status.branch === workspace.branch;
  if (isAtHome && status.head !== null) {
    return { tip: status.head, ...(measured ?? (await measure(git, workspace.base, status.head))), dirty };
  }
  const [branchTip] = workspace.kind === 'branch' ? await resolveCommits(git, [branchRef(workspace.branch)]) : [];
  const { tip, strayed } = await findTip(git, status.head, branchTip ?? null, workspace.path);
  const found = tip === status.head && measured !== null ? measured : await measure(git, workspace.base, tip);
  const place = status.branch === null ? 'a detached HEAD' : `the branch ${status.branch}`;
  const note = strayed ? [`(commits on ${place} that are not on the task's branch)`] : [];
  return { tip, ...found, dirty: [...note, ...dirty].slice(0, limits.maxDirtyFilesNamed) };
}

async function inspectBranch(git: Git, plan: RunPlan): Promise<Omit<Evidence, 'verify'>> {
  const { workspace } = plan;
  if (workspace.kind === 'detached') {
    return { tip: workspace.base, commits: 0, diffstat: { files: 0, insertions: 0, deletions: 0 }, dirty: [] };
  }
  const [tip] = await resolveCommits(git, [branchRef(workspace.branch)]);
  if (!tip) {
    throw taskError(
      'setup-failed',
      `The worktree ${workspace.path} and its branch ${workspace.branch} are gone. Start over: branchboard retry ${plan.task}`,
    );
  }
  return { tip, ...(await measure(git, workspace.base, tip)), dirty: [] };
}

/**
 * The commit that holds a task's work, by the table above, and whether HEAD has commits that it does not hold.
 * Throws PortError where there is neither.
 */
export async function findTip(
  git: Git,
  head: string | null,
  branchTip: string | null,
  path: string,
): Promise<{ readonly tip: string; readonly strayed: boolean }> {
  if (head === null || branchTip === null || head === branchTip) {
    const tip = branchTip ?? head;
    if (tip === null) throw taskError('setup-failed', `There is no commit in the worktree ${path}.`);
    return { tip, strayed: false };
  }
  if (await isAncestor(git, branchTip, head)) return { tip: head, strayed: false };
  return { tip: branchTip, strayed: !(await isAncestor(git, head, branchTip)) };
}

async function measure(
  git: Git,
  base: string,
  tip: string,
  where: GitOptions = {},
): Promise<{ readonly commits: number; readonly diffstat: Diffstat }> {
  const diff = ['diff-tree', '-r', '-M', '--no-ext-diff', '--no-textconv', '--shortstat', base, tip];
  const [count, stat] = await Promise.all([
    git.run(['rev-list', '--count', `${base}..${tip}`], where),
    git.run(diff, where),
  ]);
  return { commits: Number(count), diffstat: parseShortstat(stat) };
}

function parseShortstat(text: string): Diffstat {
  const numberBefore = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(text)?.[1] ?? 0);
  return { files: numberBefore('file'), insertions: numberBefore('insertion'), deletions: numberBefore('deletion') };
}
