/**
 * The loop of a board, for a daemon and for an errand alike: events go into the mailbox, the reducer decides, lanes perform
 * the effects, and their results are events again.
 *
 *   scans ────┐
 *   agents ───┼──► mailbox ──► step ──► lanes ──► ports
 *   signals ──┘       ▲                   │
 *                     └────── events ◄────┘
 */
import { emptyBoard, step } from '../core/step.ts';
import type { Board } from '../domain/board.ts';
import type { Effect } from '../domain/effect.ts';
import { effectTraits } from '../domain/effect-traits.ts';
import type { BoardEvent } from '../domain/event.ts';
import type { Trouble } from '../domain/hold.ts';
import { limits } from '../domain/limits.ts';
import type { OutsideFault } from '../domain/outside-answers.ts';
import type { RunExit, RunId, RunPlan } from '../domain/run.ts';
import type { Sandbox } from '../domain/sandbox.ts';
import type { RunListener } from '../ports.ts';
import { ClockWatch } from './clock-watch.ts';
import { answerFailure, describeFailure, FailureDedupe } from './failure-dedupe.ts';
import { Lanes } from './lanes.ts';
import { Mailbox } from './mailbox.ts';
import { explainFault, lookForRoom } from './outside-fault.ts';
import { Performer, type Ports } from './perform.ts';
import { redactEvent } from './redact-event.ts';
import { onlook } from './snapshot.ts';
import { Intake } from './take-in.ts';
import type { UntimedEvent } from './untimed-event.ts';

/** What is done about an effect: it is performed, only looked at where it reads something, or left to the next board. */
export type Share = 'perform' | 'onlook' | 'leave';

/** The outside of a board. The runner of agents is made last, since it reports to the loop. */
export interface LoopParts {
  readonly ports: Omit<Ports, 'agents'>;
  readonly makeAgents: (listener: RunListener, settings: () => Board['settings']) => Ports['agents'];
  /** Whether agents and commands are confined, found out by trying. Nothing is decided on what was read before. */
  readonly sandbox: Promise<Sandbox>;
}

/** What a loop tells its owner, and asks it. */
export interface LoopOwner {
  share(effect: Effect): Share;
  /** Some events were handled; `effects` is what they led to. What it throws is a fault of ours. */
  stepped(effects: readonly Effect[]): void;
  /** All that was asked for is through. */
  idle(): void;
  /** An effect could not be performed; it may be tried again. */
  failed(effect: Effect, fault: OutsideFault): void;
  /** A fault of ours: the board can't go on. */
  broke(error: unknown): void;
}

/** See the file's head. */
export class Loop {
  readonly ports: Ports;
  readonly #owner: LoopOwner;
  readonly #sandbox: Promise<Sandbox>;
  readonly #mailbox: Mailbox<BoardEvent>;
  readonly #lanes: Lanes;
  readonly #performer: Performer;
  readonly #clockWatch: ClockWatch;
  readonly #failures = new FailureDedupe();
  #board: Board;
  #isOver = false;

  constructor({ ports, makeAgents, sandbox }: LoopParts, owner: LoopOwner, begin: Partial<Board> = {}) {
    this.#owner = owner;
    this.#sandbox = sandbox;
    this.#board = { ...emptyBoard, ...begin };
    const settings = () => this.#board.settings;
    const listener: RunListener = {
      seen: (run, view, lastOutputAt) => this.post({ type: 'run-seen', run, view, lastOutputAt }),
      exited: (plan, exit) => void this.#tellExit(plan, exit),
    };
    this.ports = { ...ports, agents: makeAgents(listener, settings) };
    this.#mailbox = new Mailbox((events) => this.#handle(events));
    this.#clockWatch = new ClockWatch(ports.clock);
    this.#lanes = new Lanes(
      (effect) => this.#perform(effect),
      () => owner.idle(),
    );
    const intake = new Intake(ports.files, () => this.#board, this.#lanes);
    this.#performer = new Performer(this.ports, intake, settings, () => this.#board.sandbox);
  }

