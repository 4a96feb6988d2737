import { expect, it } from 'vitest';
import { fileIn, identity, scanOf, Scene } from './scene.ts';

it('a second file of a task’s name is set aside, whichever column it is in', () => {
  const scene = new Scene().queue({ id: 'a' });
  const file = fileIn('attention', 'a', 2);
  const facts = { highestRun: 0, damaged: [], runs: [], verdict: null, review: null };
  const loaded = { file, isGone: false, spec: null, diagnostics: [], facts, lastRun: null };
  scene.tell({ type: 'task-loaded', loaded });
  expect(scene.effects).toMatchObject([{ type: 'set-aside', file, keeper: { column: 'queued' } }]);
});

it('a file that is seen in queued/ while it is being taken in is not read a second time', () => {
  const inbox = new Map([['a.md', identity()]]);
  const scene = new Scene().tell({ type: 'scanned', scan: scanOf({}, { inbox }) });
  expect(scene.asked).toEqual(['take-in']);
  scene.tell({ type: 'scanned', scan: scanOf({ queued: ['a'] }, { inbox }) });
  expect(scene.asked).toEqual([]);
});
