/**
 * One simulation: the real core, daemon, parser and dashboard on a simulated world.
 *
 *   rough   the user acts, daemons crash and are started again, calls fail, agents end in every way
 *   calm    nobody touches anything, nothing fails: all must settle, and the daemon must end by itself
 */
import { createHash } from 'node:crypto';
import { Daemon } from '../../src/daemon/daemon.ts';
import { findCycles } from '../../src/core/dependencies.ts';
import { findObstacle } from '../../src/core/schedule.ts';
import type { Board } from '../../src/domain/board.ts';
import { columns, keyOf, parseTaskId, type Column } from '../../src/domain/task.ts';
import { makeCall } from './calls.ts';
import { composeDaemon } from './daemon-parts.ts';
import { User } from './user.ts';
import { World, type Life, type Weather } from './world.ts';

/** How long everything may take to settle once it is calm, in virtual milliseconds. */
const settleWithinMs = 12 * 60 * 60_000;
/** How long a daemon may take to end once it was asked to. */
const endWithinMs = 2 * 60_000;
/** How often the user may have to mend a login once it is calm. */
const maxRestartsWhenCalm = 50;

const calmWeather: Weather = { crash: 0, fault: 0, meddle: 0, trouble: 0, reboot: 0, damage: 0 };

/** What came of a simulation. */
export interface Simulated {
  /** What was broken; empty if all held. */
  readonly broken: readonly string[];
  readonly log: readonly string[];
  readonly fingerprint: number;
}

/** Runs the simulation of a seed. */
export async function simulate(seed: number, options: { readonly isLogged: boolean }): Promise<Simulated> {
  const simulation = new Simulation(seed, options.isLogged);
  await simulation.run();
  const { broken, log, fingerprint } = simulation.world;
  return { broken, log, fingerprint };
}

