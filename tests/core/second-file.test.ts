import { expect, it } from 'vitest';
import { fileIn, Scene } from './scene.ts';

it('a second file of a task’s name is set aside, whichever column it is in', () => {
  const scene = new Scene().queue({ id: 'a' });
  const file = fileIn('attention', 'a', 2);
  const facts = { highestRun: 0, damaged: [], runs: [], verdict: null };
  const loaded = { file, spec: null, diagnostics: [], facts, lastRun: null };
  scene.tell({ type: 'task-loaded', loaded });
  expect(scene.effects).toMatchObject([{ type: 'set-aside', file, keeper: { column: 'queued' } }]);
});
