/** The `Worktrees` port on real git: joins the files of this folder to one adapter. */
import { lstat, readdir } from 'node:fs/promises';
import { messageOf } from '../../../domain/error-message.ts';
import { join, relative, sep } from 'node:path';
import { taskError, adviseOn } from '../git-errors.ts';
import type { RunPlan, Workspace } from '../../../domain/run.ts';
import type { Settings } from '../../../domain/settings.ts';
import type { TaskId } from '../../../domain/task.ts';
import type { BaseRequest } from '../../../domain/effect.ts';
import type { CommandRunner, Worktrees } from '../../../ports.ts';
import { resolveBase } from '../base.ts';
import { branchExists, chooseWorkspace, diffCommand, listBranches, type Branches } from '../branches.ts';
import { keepResolution } from '../resolutions.ts';
import { discardBranch, restoreBranch } from '../discarding.ts';
import { inspect } from './evidence.ts';
import { createGit, type Git } from '../git.ts';
import { MergedWork } from '../merged-work.ts';
import { Overlaps } from '../overlaps.ts';
import { finishMerge, prepareMerge } from '../merging.ts';
import { keep, letGo, release } from './preserve.ts';
import { prepare } from './preparation.ts';
import { prune } from './pruning.ts';
import { BehindWork, finishRestack, prepareRestack } from './restacking.ts';
import { keepReviewed } from '../own-changes.ts';
import { readProjectConfiguration, type ReadTrusted } from '../../trust/project-configuration.ts';
import { listMoved } from '../oversight/moved-refs.ts';
import { takeNotes, writeNotes } from '../oversight/ref-notes.ts';
import type { Repository } from '../repository.ts';
import { TamperingWatch } from '../oversight/tampering.ts';
import { findWorktreesFolder, folderInside } from './worktrees-folder.ts';

/** Dependencies of the adapter. */
export interface WorktreesOptions {
  readonly repository: Repository;
  /** The board's folder. */
  readonly boardDir: string;
  /** The settings as they are when it asks. */
  readonly settings: () => Settings;
  readonly readTrusted: ReadTrusted;
  /** Runs the `setup` commands. */
  readonly runCommand: CommandRunner;
  /** The board stops: checkouts are broken off. */
  readonly signal: AbortSignal;
  /** The environment that git inherits, without its `GIT_*`; default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Tells the user what no task fails over, each message once. */
  readonly notice?: (message: string) => void;
}

/** The port, and what commands ask about branches besides. */
export interface GitWorktrees extends Worktrees {
  /** Runs git in the user's checkout under the same lock as the port's own calls. */
  readonly git: Git;
  /** See {@link branchExists}. */
  branchExists(branch: string): Promise<boolean>;
  /** See {@link diffCommand}. */
  diffCommand(base: string, branch: string): string;
}

