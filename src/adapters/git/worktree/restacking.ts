/**
 * Makes a task's own commits again on a base that contains the work of its dependencies as it is now. All is made in the
 * object store first; then the branch moves from the commit that was seen, and from no other. That commit is kept under a ref.
 */
import { quote } from 'shell-quote';
import type { BaseRequest } from '../../../domain/effect.ts';
import { limits } from '../../../domain/limits.ts';
import type { Behind, DependentWork, PreparedRestack, RestackAttempt } from '../../../domain/restack-outcome.ts';
import type { RestackRecord } from '../../../domain/review.ts';
import type { BranchWork } from '../../../domain/verdict.ts';
import { PortError } from '../../../ports.ts';
import { keepNewest } from '../../machine/newest.ts';
import { resolveBase } from '../base.ts';
import { listBranches } from '../branches.ts';
import type { Git } from '../git.ts';
import { MergedWork } from '../merged-work.ts';
import { findHolder } from '../busy-branch.ts';
import { branchRef, doneRef, isAncestor, leftRef, readBranch, readTrees, resolveReadable } from '../refs.ts';
import { replayCommits } from '../replay.ts';
import type { Repository } from '../repository.ts';
import { measure } from './evidence.ts';

const durable = { config: ['core.fsync=all'] } as const;

type Refused = Extract<RestackAttempt, { readonly kind: 'refused' }>;

/**
 * Makes the new commits; nothing refers to them yet. `work.base` is where the task's own commits begin. `begun` is a restack
 * that may have been broken off, or null. Throws PortError where git fails, or the work of a dependency is gone.
 */
export async function prepareRestack(
  git: Git,
  repository: Repository,
  merged: MergedWork,
  work: BranchWork,
  request: BaseRequest,
  begun: RestackRecord | null,
): Promise<RestackAttempt> {
  const { id, branch, tip } = work;
  const state = await readBranch(git, branch);
  if (state === null) return refuse(`${branch} is gone`, `See what was kept of it: branchboard rescue ${id}`);
  if (state.tip === begun?.tip) {
    return { ...(await describe(git, branch, begun)), isMoved: true, isSameTree: true };
  }
  if (state.tip !== tip) {
    const now = `${branch} is at ${state.tip.slice(0, 10)} by now`;
    return refuse(now, `Look at it: branchboard diff ${id}. Then: branchboard restack ${id}`);
  }
  const held = await findHolder(repository, branch, state);
  if (held !== null) {
    const leave = held.folder === null ? null : `git -C ${quote([held.folder])} switch --detach`;
    const hint = leave === null ? 'End it, and ask again: git status' : `Leave it there, and ask again: ${leave}`;
    return refuse(held.why, hint);
  }
  const base = await resolveBase(git, merged, request, await listBranches(git));
  if (!base.ok) return { kind: 'base-conflict', conflict: base.failure };
  return replayOn(git, work, base.value.commit);
}

async function replayOn(git: Git, { id, branch, base, tip }: BranchWork, onto: string): Promise<RestackAttempt> {
  const parted = await git.attempt(['merge-base', base, tip]);
  const from = parted.stdout.trim();
  if (parted.exitCode !== 0) return refuse(`${branch} has no commit in common with its base`, `git log ${branch}`);
  if (onto === from) return { kind: 'current' };
  // Its agent or its user merged that by hand.
  const holdsIt = await isAncestor(git, onto, tip);
  const replayed = holdsIt
    ? ({ kind: 'replayed', tip } as const)
    : await replayCommits(git, { from, tip, onto, trailer: null });
  switch (replayed.kind) {
    case 'conflict':
      return replayed;
    case 'impossible':
      return refuse(
        `its commits can't be made again: ${replayed.why}`,
        `Merge what it builds on: git switch ${branch}`,
      );
    case 'replayed': {
      if (replayed.tip === onto) {
        const why = `all of its changes are in what it builds on, ${onto.slice(0, 10)}`;
        return refuse(why, `Put it away: mv .orchestrator/done/${id}.md .orchestrator/archive/`);
      }
      const made = await describe(git, branch, { from: tip, base: onto, tip: replayed.tip });
      const [before, after] = await readTrees(git, tip, replayed.tip);
      return { ...made, isMoved: false, isSameTree: before === after };
    }
  }
}

async function describe(
  git: Git,
  branch: string,
  record: RestackRecord,
): Promise<Omit<PreparedRestack, 'isMoved' | 'isSameTree'>> {
  return { kind: 'prepared', branch, ...record, ...(await measure(git, record.base, record.tip)) };
}

/** Moves the branch; returns why it can't be, or null. Throws PortError where git fails. */
export async function finishRestack(
  git: Git,
  run: { readonly task: BranchWork['id']; readonly n: number },
  { branch, from, tip }: PreparedRestack,
): Promise<Refused | null> {
  await git.serialise(() => git.run(['update-ref', leftRef(run, from), from], durable));
  const input = `update ${branchRef(branch)} ${tip} ${from}\nupdate ${doneRef(run.task)} ${tip}\n`;
  const args = ['update-ref', '-m', 'branchboard: restack', '--stdin'];
  const { exitCode, stderr } = await git.serialise(() => git.attempt(args, { ...durable, input }));
  if (exitCode === 0) return null;
  const now = (await readBranch(git, branch))?.tip ?? null;
  if (now === from) throw new PortError(`${branch} could not be moved: ${stderr.trim()}`);
  const where = now === null ? 'gone' : `at ${now.slice(0, 10)}`;
  return refuse(`${branch} is ${where} by now`, `Look at it: branchboard diff ${run.task}`);
}

/** Finds what is behind its dependencies; remembers pairs of commits, so that asking again costs one git process. */
export class BehindWork {
  readonly #git: Git;
  readonly #merged: MergedWork;
  readonly #known = new Map<string, boolean>();

  constructor(git: Git, repository: Repository) {
    this.#git = git;
    this.#merged = new MergedWork(git, repository);
  }

  /** For each work the dependencies that are not in it as they are now. Throws PortError where git can't be run. */
  async find(works: readonly DependentWork[]): Promise<readonly Behind[]> {
    const all = works.flatMap((work) => [work, ...work.dependencies]);
    const branches = new Set(all.flatMap(({ branch }) => (branch === null ? [] : [branch])));
    const names = [...branches];
    const tips = await resolveReadable(this.#git, names.map(branchRef));
    const tipOf = (branch: string | null): string | null => tips[names.indexOf(branch ?? '')] ?? null;
    const found: Behind[] = [];
    for (const { id, branch, dependencies } of works) {
      const tip = tipOf(branch);
      const changed: (typeof id)[] = [];
      for (const each of dependencies) {
        const work = { ...each, tip: await this.#merged.findTip(each, tipOf(each.branch)) };
        if (tip !== null && !(await this.#isIn(tip, work))) changed.push(each.id);
      }
      found.push({ id, changed });
    }
    return found;
  }

  async #isIn(commit: string, work: DependentWork['dependencies'][number]): Promise<boolean> {
    const pair = `${work.tip} ${commit}`;
    const isIn = this.#known.get(pair) ?? (await this.#merged.isIn(commit, work));
    keepNewest(this.#known, pair, isIn, limits.maxMergesRemembered);
    return isIn;
  }
}

function refuse(why: string, hint: string): Refused {
  return { kind: 'refused', why, hint };
}
