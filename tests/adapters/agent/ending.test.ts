import { describe, expect, it } from 'vitest';
import { Ending } from '../../../src/adapters/agent/ending.ts';
import { Beat } from '../../../src/adapters/agent/follow.ts';
import { defaultTimings } from '../../../src/adapters/machine/timings.ts';
import type { Clock } from '../../../src/ports.ts';

/** A clock that only moves when told. */
function createFakeClock(): Clock & { advance(ms: number): void; timers(): number } {
  let now = 0;
  let timers: { at: number; wake: () => void }[] = [];
  return {
    now: () => now,
    monotonic: () => 0,
    setTimer: (delayMs, wake) => {
      const timer = { at: now + delayMs, wake };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    day: () => '2026-01-01',
    timeOfDay: () => '00:00:00',
    bootId: null,
    uuid: () => 'x',
    timers: () => timers.length,
    advance: (ms) => {
      const until = now + ms;
      for (;;) {
        const next = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers = timers.filter((timer) => timer !== next);
        now = next.at;
        next.wake();
      }
      now = until;
    },
  };
}

function createEnding(): { ending: Ending; clock: ReturnType<typeof createFakeClock>; sent: string[] } {
  const clock = createFakeClock();
  const sent: string[] = [];
  const send = (signal: NodeJS.Signals): void => void sent.push(`${signal} ${String(clock.now())}`);
  return { ending: new Ending({ clock, timings: defaultTimings, send }), clock, sent };
}

describe('Ending', () => {
  it('sends INT, TERM and KILL with waits between', () => {
    const { ending, clock, sent } = createEnding();
    ending.stop('timeout', false);
    clock.advance(12_000);
    expect(sent).toEqual(['SIGINT 0', 'SIGTERM 5000', 'SIGKILL 10000']);
    expect(ending.cause).toBe('timeout');
  });

  it('sends KILL again for as long as the agent is there, since it may not have reached it', () => {
    const { ending, clock, sent } = createEnding();
    ending.stop('timeout', false);
    clock.advance(20_000);
    expect(sent.slice(2)).toEqual(['SIGKILL 10000', 'SIGKILL 15000', 'SIGKILL 20000']);
    ending.settle();
    clock.advance(20_000);
    expect(sent).toHaveLength(5);
  });

  it('waits less if hurried, and takes the next step at once if hurried later on', () => {
    const hurried = createEnding();
    hurried.ending.stop('shutdown', true);
    hurried.clock.advance(1_200);
    expect(hurried.sent).toEqual(['SIGINT 0', 'SIGTERM 500', 'SIGKILL 1000']);

    const later = createEnding();
    later.ending.stop('shutdown', false);
    later.clock.advance(100);
    later.ending.stop('shutdown', true);
    later.ending.stop('shutdown', true);
    later.clock.advance(900);
    expect(later.sent).toEqual(['SIGINT 0', 'SIGTERM 100', 'SIGKILL 600']);
  });

  it('sends nothing more once the agent is gone', () => {
    const { ending, clock, sent } = createEnding();
    ending.expectEnd();
    ending.stop('cancelled', false);
    ending.settle();
    ending.stop('cancelled', true);
    clock.advance(60_000);
    expect(sent).toEqual(['SIGINT 0']);
    expect(clock.timers()).toBe(0);
  });

  it('ends an agent that stays too long after its result, as lingering', () => {
    const { ending, clock, sent } = createEnding();
    ending.expectEnd();
    clock.advance(10_000);
    ending.expectEnd();
    clock.advance(4_999);
    expect(sent).toEqual([]);
    clock.advance(1);
    expect(sent).toEqual(['SIGINT 15000']);
    expect(ending.cause).toBe('lingering');
  });

  it('keeps the first cause, but lingering gives way to what the board wants', () => {
    const { ending } = createEnding();
    ending.stop('lingering', false);
    ending.stop('cancelled', false);
    ending.stop('shutdown', true);
    expect(ending.cause).toBe('cancelled');
  });
});

describe('Beat', () => {
  it('calls all its members from one timer, and stands still while there is none', () => {
    const clock = createFakeClock();
    const beat = new Beat(clock, 100);
    const calls: string[] = [];
    expect(clock.timers()).toBe(0);
    const leaves = ['a', 'b'].map((name) => beat.join(() => void calls.push(name)));
    expect(clock.timers()).toBe(1);
    clock.advance(200);
    expect(calls).toEqual(['a', 'b', 'a', 'b']);
    for (const leave of leaves) leave();
    expect(clock.timers()).toBe(0);
  });

  it('stands still after a member left from within the beat', () => {
    const clock = createFakeClock();
    const leave = new Beat(clock, 100).join(() => leave());
    clock.advance(1_000);
    expect(clock.timers()).toBe(0);
  });
});
