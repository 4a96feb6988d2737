/** A plan that was taken in stays so: wherever its board was killed, and wherever its user moves its file. */
import { expect, test } from 'vitest';
import { viewBoxes } from '../../src/views/box-view.ts';
import { makeCommandId } from '../../src/domain/command.ts';
import { openReview, type Review } from '../../src/domain/review.ts';
import { keyOf } from '../../src/domain/task.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import { idOf, planOf, verdictOf } from './boards.ts';
import { fileIn, id, loadedIn, makeSpec, scanOf, Scene } from './scene.ts';

const by = makeCommandId(1, '00000000');
const proposals = ['one', 'two'].map((name) => ({
  ...{ name, title: name, body: name, agent: null, dependsOn: [], touches: [], verify: [] },
}));
const taken = ['one', 'two'].map((name) => ({ name, id: idOf(name), by }));
const accepted: Verdict = {
  ...verdictOf({ column: 'attention' }),
  ...{ fault: null, run: 1, proposals, taken, report: 'r.md', summary: 'Two.' },
};
const ended: Verdict = {
  ...accepted,
  column: 'done',
  dependsOn: [id('one'), id('two')],
  summary: 'Two.\n\nDone:\n- …',
};
const run = { plan: planOf('shop', { purpose: 'plan', n: 1 }), record: null };
const spec = makeSpec({ id: id('shop'), agent: 'planner', dependsOn: [id('one'), id('two')] });

function shopIn(
  column: 'queued' | 'attention',
  verdict: Verdict,
  review: Review | null = verdict === ended ? openReview(1) : null,
) {
  const facts = { highestRun: 1, damaged: [], runs: [run], verdict, review };
  return loadedIn(column, 'shop', { spec, facts });
}

/** The board finds the plan in the queue, and its children done. */
function meetEnded(review: Review | null): Scene {
  const scene = new Scene().tell({ type: 'scanned', scan: scanOf({ done: ['one', 'two'], queued: ['shop'] }) });
  const known = { kind: 'known', verdict: verdictOf({ column: 'done' }), review: openReview(1) } as const;
  scene.tell({ type: 'task-loaded', loaded: shopIn('queued', ended, review) });
  return scene.tell({
    type: 'verdicts-read',
    verdicts: new Map(['one', 'two'].map((name) => [keyOf(id(name)), known])),
  });
}

test.each([null, openReview(1)])(
  'one whose end was written before its board was killed ends, and makes no run',
  (review) => {
    const scene = meetEnded(review);
    expect(scene.asked).not.toContain('plan-run');
    expect(scene.task('shop')).toMatchObject({ state: 'settling', settlement: { verdict: ended } });
  },
);

test('one that its user queues again after its end is planned again', () => {
  const scene = meetEnded(openReview(1)).settle('shop');
  scene.ask({ kind: 'retry', task: id('shop') });
  const asked = scene.effects.find((effect) => effect.type === 'move-for-command');
  if (asked?.type !== 'move-for-command') throw new Error('nothing was to be moved');
  scene.tell({ type: 'command-moved', id: asked.id, file: fileIn('queued', 'shop') });
  scene.tell({ type: 'task-loaded', loaded: shopIn('queued', ended) });
  expect(scene.asked).toContain('plan-run');
});

test('one that its user puts aside keeps what was taken in, is not made again, and waits again', () => {
  const scene = new Scene({ maxParallel: 0 }).load(shopIn('attention', accepted));
  expect(viewBoxes(scene.board, id('shop')).map(({ label }) => label)).toEqual(['Wait for its tasks', 'Cancel']);
  scene.ask({ kind: 'tell', task: id('shop'), text: 'Three of them.' });
  expect(scene.effects).toContainEqual(
    expect.objectContaining({
      type: 'settle-command',
      answer: expect.objectContaining({ kind: 'refused' }) as unknown,
    }),
  );
  expect(scene.load(shopIn('queued', accepted)).task('shop')).toMatchObject({ past: { accepted: { taken } } });
});

test.each(['two', 'nobody'])('words for a subtask that is not taken in are refused (%s)', (name) => {
  const scene = new Scene({ maxParallel: 0 }).load(shopIn('attention', { ...accepted, taken: [] }));
  const said = [{ name, text: 'Smaller.' }];
  scene.ask({ kind: 'accept', task: id('shop'), only: [], without: ['two'], said });
  expect(scene.effects).toContainEqual(
    expect.objectContaining({ answer: expect.objectContaining({ kind: 'refused' }) as unknown }),
  );
  expect(scene.asked).not.toContain('accept-for-command');
});
