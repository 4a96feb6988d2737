/**
 * Ends one agent, step by step. Each step waits for the agent to go; the caller that sees it go calls `settle`.
 *
 *   running ──stop──► INT ──interruptGraceMs──► TERM ──terminateGraceMs──► KILL, again and again
 *      │                └── hurried: each wait is hurriedGraceMs; hurried later on: the next step comes at once
 *      └─result, then resultGraceMs──► stop(lingering)
 *
 * KILL is repeated since a signal may not have been sent: where descriptors have run out, nobody is seen to be there.
 */
import type { StopCause } from '../../domain/run.ts';
import type { Clock } from '../../ports.ts';
import type { Timings } from '../machine/timings.ts';

const steps = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const;

/** Dependencies of {@link Ending}. */
export interface EndingOptions {
  readonly clock: Clock;
  readonly timings: Timings;
  /** Sends to the agent and its group, if it is still there. */
  readonly send: (signal: NodeJS.Signals) => void;
}

/** The step that the ending of one agent has reached. */
export class Ending {
  readonly #options: EndingOptions;
  #cause: StopCause | null = null;
  #hurried = false;
  #nextStep = 0;
  #settled = false;
  #forgetStep: () => void = () => undefined;
  #forgetGrace: (() => void) | null = null;

  constructor(options: EndingOptions) {
    this.#options = options;
  }

  /** Why it is being ended, or null. */
  get cause(): StopCause | null {
    return this.#cause;
  }

  /** Begins to end it; asked again, it can only be hurried. The first cause stands, but lingering gives way. */
  stop(cause: StopCause, hurried: boolean): void {
    if (this.#settled) return;
    const begun = this.#cause !== null;
    if (this.#cause === null || this.#cause === 'lingering') this.#cause = cause;
    const hurries = hurried && !this.#hurried;
    this.#hurried ||= hurried;
    if (!begun || hurries) this.#takeStep();
  }

  /** The agent has told its result: it may stay a while, then it is ended. Returns whether that was news. */
  expectEnd(): boolean {
    if (this.#settled || this.#forgetGrace !== null) return false;
    const { clock, timings } = this.#options;
    this.#forgetGrace = clock.setTimer(timings.resultGraceMs, () => {
      if (this.#cause === null) this.stop('lingering', false);
    });
    return true;
  }

  /** The agent works on after all. */
  expectWork(): void {
    this.#forgetGrace?.();
    this.#forgetGrace = null;
  }

  /** The agent is gone. */
  settle(): void {
    this.#settled = true;
    this.#forgetStep();
    this.#forgetGrace?.();
  }

  #takeStep(): void {
    const signal = steps[this.#nextStep] ?? 'SIGKILL';
    if (this.#settled) return;
    this.#nextStep += 1;
    this.#forgetStep();
    const { clock, timings, send } = this.#options;
    const graceMs = signal === 'SIGINT' ? timings.interruptGraceMs : timings.terminateGraceMs;
    const waitMs = this.#hurried ? Math.min(graceMs, timings.hurriedGraceMs) : graceMs;
    this.#forgetStep = clock.setTimer(waitMs, () => this.#takeStep());
    send(signal);
  }
}
