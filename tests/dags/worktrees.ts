/**
 * The port on real git, as far as branches are made and moved: what each call makes is compared with what should be in it.
 * Worktrees are the simulation's: agents commit without one. Calls go one at a time, so that a seed always gives the same.
 */
import { measure } from '../../src/adapters/git/worktree/evidence.ts';
import type { BaseRequest, Handoff } from '../../src/domain/effect.ts';
import type { MergeAttempt, MergeRequest } from '../../src/domain/merge-request.ts';
import type { BaseConflict } from '../../src/domain/base-conflict.ts';
import type { DependentWork, RestackAttempt } from '../../src/domain/restack-outcome.ts';
import type { Result } from '../../src/domain/result.ts';
import type { BranchWork, FinishedWork } from '../../src/domain/verdict.ts';
import type { Worktrees } from '../../src/ports.ts';
import type { Call } from '../simulation/calls.ts';
import type { Life, World } from '../simulation/world.ts';
import type { DagRepository } from './repository.ts';
import { isWithin, join, mayConflict, withVersion } from './versions.ts';

/** The branch that tasks start from and are merged into. */
export const target = 'main';

/** The repository, and where its branches should be. */
export class Scene {
  readonly heads = new Map<string, string>();
  /** Where each task's work was when it was done or restacked last. */
  readonly done = new Map<string, string>();
  /** Whether the board gets to know what was merged, and what is behind. */
  isLooking = false;
  /** How often each task was merged, and whether its commits were made again for it, which may be several. */
  readonly merges = new Map<string, { readonly made: number; readonly isReplayed: boolean }>();
  readonly #prepared = new Map<string, MergeRequest>();
  /** How often each thing was done, and came to which end. */
  readonly counts = new Map<string, number>();
  readonly world: World;
  readonly repository: DagRepository;
  #pending = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(world: World, repository: DagRepository) {
    this.world = world;
    this.repository = repository;
  }

  /** Resolves once no call of git is under way. */
  async quiet(): Promise<void> {
    do {
      await this.#last;
      await new Promise<void>((resolve) => setImmediate(resolve));
    } while (this.#pending > 0);
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** Does one thing after the others. */
  async inTurn<Value>(act: () => Promise<Value>): Promise<Value> {
    this.#pending += 1;
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.#pending -= 1;
    }
  }

  /** The commit that a task's work is at. */
  commitOf({ branch, tip }: Pick<FinishedWork | Handoff, 'branch' | 'tip'>): string | null {
    return this.heads.get(branch ?? '') ?? tip;
  }

  get #start(): string {
    return this.heads.get(target) ?? '';
  }

  #breakOff(problem: string | null): void {
    if (problem !== null) this.world.breakOff(problem);
  }

  #dependenciesOf({ dependencies }: BaseRequest): readonly string[] {
    return dependencies.flatMap((each) => this.commitOf(each) ?? []);
  }

  /** What a base may have in it: the work of all dependencies, and that of the start where it is needed. */
  #allowed(request: BaseRequest) {
    const dependencies = this.#dependenciesOf(request);
    const all = this.repository.join(this.#start, ...dependencies);
    return dependencies.length === 0 ? [all] : [this.repository.join(...dependencies), all];
  }

  #mayConflict(request: BaseRequest): boolean {
    const commits = [this.#start, ...this.#dependenciesOf(request)];
    return mayConflict(...commits.map((each) => this.repository.versionsOf(each)));
  }

  async checkBase(request: BaseRequest, found: Result<{ readonly commit: string }, BaseConflict>): Promise<void> {
    const { task } = request;
    this.count(`base ${found.ok ? 'found' : 'conflict'}`);
    if (found.ok) {
      const wrong = await this.repository.check(found.value.commit, ...this.#allowed(request));
      if (wrong !== null) this.#breakOff(`the base of ${task}: ${wrong}`);
    } else if (!this.#mayConflict(request)) {
      this.#breakOff(`the base of ${task} has a conflict of ${JSON.stringify(found.failure)} where there is none`);
    }
  }

  async checkMerge(request: MergeRequest, attempt: MergeAttempt): Promise<void> {
    const { repository, heads } = this;
    const { task, way, branch, commit } = request;
    const what = `the ${way} of ${task}`;
    this.count(`${way} ${attempt.kind}`);
    const before = repository.versionsOf(this.#start);
    const moved = (heads.get(branch) ?? this.done.get(task)) !== commit;
    if (attempt.kind === 'refused') {
      const base = repository.versionsOf(request.base ?? this.#start);
      const isEarly = way === 'rebase' && [...base].some(([author, version]) => before.get(author) !== version);
      if (!moved && !isEarly) this.#breakOff(`${what} was refused: ${attempt.why}`);
      return;
    }
    if (moved) this.#breakOff(`${what} was ${attempt.kind} at a commit that nobody saw`);
    const seen = repository.versionsOf(commit);
    const isIn = isWithin(seen, before);
    if (attempt.kind === 'prepared') {
      this.#prepared.set(attempt.after, request);
      if (isIn) this.#breakOff(`${what} would be one more of what is in there`);
      const wrong = await repository.check(attempt.after, join(before, seen));
      if (wrong !== null) this.#breakOff(`${what}: ${wrong}`);
    } else if (attempt.kind === 'contained') {
      if (!isIn) this.#breakOff(`${what} was said to be in ${target}`);
    } else if (!mayConflict(before, seen)) this.#breakOff(`${what} has a conflict in ${attempt.files.join()}`);
  }

  /** The target was moved to a commit that was prepared. */
  noteMerged(after: string): void {
    const { task, way } = this.#prepared.get(after) ?? {};
    if (task === undefined) throw new Error(`nobody prepared ${after}`);
    const { made = 0, isReplayed = false } = this.merges.get(task) ?? {};
    this.merges.set(task, { made: made + 1, isReplayed: isReplayed || way === 'rebase' });
    this.heads.set(target, after);
  }

  async checkRestack(work: BranchWork, request: BaseRequest, attempt: RestackAttempt): Promise<void> {
    const { repository } = this;
    const { id, branch, tip } = work;
    const what = `the restack of ${id}`;
    this.count(`restack ${attempt.kind}`);
    const isThere = this.heads.get(branch) === tip;
    const own = (isThere ? repository.versionsOf(tip).get(id) : null) ?? 0;
    const needed = repository.join(...this.#dependenciesOf(request));
    const under = repository.join(this.#start, ...this.#dependenciesOf(request)).get(id) ?? 0;
    switch (attempt.kind) {
      case 'prepared': {
        if (attempt.isMoved) return;
        const base = await repository.check(attempt.base, ...this.#allowed(request));
        if (base !== null) this.#breakOff(`the base of ${what}: ${base}`);
        if (attempt.tip === tip && isWithin(needed, repository.versionsOf(tip))) return;
        const expected = withVersion(repository.versionsOf(attempt.base), id, own);
        const wrong = await repository.check(attempt.tip, expected);
        if (wrong !== null) this.#breakOff(`${what}: ${wrong}`);
        return;
      }
      case 'current':
        if (!isWithin(needed, repository.versionsOf(tip))) this.#breakOff(`${what} was said to need nothing`);
        return;
      case 'base-conflict':
        if (!this.#mayConflict(request)) this.#breakOff(`${what} has a conflict beneath it where there is none`);
        return;
      case 'conflict':
        if (under === 0) this.#breakOff(`${what} has a conflict in ${attempt.files.join()}`);
        return;
      case 'refused':
        if (isThere && under < own) this.#breakOff(`${what} was refused: ${attempt.why}`);
    }
  }

  checkMerged(works: readonly FinishedWork[], found: readonly string[]): void {
    const into = this.repository.versionsOf(this.#start);
    for (const work of works) {
      const tip = this.repository.versionsOf(this.commitOf(work) ?? '');
      const isFound = found.includes(work.id);
      if (isFound) this.count('found merged');
      const isIn = isWithin(tip, into);
      if (isFound && !isIn) this.#breakOff(`${work.id} was found merged and is not`);
      if (!isFound && isIn && !mayConflict(tip, into)) this.#breakOff(`${work.id} is merged and was not found so`);
    }
  }

  checkBehind(works: readonly DependentWork[], found: Awaited<ReturnType<Worktrees['findBehind']>>): void {
    for (const { id, branch, tip, dependencies } of works) {
      const commit = this.commitOf({ branch, tip });
      if (commit === null || this.heads.get(branch ?? '') === undefined) continue;
      const own = this.repository.versionsOf(commit);
      const changed = found.find((each) => each.id === id)?.changed ?? [];
      for (const dependency of dependencies) {
        const its = this.repository.versionsOf(this.commitOf(dependency) ?? '');
        const isBehind = changed.includes(dependency.id);
        if (isBehind) this.count('found behind');
        const isIn = isWithin(its, own);
        if (isBehind && isIn && !mayConflict(its, own)) this.#breakOff(`${id} is said to be behind ${dependency.id}`);
        if (!isBehind && !isIn) this.#breakOff(`${id} is behind ${dependency.id}, and nobody said so`);
      }
    }
  }
}

/** The port of the daemon that lives `life`; `kill` ends it. */
export async function makeGitWorktrees(
  scene: Scene,
  life: Life,
  call: Call,
  fake: Worktrees,
  kill: () => void,
): Promise<Worktrees> {
  const { world, repository, heads } = scene;
  const port = await repository.scratch.worktrees();
  const never = <Value>(): Promise<Value> => new Promise(() => undefined);

  /** A call of a daemon that may be killed before it or after it. */
  async function real<Value>(name: string, act: () => Promise<Value>): Promise<Value> {
    await call(name, () => undefined);
    const done = await scene.inTurn(async () => (life.alive ? { value: await act() } : null));
    if (done === null || !life.alive) return never();
    if (!world.random.chance(world.weather.crash)) return done.value;
    world.note(() => `crash of daemon ${life.number} after ${name}`);
    kill();
    return never();
  }

  return {
    ...fake,
    choose: (task, base, readsOnly) => real('choose', () => port.choose(task, base, readsOnly)),
    resolveBase: (request) =>
      real('resolve-base', async () => {
        const found = await port.resolveBase(request);
        await scene.checkBase(request, found);
        return found;
      }),
    inspect: ({ workspace }) =>
      real('inspect', async () => {
        const tip = (workspace.kind === 'branch' ? heads.get(workspace.branch) : undefined) ?? workspace.base;
        const found = await measure(port.git, workspace.base, tip);
        return { tip, ...found, dirty: [], asGiven: [], ignored: [], repositories: [], elsewhere: [], merge: null };
      }),
    keepReviewed: (work, into) => real('keep-reviewed', () => port.keepReviewed(work, into)),
    discard: (work) =>
      real('discard', async () => {
        const outcome = await port.discard(work);
        if (outcome.kind === 'refused' && heads.get(work.branch) === work.tip)
          world.breakOff(`${work.id} was not discarded: ${outcome.why}`);
        if (outcome.kind === 'discarded') heads.delete(work.branch);
        return outcome;
      }),
    restore: (work) =>
      real('restore', async () => {
        await port.restore(work);
        if (!heads.has(work.branch)) heads.set(work.branch, work.tip);
      }),
    prepareMerge: (request) =>
      real('prepare-merge', async () => {
        const attempt = await port.prepareMerge(request);
        await scene.checkMerge(request, attempt);
        return attempt;
      }),
    finishMerge: (prepared) =>
      real('finish-merge', async () => {
        const outcome = await port.finishMerge(prepared);
        if (outcome.kind === 'merged') scene.noteMerged(prepared.after);
        else world.breakOff(`a merge was prepared and not made: ${JSON.stringify(outcome)}`);
        return outcome;
      }),
    prepareRestack: (work, request, begun) =>
      real('prepare-restack', async () => {
        const attempt = await port.prepareRestack(work, request, begun);
        await scene.checkRestack(work, request, attempt);
        return attempt;
      }),
    finishRestack: (run, prepared) =>
      real('finish-restack', async () => {
        const refused = await port.finishRestack(run, prepared);
        if (refused === null) {
          heads.set(prepared.branch, prepared.tip);
          scene.done.set(run.task, prepared.tip);
        } else world.breakOff(`a restack was prepared and not made: ${refused.why}`);
        return refused;
      }),
    findMerged: async (base, works) => {
      if (!scene.isLooking) return [];
      return real('find-merged', async () => {
        const found = await port.findMerged(base, works);
        scene.checkMerged(works, found);
        return found;
      });
    },
    findBehind: async (works) => {
      if (!scene.isLooking) return [];
      return real('find-behind', async () => {
        const found = await port.findBehind(works);
        scene.checkBehind(works, found);
        return found;
      });
    },
  };
}
