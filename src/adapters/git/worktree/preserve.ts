/** Keeps the work of a run reachable, lets a worktree go of its branch, and removes a worktree that holds nothing else. */
import { realpath } from 'node:fs/promises';
import { messageOf } from '../../../domain/error-message.ts';
import { basename, dirname } from 'node:path';
import { quote } from 'shell-quote';
import { kindOf } from '../../../domain/outside-kind.ts';
import type { RunPlan } from '../../../domain/run.ts';
import { formatRunId } from '../../../domain/run.ts';
import { findKeptFiles, snapshotMessage } from './earlier-work.ts';
import { findTip } from './evidence.ts';
import { exists, isFolder } from '../../machine/file-presence.ts';
import type { Git } from '../git.ts';
import { listLosses, nameLosses } from './removal-check.ts';
import { findClaim, hasMark, inWorktree, isWhole, leaveMark, setAside } from '../record.ts';
import { headLog, listLeftBehind, listLogged, readReflog } from '../reflog.ts';
import { branchRef, doneRef, keptRef, leftRef, readBranch, resolveCommits, resolveReadable } from '../refs.ts';
import { dropRecord, finishRemovals, removeWorktree } from './removal.ts';
import type { Repository } from '../repository.ts';
import { takeSnapshot } from './folder-snapshot.ts';
import { snapshotFolder } from './loose-folder.ts';
import { readStatus } from './worktree-status.ts';
import { findSound } from './mending.ts';

const durable = { config: ['core.fsync=all'] } as const;
/** Commits that an agent went away from are kept for so many of its last steps. */
const maxLeftBehind = 100;

/**
 * Makes all that the worktree holds, ignored files aside, reachable from `refs/branchboard/kept/TASK/N`; where it is
 * gone, the branch's tip. Commits that the agent left behind go under refs of their own. Two git processes where
 * everything is committed. Whatever the agent left in there, it is no reason to fail: what can't be kept stays where
 * it is, and the user is told. Throws PortError where the repository can't be written to.
 */
export async function keep(git: Git, repository: Repository, plan: RunPlan): Promise<void> {
  const { path } = plan.workspace;
  const record = await findSound(git, repository, plan);
  // Nobody was let into a worktree that is not whole, and half of its files are missing.
  if (record === null || !(await hasMark(record, 'ready'))) return keepBranch(git, repository, plan, record);
  const { head, branch, dirty } = await orElse(git, plan, readStatus(git, path, true), async () => {
    const [commit = null] = await resolveReadable(git, ['HEAD'], inWorktree(path));
    return { head: commit, branch: null, dirty: [] };
  });
  const snapshot =
    dirty.length === 0 ? null : await orElse(git, plan, snapshotOf(git, plan, record, head, dirty), null);
  const commit = snapshot ?? head;
  if (commit !== null) await writeKept(git, plan, commit);
  await keepLeftBehind(git, plan, record, head);
  if (plan.workspace.kind === 'branch' && branch !== plan.workspace.branch)
    await keepLeft(git, plan, commit, [branchRef(plan.workspace.branch)]);
}

/**
 * The result of `work`; where that fails for another reason than a full disk, the user gets a notice and `instead`
 * counts.
 */
async function orElse<Value>(
  git: Git,
  plan: RunPlan,
  work: Promise<Value>,
  instead: Value | (() => Promise<Value>),
): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Error) || kindOf(error) === 'no-room') throw error;
    git.notice(
      `${formatRunId(plan)}: not all that its worktree holds could be kept under a ref; it stays in ${plan.workspace.path}. ${error.message}`,
    );
    return instead instanceof Function ? instead() : instead;
  }
}

function snapshotOf(
  git: Git,
  plan: RunPlan,
  record: string,
  head: string | null,
  dirty: readonly string[],
): Promise<string | null> {
  const { path } = plan.workspace;
  const message = snapshotMessage(plan);
  return takeSnapshot(git, { path, gitDir: record, head, removals: true, dirty, message });
}

/**
 * Keeps a run whose worktree is gone, or in which git can't work: its branch, the record's last place, and the files of
 * a folder that lost its record.
 */
