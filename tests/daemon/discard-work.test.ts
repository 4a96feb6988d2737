/** A discard that fails leaves the branch, or a review by which it is made again. */
import { expect, it } from 'vitest';
import { discardWork } from '../../src/daemon/discard-work.ts';
import type { CommandId } from '../../src/domain/command.ts';
import type { Discarding } from '../../src/domain/outside-answers.ts';
import { openReview, type Review } from '../../src/domain/review.ts';
import { idOf } from '../core/boards.ts';
import { fileIn } from '../core/scene.ts';

const task = idOf('a');
const work = { id: task, branch: 'task/a', tip: 'tip' };
const discarded: Review = { ...openReview(2), state: 'discarded', at: 1, branch: 'task/a', tip: 'tip' };
const noRoom = new Error('no room');

/** Discards with git answering so; `fails` is the step that does not work. Gives what became of it all. */
async function discard(answer: Discarding, fails: 'review' | 'git' | 'move' | null) {
  const disk = { review: openReview(2) as Review, hasBranch: true, column: 'done' };
  const step = (name: typeof fails, change: () => void): Promise<void> => {
    if (name === fails) return Promise.reject(noRoom);
    change();
    return Promise.resolve();
  };
  const ports: Parameters<typeof discardWork>[0] = {
    files: {
      readReview: () => Promise.resolve(disk.review),
      writeReview: (_, review) => step('review', () => (disk.review = review)),
      moveTask: (file, column) => step('move', () => (disk.column = column)).then(() => ({ ...file, column })),
    },
    worktrees: {
      discard: () =>
        step('git', () => {
          if (answer.kind === 'discarded') disk.hasBranch = false;
        }).then(() => answer),
    },
  };
  const file = fileIn('done', 'a');
  const effect = { type: 'discard-for-command', id: '1' as CommandId, task, file, work, review: discarded } as const;
  const told = await discardWork(ports, effect).catch((error: unknown) => error);
  return { told, ...disk };
}

it('moves the file once review and branch say that the work is discarded', async () => {
  const { told, ...disk } = await discard({ kind: 'discarded' }, null);
  expect(told).toMatchObject({ type: 'command-moved', file: { column: 'archive' } });
  expect(disk).toEqual({ review: discarded, hasBranch: false, column: 'archive' });
});

it.each(['review', 'git', 'move'] as const)(
  'never leaves an open review without its branch where this fails: %s',
  async (fails) => {
    const { told, review, hasBranch, column } = await discard({ kind: 'discarded' }, fails);
    expect([told, column]).toEqual([noRoom, 'done']);
    expect(hasBranch || review.state === 'discarded').toBe(true);
  },
);

it('leaves the review as it was where git refuses', async () => {
  const { told, ...disk } = await discard({ kind: 'refused', why: 'task/a is checked out', hint: 'Leave it.' }, null);
  expect(told).toMatchObject({ type: 'command-refused', why: 'was not discarded: task/a is checked out' });
  expect(disk).toEqual({ review: openReview(2), hasBranch: true, column: 'done' });
});
