import { expect, it } from 'vitest';
import { ClockWatch } from '../../src/daemon/clock-watch.ts';
import { limits } from '../../src/domain/limits.ts';
import type { Clock } from '../../src/ports.ts';

/** A watch on two clocks that are set by hand. */
function watch() {
  const times = { wall: 1_000_000, monotonic: 0 };
  const clock = { now: () => times.wall, monotonic: () => times.monotonic } as Clock;
  const own = new ClockWatch(clock);
  return (wallMs: number, monotonicMs: number) => {
    times.wall += wallMs;
    times.monotonic += monotonicMs;
    return own.takeJump();
  };
}

it('time that goes by is no jump, nor is a little drift', () => {
  const pass = watch();
  for (let look = 0; look < 100; look++) expect(pass(2_000, 1_990)).toBe(0);
});

it('sleep, and a clock that is set, are told once, by how much', () => {
  const pass = watch();
  expect(pass(8 * 3_600_000, 1_000)).toBe(8 * 3_600_000 - 1_000);
  expect(pass(2_000, 2_000)).toBe(0);
  expect(pass(-3_600_000, 0)).toBe(-3_600_000);
  expect(pass(2_000, 2_000)).toBe(0);
});

it('a board that was frozen, on a machine whose monotonic clock went on, is told of it', () => {
  const pass = watch();
  const frozenMs = 2 * limits.frozenMs;
  expect(pass(frozenMs, frozenMs)).toBe(frozenMs - limits.sweepEveryMs);
  expect(pass(2_000, 2_000)).toBe(0);
});
