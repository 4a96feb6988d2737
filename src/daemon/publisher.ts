/** Writes `DASHBOARD.md` and `queue.json` when they changed, and not too often. */
import type { Board } from '../domain/board.ts';
import type { OutsideFault } from '../domain/outside-answers.ts';
import { limits } from '../domain/limits.ts';
import { renderDashboard } from '../markdown/dashboard.ts';
import { extractNotes } from '../markdown/user-zones.ts';
import { describeBoard } from '../views/board-data.ts';
import type { Calendar } from '../views/calendar.ts';
import { listAddresses } from '../prompt/notes.ts';
import { viewDashboard, type DaemonState } from '../views/dashboard-view.ts';
import { explainFault } from './outside-fault.ts';
import type { Ports } from './perform.ts';

/** Publishes one board. Faults are not fatal: the next change tries again. */
export class Publisher {
  readonly #ports: Ports;
  readonly #board: () => Board;
  readonly #onEnd: (fault: OutsideFault | null) => void;
  #published: Board['revision'] = { facts: -1, progress: -1 };
  #publishedAt = 0;
  #forget: (() => void) | null = null;
  #writing: Promise<void> = Promise.resolve();

  /** `onEnd` hears why something could not be written, or null where all was; what could not is tried again soon. */
  constructor(ports: Ports, board: () => Board, onEnd: (fault: OutsideFault | null) => void) {
    this.#ports = ports;
    this.#board = board;
    this.#onEnd = onEnd;
  }

  /** The board may have changed: publishes it now or as soon as it is due. */
  noteChange(): void {
    const { facts, progress } = this.#board().revision;
    // A task that is being read has no entry yet, and what the user typed in it no place.
    if (this.#board().scan === null || this.#board().loading.size > 0) return;
    const everyMs =
      facts !== this.#published.facts
        ? limits.dashboardEveryMs
        : progress !== this.#published.progress
          ? limits.dashboardProgressEveryMs
          : [...this.#board().live.values()].some(({ state }) => state === 'active')
            ? limits.dashboardActiveEveryMs
            : null;
    if (everyMs === null) return;
    this.#forget?.();
    const { clock } = this.#ports;
    this.#forget = clock.setTimer(
      // A clock that was set back must not keep the dashboard waiting.
      Math.min(everyMs, Math.max(0, this.#publishedAt + everyMs - clock.now())),
      () => void this.#publish('running'),
    );
  }

  /** Takes in what editors saved since, though the board is quiet. */
  async lookForSaves(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#ports.dashboard.settle()).catch(() => undefined);
    await this.#writing;
  }

  /** Publishes at once that the board has stopped, and why. */
  async publishLast(daemon: Exclude<DaemonState, 'running'>): Promise<void> {
    this.#forget?.();
    // A board that has not looked at its folders yet would be published as an empty one.
    if (this.#board().scan !== null) await this.#publish(daemon);
  }

  #publish(daemon: DaemonState): Promise<void> {
    this.#forget = null;
    const board = this.#board();
    this.#published = board.revision;
    this.#publishedAt = this.#ports.clock.now();
    this.#writing = this.#writing.then(() => this.#write(board, daemon));
    return this.#writing;
  }

  /** A failure to write one of the two keeps the other from nothing. */
  async #write(board: Board, daemon: DaemonState): Promise<void> {
    const { clock, dashboard, files, repo, pid, redact } = this.#ports;
    const running = daemon === 'running';
    // It is composed again for each save of an editor's: what did not change since must print the same.
    const at = clock.now();
    const then: Calendar = {
      now: () => at,
      day: (time) => clock.day(time),
      timeOfDay: (time) => clock.timeOfDay(time),
    };
    const written = await Promise.allSettled([
      dashboard.update((current) => {
        const { notes } = extractNotes(current ?? '');
        return renderDashboard(
          viewDashboard(board, then, daemon, { repo, addresses: listAddresses(notes), redact }),
          notes,
        );
      }),
      files.writeBoardData(`${JSON.stringify(describeBoard(board, { running, repo, pid, redact }))}\n`),
    ]);
    const failed = written.find((each) => each.status === 'rejected');
    if (failed !== undefined) this.#published = { facts: -1, progress: -1 };
    this.#onEnd(failed === undefined ? null : await explainFault(failed.reason, this.#ports.disk));
  }
}
