/**
 * Looks at the folders: when something hints at a change, from time to time since watchers miss things, and when a file
 * in the inbox may be whole. One look at a time; a hint meanwhile leads to one more.
 */
import { limits } from '../domain/limits.ts';
import type { Clock } from '../ports.ts';

/** See the file's head. */
export class Lookout {
  readonly #clock: Clock;
  readonly #look: () => Promise<void>;
  readonly #onSweep: () => void;
  #looking: 'no' | 'yes' | 'again' = 'no';
  #forgetLook: () => void = () => undefined;
  #forgetSweep: () => void = () => undefined;

  /** `look` looks once and never rejects; `onSweep` is called at each sweep. */
  constructor(clock: Clock, look: () => Promise<void>, onSweep: () => void) {
    this.#clock = clock;
    this.#look = look;
    this.#onSweep = onSweep;
  }

  /** Looks now, and every `limits.sweepEveryMs` from now on. */
  sweep(): void {
    this.look();
    this.#onSweep();
    this.#forgetSweep = this.#clock.setTimer(limits.sweepEveryMs, () => this.sweep());
  }

  /** Looks once so much time is over; a later call replaces an earlier one. */
  lookIn(delayMs: number): void {
    this.#forgetLook();
    this.#forgetLook = this.#clock.setTimer(delayMs, () => this.look());
  }

  look(): void {
    if (this.#looking !== 'no') {
      this.#looking = 'again';
      return;
    }
    this.#looking = 'yes';
    void this.#look().then(() => {
      const again = this.#looking === 'again';
      this.#looking = 'no';
      if (again) this.look();
    });
  }

  /** Ends the sweeps, and forgets a look that is due. */
  end(): void {
    this.#forgetLook();
    this.#forgetSweep();
  }
}
