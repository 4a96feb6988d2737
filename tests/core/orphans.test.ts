import { describe, expect, it } from 'vitest';
import { id, loadedIn, makePlan, scanOf, Scene } from './scene.ts';
import { emptyRunView } from '../../src/domain/run.ts';

describe('an agent that was alive when the board started', () => {
  const plan = makePlan({ task: id('a'), n: 2 });
  const facts = { highestRun: 2, damaged: [], runs: [{ plan, record: null }], verdict: null, review: null };

  it('is left alone if its run is followed', () => {
    const scene = new Scene().tell({ type: 'agents-found', runs: [{ task: id('a'), n: 2 }] });
    const lastRun = { kind: 'alive', view: emptyRunView, startedAt: 0 } as const;
    scene.load(loadedIn('active', 'a', { facts, lastRun }));
    expect(scene.asked).toEqual(['look-at-notes']);
    expect(scene.states).toEqual({ a: 'running' });
  });

  it('is ended if its task was put away meanwhile', () => {
    const scene = new Scene().tell({ type: 'agents-found', runs: [{ task: id('a'), n: 2 }] });
    scene.tell({ type: 'scanned', scan: scanOf({ archive: ['a'] }) });
    expect(scene.effects).toMatchObject([{ type: 'end-stray', run: { task: 'a', n: 2 } }]);
  });

  it('is ended before its task starts anew if the facts of its run are gone', () => {
    const scene = new Scene().tell({ type: 'agents-found', runs: [{ task: id('a'), n: 3 }] });
    scene.queue({ id: 'a' });
    expect(scene.asked).toEqual(['end-stray', 'plan-run']);
  });
});
