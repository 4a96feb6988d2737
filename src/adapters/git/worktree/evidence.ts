/**
 * Finds the work in a worktree after a run.
 *
 * The task's branch is what counts. An agent may have left it, though:
 *
 *   HEAD is on the branch, or at its tip    the branch's tip
 *   HEAD is ahead of the branch             HEAD; letting go of the worktree moves the branch forward
 *   the branch is ahead of HEAD             the branch's tip
 *   both have commits of their own          the branch's tip, and the others are named among what is not committed
 *   the branch is gone                      HEAD; letting go of the worktree makes the branch again
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../../domain/limits.ts';
import type { RunPlan } from '../../../domain/run.ts';
import type { Diffstat, Evidence } from '../../../domain/work-evidence.ts';
import { listLeftMasks } from '../../sandbox/masks.ts';
import { isFolder } from '../../machine/file-presence.ts';
import type { Git, GitOptions } from '../git.ts';
import { taskError } from '../git-errors.ts';
import { inWorktree } from '../record.ts';
import { branchRef, isAncestor, resolveCommits } from '../refs.ts';
import type { Repository } from '../repository.ts';
import { listDifferences } from './loose-folder.ts';
import { readOwnStatus } from './baseline.ts';
import { listIgnored } from './ignored.ts';
import { findRepositories, readHoldings, type Holdings } from './holdings.ts';
import { readMergeEvidence } from './merge-evidence.ts';
import { listWhatRuns } from '../what-runs.ts';
import { findSound } from './mending.ts';

/**
 * Looks at what a run left. Four git processes at once. Throws PortError; where the worktree is gone, with the command
 * that makes another.
 */
export async function inspect(
  git: Git,
  repository: Repository,
  plan: RunPlan,
): Promise<Omit<Evidence, 'verify' | 'moved'>> {
  const { workspace } = plan;
  const where = inWorktree(workspace.path);
  const record = await findSound(git, repository, plan);
  if (record === null) return inspectFolder(git, repository, plan);
  await removeLeftMasks(git, workspace.path);
  const [status, measured] = await Promise.all([
    readOwnStatus(git, workspace.path, record),
    measure(git, workspace.base, 'HEAD', where).catch(() => null),
  ]);
  const untracked = await findRepositories(workspace.path, status.dirty);
  const dirty = status.dirty.slice(0, limits.maxDirtyFilesNamed);
  const asGiven = status.asGiven.slice(0, limits.maxDirtyFilesNamed);
  const describe = async (tip: string, found: Measured, notes: readonly string[]) => {
    const held = found.commits === 0 ? noHoldings : await readHoldings(git, repository, { plan, tip, record });
    const repositories = [...untracked, ...held.repositories.filter((path) => !status.asGiven.includes(`${path}/`))];
    const named = [...notes, ...dirty].slice(0, limits.maxDirtyFilesNamed);
    const hasWork = found.commits > 0 || named.length > 0 || repositories.length > 0;
    const ignored = hasWork ? [] : await listIgnored(git, workspace.path, record).catch(() => []);
    const merge = plan.conflict === null ? null : await readMergeEvidence(git, plan.conflict, tip);
    return { tip, ...found, dirty: named, asGiven, ignored, repositories, elsewhere: held.elsewhere, merge };
  };
  const isAtHome = workspace.kind === 'detached' || status.branch === workspace.branch;
  if (isAtHome && status.head !== null) {
    return describe(status.head, measured ?? (await measure(git, workspace.base, status.head)), []);
  }
  const [branchTip] = workspace.kind === 'branch' ? await resolveCommits(git, [branchRef(workspace.branch)]) : [];
  const { tip, strayed } = await findTip(git, status.head, branchTip ?? null, workspace.path);
  const found = tip === status.head && measured !== null ? measured : await measure(git, workspace.base, tip);
  const place = status.branch === null ? 'a detached HEAD' : `the branch ${status.branch}`;
  const note = strayed ? [`(commits on ${place} that are not on the task's branch)`] : [];
  return describe(tip, found, note);
}

type Measured = Pick<Evidence, 'commits' | 'diffstat' | 'changesWhatRuns'>;

/** Of a branch without commits, or a folder that git can't work in. */
const noHoldings: Holdings & Pick<Evidence, 'ignored' | 'merge'> = {
  ...{ repositories: [], elsewhere: [], ignored: [], merge: null },
};

/** Empty files of a sandbox that was killed with its command; they are no work. */
async function removeLeftMasks(git: Git, path: string): Promise<void> {
  const left = await listLeftMasks(path);
  if (left.length === 0) return;
  const tracked = new Set((await git.run(['ls-files', '-z', '--', ...left], inWorktree(path))).split('\0'));
  for (const name of left) if (!tracked.has(name)) await rm(join(path, name), { force: true });
}

/** Git can't work in the folder any more, so what it holds is compared with the branch. */
async function inspectFolder(
  git: Git,
  repository: Repository,
  plan: RunPlan,
): Promise<Omit<Evidence, 'verify' | 'moved'>> {
  const { workspace } = plan;
  const { path } = workspace;
  if (workspace.kind === 'detached') {
    const diffstat = { files: 0, insertions: 0, deletions: 0 };
    return { tip: workspace.base, commits: 0, diffstat, changesWhatRuns: [], dirty: [], asGiven: [], ...noHoldings };
  }
  const [tip] = await resolveCommits(git, [branchRef(workspace.branch)]);
  if (!tip) {
    throw taskError(
      'setup-failed',
      `The worktree ${path} and its branch ${workspace.branch} are gone. Start over: branchboard retry ${plan.task}`,
    );
  }
  if (!(await isFolder(path))) {
    throw taskError(
      'setup-failed',
      `The worktree ${path} is gone, and with it whatever was not committed; ${workspace.branch} is at ${tip.slice(0, 12)}. Go on from there in a new worktree: branchboard retry ${plan.task}`,
    );
  }
  const dirty = (await listDifferences(git, repository, { path, commit: tip })).slice(0, limits.maxDirtyFilesNamed);
  return { tip, ...(await measure(git, workspace.base, tip)), dirty, asGiven: [], ...noHoldings };
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

/** The size of a task's own work, and what of it runs for whoever merges it. Throws PortError if git fails. */
export async function measure(git: Git, base: string, tip: string, where: GitOptions = {}): Promise<Measured> {
  const diff = ['diff-tree', '-r', '-M', '--no-ext-diff', '--no-textconv', '--shortstat', base, tip];
  const [count, stat, changesWhatRuns] = await Promise.all([
    git.run(['rev-list', '--count', `${base}..${tip}`], where),
    git.run(diff, where),
    listWhatRuns(git, base, tip, where),
  ]);
  return { commits: Number(count), diffstat: parseShortstat(stat), changesWhatRuns };
}

function parseShortstat(text: string): Diffstat {
  const numberBefore = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(text)?.[1] ?? 0);
  return { files: numberBefore('file'), insertions: numberBefore('insertion'), deletions: numberBefore('deletion') };
}
