/**
 * Makes the worktree of a run, or takes the one that an earlier run made.
 *
 *   absent ──► added, locked, empty ──► checked out ──► files copied, `setup` ran ──► ready
 *                     └─────────────────────┘   └───────────────────┘
 *          cut off: cleared away, made again    cut off or failed: done again in the same worktree,
 *                                               to which the user may have been sent
 *
 *   ready ──► released from its branch ──► ready, on its branch again
 */
import { chmod, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { messageOf } from '../../../domain/error-message.ts';
import { dirname, join } from 'node:path';
import { quote } from 'shell-quote';
import { gitError, taskError, adviseOn } from '../git-errors.ts';
import { exists, isFolder } from '../../machine/file-presence.ts';
import { formatRunId, type RunPlan } from '../../../domain/run.ts';
import { applyTerms } from '../../../domain/run-terms.ts';
import type { Settings } from '../../../domain/settings.ts';
import { kindOf } from '../../../domain/outside-kind.ts';
import type { CommandRunner } from '../../../ports.ts';
import { privateFolderMode } from '../../machine/durable.ts';
import { describeGiven } from '../../../domain/work-evidence.ts';
import { noteBaseline, type Baseline } from './baseline.ts';
import { copyIgnoredFiles } from './copies.ts';
import { findStart, putEarlierAside, restoreFiles } from './earlier-work.ts';
import type { Git } from '../git.ts';
import { forgetRecord, keepLeftBehind } from './preserve.ts';
import { listLosses, nameLosses } from './removal-check.ts';
import {
  findClaim,
  findOthersRecord,
  findRecord,
  hasMark,
  inWorktree,
  leaveMark,
  lockReason,
  readLock,
  removeMark,
} from '../record.ts';
import { refusePointers } from './pointers.ts';
import { branchRef, leftRef, readBranch, resolveCommits, resolveReadable } from '../refs.ts';
import { findAside, finishRemovals, moveAside, removeWorktree } from './removal.ts';
import type { Repository } from '../repository.ts';
import { takeSnapshot } from './folder-snapshot.ts';
import { snapshotFolder } from './loose-folder.ts';
import { takeBranchBack } from './reattach.ts';
import { findSound } from './mending.ts';

/** Dependencies of preparing, besides the plan. */
export interface PreparationContext {
  readonly git: Git;
  readonly repository: Repository;
  readonly boardDir: string;
  readonly settings: () => Settings;
  readonly runCommand: CommandRunner;
  /** The board stops: a checkout is broken off. */
  readonly signal: AbortSignal;
  /** Tells the user, each message once. */
  readonly notice: (message: string) => void;
}

/** Three git processes for a new worktree, none for one that is taken as it is. Throws PortError with `setup-failed`. */
export async function prepare(context: PreparationContext, plan: RunPlan): Promise<void> {
  try {
    await prepareWorktree(context, plan);
  } catch (error) {
    throw adviseOn(error);
  }
}

async function prepareWorktree(context: PreparationContext, plan: RunPlan): Promise<void> {
  const { git, repository } = context;
  if (plan.n === 1) await putEarlierAside(git, plan.task);
  const existing = await findSound(git, repository, plan);
  if (existing !== null && (await hasMark(existing, 'ready'))) {
    if (await hasMark(existing, 'released')) await takeBranchBack(git, repository, plan, existing);
    return;
  }
  const isCheckedOut = existing !== null && (await hasMark(existing, 'checked-out'));
  const record = isCheckedOut ? existing : await checkOut(context, plan, existing);
  await setUp(context, plan);
  tellGiven(context, await noteBaseline(git, plan.workspace.path, record));
  // After what differs by itself was noted: these files are an agent's.
  if (!isCheckedOut && plan.workspace.kind === 'branch') await restoreFiles(git, plan);
  await leaveMark(record, 'ready', formatRunId(plan));
  await removeMark(record, 'checked-out');
}

/** Makes the worktree with all its files, and returns its record; what stands in its place is cleared away. */
async function checkOut(context: PreparationContext, plan: RunPlan, existing: string | null): Promise<string> {
  const { git, repository } = context;
  const { path } = plan.workspace;
  await finishRemovals(git, repository, dirname(path));
  if (await exists(path)) await clearAway(context, plan, existing);
  await makeParent(path);
  await git.serialise(() => addWorktree(context, plan));
  await git.run(['reset', '--hard', '--quiet', '--no-recurse-submodules'], {
    ...inWorktree(path),
    signal: context.signal,
  });
  // The folder above may be open to others; what `copy` brings along is not for them.
  await chmod(path, privateFolderMode);
  const record = await findRecord(repository, path);
  if (record === null) throw taskError('setup-failed', `The worktree ${path} lost its link to the repository.`);
  await leaveMark(record, 'checked-out', formatRunId(plan));
  return record;
}

async function setUp(context: PreparationContext, plan: RunPlan): Promise<void> {
  const { git, repository } = context;
  const { path } = plan.workspace;
  const { copy, setup } = applyTerms(context.settings(), plan.terms);
  await copyIgnoredFiles(git, repository, { patterns: copy, boardDir: context.boardDir, target: path });
  for (const argv of setup) {
    const outcome = await context.runCommand.run(argv, { cwd: path, plan });
    if (!outcome.ok) {
      throw taskError(
        'setup-failed',
        `The setup command \`${argv.join(' ')}\` failed in ${path}:\n${outcome.outputTail}`,
      );
    }
  }
  await refusePointers(git, repository, path);
  await tellEmptySubmodules(context, path);
}

/** Names what differs before any agent came. The same paths are named once, since every task would repeat them. */
function tellGiven({ notice }: PreparationContext, baseline: Baseline): void {
  if (baseline.size > 0) notice(describeGiven([...baseline.keys()]));
}

/** Names the submodules that `setup` did not fetch. The same ones are named once, since every task would repeat them. */
async function tellEmptySubmodules({ git, notice }: PreparationContext, path: string): Promise<void> {
  if (!(await exists(join(path, '.gitmodules')))) return;
  const { stdout } = await git.attempt(['submodule', 'status'], inWorktree(path));
  const empty = [...stdout.matchAll(/^-[0-9a-f]+ (.*)$/gm)].map(([, name]) => name);
  if (empty.length === 0) return;
  notice(
    `Submodules are empty in new worktrees: ${empty.join(', ')}. If agents need them, put \`git submodule update --init\` under \`setup\` in config.yaml.`,
  );
}

async function makeParent(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: privateFolderMode }).catch((error: unknown) => {
    const said = messageOf(error);
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
  if (added.exitCode !== 0 && (await forgetRecord(git, context.repository, plan))) added = await git.attempt(all);
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

/**
 * Makes room where something stands in the way. A folder that git can't work in is put aside, whether it never was a
 * worktree of ours or its record (`record` is null) is not whole; a worktree whose checkout was cut off is removed, if it
 * holds nothing else, or put aside with its record; one that somebody else has locked is left alone. Throws PortError
 * there.
 */
async function clearAway(context: PreparationContext, plan: RunPlan, record: string | null): Promise<void> {
  const { git, repository, notice } = context;
  const { path } = plan.workspace;
  const claim = record ?? (await findClaim(repository, path));
  const lock = claim === null ? null : await readLock(claim);
  // A power cut may have emptied the board's own.
  const isEmptied = lock === '' && record === null;
  if (lock !== null && lock !== lockReason && !isEmptied) throw lockedByOther(context, plan, lock);
  if (record === null) {
    await refuseOthers(repository, plan);
    // Where the repository itself can't be read, every worktree looks like none.
    await git.run(['rev-parse', '--git-dir'], { env: { GIT_DIR: repository.commonDir } });
    await forgetRecord(git, repository, plan);
    if (await removeEmpty(path)) return;
    const aside = await findAside(path);
    await rename(path, aside);
    const run = formatRunId(plan);
    notice(
      claim === null
        ? `${path} stood where ${run} is to work and is no worktree of the board; it is now ${aside}.`
        : `Git can't work in the worktree ${path} any more, as after a power cut; ${run} gets a new one. The old folder, with all that it held, is now ${aside}.`,
    );
    await keepAside(context, plan, aside);
    return;
  }
  const [head = null] = await resolveCommits(git, ['HEAD'], inWorktree(path));
  if (head !== null && head !== plan.workspace.base) await git.run(['update-ref', leftRef(plan, head), head]);
  await keepLeftBehind(git, plan, record, head);
  const losses = await listLosses(git, path, record);
  if (losses.length === 0) return removeWorktree(git, repository, path);
  await keepFound(context, plan, path, (message) =>
    takeSnapshot(git, { path, gitDir: record, head, removals: false, dirty: [], message }),
  );
  const aside = await moveAside(git, path, record, head);
  notice(
    `${path} stood where ${formatRunId(plan)} is to work and held ${nameLosses(losses)}; it is now ${aside}, a worktree of its own.`,
  );
}

/** Throws PortError where another repository's worktree is there, as where boards share a folder, or one was copied. */
async function refuseOthers(repository: Repository, { task, workspace: { path } }: RunPlan): Promise<void> {
  const other = await findOthersRecord(repository, path);
  if (other === null) return;
  throw taskError(
    'setup-failed',
    `${path}, where ${task} is to work, is a worktree of another repository (${other}), so it is left alone. Remove it there if it is not needed, or add the task again under another id.`,
  );
}

function lockedByOther({ repository }: PreparationContext, plan: RunPlan, lock: string): Error {
  const { path } = plan.workspace;
  const git = ['git', '-C', repository.topLevel, 'worktree'];
  const said = lock === '' ? 'without a reason' : `("${lock}")`;
  return taskError(
    'setup-failed',
    `Somebody else locked the worktree ${path} ${said}, where ${plan.task} is to work, so it is left alone. Move it elsewhere (${quote([...git, 'move', '--force', '--force', path])} NEW-PATH) or unlock it (${quote([...git, 'unlock', path])}), then: branchboard retry ${plan.task}`,
  );
}

/** Removes a folder that holds nothing, or nothing but a worktree's link. */
async function removeEmpty(path: string): Promise<boolean> {
  const names = await readdir(path, { withFileTypes: true }).catch(() => null);
  if (names === null || names.some((entry) => entry.name !== '.git' || !entry.isFile())) return false;
  await rm(join(path, '.git'), { force: true });
  await rmdir(path);
  return true;
}

/** Puts the content of a put-aside folder beyond the task's branch under a ref, too. */
async function keepAside(context: PreparationContext, plan: RunPlan, aside: string): Promise<void> {
  if (!(await isFolder(aside))) return;
  const { git, repository } = context;
  const { workspace } = plan;
  const branch = workspace.kind === 'branch' ? branchRef(workspace.branch) : workspace.base;
  const [tip = null] = await resolveReadable(git, [branch]);
  const folder = { path: aside, commit: tip ?? workspace.base };
  await keepFound(context, plan, aside, (message) => snapshotFolder(git, repository, folder, message));
}

/** Puts what a folder in the way holds under a ref, too, since it is no more where the task's work is looked for. */
async function keepFound(
  { git, notice }: PreparationContext,
  plan: RunPlan,
  path: string,
  snapshot: (message: string) => Promise<string | null>,
): Promise<void> {
  try {
    const commit = await snapshot(`branchboard: what stood in the way of ${formatRunId(plan)}`);
    if (commit !== null) await git.run(['update-ref', leftRef(plan, commit), commit]);
  } catch (error) {
    if (kindOf(error) === 'no-room') throw error;
    const said = messageOf(error);
    notice(`What ${path} holds could not be kept under a ref; it stays in the folder. ${said}`);
  }
}
