import { describe, expect, it } from 'vitest';
import { sumSpending } from '../../src/core/spending.ts';
import { nameRun } from '../../src/domain/run.ts';
import { id, loadedIn, makeExit, makePlan, makeResult, Scene } from './scene.ts';

const spent = makeExit({ result: makeResult({ costUsd: 0.5 }) });

/** A board on Monday whose budget is spent by its first task. */
function spendAll(): Scene {
  const scene = new Scene({ dailyBudgetUsd: 0.4, maxParallel: 2 });
  scene
    .tell({ type: 'opened', spending: { day: 'monday', costs: new Map() }, hold: null })
    .queue({ id: 'a' }, { id: 'b' });
  return scene.exit(scene.run('a'), spent);
}

describe('a spent budget', () => {
  it('holds the board until the day is over', () => {
    const scene = spendAll();
    expect(scene.board.hold?.reason).toBe('budget');
    scene.tell({ type: 'tick', day: 'tuesday' });
    expect(scene.board.hold).toBeNull();
  });

  it('of yesterday holds nobody today', () => {
    const { hold } = spendAll().board;
    const scene = new Scene({ dailyBudgetUsd: 0.4 });
    scene.tell({ type: 'opened', spending: { day: 'tuesday', costs: new Map() }, hold });
    expect(scene.board.hold).toBeNull();
  });

  it('that is raised holds no longer', () => {
    const scene = spendAll();
    const settings = { ...scene.board.settings, dailyBudgetUsd: 100 };
    scene.tell({ type: 'scanned', scan: { ...(scene.board.scan ?? fail()), holdOnDisk: true } });
    scene.tell({ type: 'settings-read', settings, problems: [] });
    expect(scene.board.hold).toBeNull();
  });

  it('is not opened sooner by an overload that another agent meets', () => {
    const scene = spendAll();
    scene.exit(scene.run('b'), makeExit({ result: makeResult({ isError: true, apiErrorStatus: 529, costUsd: 0 }) }));
    expect(scene.board.hold?.reason).toBe('budget');
  });
});

it('the cost of a run counts once, also where a board died with its end and the next one tells it again', () => {
  const scene = new Scene({ dailyBudgetUsd: 0.9 });
  const plan = makePlan({ task: id('a'), plannedAt: 7 });
  scene.tell({ type: 'opened', spending: { day: '', costs: new Map([[nameRun(plan, 7), 0.5]]) }, hold: null });
  const facts = { highestRun: 1, damaged: [], runs: [{ plan, record: null }], verdict: null };
  scene.load(loadedIn('active', 'a', { facts, lastRun: { kind: 'dead', exit: spent } }));
  expect(sumSpending(scene.board.spending)).toBe(0.5);
  expect(scene.board.hold).toBeNull();
  // A run of the same number of a later task is another one.
  const later = makePlan({ task: id('b'), n: 1, plannedAt: 8 });
  const laterFacts = { ...facts, runs: [{ plan: later, record: null }] };
  scene.load(loadedIn('active', 'b', { facts: laterFacts, lastRun: { kind: 'dead', exit: spent } }));
  expect(scene.board.hold?.reason).toBe('budget');
});

function fail(): never {
  throw new Error('the board has looked at its folders');
}
