/** What keeps the whole board from starting runs, or from doing all of its work. */
import type { PauseReason } from './run.ts';

/**
 * Why no new runs start, other than by the user's wish. When `until` has passed, one task is started as a probe;
 * the hold ends when that one gets through, and comes back doubled when it does not.
 */
export interface Hold {
  readonly reason: Exclude<PauseReason, 'user' | 'disk-full'>;
  readonly detail: string;
  readonly since: number;
  readonly until: number;
  /** Somebody else said until when; otherwise the board waits for longer each time. */
  readonly isTold: boolean;
  /** How often in a row it occurred. */
  readonly strikes: number;
}

/** The disk is full: nothing starts, and what can't be written waits, until there is room. */
export interface DiskTrouble {
  readonly detail: string;
  /** When the board looks for room next. */
  readonly lookAt: number;
  /** How long the board waits between two looks, in milliseconds. */
  readonly everyMs: number;
}

/** Work that the board can't do as long as something outside is wrong; no task is to blame. */
export type Trouble = 'list the folders' | 'write the dashboard' | 'write the history';

/** The cost of the runs that ended on one day. */
export interface Spending {
  /** The local day, `YYYY-MM-DD`. */
  readonly day: string;
  /** US dollars, by the names that `nameRun` gives. */
  readonly costs: ReadonlyMap<string, number>;
}