class Simulation {
  readonly world: World;
  readonly #user: User;
  readonly #isPrinted: boolean;
  readonly #calmAt: number;
  readonly #sweepEveryMs: number;
  #isCalm = false;
  #lives = 0;
  #current: {
    readonly life: Life;
    readonly daemon: Daemon;
    readonly untilIdle: boolean;
    readonly isLast: boolean;
    endBy: number;
  } | null = null;
  #isOver = false;
  #restarts = 0;

  constructor(seed: number, isLogged: boolean) {
    this.world = new World(seed, calmWeather, isLogged);
    const { random, time } = this.world;
    this.world.weather = {
      crash: random.pick([0, 0, 0.001, 0.01]),
      fault: random.pick([0, 0, 0.01, 0.05]),
      meddle: random.pick([0, 0.003, 0.01, 0.03]),
      trouble: random.pick([0, 0.3, 0.6, 1]),
      reboot: random.pick([0, 0, 0.3]),
      damage: random.pick([0, 0, 0.3]),
    };
    this.#user = new User(this.world, random.int(1, 6));
    this.#isPrinted = seed % 16 < 2;
    // Below `frozenMs`: after a longer silence the board takes itself for frozen, and nobody's time passes.
    this.#sweepEveryMs = random.pick([2_000, 10_000, 20_000]);
    this.#calmAt = time.now + random.int(70_000, 400_000);
  }

  async run(): Promise<void> {
    const { world } = this;
    const { time, random } = world;
    this.#user.dropAll(random.pick([1, 5_000, 60_000]));
    if (world.weather.meddle > 0) {
      world.meddle = () => this.#user.act();
      for (let count = random.int(0, 8); count > 0; count--) {
        time.after(random.int(0, this.#calmAt - time.now), () => this.#user.act());
      }
    }
    for (let count = random.pick([0, 0, 1, 2]); count > 0; count--) {
      time.after(random.int(0, this.#calmAt - time.now), () => this.#shutDown());
    }
    for (let count = random.pick([0, 0, 0, 1, 3]); count > 0; count--) {
      time.after(random.int(0, this.#calmAt - time.now), () => this.#fillDisk());
    }
    for (let count = random.pick([0, 0, 0, 1, 3]); count > 0; count--) {
      time.after(random.int(0, this.#calmAt - time.now), () => this.#setClock());
    }
    time.after(this.#calmAt - time.now, () => this.#calmDown());
    time.after(0, () => this.#start());
    const deadline = this.#calmAt + settleWithinMs;
    while (!this.#isOver && world.broken.length === 0) {
      if (!(await time.goOn(deadline))) world.breakOff(`it did not settle in time: ${this.#describe()}`);
      const { current } = { current: this.#current };
      if (current !== null && current.life.alive && time.now > current.endBy) {
        world.breakOff('the daemon was asked to end and did not');
      }
    }
    if (this.#current !== null) this.#current.life.alive = false;
  }

  /** What the board thinks of itself, for finding out why it waits. */
  #describe(): string {
    if (this.#current === null) return 'no daemon runs';
    const { live, loading, inbox, scan, hold } = this.#current.daemon.board;
    const tasks = [...live.values()].map(
      (task) => `${task.id} ${task.state === 'active' ? task.phase.name : task.state}`,
    );
    const unread = [...inbox.values()].filter((file) => file.diagnostics === null).map((file) => file.path);
    return JSON.stringify({ tasks, loading: [...loading], unread, inbox: [...(scan?.inbox.keys() ?? [])], hold });
  }

  #calmDown(): void {
    const { world } = this;
    world.note(() => 'calm');
    this.#isCalm = true;
    world.weather = calmWeather;
    world.meddle = null;
    world.diskFull = false;
    this.#user.resume();
    this.#user.writeSettings('');
    // A budget that was spent before is lifted by the user.
    for (const afterMs of [60_000, 600_000]) {
      world.time.after(afterMs, () => {
        if (world.hold?.reason === 'budget') this.#user.resume();
      });
    }
    if (this.#current !== null && !this.#current.untilIdle) this.#shutDown();
  }

  #fillDisk(): void {
    const { world } = this;
    world.note(() => 'the disk is full');
    if (this.#isCalm) return;
    world.diskFull = true;
    world.time.after(world.random.int(1_000, 200_000), () => {
      world.note(() => 'the disk has room');
      world.diskFull = false;
    });
  }

  /** The machine wakes from its sleep, or its clock is set. */
  #setClock(): void {
    const { world } = this;
    const byMs = world.random.pick([8 * 60 * 60_000, 20 * 60_000, 6_000, -6_000, -60 * 60_000]);
    world.note(() => `the clock jumps by ${byMs} ms`);
    world.clockAhead += byMs;
    world.isClockSetSince = true;
  }

  #start(): void {
    const { world } = this;
    if (this.#current !== null) return;
    const life: Life = { number: ++this.#lives, alive: true };
    const untilIdle = this.#isCalm || world.random.chance(0.3);
    world.sandbox = world.random.pick([{ kind: 'on' }, { kind: 'missing', why: 'no bubblewrap', hint: 'Install it.' }]);
    world.note(() => `daemon ${life.number} starts`);
    if (world.random.chance(world.weather.damage)) world.damageFact();
    const call = makeCall(world, life, () => this.#kill(life));
    const ways = { sweepEveryMs: this.#sweepEveryMs, isPrinted: this.#isPrinted, untilIdle };
    const daemon = new Daemon(composeDaemon(world, life, call, ways));
    this.#current = { life, daemon, untilIdle, isLast: this.#isCalm, endBy: Infinity };
    daemon.run().then(
      () => this.#end(life, daemon.board),
      (error: unknown) => {
        if (life.alive)
          world.breakOff(`a fault of ours: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
      },
    );
  }

  #shutDown(): void {
    const current = this.#current;
    if (current?.life.alive !== true) return;
    const { world } = this;
    world.note(() => `daemon ${current.life.number} is asked to end`);
    current.endBy = Math.min(current.endBy, world.time.now + endWithinMs);
    current.daemon.shutDown();
    if (world.random.chance(0.3)) world.time.after(2_000, () => current.life.alive && current.daemon.shutDown());
  }

  #kill(life: Life): void {
    const { world } = this;
    life.alive = false;
    this.#current = null;
    if (world.random.chance(world.weather.reboot)) this.#reboot();
    world.time.after(world.random.int(100, 30_000), () => this.#start());
  }

  #reboot(): void {
    const { world } = this;
    world.note(() => 'the machine starts anew');
    world.boots++;
    for (const agent of [...world.agents]) world.endAgent(agent, null, 'SIGKILL');
  }

  #end(life: Life, board: Board): void {
    if (!life.alive) return;
    const { world } = this;
    world.note(() => `daemon ${life.number} ended`);
    for (const agent of world.agents) {
      if (agent.follower?.life === life) world.breakOff(`the daemon ended while ${agent.plan.task} ran`);
    }
    const wasLast = this.#current?.isLast === true;
    life.alive = false;
    this.#current = null;
    if (!wasLast) {
      world.time.after(world.random.int(100, 30_000), () => this.#start());
      return;
    }
    if (world.hold?.reason === 'auth' && this.#restarts++ < maxRestartsWhenCalm) {
      this.#user.resume();
      world.time.after(1_000, () => this.#start());
      return;
    }
    this.#checkSettled(board);
    this.#isOver = true;
  }

  #checkSettled(board: Board): void {
    const { world } = this;
    for (const [name, { identity }] of world.inbox) {
      const known = board.inbox.get(name);
      if (known === undefined || known.diagnostics === null || known.identity.inode !== identity.inode) {
        world.breakOff(`${name} was left in the inbox unseen`);
      }
    }
    for (const column of ['queued', 'active', 'attention'] as const) {
      for (const name of world.columns[column].keys()) this.#checkLeft(board, column, name);
    }
    for (const cycle of findCycles(board.live)) {
      const isWaiting = cycle.some((id) => board.live.get(keyOf(id))?.state === 'queued');
      if (isWaiting) world.breakOff(`${cycle.join(', ')} wait for each other`);
    }
    for (const id of world.commands.keys()) world.breakOff(`the command ${id} was left unsettled`);
    for (const agent of world.agents) {
      if (world.isKnown(agent)) world.breakOff(`the agent of ${agent.plan.task} was forgotten`);
    }
    const files = Object.values(world.columns).reduce((sum, each) => sum + each.size, 0);
    if (files + world.deleted !== world.accepted) world.breakOff('a task file was lost');
  }

  #checkLeft(board: Board, column: 'queued' | 'active' | 'attention', name: string): void {
    const { world } = this;
    // Of two files of one name, which the user made, one counts.
    const isTwin = (other: string, where: Column) =>
      other.toLowerCase() === name.toLowerCase() && (where !== 'archive' || other !== name);
    const twins = columns.filter((each) => [...world.columns[each].keys()].some((other) => isTwin(other, each)));
    const inPlay = (['queued', 'active', 'attention', 'done'] as const).filter((each) => world.columns[each].has(name));
    // A numbered name is no task's.
    if (inPlay.length > 1 && !name.includes('~')) world.breakOff(`${name} is in ${inPlay.join('/ and ')}/`);
    if (twins.length > 1) return;
    const id = parseTaskId(name.replace(/\.md$/, ''));
    const task = id === undefined ? undefined : board.live.get(keyOf(id));
    if (task === undefined) {
      // A namesake that the user brought back from the archive, while the task itself is somewhere else.
      if (!name.includes('~')) world.breakOff(`${column}/${name} is not on the board`);
      return;
    }
    if (task.state !== column) world.breakOff(`${name} is in ${column}/ and ${task.state} on the board`);
    if (task.state !== 'queued') return;
    const obstacle = findObstacle(board, task, world.time.now);
    // A pause that the user asked for before the end may be carried out after they went on.
    const mayStart = obstacle === null || obstacle.kind === 'delay';
    if (mayStart && !board.userPaused) world.breakOff(`${name} could start and did not`);
  }
}

/** Thousands of errors are injected, and nobody looks where they come from. */
export function makeErrorsCheap(): void {
  Error.stackTraceLimit = 0;
}

/** Digests are made on another thread, which is no part of virtual time. */
export function makeDigestsSynchronous(): void {
  crypto.subtle.digest = (_algorithm, data) => {
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);
    const digest = createHash('sha256').update(bytes).digest();
    return Promise.resolve(digest.buffer.slice(digest.byteOffset, digest.byteOffset + digest.byteLength));
  };
}