async function keepBranch(git: Git, repository: Repository, plan: RunPlan, record: string | null): Promise<void> {
  const { workspace } = plan;
  const claim = await findClaim(repository, workspace.path);
  const names = [
    ...(workspace.kind === 'branch' ? [branchRef(workspace.branch)] : []),
    ...(claim === null ? [] : [`worktrees/${basename(claim)}/HEAD`]),
  ];
  const found = await resolveReadable(git, names);
  const tip = found.find((commit) => commit !== null && commit !== workspace.base) ?? null;
  const loose = record === null ? await snapshotLoose(git, repository, plan, tip ?? workspace.base) : null;
  // Uncommitted work of an earlier run was not seen again; the next worktree is to have it.
  const files = loose === null ? await findKeptFiles(git, plan) : null;
  const kept = loose ?? (tip !== null && files?.head === tip ? files.commit : tip);
  if (kept === null) return;
  await writeKept(git, plan, kept);
  if (claim !== null) await keepRecorded(git, plan, claim, kept);
}

async function snapshotLoose(git: Git, repository: Repository, plan: RunPlan, commit: string): Promise<string | null> {
  const { path } = plan.workspace;
  if (!(await isFolder(path))) return null;
  return orElse(git, plan, snapshotFolder(git, repository, { path, commit }, snapshotMessage(plan)), null);
}

/**
 * Points the run's ref to a commit. Commits that an earlier call, or an earlier task of this id, had kept there stay,
 * too.
 */
async function writeKept(git: Git, plan: RunPlan, commit: string): Promise<void> {
  const ref = keptRef(plan);
  const input = `create ${ref} ${commit}\n`;
  const created = await git.attempt(['update-ref', '--stdin'], { ...durable, input });
  if (created.exitCode === 0) return;
  const [before = null] = await resolveReadable(git, [ref]);
  if (before === commit) return;
  if (before !== null) {
    const stated = await git.run([
      'log',
      '--no-walk=unsorted',
      '--no-show-signature',
      '--format=%T %P',
      before,
      commit,
      '--',
    ]);
    const [first, second] = stated.split('\n');
    // The same files on the same commit: a snapshot that was made again.
    if (first === second) return;
    await git.run(['update-ref', leftRef(plan, before), before], durable);
  }
  await git.run(['update-ref', ref, commit], durable);
}

/** Keeps the commits that the agent went away from: reset, amended, rebased, or on another branch. */
export async function keepLeftBehind(git: Git, plan: RunPlan, record: string, head: string | null): Promise<void> {
  const left = listLeftBehind(await readReflog(headLog(record))).filter((commit) => commit !== plan.workspace.base);
  await keepLeft(git, plan, head, left.slice(0, maxLeftBehind));
}

/** Keeps all commits that a record, which may be broken, knows and `held`, a commit or a ref, does not contain. */
async function keepRecorded(git: Git, plan: RunPlan, record: string, held: string | null): Promise<void> {
  const logged = listLogged(await readReflog(headLog(record)));
  await keepLeft(git, plan, held, [`worktrees/${basename(record)}/HEAD`, ...logged.slice(0, maxLeftBehind)]);
}

/** Keeps those of the commits that `held`, a commit or a ref, does not contain. No git process where there are none. */
async function keepLeft(git: Git, plan: RunPlan, held: string | null, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const [holder = null, ...found] = await resolveReadable(git, [held ?? plan.workspace.base, ...names]);
  const known = [plan.workspace.base, ...(holder === null ? [] : [holder])];
  const commits = found.filter((commit) => commit !== null && !known.includes(commit));
  if (commits.length === 0) return;
  const args = ['merge-base', '--independent', ...known, ...commits.filter((commit) => commit !== null)];
  const independent = (await git.run(args)).split('\n').filter((commit) => commit !== '' && !known.includes(commit));
  if (independent.length === 0) return;
  const input = independent.map((commit) => `update ${leftRef(plan, commit)} ${commit}\n`).join('');
  await git.run(['update-ref', '--stdin'], { ...durable, input });
}

/**
 * Detaches the worktree from its branch, its index and files untouched, and keeps the branch's tip under
 * `refs/branchboard/done/TASK`, and under `kept/TASK/N` if nothing is there. Then removes the worktree where it holds
 * nothing else, and, to `forget` the task, a branch without commits. Throws PortError if git fails to detach; a worktree
 * that can't be removed stays, and the user is told.
 */
