/**
 * Makes the worktree of a run, or takes the one that an earlier run made.
 *
 *   absent ──► added, locked, empty ──► checked out ──► files copied ──► `setup` ran ──► ready
 *                     └───────────────────┴──────────────────┴──────────────┘
 *                       cut off: cleared away and made again, never used
 *
 *   ready ──► released from its branch ──► ready, on its branch again
 */
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { formatRunId, type RunPlan } from '../../domain/run.ts';
import type { Settings } from '../../domain/settings.ts';
import type { CommandRunner } from '../../ports.ts';

import { readRegular } from '../files/regular-file.ts';
import { copyIgnoredFiles } from './copies.ts';
import { readStatus } from './evidence.ts';
import { exists } from './file-presence.ts';
import type { Git } from './git.ts';
import { gitError, isOutOfRoom, taskError, toPortError } from './git-errors.ts';
import { forgetMissing } from './keeping.ts';
import { findRecord, hasMark, inWorktree, isWhole, leaveMark, lockReason, removeMark, setAside } from './record.ts';
import {
  branchRef,
  doneRef,
  isAncestor,
  keptRef,
  leftRef,
  readBranch,
  resolveCommits,
  resolveReadable,
} from './refs.ts';
import type { Repository } from './repository.ts';
import { takeSnapshot } from './snapshot.ts';
import { mendWorktree } from './worktree-mending.ts';

/** What preparing needs to know besides the plan. */
export interface PreparationContext {
  readonly git: Git;
  readonly repository: Repository;
  readonly boardDir: string;
  readonly settings: () => Settings;
  readonly runCommand: CommandRunner;
  readonly notice: (message: string) => void;
}

/** Two git processes for a new worktree, none for one that is taken as it is. Throws PortError with `setup-failed`. */
export async function prepare(context: PreparationContext, plan: RunPlan): Promise<void> {
  try {
    await prepareWorktree(context, plan);
  } catch (error) {
    throw toPortError(error);
  }
}

async function prepareWorktree(context: PreparationContext, plan: RunPlan): Promise<void> {
  const { git, repository } = context;
  const { path } = plan.workspace;
  await mendWorktree(git, repository, plan);
  const existing = await findRecord(repository, path);
  if (existing !== null && (await hasMark(existing, 'ready'))) {
    if (await hasMark(existing, 'released')) await takeBranchBack(context, plan, existing);
    return;
  }
  if (await exists(path)) await clearAway(context, plan, existing);
  await makeParent(path);
  await git.serialise(() => addWorktree(context, plan));
  await git.run(['reset', '--hard', '--quiet', '--no-recurse-submodules'], inWorktree(path));
  const record = await findRecord(repository, path);
  if (record === null) throw taskError('setup-failed', `The worktree ${path} lost its link to the repository.`);
  const { copy, setup } = context.settings();
  await copyIgnoredFiles(git, repository, { patterns: copy, boardDir: context.boardDir, target: path });
  if (await exists(join(path, '.gitmodules'))) {
    context.notice(
      `${plan.task}: submodules are empty in a new worktree. If its agent needs them, put \`git submodule update --init\` under \`setup\` in config.yaml.`,
    );
  }
  for (const argv of setup) {
    const outcome = await context.runCommand.run(argv, { cwd: path, plan });
    if (!outcome.ok) {
      throw taskError(
        'setup-failed',
        `The setup command \`${argv.join(' ')}\` failed in ${path}:\n${outcome.outputTail}`,
      );
    }
  }
  await leaveMark(record, 'ready', formatRunId(plan));
}

async function makeParent(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    const said = error instanceof Error ? error.message : String(error);
    throw taskError(
      'setup-failed',
      `The folder for worktrees can't be made: ${said}. See what is there (ls -ld '${dirname(path)}'), or set \`worktrees.dir\` in config.yaml to a folder that can be written to.`,
      error,
    );
  });
}

