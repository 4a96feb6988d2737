/** The real clock. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Clock } from '../../ports.ts';

/** Timers longer than this overflow; a later wake is reached in several steps. */
const maxTimerMs = 2 ** 31 - 1;

/** Time, identity and randomness of this machine. */
export function createClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimer(delayMs, wake) {
      const timer = setTimeout(wake, Math.min(maxTimerMs, Math.max(0, delayMs)));
      return () => clearTimeout(timer);
    },
    day: (at) => new Date(at).toLocaleDateString('sv-SE'),
    timeOfDay: (at) => new Date(at).toLocaleTimeString('sv-SE'),
    bootId: readBootId(),
    uuid: () => randomUUID(),
  };
}

/** The machine's boot id, or null where it has none. */
export function readBootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}