export async function release(git: Git, repository: Repository, plan: RunPlan, forget: boolean): Promise<void> {
  const record = await findSound(git, repository, plan);
  if (plan.workspace.kind === 'branch') await detach(git, plan, record);
  if (record !== null) await keepLeftBehind(git, plan, record, doneRef(plan.task));
  if (record === null && (await exists(dirname(plan.workspace.path)))) {
    await forgetRecord(git, repository, plan);
    await finishRemovals(git, repository, dirname(plan.workspace.path));
  }
  if (record !== null) await removeIfEmpty(git, repository, plan, record);
  if (forget) await removeEmptyBranch(git, plan);
}

/** Detaches the worktree from its branch as {@link release} does, and leaves it there. Throws PortError if git fails. */
export async function letGo(git: Git, repository: Repository, plan: RunPlan): Promise<void> {
  await detach(git, plan, await findSound(git, repository, plan));
}

/**
 * Takes away git's record of a worktree whose folder was deleted by hand, or which git can't work in, since it would hold
 * on to the branch; commits that only the record knew are kept. Returns whether there was one. Throws PortError if git
 * fails.
 */
export async function forgetRecord(git: Git, repository: Repository, plan: RunPlan): Promise<boolean> {
  const { workspace } = plan;
  const claim = await findClaim(repository, workspace.path);
  if (claim === null) return false;
  await keepRecorded(git, plan, claim, workspace.kind === 'branch' ? branchRef(workspace.branch) : null);
  if (!(await exists(workspace.path)) && (await isWhole(claim))) await dropRecord(git, workspace.path);
  else await setAside(repository, claim, basename(claim));
  return true;
}

async function detach(git: Git, plan: RunPlan, record: string | null): Promise<void> {
  const { workspace } = plan;
  if (workspace.kind !== 'branch') return;
  const ref = branchRef(workspace.branch);
  const where = record === null ? {} : inWorktree(workspace.path);
  const names = [ref, keptRef(plan), doneRef(plan.task), ...(record === null ? [] : ['HEAD'])];
  const [branchTip = null, kept = null, done = null, head = null] = await resolveCommits(git, names, where);
  if (branchTip === null && head === null) return;
  const { tip, strayed } = await findTip(git, head, branchTip, workspace.path);
  // An existing ref may be an earlier task's of the same id, or another board's in this repository.
  if (done !== null && done !== kept) await keepLeft(git, plan, tip, [done]);
  if (kept !== null) await keepLeft(git, plan, kept, [tip]);
  const lines = [`update ${doneRef(plan.task)} ${tip}`];
  if (kept === null) lines.push(`create ${keptRef(plan)} ${tip}`);
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

/** Whether no other worktree has the branch checked out: it would no longer fit its branch. */
async function isFree(git: Git, branch: string, path: string): Promise<boolean> {
  const folder = (await readBranch(git, branch))?.checkedOutIn ?? null;
  return folder === null || folder === (await realpath(path).catch(() => path));
}

/** Removes the worktree; one that holds anything, or can't be removed, stays, and the user is told. Returns whether it went. */
export async function removeIfEmpty(git: Git, repository: Repository, plan: RunPlan, record: string): Promise<boolean> {
  const { path, kind, base } = plan.workspace;
  const losses = await listLosses(git, path, record);
  let hindrance = losses.length === 0 ? null : `it holds ${nameLosses(losses)}`;
  if (hindrance === null) {
    const [head = null] = kind === 'detached' ? await resolveReadable(git, ['HEAD'], inWorktree(path)) : [];
    if (head !== null && head !== base) await git.run(['update-ref', leftRef(plan, head), head], durable);
    hindrance = await removeWorktree(git, repository, path).then(() => null, sayWhy);
  }
  if (hindrance === null) return true;
  const command = ['git', '-C', repository.topLevel, 'worktree', 'remove', '--force', '--force', path];
  git.notice(
    `${plan.task}: its worktree stays in ${path}, since ${hindrance}. When you need nothing of it any more: ${quote(command)}`,
  );
  return false;
}

function sayWhy(error: unknown): string {
  return `it can't be removed (${messageOf(error)})`;
}

async function removeEmptyBranch(git: Git, plan: RunPlan): Promise<void> {
  const { workspace } = plan;
  if (workspace.kind !== 'branch') return;
  const branch = await readBranch(git, workspace.branch);
  if (branch?.tip !== workspace.base || branch.checkedOutIn !== null) return;
  await git.serialise(() => git.attempt(['update-ref', '-d', branchRef(workspace.branch), workspace.base]));
}