/** Adds the worktree, with a new branch or on the one that earlier runs worked on. */
async function addWorktree(context: PreparationContext, plan: RunPlan): Promise<void> {
  const { git } = context;
  const { workspace } = plan;
  const start = await findStart(git, plan);
  const how =
    start.kind === 'existing'
      ? []
      : workspace.kind === 'detached'
        ? ['--detach']
        : ['--no-track', '-b', workspace.branch];
  const from = start.kind === 'existing' ? start.branch : start.commit;
  const args = ['worktree', 'add', '--quiet', '--no-checkout', '--lock', '--reason', lockReason];
  const all = [...args, ...how, '--', workspace.path, from];
  let added = await git.attempt(all);
  if (added.exitCode !== 0 && (await forgetMissing(git, context.repository, plan))) added = await git.attempt(all);
  if (added.exitCode === 0) return;
  const tip = workspace.kind === 'branch' ? (await readBranch(git, workspace.branch))?.tip : undefined;
  if (workspace.kind !== 'branch' || tip === undefined || start.kind === 'existing') {
    throw gitError(args, added, context.repository.topLevel);
  }
  if (tip !== start.commit) {
    throw taskError(
      'setup-failed',
      `The branch ${workspace.branch} was made by someone else meanwhile and holds other work. Rename it (git branch -m ${workspace.branch} NEW-NAME), then: branchboard retry ${plan.task}`,
    );
  }
  await git.run([...args, '--', workspace.path, workspace.branch]);
}

type Start = { readonly kind: 'new'; readonly commit: string } | { readonly kind: 'existing'; readonly branch: string };

/** A first run starts from its base; a later one from its branch or, where that was deleted, from what was kept of it. */
async function findStart(git: Git, plan: RunPlan): Promise<Start> {
  const { workspace } = plan;
  if (plan.cause.kind === 'first' || workspace.kind === 'detached') return { kind: 'new', commit: workspace.base };
  const branch = await readBranch(git, workspace.branch);
  if (branch !== null) {
    const { checkedOutIn } = branch;
    if (checkedOutIn !== null && (await exists(checkedOutIn))) throw checkedOut(plan, workspace.branch, checkedOutIn);
    return { kind: 'existing', branch: workspace.branch };
  }
  const names = [keptRef({ task: plan.task, n: plan.n - 1 }), doneRef(plan.task)];
  for (const commit of await resolveCommits(git, names)) {
    if (commit !== null && (await isAncestor(git, workspace.base, commit))) return { kind: 'new', commit };
  }
  return { kind: 'new', commit: workspace.base };
}

function checkedOut(plan: RunPlan, branch: string, folder: string): Error {
  return taskError(
    'setup-failed',
    `${branch} is checked out in ${folder}, so the task can't go on with it. Switch that to another branch (git -C '${folder}' switch -), then: branchboard retry ${plan.task}`,
  );
}

/**
 * Makes room where a folder stands in the way that no agent was let into: what it holds beyond its commit goes under
 * a ref, then it is removed. A folder that is no worktree of ours is renamed, not removed.
 */
async function clearAway(context: PreparationContext, plan: RunPlan, record: string | null): Promise<void> {
  const { git, notice } = context;
  const { path } = plan.workspace;
  if (record === null || !(await isWhole(record))) {
    if (record !== null) await setAside(context.repository, record, basename(record));
    if (await removeEmpty(path)) return;
    const aside = await findAside(path);
    await rename(path, aside);
    notice(`${path} stood where ${formatRunId(plan)} is to work and is no worktree of the board; it is now ${aside}.`);
    await keepAside(context, plan, aside);
    return;
  }
  const [head = null] = await resolveCommits(git, ['HEAD'], inWorktree(path));
  const message = `branchboard: what an unfinished worktree held before ${formatRunId(plan)}`;
  const snapshot = await takeSnapshot(git, { path, place: { record }, head, removals: false, dirty: [], message });
  const worthKeeping = snapshot ?? (head === plan.workspace.base ? null : head);
  if (worthKeeping !== null) await git.run(['update-ref', leftRef(plan, worthKeeping), worthKeeping]);
  await git.serialise(() => git.run(['worktree', 'remove', '--force', '--force', path]));
}

