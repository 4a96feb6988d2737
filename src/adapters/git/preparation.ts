/**
 * Makes the worktree of a run, or takes the one that an earlier run made.
 *
 *   absent ──► added, locked, empty ──► checked out ──► files copied ──► `setup` ran ──► ready
 *                     └───────────────────┴──────────────────┴──────────────┘
 *                       cut off: cleared away and made again, never used
 *
 *   ready ──► released from its branch ──► ready, on its branch again
 */
import { mkdir, readdir, rename, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatRunId, type RunPlan } from '../../domain/run.ts';
import type { Settings } from '../../domain/settings.ts';
import { PortError, type CommandRunner } from '../../ports.ts';
import { copyIgnoredFiles } from './copies.ts';
import { readStatus } from './evidence.ts';
import { exists } from './file-presence.ts';
import { gitError, taskError, type Git } from './git.ts';
import { forgetMissing } from './keeping.ts';
import { findRecord, hasMark, inWorktree, leaveMark, lockReason, removeMark } from './record.ts';
import { branchRef, doneRef, isAncestor, keptRef, leftRef, readBranch, resolveCommits } from './refs.ts';
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
    if (error instanceof PortError && error.fault !== null) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
    const fault = { reason: 'setup-failed', detail: message } as const;
    throw new PortError(message, { fault, cause: error, ...(code === null ? {} : { code }) });
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
  await mkdir(dirname(path), { recursive: true });
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
  const first = await git.attempt(all);
  if (first.exitCode === 0) return;
  if (await forgetMissing(git, context.repository, plan)) {
    await git.run(all);
    return;
  }
  const tip = workspace.kind === 'branch' ? (await readBranch(git, workspace.branch))?.tip : undefined;
  if (workspace.kind !== 'branch' || tip === undefined || start.kind === 'existing') {
    throw gitError(args, first, context.repository.topLevel);
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
  if (record === null) {
    if ((await readdir(path).catch(() => ['?'])).length === 0) {
      await rmdir(path);
      return;
    }
    const aside = await findAside(path);
    await rename(path, aside);
    notice(`${path} stood where ${formatRunId(plan)} is to work and is no worktree of the board; it is now ${aside}.`);
    return;
  }
  const [head = null] = await resolveCommits(git, ['HEAD'], inWorktree(path));
  const message = `branchboard: what an unfinished worktree held before ${formatRunId(plan)}`;
  const snapshot = await takeSnapshot(git, { path, record, head, removals: false, dirty: [], message });
  const worthKeeping = snapshot ?? (head === plan.workspace.base ? null : head);
  if (worthKeeping !== null) await git.run(['update-ref', leftRef(plan, worthKeeping), worthKeeping]);
  await git.serialise(() => git.run(['worktree', 'remove', '--force', '--force', path]));
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
