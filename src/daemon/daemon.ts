/**
 * The loop: events go into the mailbox, the reducer decides, lanes perform the effects, and their results are events
 * again.
 *
 *   hints, sweep, timers ──► scan ─┐
 *   agents ────────────────────────┼──► mailbox ──► step ──► lanes ──► ports
 *   signals ───────────────────────┘       ▲                   │
 *                                          └──── events ───────┘
 */
import { emptyBoard, step } from '../core/step.ts';
import { findNextWake } from '../core/due.ts';
import { isIdle, isBusy } from '../core/schedule.ts';
import type { Board, BoardScan } from '../domain/board.ts';
import type { OutsideFault } from '../domain/outside-answers.ts';
import type { Trouble } from '../domain/hold.ts';
import type { Effect } from '../domain/effect.ts';
import { effectTraits } from '../domain/effect-traits.ts';
import type { BoardEvent } from '../domain/event.ts';
import type { HistoryEntry } from '../domain/history.ts';
import { limits } from '../domain/limits.ts';
import type { Sandbox } from '../domain/sandbox.ts';
import type { RunExit, RunId, RunPlan } from '../domain/run.ts';
import type { ChangeHints, RunListener, SettingsFile } from '../ports.ts';
import { ClockWatch } from './clock-watch.ts';
import { Intake } from './take-in.ts';
import { Lanes } from './lanes.ts';
import { Lookout } from './lookout.ts';
import { Mailbox } from './mailbox.ts';
import { sayLast, type Fault } from './last-words.ts';
import { explainFault, lookForRoom } from './outside-fault.ts';
import { MergeWatch } from './merge-watch.ts';
import type { UntimedEvent } from './untimed-event.ts';
import { Performer, type Ports } from './perform.ts';
import { Publisher } from './publisher.ts';
import { redactEvent } from './redact-event.ts';
import { answerFailure, describeFailure, FailureDedupe } from './failure-dedupe.ts';

/** The parts of a daemon. The runner of agents is made last, since it reports to the daemon. */
export interface DaemonOptions {
  readonly ports: Omit<Ports, 'agents'>;
  readonly makeAgents: (listener: RunListener, settings: () => Board['settings']) => Ports['agents'];
  readonly hints: ChangeHints;
  readonly settingsFile: SettingsFile;
  /** Whether agents and commands are confined, found out by trying. Where it rejects, the board ends with that error. */
  readonly sandbox: Promise<Sandbox>;
  /** End by itself once nothing can go on without the user. */
  readonly untilIdle: boolean;
  /** Told after each change. */
  readonly onBoard?: (board: Board) => void;
  /** Told of each line of the history. The daemon waits for what it does about the last one. */
  readonly onHistory: (entry: HistoryEntry) => Promise<void>;
}

