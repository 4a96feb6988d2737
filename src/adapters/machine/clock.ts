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
    day: (at) => formatDay(new Date(at)),
    timeOfDay: (at) => formatTime(new Date(at)),
    bootId: readBootId(),
    uuid: () => randomUUID(),
  };
}

/** Written by hand: the first use of a locale costs a command some milliseconds. */
function formatDay(date: Date): string {
  return [String(date.getFullYear()).padStart(4, '0'), pad(date.getMonth() + 1), pad(date.getDate())].join('-');
}

function formatTime(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(pad).join(':');
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}

/** The machine's boot id, or null where it has none. */
export function readBootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}
