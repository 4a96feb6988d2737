import { describe, expect, it } from 'vitest';
import { findNextWake } from '../../src/core/due.ts';
import type { Hold } from '../../src/domain/hold.ts';
import { emptyRunView } from '../../src/domain/run.ts';
import { boardOf, queued } from './boards.ts';
import { Scene } from './scene.ts';

const minuteMs = 60_000;

/** Runs `a` beside `b`, and tells what each wait leads to. */
function runBeside(openTools: number) {
  const scene = new Scene({ stallAfterMs: 10 * minuteMs, timeoutMs: 60 * minuteMs }).queue({ id: 'a' }, { id: 'b' });
  const [a, b] = [scene.run('a'), scene.run('b')];
  const see = (run: typeof a, tools: number) =>
    scene.tell({ type: 'run-seen', run, view: { ...emptyRunView, openTools: tools }, lastOutputAt: scene.at });
  see(a, openTools);
  see(b, 0);
  return { scene, speakOfB: () => see(b, 0) };
}

describe('a run that prints nothing', () => {
  it('while a tool of it runs is no stall, though another task wakes the board again and again', () => {
    const { scene, speakOfB } = runBeside(1);
    for (let minute = 9; minute < 60; minute += 9) {
      scene.wait(9 * minuteMs);
      expect(scene.effects).toEqual([]);
      speakOfB();
    }
  });

  it('wakes the board for its timeout alone while a tool of it runs, and is ended then', () => {
    const { scene, speakOfB } = runBeside(1);
    scene.wait(59 * minuteMs);
    speakOfB();
    expect(findNextWake(scene.board, scene.at)).toBe(scene.at + minuteMs);
    scene.wait(minuteMs);
    expect(scene.effects).toMatchObject([{ type: 'stop-run', task: 'a', cause: 'timeout' }]);
  });

  it('wakes the board for its stall where no tool runs, and is ended then', () => {
    const { scene, speakOfB } = runBeside(0);
    scene.wait(9 * minuteMs);
    speakOfB();
    expect(findNextWake(scene.board, scene.at)).toBe(scene.at + minuteMs);
    scene.wait(minuteMs);
    expect(scene.effects).toMatchObject([{ type: 'stop-run', task: 'a', cause: 'stalled' }]);
    expect(findNextWake(scene.board, scene.at)).toBe(scene.at + 9 * minuteMs);
  });
});

it('a hold that is over wakes nobody, so that the board does not spin', () => {
  const holdUntil = (until: number): Hold => {
    const since = { reason: 'overload', detail: '', since: 0, isTold: false, strikes: 1 } as const;
    return { ...since, until };
  };
  expect(findNextWake(boardOf([queued('a')], { hold: holdUntil(999) }), 1_000)).toBe(Infinity);
  expect(findNextWake(boardOf([], { hold: holdUntil(1_005) }), 1_000)).toBe(1_005);
});
