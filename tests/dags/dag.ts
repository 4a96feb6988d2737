/**
 * One graph of tasks on real git: the real core and daemon on the simulated world, whose branches are real. Tasks are
 * dropped, and then, one thing after the other, sent back, edited, merged, discarded, brought back and restacked, while the
 * board is killed now and then. At the end all that can be is restacked and merged.
 */
import { Daemon } from '../../src/daemon/daemon.ts';
import { verdictOf, type FinishedTask } from '../../src/domain/board.ts';
import { makeCommandId, type TaskCommand } from '../../src/domain/command.ts';
import { mergeWays } from '../../src/domain/merge-request.ts';
import type { RunPlan } from '../../src/domain/run.ts';
import { fileNameOf, type TaskId } from '../../src/domain/task.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import { isIdle } from '../../src/core/schedule.ts';
import { makeCall } from '../simulation/calls.ts';
import { composeDaemon } from '../simulation/daemon-parts.ts';
import { World, type Life, type Weather } from '../simulation/world.ts';
import { DagRepository } from './repository.ts';
import { Authors, describe, isWithin, outsider, type Versions } from './versions.ts';
import { makeGitWorktrees, Scene, target } from './worktrees.ts';

const calm: Weather = { crash: 0, fault: 0, meddle: 0, trouble: 0, reboot: 0, damage: 0 };
/** How long all that follows from one act may take, in virtual milliseconds. */
const settleWithinMs = 2 * 60 * 60_000;
/** Longer than the board waits between two looks at the branches, in virtual milliseconds. */
const lookWithinMs = 30_000;

/** A task whose work is done. */
type Done = FinishedTask & { readonly verdict: Verdict & { readonly branch: string } };

/** What came of a graph. */
export interface GrownDag {
  /** What was broken; empty if all held. */
  readonly broken: readonly string[];
  readonly log: readonly string[];
  /** How often each thing was done, for knowing that a test does what it says. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Grows the graph of a seed. */
export async function growDag(seed: number, options: { readonly isLogged: boolean }): Promise<GrownDag> {
  const dag = new Dag(seed, options.isLogged);
  try {
    await dag.grow();
  } finally {
    await dag.end();
  }
  const { broken, log } = dag.world;
  return { broken, log, counts: dag.scene.counts };
}

class Dag {
  readonly world: World;
  readonly #size: number;
  readonly #repository: DagRepository;
  readonly scene: Scene;
  readonly #isFollowed: boolean;
  #current: { readonly life: Life; readonly daemon: Daemon } | null = null;
  #lives = 0;
  #dropped = 0;
  #asked = 0;

