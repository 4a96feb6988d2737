import { describe, expect, it } from 'vitest';
import { makeExit, makeResult, Scene } from './scene.ts';

const spent = makeExit({ result: makeResult({ costUsd: 0.5 }) });

/** A board on Monday whose budget is spent by its first task. */
function spendAll(): Scene {
  const scene = new Scene({ dailyBudgetUsd: 0.4, maxParallel: 2 });
  scene.tell({ type: 'opened', day: 'monday', spentUsd: 0, hold: null }).queue({ id: 'a' }, { id: 'b' });
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
    scene.tell({ type: 'opened', day: 'tuesday', spentUsd: 0, hold });
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

function fail(): never {
  throw new Error('the board has looked at its folders');
}