/** Makes the adapter; runs nothing yet. Calls for different tasks may overlap. */
export function createWorktrees(options: WorktreesOptions): GitWorktrees {
  const { repository, boardDir, settings, runCommand, signal } = options;
  const noticed = new Set<string>();
  const notice = (message: string) => {
    if (noticed.has(message)) return;
    noticed.add(message);
    options.notice?.(message);
  };
  const git = createGit(repository.topLevel, { env: options.env ?? process.env, notice, repository });
  const merged = new MergedWork(git, repository);
  const behind = new BehindWork(git, repository);
  const overlaps = new Overlaps(git);
  const tampering = new TamperingWatch(repository, notice);
  /** The task that each branch or folder is promised to, so that two tasks with like names don't get the same one. */
  const promises = new Map<string, TaskId>();

  /** The branches as a task's base was found among them; its workspace is chosen next. */
  const seen = new Map<TaskId, Branches>();

  async function findBase(request: BaseRequest) {
    const branches = await listBranches(git);
    seen.set(request.task, branches);
    return resolveBase(git, merged, request, branches);
  }

  async function choose(task: TaskId, base: string, readsOnly: boolean): Promise<Workspace> {
    const { branchPrefix, worktrees } = settings();
    const { topLevel } = repository;
    const { path: parent, whyInside } = findWorktreesFolder({ topLevel, boardDir, dir: worktrees.dir });
    await refuseTrackedLinks(git, repository, parent);
    await tellPlace(parent, whyInside);
    const isPromised = (name: string): boolean => (promises.get(name.toLowerCase()) ?? task) !== task;
    const branches = seen.get(task) ?? (await listBranches(git));
    seen.delete(task);
    const workspace = await chooseWorkspace({ task, base, readsOnly, branchPrefix, branches, parent, isPromised });
    promises.set(workspace.path.toLowerCase(), task);
    if (workspace.kind === 'branch') promises.set(workspace.branch.toLowerCase(), task);
    return workspace;
  }

  /** Where worktrees are is news in two cases: inside the checkout, and elsewhere than those of an earlier version. */
  async function tellPlace(parent: string, whyInside: string | null): Promise<void> {
    const inside = folderInside(boardDir);
    if (whyInside !== null) {
      notice(
        `Worktrees are made inside your checkout, in ${parent}: ${whyInside}. Your test runner and linter may find them there; \`worktrees.dir\` in config.yaml names another folder.`,
      );
    } else if (parent !== inside) {
      const earlier = await readdir(inside).catch(() => []);
      if (earlier.length === 0) return;
      notice(
        `New worktrees are made in ${parent}. Those of earlier tasks stay in ${inside}, and each goes when its task is done or cancelled.`,
      );
    }
  }

  /** As for the run that may come next: the branch is there, and what the last run had not committed is brought back. */
  async function open(last: RunPlan, isDone: boolean): Promise<void> {
    const plan = { ...last, n: last.n + 1, cause: { kind: 'interrupted' } } as const;
    await prepare({ git, repository, boardDir, settings, runCommand, signal, notice }, plan);
    if (isDone) await told(letGo(git, repository, last));
  }

  async function prepareAndForget(plan: RunPlan): Promise<void> {
    const { workspace } = plan;
    await prepare({ git, repository, boardDir, settings, runCommand, signal, notice }, plan);
    await tampering.begin(plan);
    promises.delete(workspace.path.toLowerCase());
    if (workspace.kind === 'branch') promises.delete(workspace.branch.toLowerCase());
  }

  return {
    git,
    resolveBase: findBase,
    keepResolution: (resolution) => told(keepResolution(git, resolution)),
    choose,
    prepare: prepareAndForget,
    open,
    readProject: (plan) => told(readProjectConfiguration(git, plan, settings().base, options.readTrusted)),
    noteRefs: (plan) => told(takeNotes(git, repository).then((notes) => writeNotes(boardDir, plan, notes))),
    listMoved: (plan) =>
      listMoved(git, repository, boardDir, plan).catch((error: unknown) => {
        const said = messageOf(error);
        notice(`${plan.task}: it can't be told which branches moved while its agent ran: ${said}`);
        return [];
      }),
    inspect: (plan) => told(tampering.end(plan).then(() => inspect(git, repository, plan))),
    keep: (plan) => told(tampering.end(plan).then(() => keep(git, repository, plan))),
    release: (plan, forget) => told(tampering.end(plan).then(() => release(git, repository, plan, forget))),
    keepReviewed: (work, target) => told(keepReviewed(git, repository, work, target)),
    discard: (work) => told(discardBranch(git, repository, work)),
    restore: (work) => told(restoreBranch(git, work)),
    prepareMerge: (request) => told(prepareMerge(git, merged, request)),
    finishMerge: (prepared) => told(finishMerge(git, repository, prepared)),
    prepareRestack: (work, request, begun) => told(prepareRestack(git, repository, merged, work, request, begun)),
    finishRestack: (run, prepared) => told(finishRestack(git, run, prepared)),
    findBehind: (works) => behind.find(works),
    async findOverlaps(base, works) {
      const located = await merged.locate(base ?? 'HEAD', works);
      return located.into === null ? null : overlaps.find(located.into, located.works, null);
    },
    prune: (request) => told(prune(git, repository, request)),
    async findMerged(base, works) {
      return (await merged.find(base ?? 'HEAD', works)).map(({ id }) => id);
    },
    branchExists: (branch) => branchExists(git, branch),
    diffCommand,
  };
}

/**
 * A link on the way to the folder of worktrees is followed if the user made it, and not if it came by git: it leads
 * wherever the commit says. Throws PortError with `setup-failed` there. Git is asked only where there is a link.
 */
async function refuseTrackedLinks(git: Git, { topLevel }: Repository, folder: string): Promise<void> {
  const parts = relative(topLevel, folder).split(sep);
  if (parts[0] === '..') return;
  for (const [index] of parts.entries()) {
    const path = parts.slice(0, index + 1).join('/');
    const stats = await lstat(join(topLevel, path)).catch(() => null);
    if (stats?.isSymbolicLink() !== true) continue;
    if ((await git.run(['ls-files', '-z', '--', `:(top,icase,literal)${path}`])) === '') continue;
    throw taskError(
      'setup-failed',
      `${path}, on the way to worktrees.dir, is a link that is tracked by git, and such a link is not followed. Name the folder itself in .orchestrator/config.yaml.`,
    );
  }
}

/** Errors of the system become the port's own. */
function told<Value>(work: Promise<Value>): Promise<Value> {
  return work.catch((error: unknown) => {
    throw adviseOn(error);
  });
}
