import { expect, it } from 'vitest';
import { PullWatch } from '../../src/daemon/pull-watch.ts';
import type { Board, FinishedTask } from '../../src/domain/board.ts';
import { limits } from '../../src/domain/limits.ts';
import { openReview } from '../../src/domain/review.ts';
import type { PullRequests } from '../../src/domain/pull-request.ts';
import type { Clock } from '../../src/ports.ts';
import { boardOf, finished } from '../core/boards.ts';

const states: Readonly<Record<string, 'open' | 'merged' | 'closed'>> = { '1': 'merged', '2': 'closed', '3': 'open' };

/** A finished task whose pull request was open, by its number. */
function proposed(number: number): FinishedTask {
  const pull = { url: String(number), number, into: 'main', commit: 'c', state: 'open' } as const;
  return { ...finished(`t${String(number)}`, 'done'), review: { ...openReview(1), pull } };
}

function watch(...tasks: readonly FinishedTask[]) {
  const asked: string[] = [];
  let now = 0;
  const pulls: Pick<PullRequests, 'look'> = {
    look: (url) => {
      asked.push(url);
      return url === '4' ? Promise.reject(new Error('gh is gone')) : Promise.resolve(states[url] ?? 'open');
    },
  };
  const board: Board = boardOf(tasks);
  const watching = new PullWatch({ now: () => now } as Clock, pulls as PullRequests);
  return {
    asked,
    look: async (afterMs: number) => {
      now += afterMs;
      return watching.look(board);
    },
  };
}

it('tells which were merged or closed, whatever keeps one from being asked, and asks nothing again too early', async () => {
  const merged: FinishedTask = { ...proposed(5), review: { ...openReview(1), state: 'merged', at: 1 } };
  const { asked, look } = watch(proposed(4), proposed(1), proposed(2), proposed(3), merged, finished('none', 'done'));
  expect(await look(0)).toEqual([
    { id: 't1', state: 'merged' },
    { id: 't2', state: 'closed' },
  ]);
  expect(asked).toEqual(['4', '1', '2', '3']);
  await look(limits.pullCheckEveryMs - 1);
  expect(asked).toHaveLength(4);
  await look(1);
  expect(asked).toHaveLength(8);
});

it('asks about some at a time, each in its turn', async () => {
  const all = Array.from({ length: limits.maxPullsAsked + 2 }, (_, at) => proposed(at + 10));
  const { asked, look } = watch(...all);
  await look(0);
  expect(asked).toHaveLength(limits.maxPullsAsked);
  await look(limits.pullCheckEveryMs);
  expect([...asked].sort()).toEqual(all.map(({ review }) => review?.pull?.url).sort());
});
