import { describe, expect, it } from 'vitest';
import { findCycles, findWaitingOn, measureChains } from '../../src/core/dependencies.ts';
import { keyOf } from '../../src/domain/task.ts';
import { active, boardOf, finished, idOf, queued } from './boards.ts';

describe('findWaitingOn', () => {
  it('names each dependency that is not done, and why', () => {
    const task = queued('x', ['a', 'b', 'c', 'd', 'e', 'f']);
    const board = boardOf([
      task,
      queued('a'),
      active('b'),
      finished('c', 'done'),
      finished('d', 'archive'),
      finished('e', 'archive', 'done'),
    ]);
    expect(findWaitingOn(board, task)).toEqual([
      { id: 'a', why: 'queued' },
      { id: 'b', why: 'active' },
      { id: 'd', why: 'cancelled' },
      { id: 'f', why: 'unknown' },
    ]);
  });

  it('compares ids without case', () => {
    const task = queued('x', ['DB-Schema']);
    expect(findWaitingOn(boardOf([task, finished('db-schema', 'done')]), task)).toEqual([]);
  });
});

describe('findCycles', () => {
  it('finds each circle, in the order in which its tasks depend on each other', () => {
    const { live } = boardOf([
      queued('a', ['b']),
      queued('b', ['c']),
      queued('c', ['a']),
      queued('p', ['q']),
      queued('q', ['p']),
      queued('free', ['a']),
    ]);
    expect(findCycles(live)).toEqual([
      ['a', 'b', 'c'],
      ['p', 'q'],
    ]);
  });

  it('finds none where dependencies only fan out and in again', () => {
    const { live } = boardOf([queued('a'), queued('b', ['a']), queued('c', ['a']), queued('d', ['b', 'c'])]);
    expect(findCycles(live)).toEqual([]);
  });

  it('walks a chain of ten thousand tasks', () => {
    const chain = Array.from({ length: 10_000 }, (_, n) =>
      queued(`t${String(n)}`, n === 0 ? [] : [`t${String(n - 1)}`]),
    );
    const { live } = boardOf(chain);
    expect(findCycles(live)).toEqual([]);
    expect(measureChains(live).get(keyOf(idOf('t0')))).toBe(9_999);
  });
});

describe('measureChains', () => {
  it('counts the longest chain of tasks that wait for each', () => {
    const { live } = boardOf([queued('a'), queued('b', ['a']), queued('c', ['b']), queued('d', ['a'])]);
    expect(Object.fromEntries(measureChains(live))).toEqual({ a: 2, b: 1, c: 0, d: 0 });
  });
});
