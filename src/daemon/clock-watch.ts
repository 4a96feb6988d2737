/** Tells whether the wall clock jumped since it was looked at last: the machine slept, or its clock was set. */
import { limits } from '../domain/limits.ts';
import type { Clock } from '../ports.ts';

/** Compares the wall clock with the monotonic one, which stands still while the machine sleeps and is never set. */
export class ClockWatch {
  readonly #clock: Clock;
  /** How far the wall clock is ahead of the monotonic one. */
  #aheadMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#aheadMs = clock.now() - clock.monotonic();
  }

  /** By how many milliseconds it jumped, back or forth; 0 for what is no jump but drift. */
  takeJump(): number {
    const aheadMs = this.#clock.now() - this.#clock.monotonic();
    const byMs = Math.round(aheadMs - this.#aheadMs);
    if (Math.abs(byMs) < limits.clockJumpMs) return 0;
    this.#aheadMs = aheadMs;
    return byMs;
  }
}