  constructor(seed: number, isLogged: boolean) {
    this.world = new World(seed, calm, isLogged);
    const { random } = this.world;
    this.world.weather = { ...calm, crash: random.pick([0, 0, 0.003, 0.01]) };
    this.#size = random.chance(0.05) ? random.int(15, 30) : random.chance(0.3) ? random.int(7, 12) : random.int(2, 6);
    const names = Array.from({ length: this.#size }, (_, index) => nameOf(index + 1));
    this.#repository = new DagRepository(new Authors(names, () => random.chance(0.3)));
    this.scene = new Scene(this.world, this.#repository);
    this.#isFollowed = random.chance(0.2);
    this.world.work = (plan) => this.#work(plan);
    this.world.settingsText = `base: ${target}\nconflicts: ask\n`;
    this.world.settingsVersion = 1;
  }

  /** See the file's head. */
  async grow(): Promise<void> {
    const { world } = this;
    const { random } = world;
    const { scratch } = this.#repository;
    const root = this.#repository.commit(outsider, null, [`refs/heads/${target}`]);
    this.scene.heads.set(target, root);
    if (this.#isFollowed) scratch.git('reset', '--quiet', '--hard');
    else scratch.git('update-ref', '--no-deref', 'HEAD', root);
    await this.#start();
    const first = random.int(1, this.#size);
    while (this.#dropped < first) this.#drop();
    await this.#settle();
    for (let acts = random.int(this.#size, this.#size + 6); acts > 0 && world.broken.length === 0; acts--) {
      await this.#act();
      await this.#settle();
    }
    world.weather = calm;
    await this.#finish();
  }

  async end(): Promise<void> {
    await this.scene.quiet();
    if (this.#current !== null) this.#current.life.alive = false;
    this.#repository.remove();
  }

  async #start(): Promise<void> {
    const { world } = this;
    const life: Life = { number: ++this.#lives, alive: true };
    world.note(() => `daemon ${life.number} starts`);
    const kill = (): void => {
      life.alive = false;
      this.#current = null;
      this.scene.count('crash');
      world.time.after(world.random.int(100, 30_000), () => void this.#start());
    };
    const call = makeCall(world, life, kill);
    const parts = composeDaemon(world, life, call, { sweepEveryMs: 2_000, isPrinted: false, untilIdle: false });
    const worktrees = await this.scene.inTurn(() =>
      makeGitWorktrees(this.scene, life, call, parts.ports.worktrees, kill),
    );
    const daemon = new Daemon({ ...parts, ports: { ...parts.ports, worktrees } });
    this.#current = { life, daemon };
    daemon.run().catch((error: unknown) => {
      if (life.alive)
        world.breakOff(`a fault of ours: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
    });
  }

  /** Lets time go on until all that was asked for is through. */
  async #settle(): Promise<void> {
    const { world } = this;
    const until = world.time.now + settleWithinMs;
    do {
      if (!(await this.#goOn(until))) world.breakOff(`it did not settle: ${this.#describe()}`);
      if (world.broken.length > 0) return;
    } while (!this.#isSettled());
    const heads = this.#repository.listHeads();
    for (const branch of new Set([...heads.keys(), ...this.scene.heads.keys()])) {
      const [is, should] = [heads.get(branch), this.scene.heads.get(branch)];
      if (is !== should) world.breakOff(`${branch} is at ${is ?? 'nothing'}, and should be at ${should ?? 'nothing'}`);
    }
    const left = this.#isFollowed ? this.#repository.scratch.git('status', '--porcelain') : '';
    if (left !== '') world.breakOff(`the checkout of ${target} did not follow:\n${left}`);
  }

  async #goOn(until: number): Promise<boolean> {
    await this.scene.quiet();
    return this.world.time.goOn(until);
  }

  #isSettled(): boolean {
    const { world } = this;
    const board = this.#current?.daemon.board;
    if (board === undefined || board.scan === null || world.commands.size > 0 || world.inbox.size > 0) return false;
    const isSeen = (['queued', 'attention', 'done', 'archive'] as const).every((column) =>
      [...world.columns[column]].every(([name, { identity }]) => {
        return board.scan?.columns[column].get(name)?.inode === identity.inode;
      }),
    );
    const isKnown = [...board.finished.values()].every(
      ({ file, verdict }) => file.column !== 'done' || verdict !== undefined,
    );
    return isSeen && isKnown && isIdle(board, world.wall);
  }

  #describe(): string {
    const board = this.#current?.daemon.board;
    const tasks = [...(board?.live.values() ?? [])].map(({ id, state }) => `${id} ${state}`);
    return JSON.stringify({ tasks, commands: [...this.world.commands.values()].map(({ command }) => command) });
  }

  /** What an agent does that succeeds: it goes on from its branch, or makes its commits anew. */
  #work({ task, workspace }: RunPlan): void {
    if (workspace.kind !== 'branch') return;
    const { heads, done } = this.scene;
    const { branch, base } = workspace;
    const isAnew = this.world.random.chance(0.2);
    const on = isAnew ? base : (heads.get(branch) ?? base);
    const refs = [`refs/heads/${branch}`, `refs/branchboard/done/${task}`];
    const commit = this.#repository.commit(task, on, refs);
    heads.set(branch, commit);
    done.set(task, commit);
    this.world.note(() => `${task} works${isAnew ? ' anew' : ''}: ${commit}`);
  }

  #drop(): void {
    const { world } = this;
    const { random } = world;
    const earlier = Array.from({ length: this.#dropped }, (_, index) => nameOf(index + 1));
    const id = nameOf(++this.#dropped);
    const wanted = random.pick([0, 1, 1, 2, 2, 3, 5]);
    const dependsOn = new Set(earlier.length === 0 ? [] : Array.from({ length: wanted }, () => random.pick(earlier)));
    const text = `---\ndepends_on: [${[...dependsOn].join(', ')}]\n---\n# ${id}\n\nDo it.\n`;
    world.inbox.set(fileNameOf(id), { text, identity: world.identify(text) });
    world.note(() => `drop ${id} on ${[...dependsOn].join()}`);
    this.scene.count('drop');
  }

  #listDone(): readonly Done[] {
    const board = this.#current?.daemon.board;
    return [...(board?.finished.values() ?? [])].flatMap((task): readonly Done[] => {
      const verdict = verdictOf(task);
      return verdict?.branch == null ? [] : [{ ...task, verdict: { ...verdict, branch: verdict.branch } }];
    });
  }

  /** In the order in which they were dropped, so that whoever is built on comes first. */
  #listReady(): readonly Done[] {
    const ready = this.#listDone().filter(({ file, review }) => file.column === 'done' && review?.state === 'ready');
    return ready.toSorted((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)));
  }

  async #act(): Promise<void> {
    const { world } = this;
    const { random } = world;
    const done = this.#listDone();
    const ready = this.#listReady();
    const what = random.weighted({
      ...{ drop: 3, outside: 1, look: 2, retry: 1 },
      ...{ merge: 3, 'send-back': 4, restack: 5, discard: 1, undo: 2, edit: 2, amend: 1, delete: 0.5 },
    });
    const task = ready.length === 0 ? null : random.pick(ready);
    switch (what) {
      case 'drop':
        if (this.#dropped < this.#size) this.#drop();
        break;
      case 'outside':
        this.#moveTarget();
        break;
      case 'look':
        await this.#look();
        return;
      case 'retry': {
        const waiting = [...(this.#current?.daemon.board.live.values() ?? [])].filter(
          (each) => each.state === 'attention',
        );
        if (waiting.length > 0) this.#ask({ kind: 'retry', task: random.pick(waiting).id });
        break;
      }
      case 'undo': {
        const away = done.filter(({ review }) => review?.state === 'discarded');
        if (away.length > 0) this.#undo(random.pick(away));
        break;
      }
      case 'send-back': {
        const any = done.filter(({ file }) => file.column === 'done');
        if (any.length > 0) this.#sendBack(random.pick(any));
        break;
      }
      case 'merge':
        if (task !== null) this.#merge(task);
        break;
      case 'restack':
      case 'discard':
        if (task !== null) this.#ask({ kind: what, task: task.id, commit: this.#seen(task) });
        break;
      case 'edit':
      case 'amend':
      case 'delete':
        if (task !== null) this.#edit(task, what);
    }
    for (const hint of [...world.hinters]) hint();
  }

  /** The commit that the user sees of a task's work; sometimes they look at an old one. */
  #seen({ verdict }: Done): string {
    const now = this.scene.commitOf(verdict) ?? '';
    return this.world.random.chance(0.05) ? (verdict.base ?? now) : now;
  }

  #ask(command: TaskCommand): void {
    const { world } = this;
    const id = makeCommandId(world.wall, String(++this.#asked).padStart(8, '0'));
    world.note(() => `user asks ${JSON.stringify(command)}`);
    world.commands.set(id, { version: 1, id, by: 'cli', at: world.wall, seen: null, command });
    this.scene.count(command.kind);
  }

  #merge(task: Done): void {
    const way = this.world.random.pick(mergeWays);
    this.#ask({ kind: 'merge', task: task.id, commit: this.#seen(task), target, way, whatRuns: false });
  }

  #sendBack(task: Done): void {
    this.#ask({ kind: 'send-back', task: task.id, commit: this.#seen(task), text: 'Once more.' });
  }

  /** By a move, or by a command. */
  #undo({ id, file }: Done): void {
    this.scene.count('undo');
    if (this.world.random.chance(0.5)) this.#ask({ kind: 'retry', task: id });
    else this.world.rename(file, 'done');
  }

  /** The user commits on top of a task's branch, or instead of its last commit, or deletes it. */
  #edit({ id, verdict: { branch } }: Done, how: 'edit' | 'amend' | 'delete'): void {
    const { heads } = this.scene;
    const { scratch } = this.#repository;
    const now = heads.get(branch);
    if (now === undefined) return;
    this.scene.count(how);
    this.world.note(() => `user: ${how} ${branch}`);
    if (how === 'delete') {
      scratch.git('branch', '--quiet', '-D', branch);
      heads.delete(branch);
    } else if (how === 'edit') heads.set(branch, this.#repository.commit(id, now, [`refs/heads/${branch}`]));
    else {
      const parent = scratch.git('rev-parse', `${now}^`).trim();
      const commit = this.#repository.commit(id, parent, ['refs/user/amended']);
      scratch.git('update-ref', '-m', 'commit (amend): again', `refs/heads/${branch}`, commit);
      heads.set(branch, commit);
    }
  }

  #moveTarget(): void {
    this.scene.count('outside');
    const { heads } = this.scene;
    heads.set(target, this.#repository.commit(outsider, heads.get(target) ?? null, [`refs/heads/${target}`]));
    if (this.#isFollowed) this.#repository.scratch.git('reset', '--quiet', '--hard');
  }

  /** The board looks at the branches. */
  async #look(): Promise<void> {
    this.scene.count('look');
    this.scene.isLooking = true;
    const until = this.world.time.now + lookWithinMs;
    while (this.world.broken.length === 0 && (await this.#goOn(until))) continue;
    this.scene.isLooking = false;
  }

  /** Restacks and merges all that can be, dependencies first, and looks at what the target has then. */
  async #finish(): Promise<void> {
    const { world } = this;
    await this.#settle();
    for (const task of this.#listReady()) {
      if (world.broken.length > 0) return;
      if (this.scene.heads.has(task.verdict.branch) && task.verdict.dependsOn.length > 0)
        this.#ask({ kind: 'restack', task: task.id, commit: this.scene.commitOf(task.verdict) ?? '' });
      await this.#settle();
    }
    await this.#look();
    await this.#settle();
    this.#checkOpen();
    for (const task of this.#listReady()) {
      if (world.broken.length > 0) return;
      this.#merge(task);
      await this.#settle();
    }
    if (world.broken.length === 0) this.#checkTarget();
  }

  /** Whoever builds on others, and is not said to be behind them, has what they have. */
  #checkOpen(): void {
    const { world } = this;
    const done = this.#listDone().filter(({ file }) => file.column === 'done');
    // Of a branch that its user deleted nobody says anything.
    const there = this.#listReady().filter(({ verdict }) => this.scene.heads.has(verdict.branch));
    for (const { id, verdict, review } of there) {
      const own = this.#versionsOf(verdict);
      if ((own.get(id) ?? 0) === 0) world.breakOff(`${id} is done, and its work is not in its branch`);
      for (const dependency of done) {
        if (!verdict.dependsOn.includes(dependency.id) || review?.behind?.includes(dependency.id) === true) continue;
        const its = this.#versionsOf(dependency.verdict);
        if (!isWithin(its, own)) {
          world.breakOff(`${id} has ${describe(own)}; it builds on ${dependency.id} with ${describe(its)}`);
        }
      }
    }
  }

  #versionsOf(work: Done['verdict']): Versions {
    return this.#repository.versionsOf(this.scene.commitOf(work) ?? '');
  }

  /** The target has each change that was merged, once: a commit that changes nothing would be a second one. */
  #checkTarget(): void {
    const { world } = this;
    const { heads, merges } = this.scene;
    const into = this.#repository.versionsOf(heads.get(target) ?? '');
    for (const { id, verdict, review } of this.#listDone()) {
      if (review?.state === 'merged' && (this.#versionsOf(verdict).get(id) ?? 0) > (into.get(id) ?? 0))
        world.breakOff(`${id} is said to be merged, and ${target} has ${describe(into)}`);
    }
    const format = '--format=%T %(trailers:key=Task,valueonly,separator=%x20)';
    const log = this.#repository.scratch.git('log', '--first-parent', format, target).trim().split('\n');
    const commits = log.map((line) => line.trim().split(' '));
    const named = new Map<string, number>();
    for (const [index, [tree, ...tasks]] of commits.entries()) {
      if (tree === commits[index + 1]?.[0]) world.breakOff(`${target} has a commit that changes nothing`);
      for (const task of tasks) named.set(task, (named.get(task) ?? 0) + 1);
    }
    for (const task of new Set([...merges.keys(), ...named.keys()])) {
      const [is, least] = [named.get(task) ?? 0, merges.get(task)?.made ?? 0];
      const most = merges.get(task)?.isReplayed === true ? Infinity : least;
      if (is < least || is > most) world.breakOff(`${task} was merged ${least} times, and ${is} commits name it`);
    }
  }
}

function nameOf(number: number): TaskId {
  return `t${number}` as TaskId;
}