/** One board's daemon. */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #ports: Ports;
  readonly #mailbox: Mailbox<BoardEvent>;
  readonly #lanes: Lanes;
  readonly #performer: Performer;
  readonly #publisher: Publisher;
  readonly #clockWatch: ClockWatch;
  readonly #mergeWatch: MergeWatch;
  #board: Board = emptyBoard;
  /** The folders as they were when the board was first seen idle, or null while it is not. */
  #idleAt: BoardScan | null = null;
  #isOver = false;
  readonly #failures = new FailureDedupe();
  readonly #lookout: Lookout;
  #forgetWake: () => void = () => undefined;
  #end: (fault: Fault | null) => void = () => undefined;

  constructor(options: DaemonOptions) {
    this.#options = options;
    const settings = () => this.#board.settings;
    const listener: RunListener = {
      seen: (run, view, lastOutputAt) => this.#post({ type: 'run-seen', run, view, lastOutputAt }),
      exited: (plan, exit) => void this.#tellExit(plan, exit),
    };
    this.#ports = { ...options.ports, agents: options.makeAgents(listener, settings) };
    this.#mailbox = new Mailbox((events) => this.#handle(events));
    this.#clockWatch = new ClockWatch(options.ports.clock);
    this.#mergeWatch = new MergeWatch(options.ports.clock, options.ports.worktrees);
    this.#lookout = new Lookout(
      options.ports.clock,
      () => this.#scan(),
      () => {
        void this.#publisher.lookForSaves();
        void this.#lookForMerges();
      },
    );
    this.#lanes = new Lanes(
      (effect) => this.#perform(effect),
      () => this.#endIfDone(),
    );
    const intake = new Intake(this.#ports.files, () => this.#board, this.#lanes);
    this.#performer = new Performer(this.#ports, intake, settings, () => this.#board.sandbox);
    this.#publisher = new Publisher(
      this.#ports,
      () => this.#board,
      (fault) => this.#noteTrouble('write the dashboard', fault),
    );
  }

  /** The board as it is now. */
  get board(): Board {
    return this.#board;
  }

  /** Runs until the board is idle, if that was asked for, or was shut down. On a fault of ours it says so, and rejects. */
  async run(): Promise<void> {
    const fault = await this.#runToItsEnd().catch((error: unknown): Fault => ({ error }));
    this.#isOver = true;
    await sayLast(fault, this.#ports, this.#publisher, this.#options.onHistory);
    if (fault !== null) throw fault.error;
  }

  async #runToItsEnd(): Promise<Fault | null> {
    const { clock, files, journal } = this.#ports;
    const ended = new Promise<Fault | null>((resolve) => {
      this.#end = resolve;
    });
    this.#options.sandbox.then(
      (sandbox) => this.#post({ type: 'sandbox-tried', sandbox }),
      (error: unknown) => this.fail(error),
    );
    await this.#readSettings();
    const day = clock.day(clock.now());
    this.#post({
      type: 'opened',
      spending: await journal.readSpending(day),
      hold: await files.readHold(),
      paused: await files.readPause(),
      pid: this.#ports.pid,
    });
    this.#post({ type: 'agents-found', runs: await this.#ports.agents.findRunning() });
    // Boxes that were ticked while no board ran are commands before the first look at the folders.
    await this.#publisher.lookForSaves();
    const watchMode = () => this.#board.settings.watch;
    const unwatch = await this.#options.hints.watch(() => this.#lookout.lookIn(limits.hintDebounceMs), watchMode);
    this.#lookout.sweep();
    const fault = await ended;
    this.#forgetWake();
    this.#lookout.end();
    await unwatch();
    return fault;
  }

  /** Something may have changed in the folder: looks at once. */
  look(): void {
    this.#lookout.look();
  }

  /** Ends the board because of a fault of ours: nothing more is begun. */
  fail(error: unknown): void {
    this.#isOver = true;
    this.#end({ error });
  }

  /** The first time: no new starts, agents end and stay resumable. The second time: at once. */
  shutDown(): void {
    this.#ports.breakOff();
    this.#post({ type: 'shutdown-asked' });
  }

  #post(event: UntimedEvent): void {
    // Before an event is judged by the wall clock, the board hears whether that clock jumped.
    const byMs = this.#clockWatch.takeJump();
    if (byMs !== 0) this.#mailbox.post({ type: 'clock-jumped', byMs, at: this.#ports.clock.now() });
    // The event gets its time when it is posted.
    this.#mailbox.post({ ...redactEvent(event, this.#ports.redact), at: this.#ports.clock.now() });
  }

  /** Posts an agent's end, behind the results of effects: those wait for the sandbox, and one may say that the run was found. */
  async #tellExit(plan: RunPlan, told: RunExit): Promise<void> {
    await this.#options.sandbox;
    const exit = { ...told, moved: await this.#ports.worktrees.listMoved(plan) };
    const run: RunId = { task: plan.task, n: plan.n };
    for (const event of await lookForRoom(this.#ports.disk, run)) this.#post(event);
    this.#post({ type: 'run-exited', run, exit });
  }

  #handle(events: readonly BoardEvent[]): void {
    // A scan that was under way at the end must start nothing more.
    if (this.#isOver) return;
    try {
      for (const event of events) {
        const { board, effects } = step(this.#board, event);
        this.#board = board;
        for (const effect of effects) {
          if (effect.type === 'journal') void this.#options.onHistory(effect.entry);
        }
        this.#lanes.dispatch(effects);
      }
      this.#options.onBoard?.(this.#board);
      this.#publisher.noteChange();
      this.#wakeLater();
      this.#endIfDone();
    } catch (error) {
      this.fail(error);
    }
  }

  async #perform(effect: Effect): Promise<'done' | 'failed'> {
    if (this.#isOver) return 'failed';
    try {
      const events = await this.#performer.perform(effect);
      // The board is shown meanwhile; nothing is decided on what was read, so that no agent starts before this is known.
      if (events.length > 0) await this.#options.sandbox;
      for (const each of events) this.#post(each);
      this.#failures.forget(effect);
      if (effect.type === 'journal') this.#noteTrouble('write the history', null);
      return 'done';
    } catch (error) {
      this.#tellFailure(effect, await explainFault(error, this.#ports.disk));
      return 'failed';
    }
  }

  #tellFailure(effect: Effect, fault: OutsideFault): void {
    if (this.#failures.isNews(effect, fault.message)) {
      this.#post(describeFailure(effect, fault));
    }
    switch (effectTraits[effect.type].failure) {
      case 'nothing':
        return;
      case 'answered':
        for (const event of answerFailure(effect, fault)) this.#post(event);
        return;
      case 'again':
        this.#laterAgain(effect);
        return;
      case 'trouble':
        // The history itself can't say of each line that it could not be written.
        this.#noteTrouble('write the history', fault);
    }
  }

  /** Repeats a read that the board needs before it can go on, until it succeeds. */
  #laterAgain(effect: Effect): void {
    this.#ports.clock.setTimer(limits.firstBackoffMs, () => {
      if (!this.#isOver) this.#lanes.dispatch([effect]);
    });
  }

  async #lookForMerges(): Promise<void> {
    const tasks = await this.#mergeWatch.look(this.#board);
    if (tasks.length > 0) this.#post({ type: 'merges-found', tasks });
  }

  /** Tells the board that a background job fails, or works again (null), where that is news. */
  #noteTrouble(trouble: Trouble, fault: OutsideFault | null): void {
    const isNews = (this.#board.troubles.get(trouble) ?? null) !== (fault?.message ?? null);
    if (isNews || fault?.kind === 'no-room') this.#post({ type: 'trouble-changed', trouble, fault });
  }

  async #scan(): Promise<void> {
    try {
      await this.#readSettings();
      const scan = await this.#ports.files.scan();
      this.#noteTrouble('list the folders', null);
      this.#post({ type: 'scanned', scan });
      const { clock } = this.#ports;
      if (scan.inboxSettlesAt !== null) this.#lookout.lookIn(Math.max(1, scan.inboxSettlesAt - clock.now()));
      const day = clock.day(clock.now());
      if (day !== this.#board.spending.day) this.#post({ type: 'tick', day });
    } catch (error) {
      this.#noteTrouble('list the folders', await explainFault(error, this.#ports.disk));
    }
  }

  async #readSettings(): Promise<void> {
    const read = await this.#options.settingsFile.readIfChanged();
    if (read !== null) this.#post({ type: 'settings-read', ...read });
  }

  #wakeLater(): void {
    const { clock } = this.#ports;
    const now = clock.now();
    const wake = findNextWake(this.#board, now);
    this.#forgetWake();
    if (wake === Infinity) return;
    // Timers stand still while the machine sleeps, so that a far one is reached in several steps.
    const delayMs = Math.min(limits.maxTimerMs, Math.max(1, wake - now));
    this.#forgetWake = clock.setTimer(delayMs, () => this.#post({ type: 'tick', day: clock.day(clock.now()) }));
  }

  #endIfDone(): void {
    const board = this.#board;
    if (this.#lanes.pending > 0 || board.sandbox === null) return;
    const busy = [...board.live.values()].some(isBusy);
    const isOver = board.shutdown === 'no' ? this.#options.untilIdle && this.#staysIdle() : !busy;
    if (!isOver) return;
    this.#isOver = true;
    this.#end(null);
  }

  /** Idle, and still so after one more look at the folders: something may have been dropped, or left over, just now. */
  #staysIdle(): boolean {
    const { scan } = this.#board;
    if (!isIdle(this.#board, this.#ports.clock.now())) {
      this.#idleAt = null;
      return false;
    }
    if (this.#idleAt === null) {
      this.#idleAt = scan;
      this.#lookout.look();
    }
    return this.#idleAt !== scan;
  }
}
