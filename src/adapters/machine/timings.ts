/** Times around an agent, in milliseconds. Tests shorten them; everyone else uses the defaults. */
import { limits } from '../../domain/limits.ts';
import type { Clock } from '../../ports.ts';

/** See the names in `limits`; those that are not there are explained here. */
export interface Timings {
  readonly followEveryMs: number;
  readonly resultGraceMs: number;
  readonly interruptGraceMs: number;
  readonly terminateGraceMs: number;
  readonly hurriedGraceMs: number;
  readonly claimTimeoutMs: number;
  /** Time for a process that an agent left behind to end after TERM, before KILL. */
  readonly sweepGraceMs: number;
  /** Time between two notes of the processes that agents have started, for those that lose their tag. */
  readonly noteEveryMs: number;
  /**
   * Time between two reports of output that changes nothing in the view, so that a busy agent does not look stalled.
   */
  readonly outputReportEveryMs: number;
}

/** The defaults. */
export const defaultTimings: Timings = {
  followEveryMs: limits.followEveryMs,
  resultGraceMs: limits.resultGraceMs,
  interruptGraceMs: limits.interruptGraceMs,
  terminateGraceMs: limits.terminateGraceMs,
  hurriedGraceMs: limits.hurriedGraceMs,
  claimTimeoutMs: limits.claimTimeoutMs,
  sweepGraceMs: 1_000,
  noteEveryMs: 1_000,
  outputReportEveryMs: 1_000,
};

/** Resolves after so many milliseconds of the clock. */
export function wait(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(delayMs, resolve);
  });
}
