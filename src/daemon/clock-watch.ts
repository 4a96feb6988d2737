/** Finds jumps of the wall clock since the last look: the machine slept, or its clock was set. */
import { limits } from '../domain/limits.ts';
import type { Clock } from '../ports.ts';

/** Compares the wall clock with the monotonic one, which stands still while the machine sleeps and is never set. */
export class ClockWatch {
  readonly #clock: Clock;
  /** The lead of the wall clock over the monotonic one. */
  #aheadMs: number;
  /** When it was looked at last, by the monotonic clock. */
  #lookedAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lookedAt = clock.monotonic();
    this.#aheadMs = clock.now() - this.#lookedAt;
  }

  /** The jump in milliseconds, back or forth; 0 for mere drift. */
  takeJump(): number {
    const monotonic = this.#clock.monotonic();
    // The board looks at its folders all the time: one that did not was frozen, or slept where that clock goes on (macOS).
    const frozenMs = Math.max(0, monotonic - this.#lookedAt - limits.sweepEveryMs);
    this.#lookedAt = monotonic;
    const aheadMs = this.#clock.now() - monotonic;
    const byMs = Math.round(aheadMs - this.#aheadMs + (frozenMs < limits.frozenMs ? 0 : frozenMs));
    if (Math.abs(byMs) < limits.clockJumpMs) return 0;
    this.#aheadMs = aheadMs;
    return byMs;
  }
}
