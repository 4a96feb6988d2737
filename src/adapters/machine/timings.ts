/** How long things may take around an agent, in milliseconds. Tests shorten them; everyone else uses the defaults. */
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
  /** How long a process that an agent left behind may take to end after TERM, before KILL. */
  readonly sweepGraceMs: number;
  /** How often it is noted what agents have started, so that it is known when it loses its tag. */
  readonly noteEveryMs: number;
  /** Output that changes nothing in the view is told at most so often, so that a busy agent does not look stalled. */
  readonly outputReportEveryMs: number;
}

/** What holds outside tests. */
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
