import { describe, expect, it } from 'vitest';
import type { Effect } from '../../src/domain/effect.ts';
import { openReview, type Review } from '../../src/domain/review.ts';
import { noFacts, type ReadVerdict, type TaskFacts } from '../../src/domain/task-facts.ts';
import { keyOf, type Column } from '../../src/domain/task.ts';
import { verdictOf } from './boards.ts';
import { fileIn, id, loadedIn, makeExit, makePlan, makeResult, scanOf, Scene } from './scene.ts';

const ready: Review = openReview(1);
const merged: Review = { ...openReview(1), state: 'merged', at: 5 };
const sentBack: Review = { ...openReview(1), state: 'sent-back' };
const done = { column: 'done', run: 1 } as const;
const isReview = (effect: Effect) => effect.type === 'write-review';

/** The review of the task `x` on the board. */
const reviewIn = (scene: Scene) => scene.board.finished.get(keyOf(id('x')))?.review;

/** A board with the finished task `x`, of which this was read. */
function meet(column: 'done' | 'archive', read: Partial<ReadVerdict>): Scene {
  const scene = new Scene().tell({ type: 'scanned', scan: scanOf({ [column]: ['x'] }) });
  const whole = { kind: 'known', verdict: verdictOf(done), review: null, ...read } as ReadVerdict;
  return scene.tell({ type: 'verdicts-read', verdicts: new Map([[keyOf(id('x')), whole]]) });
}

/** A task that is on the board again, with its facts of before. */
function adopt(column: Column, facts: Partial<TaskFacts>): Scene {
  const scene = new Scene().tell({ type: 'scanned', scan: scanOf({ [column]: ['x'] }) });
  const whole = { ...noFacts, highestRun: 1, verdict: verdictOf(done), ...facts };
  return scene.tell({ type: 'task-loaded', loaded: loadedIn(column, 'x', { facts: whole }) });
}

describe('the review of a task that is done', () => {
  it('is opened before the file is moved', () => {
    const scene = new Scene().queue({ id: 'x' });
    scene.finish('x', scene.run('x'));
    expect(reviewIn(scene)).toEqual(ready);
  });

  it('says when its work was found in the base, once', () => {
    const scene = meet('done', { review: ready });
    scene.tell({ type: 'merges-found', tasks: [id('x')] });
    const review = { ...ready, state: 'merged', at: scene.at };
    expect(reviewIn(scene)).toEqual(review);
    expect(scene.effects).toMatchObject([
      { type: 'write-review', task: 'x', review },
      { type: 'tell-story', task: 'x', file: fileIn('done', 'x'), isMerged: true },
    ]);
    expect(scene.journal).toMatchObject([{ type: 'task-merged', task: 'x' }]);
    scene.tell({ type: 'merges-found', tasks: [id('x')] });
    expect(scene.effects).toEqual([]);
  });

  it('names works that change the same lines, until none does', () => {
    const scene = meet('done', { review: ready });
    const overlaps = [{ id: id('y'), files: ['a.txt'] }];
    const tell = (found: typeof overlaps) =>
      scene.tell({
        type: 'overlaps-found',
        found: [
          { id: id('x'), overlaps: found },
          { id: id('gone'), overlaps },
        ],
      });
    expect(tell(overlaps).effects).toMatchObject([{ type: 'write-review', task: 'x', review: { ...ready, overlaps } }]);
    expect(tell(overlaps).effects).toEqual([]);
    expect(tell([]).effects).toMatchObject([{ type: 'write-review', task: 'x' }]);
    expect(reviewIn(scene)).toEqual(ready);
  });

  it.each([
    ['that can not be understood is opened again, and told', 'damaged', ready, ['task-found']],
    ['of a newer version is left alone', 'newer', null, []],
    ['that was sent back, and put into done/ again, goes on in its round', sentBack, ready, []],
    ['that is merged stays so', merged, merged, []],
    ['that is missing is open', null, ready, []],
  ] as const)('%s', (_, read, expected, told) => {
    const scene = meet('done', { review: read });
    expect(reviewIn(scene)).toEqual(expected);
    const isWritten = read === 'damaged' || read === sentBack;
    expect(scene.effects.filter(isReview).length).toBe(isWritten ? 1 : 0);
    expect(scene.journal.map(({ type }) => type)).toEqual(told);
  });

  it('is not opened where the task was put away', () => {
    expect(reviewIn(meet('archive', { review: 'damaged' }))).toBeNull();
    expect(reviewIn(meet('archive', { review: merged }))).toEqual(merged);
  });

  it('keeps what was said, for the run that settles it and for the rounds that follow', () => {
    const said = { round: 1, at: 3, text: 'Rename it.', comments: [], run: 1, work: null };
    const scene = adopt('queued', { review: { ...sentBack, sentBack: [said] } });
    expect(scene.effects).toMatchObject([{ type: 'plan-run', next: { attempt: 1, cause: { kind: 'sent-back' } } }]);
    const run = scene.plan('x');
    expect(scene.effects.find(({ type }) => type === 'start-run')).toMatchObject({ sentBack: said });
    scene.tell({ type: 'moved', task: run.task, file: fileIn('active', 'x') });
    scene.tell({ type: 'run-started', run, setAside: [] }).finish('x', run);
    expect(reviewIn(scene)).toEqual(openReview(2, [said]));
  });

  it.each([ready, merged])('ends its round where the task is sent back, and the next one begins: %o', (review) => {
    const scene = adopt('queued', { review });
    const written = scene.effects.filter(isReview);
    expect(written).toEqual([{ type: 'write-review', task: 'x', review: sentBack }]);
    expect(scene.asked.indexOf('write-review')).toBeLessThan(scene.asked.indexOf('plan-run'));
    scene.finish('x', scene.run('x'));
    expect(reviewIn(scene)).toEqual({ ...ready, round: 2 });
  });

  it('stays open where the board died before the move to done/', () => {
    const plan = makePlan({ task: id('x'), n: 1 });
    const exit = makeExit({ result: makeResult() });
    const record = { version: 1, exit, evidence: null, outcome: { kind: 'done', summary: '' } } as const;
    const scene = adopt('active', { review: ready, runs: [{ plan, record }] });
    expect(scene.effects.filter(isReview)).toEqual([{ type: 'write-review', task: 'x', review: ready }]);
    scene.tell({ type: 'moved', task: id('x'), file: fileIn('done', 'x') });
    expect(reviewIn(scene)).toEqual(ready);
  });
});