/** Removes a folder that holds nothing, or nothing but a worktree's link. */
async function removeEmpty(path: string): Promise<boolean> {
  const names = await readdir(path, { withFileTypes: true }).catch(() => null);
  if (names === null || names.some((entry) => entry.name !== '.git' || !entry.isFile())) return false;
  await rm(join(path, '.git'), { force: true });
  await rmdir(path);
  return true;
}

/** A folder that was a worktree of this repository until its record was deleted: what it holds goes under a ref, too. */
async function keepAside({ git, repository, notice }: PreparationContext, plan: RunPlan, aside: string): Promise<void> {
  const link = await readRegular(join(aside, '.git')).catch(() => '');
  if (!link.startsWith(`gitdir: ${join(repository.commonDir, 'worktrees')}`)) return;
  const { workspace } = plan;
  const branch = workspace.kind === 'branch' ? branchRef(workspace.branch) : workspace.base;
  const [tip = null] = await resolveReadable(git, [branch]);
  const message = `branchboard: what a worktree without a record held before ${formatRunId(plan)}`;
  const place = { gitDir: repository.commonDir };
  const head = tip ?? workspace.base;
  try {
    const commit = await takeSnapshot(git, { path: aside, place, head, removals: true, dirty: [], message });
    if (commit !== null) await git.run(['update-ref', leftRef(plan, commit), commit]);
  } catch (error) {
    if (isOutOfRoom(error)) throw error;
    notice(`${aside} could not be kept under a ref; it stays there. ${error instanceof Error ? error.message : ''}`);
  }
}

async function findAside(path: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const aside = `${path}.aside-${String(number)}`;
    if (!(await exists(aside))) return aside;
  }
}

/** Puts a worktree that was released back on its branch, which may have been deleted or moved on since. */
async function takeBranchBack(context: PreparationContext, plan: RunPlan, record: string): Promise<void> {
  const { git, repository } = context;
  const { workspace } = plan;
  if (workspace.kind !== 'branch') return;
  const { branch, path } = workspace;
  const where = inWorktree(path);
  const state = await readBranch(git, branch);
  const holder = state?.checkedOutIn ?? null;
  if (holder !== null && (await exists(holder)) && (await findRecord(repository, holder)) !== record) {
    throw checkedOut(plan, branch, holder);
  }
  const [head] = await resolveCommits(git, ['HEAD'], where);
  if (!head) throw taskError('setup-failed', `The worktree ${path} is on no commit.`);
  if (state === null) await git.serialise(() => git.run(['update-ref', branchRef(branch), head, '']));
  if (state === null || state.tip === head) {
    await git.run(['symbolic-ref', 'HEAD', branchRef(branch)], where);
  } else {
    await followBranch(git, plan, branch, head);
  }
  await removeMark(record, 'released');
}

/** The user committed on the branch while nobody worked on it: the worktree follows, if that loses nothing. */
async function followBranch(git: Git, plan: RunPlan, branch: string, head: string): Promise<void> {
  const { path } = plan.workspace;
  const { dirty } = await readStatus(git, path, false);
  if (dirty.length > 0) {
    throw taskError(
      'setup-failed',
      `${branch} has moved on, and its worktree holds changes that are not committed (${dirty.slice(0, 3).join(', ')}). Look at them: git -C '${path}' status. Commit or undo them, then: branchboard retry ${plan.task}`,
    );
  }
  await git.run(['update-ref', leftRef(plan, head), head]);
  await git.run(['checkout', '--quiet', '--no-guess', branch, '--'], inWorktree(path));
}
