import { expect, it } from 'vitest';
import { checkBoard } from '../../src/core/invariants.ts';
import { keyOf } from '../../src/domain/task.ts';
import { fileIn, id, Scene } from './scene.ts';

it('a sound board has no problems, and each broken one is told', () => {
  const scene = new Scene({ maxParallel: 1 }).queue({ id: 'a' }, { id: 'b' });
  scene.run('a');
  const { board } = scene;
  expect(checkBoard(board)).toEqual([]);
  const b = scene.task('b');
  const moved = new Map(board.live).set(keyOf(b.id), { ...b, file: fileIn('done', 'b') });
  expect(checkBoard({ ...board, live: moved })).toEqual(['b is queued, but its file is in done/']);
  const finished = new Map([[keyOf(b.id), { id: b.id, file: fileIn('done', 'b'), verdict: null, review: null }]]);
  expect(checkBoard({ ...board, finished })).toEqual(['b is live and finished at once']);
  const a = scene.task('a');
  const forgotten = new Map(board.live).set(keyOf(id('a')), { ...a, past: { ...a.past, lastPlan: null } });
  expect(checkBoard({ ...board, live: forgotten })).toEqual(['a is running run 1, which is not its last']);
});
