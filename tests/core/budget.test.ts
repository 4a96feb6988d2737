import { describe, expect, it } from 'vitest';
import { sumSpending } from '../../src/core/spending.ts';
import { nameRun } from '../../src/domain/run.ts';
import { id, loadedIn, makeEvidence, makeExit, makePlan, makeResult, meetWall, Scene } from './scene.ts';

const spent = makeExit({ result: makeResult({ costUsd: 0.5 }) });

/** A board on Monday whose budget is spent by its first task. */
function spendAll(): Scene {
  const scene = new Scene({ dailyBudgetUsd: 0.4, maxParallel: 2 });
  scene
    .tell({ type: 'opened', spending: { day: 'monday', costs: new Map() }, hold: null, paused: false, pid: 1 })
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
    scene.tell({ type: 'opened', spending: { day: 'tuesday', costs: new Map() }, hold, paused: false, pid: 1 });
    expect(scene.board.hold).toBeNull();
  });

  it('that is raised holds no longer', () => {
    const scene = spendAll();
    const settings = { ...scene.board.settings, dailyBudgetUsd: 100 };
    scene.tell({ type: 'settings-read', settings, problems: [] });
    expect(scene.board.hold).toBeNull();
  });

  it('is not opened sooner by an overload that another agent meets', () => {
    const scene = spendAll();
    scene.exit(scene.run('b'), meetWall('overload'));
    expect(scene.board.hold?.reason).toBe('budget');
  });
});

describe('a cost that a run can’t have had', () => {
  const claim = (costUsd: number, claimedUsd = costUsd) =>
    makeExit({ result: makeResult({ costUsd }), costUsd, claimedUsd });

  it('counts as much as the run may spend, is told, and holds nobody else up', () => {
    const scene = new Scene({ dailyBudgetUsd: 10, budgetUsd: 4 }).queue({ id: 'a' }, { id: 'b', budgetUsd: 3 });
    const plan = scene.run('a');
    scene.tell({ type: 'run-seen', run: plan, view: claim(900).view, lastOutputAt: scene.at });
    expect(scene.task('a')).toMatchObject({ phase: { view: { costUsd: 4 } } });
    scene.exit(plan, claim(900));
    scene.exit(scene.run('b'), claim(900));
    expect(sumSpending(scene.board.spending)).toBe(7);
    expect(scene.board.hold).toBeNull();
    scene.tell({ type: 'work-inspected', run: plan, evidence: makeEvidence() });
    expect(scene.task('a')).toMatchObject({
      settlement: {
        verdict: {
          column: 'done',
          costUsd: 4,
          warnings: ['Run 1: its stream claims a cost of $900.00, beyond what it may spend; $4.00 counts.'],
        },
      },
    });
  });

  it('counts as what was told besides where it is beyond what any run costs', () => {
    const scene = new Scene({ dailyBudgetUsd: 10 }).queue({ id: 'a' });
    const plan = scene.run('a');
    scene.exit(plan, claim(0.5, 1e9)).tell({ type: 'work-inspected', run: plan, evidence: makeEvidence() });
    expect(sumSpending(scene.board.spending)).toBe(0.5);
    expect(JSON.stringify(scene.task('a'))).toContain('claims a cost of more than $1000');
  });

  it('is no reason for a warning where a resumed session is counted from its beginning', () => {
    const scene = new Scene({ budgetUsd: 4, retries: 1 }).queue({ id: 'a' });
    scene.exit(scene.run('a'), makeExit({ costUsd: 3, claimedUsd: 3 }));
    scene.exit(scene.run('a'), makeExit({ costUsd: 6, claimedUsd: 6 }));
    expect(scene.task('a').past).toMatchObject({ costUsd: 7, warnings: [] });
  });
});

it('a budget that is spent holds until the time that was told first, also where the next board hears the run’s end again', () => {
  const scene = new Scene({ dailyBudgetUsd: 0.4 });
  const plan = makePlan({ task: id('a'), plannedAt: 7 });
  const hold = { reason: 'budget', detail: '', since: 7, until: scene.at + 60_000, isTold: true, strikes: 1 } as const;
  scene.tell({
    type: 'opened',
    spending: { day: '', costs: new Map([[nameRun(plan, 7), 0.5]]) },
    hold,
    paused: false,
    pid: 1,
  });
  const facts = { highestRun: 1, damaged: [], runs: [{ plan, record: null }], verdict: null, review: null };
  scene.load(loadedIn('active', 'a', { facts, lastRun: { kind: 'dead', exit: spent } }));
  expect(scene.journal.map((entry) => entry.type)).not.toContain('held');
  expect(scene.board.hold).toEqual(hold);
});

it('the cost of a run counts once, also where a board died with its end and the next one tells it again', () => {
  const scene = new Scene({ dailyBudgetUsd: 0.9 });
  const plan = makePlan({ task: id('a'), plannedAt: 7 });
  scene.tell({
    type: 'opened',
    spending: { day: '', costs: new Map([[nameRun(plan, 7), 0.5]]) },
    hold: null,
    paused: false,
    pid: 1,
  });
  const facts = { highestRun: 1, damaged: [], runs: [{ plan, record: null }], verdict: null, review: null };
  scene.load(loadedIn('active', 'a', { facts, lastRun: { kind: 'dead', exit: spent } }));
  expect(sumSpending(scene.board.spending)).toBe(0.5);
  expect(scene.board.hold).toBeNull();
  // A run of the same number of a later task is another one.
  const later = makePlan({ task: id('b'), n: 1, plannedAt: 8 });
  const laterFacts = { ...facts, runs: [{ plan: later, record: null }] };
  scene.load(loadedIn('active', 'b', { facts: laterFacts, lastRun: { kind: 'dead', exit: spent } }));
  expect(scene.board.hold?.reason).toBe('budget');
});
