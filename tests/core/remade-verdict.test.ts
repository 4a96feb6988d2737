/** A finished task whose verdict can't be read: its last run tells the same, or its dependents wait. */
import { describe, expect, it } from 'vitest';
import type { Outcome, RunRecord } from '../../src/domain/run.ts';
import type { ReadVerdict, TaskFacts } from '../../src/domain/task-facts.ts';
import { keyOf, type Column } from '../../src/domain/task.ts';
import { id, loadedIn, makeEvidence, makeExit, makePlan, makeResult, makeSpec, scanOf, Scene } from './scene.ts';

const done: Outcome = { kind: 'done', summary: 'All is done.' };
const failed: Outcome = { kind: 'failed', fault: { reason: 'agent-error', detail: 'no' } };

/** A task of one run that ended so. */
function factsOf(outcome: Outcome, patch: Partial<TaskFacts> = {}): TaskFacts {
  const record: RunRecord = { version: 1, exit: makeExit({ result: makeResult() }), evidence: makeEvidence(), outcome };
  const plan = makePlan({ task: id('page'), n: 1 });
  return { highestRun: 1, runs: [{ plan, record }], damaged: ['verdict.json'], verdict: null, review: null, ...patch };
}

/** A board with a task in that column, of which this was read, and one in the queue that depends on it. */
function meet(column: Column, read: Partial<ReadVerdict & { readonly facts: TaskFacts }>): Scene {
  const scene = new Scene().tell({ type: 'scanned', scan: scanOf({ [column]: ['page'], queued: ['next'] }) });
  const spec = makeSpec({ id: id('next'), dependsOn: [id('page')] });
  scene.tell({ type: 'task-loaded', loaded: loadedIn('queued', 'next', { spec }) });
  expect(scene.states).toEqual({ next: 'queued' });
  const whole = { kind: 'damaged', spec: makeSpec({ id: id('page'), title: 'Page' }), ...read } as ReadVerdict;
  return scene.tell({ type: 'verdicts-read', verdicts: new Map([[keyOf(id('page')), whole]]) });
}

describe('a verdict that can not be read', () => {
  it.each(['damaged', 'missing'] as const)('is made again from the last run where it is %s', (kind) => {
    const scene = meet('done', { kind, facts: factsOf(done) });
    const verdict = { column: 'done', run: 1, title: 'Page', tip: 'tip', commits: 1, summary: 'All is done.' };
    expect(scene.board.finished.get(keyOf(id('page')))).toMatchObject({ verdict });
    expect(scene.effects).toMatchObject([
      { type: 'write-verdict', verdict },
      { type: 'plan-run', task: 'next', dependencies: [{ id: 'page', tip: 'tip' }] },
    ]);
    expect(scene.journal).toMatchObject([{ type: 'task-found', task: 'page' }]);
  });

  it.each([
    ['whose last run did not lead to one', 'done', factsOf(failed)],
    ['whose last run has no plan that can be read', 'done', factsOf(done, { highestRun: 2 })],
    ['without a run', 'done', factsOf(done, { runs: [] })],
    ['that was put away, and may have been cancelled since', 'archive', factsOf(done)],
  ] as const)('is not made up for a task %s: its dependents wait', (_, column, facts) => {
    const scene = meet(column, { facts });
    expect(scene.board.finished.get(keyOf(id('page')))?.verdict).toBe('damaged');
    expect(scene.states).toEqual({ next: 'queued' });
    expect(scene.asked).toEqual([]);
    expect(scene.journal).toMatchObject([{ type: 'task-found', task: 'page' }]);
  });

  it('is left alone where a newer version wrote it', () => {
    const scene = meet('done', { kind: 'newer' });
    expect(scene.board.finished.get(keyOf(id('page')))?.verdict).toBe('newer');
    expect([scene.states, scene.effects]).toEqual([{ next: 'queued' }, []]);
  });

  it('is none where the file was put there by hand, and counts as done', () => {
    const scene = meet('done', { kind: 'missing', facts: factsOf(done, { highestRun: 0, runs: [], damaged: [] }) });
    expect(scene.board.finished.get(keyOf(id('page')))?.verdict).toBeNull();
    expect(scene.asked).toEqual(['plan-run']);
    expect(scene.journal).toEqual([]);
  });
});
