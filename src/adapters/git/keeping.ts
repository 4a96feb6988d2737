/** Keeps the work of a run reachable, lets a worktree go of its branch, and removes a worktree that holds nothing else. */
import { realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { RunPlan } from '../../domain/run.ts';
import { formatRunId } from '../../domain/run.ts';
import { findTip, readStatus } from './evidence.ts';
import { exists } from './file-presence.ts';
import type { Git } from './git.ts';
import {
  findClaim,
  findRecord,
  inWorktree,
  isLockedByUs,
  isOnBranch,
  leaveMark,
  lockReason,
  removeMark,
} from './record.ts';
import { branchRef, doneRef, keptRef, leftRef, readBranch, resolveCommits } from './refs.ts';
import type { Repository } from './repository.ts';
import { takeSnapshot } from './snapshot.ts';

const durable = { config: ['core.fsync=all'] } as const;

/**
 * Makes all that the worktree holds, ignored files aside, reachable from `refs/branchboard/kept/TASK/N`. Two git
 * processes where everything is committed. Throws PortError if git fails.
 */
export async function keep(git: Git, repository: Repository, plan: RunPlan): Promise<void> {
  const { path } = plan.workspace;
  const record = await findRecord(repository, path);
  if (record === null) return;
  const { head, dirty } = await readStatus(git, path, true);
  const snapshot =
    dirty.length === 0
      ? null
      : await takeSnapshot(git, {
          path,
          record,
          head,
          removals: true,
          nested: dirty.filter((each) => each.endsWith('/')).map((each) => each.slice(0, -1)),
          message: `branchboard: all that the worktree held after ${formatRunId(plan)}`,
        });
  const commit = snapshot ?? head;
  if (commit !== null) await git.run(['update-ref', keptRef(plan), commit], durable);
}

/**
 * Detaches the worktree from its branch, its index and files untouched, and keeps the branch's tip under
 * `refs/branchboard/done/TASK`. Two git processes. `remove`s the worktree where it holds nothing else, and then an
 * empty branch, too. Throws PortError if git fails to detach; a worktree that can't be removed stays.
 */
export async function release(git: Git, repository: Repository, plan: RunPlan, remove: boolean): Promise<void> {
  const record = await findRecord(repository, plan.workspace.path);
  if (plan.workspace.kind === 'branch') await detach(git, plan, record);
  if (record === null && (await exists(dirname(plan.workspace.path)))) await forgetMissing(git, repository, plan);
  if (remove && record !== null) await removeWorktree(git, plan, record);
  if (remove) await removeEmptyBranch(git, plan);
}

/**
 * Drops git's record of a worktree whose folder was deleted by hand, since it would hold on to the branch; a commit
 * that only the record knew is kept. Returns whether there was one. Throws PortError if git fails.
 */
export async function forgetMissing(git: Git, repository: Repository, plan: RunPlan): Promise<boolean> {
  const { path } = plan.workspace;
  const claim = await findClaim(repository, path);
  if (claim === null || (await exists(path))) return false;
  const [head] = await resolveCommits(git, [`worktrees/${basename(claim)}/HEAD`]);
  if (head) await git.run(['update-ref', leftRef(plan, head), head], durable);
  await git.run(['worktree', 'remove', '--force', '--force', path]);
  return true;
}

async function detach(git: Git, plan: RunPlan, record: string | null): Promise<void> {
  const { workspace } = plan;
  if (workspace.kind !== 'branch') return;
  const ref = branchRef(workspace.branch);
  const where = record === null ? {} : inWorktree(workspace.path);
  if (record !== null && (await isOnBranch(record, workspace.branch)) && (await letGo(git, plan, record))) return;
  const [branchTip = null, head = null] = await resolveCommits(git, record === null ? [ref] : [ref, 'HEAD'], where);
  if (branchTip === null && head === null) return;
  const { tip, strayed } = await findTip(git, head, branchTip, workspace.path);
  const lines = [`update ${doneRef(plan.task)} ${tip}`];
  if (strayed && head !== null) lines.push(`update ${leftRef(plan, head)} ${head}`);
  if (tip !== branchTip && (await isFree(git, workspace.branch, workspace.path))) {
    lines.push(branchTip === null ? `create ${ref} ${tip}` : `update ${ref} ${tip} ${branchTip}`);
  }
  if (record !== null && head !== null) {
    await leaveMark(record, 'released', formatRunId(plan));
    lines.push('option no-deref', `update HEAD ${head}`);
  }
  const input = lines.map((line) => `${line}\n`).join('');
  await git.serialise(() => git.run(['update-ref', '--stdin'], { ...where, ...durable, input }));
}

/** The common case, one process: HEAD is on the branch. Returns whether it was; where it was not, nothing was changed. */
async function letGo(git: Git, plan: RunPlan, record: string): Promise<boolean> {
  const input = `update ${doneRef(plan.task)} HEAD\noption no-deref\nupdate HEAD HEAD\n`;
  const options = { ...inWorktree(plan.workspace.path), ...durable, input };
  await leaveMark(record, 'released', formatRunId(plan));
  const { exitCode } = await git.serialise(() => git.attempt(['update-ref', '--stdin'], options));
  if (exitCode !== 0) await removeMark(record, 'released');
  return exitCode === 0;
}

/** Whether no other worktree has the branch checked out: it would no longer fit its branch. */
async function isFree(git: Git, branch: string, path: string): Promise<boolean> {
  const folder = (await readBranch(git, branch))?.checkedOutIn ?? null;
  return folder === null || folder === (await realpath(path).catch(() => path));
}

async function removeWorktree(git: Git, plan: RunPlan, record: string): Promise<void> {
  const { path } = plan.workspace;
  const { head, dirty } = await readStatus(git, path, false);
  if (dirty.length > 0 || head === null || !(await isLockedByUs(record))) return;
  if (plan.workspace.kind === 'detached' && head !== plan.workspace.base) {
    await git.run(['update-ref', leftRef(plan, head), head], durable);
  }
  await git.serialise(async () => {
    await git.run(['worktree', 'unlock', path]);
    const removed = await git.attempt(['worktree', 'remove', path]);
    if (removed.exitCode !== 0) await git.attempt(['worktree', 'lock', '--reason', lockReason, path]);
  });
}

async function removeEmptyBranch(git: Git, plan: RunPlan): Promise<void> {
  const { workspace } = plan;
  if (workspace.kind !== 'branch') return;
  const branch = await readBranch(git, workspace.branch);
  if (branch?.tip !== workspace.base || branch.checkedOutIn !== null) return;
  await git.serialise(() => git.attempt(['update-ref', '-d', branchRef(workspace.branch), workspace.base]));
}