  /** The board as it is now. */
  get board(): Board {
    return this.#board;
  }

  /** Whether nothing is being performed. */
  get isIdle(): boolean {
    return this.#lanes.pending === 0;
  }

  /** Whether it was ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Nothing more is handled or begun. */
  end(): void {
    this.#isOver = true;
  }

  /** Posts an event, which gets its time now. */
  post(event: UntimedEvent): void {
    // Before an event is judged by the wall clock, the board hears whether that clock jumped.
    const byMs = this.#clockWatch.takeJump();
    if (byMs !== 0) this.#mailbox.post({ type: 'clock-jumped', byMs, at: this.ports.clock.now() });
    this.#mailbox.post({ ...redactEvent(event, this.ports.redact), at: this.ports.clock.now() });
  }

  /** Tells the board that a background job fails, or works again (null), where that is news. */
  noteTrouble(trouble: Trouble, fault: OutsideFault | null): void {
    const isNews = (this.#board.troubles.get(trouble) ?? null) !== (fault?.message ?? null);
    if (isNews || fault?.kind === 'no-room') this.post({ type: 'trouble-changed', trouble, fault });
  }

  /** Posts an agent's end, behind the results of effects: those wait for the sandbox, and one may say that the run was found. */
  async #tellExit(plan: RunPlan, told: RunExit): Promise<void> {
    await this.#sandbox;
    const exit = { ...told, moved: await this.ports.worktrees.listMoved(plan) };
    const run: RunId = { task: plan.task, n: plan.n };
    for (const event of await lookForRoom(this.ports.disk, run)) this.post(event);
    this.post({ type: 'run-exited', run, exit });
  }

  #handle(events: readonly BoardEvent[]): void {
    // A scan that was under way at the end must start nothing more.
    if (this.#isOver) return;
    try {
      const all: Effect[] = [];
      for (const event of events) {
        const { board, effects } = step(this.#board, event);
        this.#board = board;
        all.push(...effects);
        this.#lanes.dispatch(effects.filter((effect) => this.#owner.share(effect) !== 'leave'));
      }
      this.#owner.stepped(all);
    } catch (error) {
      this.#owner.broke(error);
    }
  }

  async #perform(effect: Effect): Promise<'done' | 'failed'> {
    if (this.#isOver) return 'failed';
    try {
      const isOnlooking = this.#owner.share(effect) === 'onlook';
      const events = isOnlooking ? await onlook(effect, this.ports, this.board) : await this.#performer.perform(effect);
      // The board is shown meanwhile; nothing is decided on what was read, so that no agent starts before this is known.
      if (events.length > 0) await this.#sandbox;
      for (const each of events) this.post(each);
      this.#failures.forget(effect);
      if (effect.type === 'journal') this.noteTrouble('write the history', null);
      return 'done';
    } catch (error) {
      const fault = await explainFault(error, this.ports.disk);
      this.#tellFailure(effect, fault);
      this.#owner.failed(effect, fault);
      return 'failed';
    }
  }

  #tellFailure(effect: Effect, fault: OutsideFault): void {
    if (this.#failures.isNews(effect, fault.message)) {
      this.post(describeFailure(effect, fault));
    }
    switch (effectTraits[effect.type].failure) {
      case 'nothing':
        return;
      case 'answered':
        for (const event of answerFailure(effect, fault)) this.post(event);
        return;
      case 'again':
        this.#laterAgain(effect);
        return;
      case 'trouble':
        // The history itself can't say of each line that it could not be written.
        this.noteTrouble('write the history', fault);
    }
  }

  /** Repeats what the board needs before it can go on, until it succeeds. */
  #laterAgain(effect: Effect): void {
    this.ports.clock.setTimer(limits.firstBackoffMs, () => {
      if (!this.#isOver) this.#lanes.dispatch([effect]);
    });
  }
}
