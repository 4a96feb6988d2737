/**
 * The daemon: a loop on one board, with all that looks outside for it by itself.
 *
 *   hints, sweep, timers ──► scan ──► loop ──► what is published
 */
import { findNextWake } from '../core/due.ts';
import { isIdle, isBusy } from '../core/schedule.ts';
import type { Board, BoardScan } from '../domain/board.ts';
import type { CommandId, SettledCommand } from '../domain/command.ts';
import type { Effect } from '../domain/effect.ts';
import type { HistoryEntry } from '../domain/history.ts';
import { limits } from '../domain/limits.ts';
import type { ChangeHints, SettingsFile } from '../ports.ts';
import { Lookout } from './lookout.ts';
import { sayLast, type Fault } from './last-words.ts';
import { Loop, type LoopParts } from './loop.ts';
import { explainFault } from './outside-fault.ts';
import { MergeWatch } from './merge-watch.ts';
import { PullWatch } from './pull-watch.ts';
import { NoteWatch } from './note-watch.ts';
import type { Ports } from './perform.ts';
import { Publisher } from './publisher.ts';
import { readOpening } from './snapshot.ts';

/** The parts of a daemon. Where `sandbox` rejects, the board ends with that error. */
export interface DaemonOptions extends LoopParts {
  readonly hints: ChangeHints;
  readonly settingsFile: SettingsFile;
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
  readonly #loop: Loop;
  readonly #ports: Ports;
  readonly #publisher: Publisher;
  readonly #mergeWatch: MergeWatch;
  readonly #noteWatch: NoteWatch;
  readonly #pullWatch: PullWatch;
  /** The folders as they were when the board was first seen idle, or null while it is not. */
  #idleAt: BoardScan | null = null;
  readonly #lookout: Lookout;
  #forgetWake: () => void = () => undefined;
  #end: (fault: Fault | null) => void = () => undefined;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#loop = new Loop(options, {
      share: () => 'perform',
      stepped: (effects) => this.#goOn(effects),
      idle: () => this.#endIfDone(),
      failed: () => undefined,
      broke: (error) => this.fail(error),
    });
    this.#ports = this.#loop.ports;
    this.#noteWatch = new NoteWatch(this.#ports);
    this.#mergeWatch = new MergeWatch(options.ports.clock, options.ports.worktrees);
    this.#pullWatch = new PullWatch(options.ports.clock, options.ports.pulls);
    this.#lookout = new Lookout(
      options.ports.clock,
      () => this.#scan(),
      () => {
        void this.#publisher.lookForSaves();
        void this.#lookForMerges(false);
        void this.#lookForLines();
        void this.#lookForPulls();
      },
    );
    this.#publisher = new Publisher(
      this.#ports,
      () => this.board,
      (fault) => this.#loop.noteTrouble('write the dashboard', fault),
    );
  }

  /** The board as it is now. */
  get board(): Board {
    return this.#loop.board;
  }

  /** Runs until the board is idle, if that was asked for, or was shut down. On a fault of ours it says so, and rejects. */
  async run(): Promise<void> {
    const fault = await this.#runToItsEnd().catch((error: unknown): Fault => ({ error }));
    this.#loop.end();
    await sayLast(fault, this.#ports, this.#publisher, this.#options.onHistory);
    if (fault !== null) throw fault.error;
  }

  async #runToItsEnd(): Promise<Fault | null> {
    const ended = new Promise<Fault | null>((resolve) => {
      this.#end = resolve;
    });
    this.#options.sandbox.then(
      (sandbox) => this.#loop.post({ type: 'sandbox-tried', sandbox }),
      (error: unknown) => this.fail(error),
    );
    await this.#readSettings();
    this.#loop.post(await readOpening(this.#ports, this.#ports.pid));
    this.#loop.post({ type: 'places-recalled', places: await this.#ports.journal.readPlaces() });
    this.#loop.post({ type: 'agents-found', runs: await this.#ports.agents.findRunning() });
    // Boxes that were ticked while no board ran are commands before the first look at the folders.
    await this.#publisher.lookForSaves();
    await this.#noteWatch.lookFirst(this.board).catch(() => undefined);
    const watchMode = () => this.board.settings.watch;
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

  /** What became of a command that was settled lately; null where none of this id was. */
  findSettled(id: CommandId): Promise<SettledCommand | null> {
    return this.#ports.journal.findSettled(id);
  }

  /** Ends the board because of a fault of ours: nothing more is begun. */
  fail(error: unknown): void {
    this.#loop.end();
    this.#end({ error });
  }

  /** The first time: no new starts, agents end and stay resumable. The second time: at once. */
  shutDown(): void {
    this.#ports.breakOff();
    this.#loop.post({ type: 'shutdown-asked' });
  }

  #goOn(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type === 'journal') void this.#options.onHistory(effect.entry);
    }
    this.#options.onBoard?.(this.board);
    this.#publisher.noteChange();
    this.#wakeLater();
    this.#endIfDone();
  }

  /** What can't be read or written now is tried again with the next sweep. */
  async #lookForLines(): Promise<void> {
    const asked = await this.#noteWatch.look(this.board).catch(() => false);
    if (asked) {
      this.#idleAt = null;
      this.#lookout.look();
    } else if (this.#idleAt !== null) this.#endIfDone();
  }

  /** `isLast`: the board is about to end, and goes on with that once it is known. */
  async #lookForMerges(isLast: boolean): Promise<void> {
    const { merged, behind, overlaps } = await (isLast
      ? this.#mergeWatch.lookNow(this.board)
      : this.#mergeWatch.look(this.board));
    if (behind.length > 0) this.#loop.post({ type: 'behind-found', found: behind });
    if (overlaps.length > 0) this.#loop.post({ type: 'overlaps-found', found: overlaps });
    if (merged.length > 0) this.#loop.post({ type: 'merges-found', tasks: merged });
    if (isLast && merged.length + behind.length + overlaps.length === 0) this.#endIfDone();
  }

  /** The board ends without waiting for it. */
  async #lookForPulls(): Promise<void> {
    const found = await this.#pullWatch.look(this.board);
    if (found.length > 0) this.#loop.post({ type: 'pulls-found', found });
  }

  async #scan(): Promise<void> {
    try {
      await this.#readSettings();
      const scan = await this.#ports.files.scan();
      this.#loop.noteTrouble('list the folders', null);
      this.#loop.post({ type: 'scanned', scan });
      const { clock } = this.#ports;
      if (scan.unsettled.size > 0) {
        this.#lookout.lookIn(Math.max(1, Math.min(...scan.unsettled.values()) - clock.now()));
      }
      const day = clock.day(clock.now());
      if (day !== this.board.spending.day) this.#loop.post({ type: 'tick', day });
    } catch (error) {
      this.#loop.noteTrouble('list the folders', await explainFault(error, this.#ports.disk));
    }
  }

  async #readSettings(): Promise<void> {
    const read = await this.#options.settingsFile.readIfChanged();
    if (read !== null) this.#loop.post({ type: 'settings-read', ...read });
  }

  #wakeLater(): void {
    const { clock } = this.#ports;
    const now = clock.now();
    const wake = findNextWake(this.board, now);
    this.#forgetWake();
    if (wake === Infinity) return;
    // Timers stand still while the machine sleeps, so that a far one is reached in several steps.
    const delayMs = Math.min(limits.maxTimerMs, Math.max(1, wake - now));
    this.#forgetWake = clock.setTimer(delayMs, () => this.#loop.post({ type: 'tick', day: clock.day(clock.now()) }));
  }

  #endIfDone(): void {
    const board = this.board;
    if (!this.#loop.isIdle || board.sandbox === null) return;
    const busy = [...board.live.values()].some(isBusy);
    const isOver = board.shutdown === 'no' ? this.#options.untilIdle && this.#staysIdle() : !busy;
    if (!isOver) return;
    this.#loop.end();
    this.#end(null);
  }

  /** Idle, and still so after one more look at folders and base: something may have been dropped or merged just now. */
  #staysIdle(): boolean {
    const { scan } = this.board;
    if (!isIdle(this.board, this.#ports.clock.now())) {
      this.#idleAt = null;
      return false;
    }
    if (this.#idleAt === null) {
      this.#idleAt = scan;
      this.#lookout.look();
      void this.#lookForMerges(true);
    }
    return this.#idleAt !== scan && !this.#mergeWatch.isLooking && !this.#noteWatch.isLooking;
  }
}
