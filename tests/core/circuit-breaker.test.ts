import { describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { defaultSettings } from '../../src/domain/settings.ts';
import { emptyRunView } from '../../src/domain/run.ts';
import { makeExit, makeResult, meetWall, scanOf, Scene, start } from './scene.ts';

const overloaded = meetWall('overload');
const limited = (resetsAt: number | null) => meetWall('usage-limit', resetsAt);

function working(count: number): { scene: Scene; plans: ReturnType<Scene['run']>[] } {
  const names = Array.from({ length: count }, (_, index) => `t${index}`);
  const scene = new Scene({ maxParallel: count }).queue(...names.map((name) => ({ id: name })));
  return { scene, plans: names.map((name) => scene.run(name)) };
}

describe('a usage limit', () => {
  it('holds the board until its reset, then one task alone tries, and the others follow it', () => {
    const { scene, plans } = working(3);
    const resetsAt = scene.at + 3_600_000;
    for (const [index, plan] of plans.entries()) scene.exit(plan, limited(resetsAt)).settle(`t${index}`);
    expect(scene.board.hold).toMatchObject({ reason: 'usage-limit', until: resetsAt, isTold: true, strikes: 1 });
    expect(scene.states).toEqual({ t0: 'queued', t1: 'queued', t2: 'queued' });
    scene.wait(3_599_999);
    expect(scene.states).toEqual({ t0: 'queued', t1: 'queued', t2: 'queued' });
    scene.wait(1);
    expect(scene.states).toEqual({ t0: 'planning', t1: 'queued', t2: 'queued' });
    const probe = scene.run('t0');
    expect(probe).toMatchObject({ attempt: 1, session: { mode: 'resume' } });
    scene.exit(probe, makeExit({ result: makeResult() }));
    expect(scene.board.hold).toBeNull();
    expect(scene.states).toEqual({ t0: 'inspecting', t1: 'planning', t2: 'planning' });
  });

  it('is over as soon as the model answers the probe, and not by a run from before it that ends well', () => {
    const { scene, plans } = working(2);
    const [held, lucky] = plans;
    if (held === undefined || lucky === undefined) throw new Error('two are at work');
    scene.exit(held, limited(scene.at + 60_000)).settle('t0');
    scene.wait(1_000).finish('t1', lucky);
    expect(scene.board.hold).not.toBeNull();
    scene.wait(59_000);
    const probe = scene.run('t0');
    const see = (answered: boolean) => {
      const view = { ...emptyRunView, answered, lastText: 'You have hit your limit' };
      scene.tell({ type: 'run-seen', run: probe, view, lastOutputAt: scene.at });
    };
    see(false);
    expect(scene.board.hold).not.toBeNull();
    see(true);
    expect(scene.board.hold).toBeNull();
  });

  it('is not over because an agent that calls no model got through, but by the next that does', () => {
    const taskRights = { ...defaultSettings.taskRights, runner: ['scripted'] as const };
    const scene = new Scene({ maxParallel: 1, taskRights }).queue({ id: 'a' });
    scene.exit(scene.run('a'), limited(scene.at + 60_000)).settle('a');
    scene.queue({ id: 'a' }, { id: 'b', priority: 'high', runner: 'scripted' });
    scene.wait(60_000).finish('b', scene.run('b'));
    expect(scene.board.hold).not.toBeNull();
    scene.finish('a', scene.run('a'));
    expect(scene.board.hold).toBeNull();
  });

  it('is probed though an agent from before it is still at work', () => {
    const { scene, plans } = working(2);
    const [held] = plans;
    if (held === undefined) throw new Error('two are at work');
    scene.exit(held, limited(scene.at + 60_000)).settle('t0');
    scene.wait(60_000);
    expect(scene.states).toEqual({ t0: 'planning', t1: 'running' });
  });

  it('never costs a task its patience, however often it comes', () => {
    const { scene, plans } = working(1);
    let plan = plans[0];
    for (let time = 0; plan !== undefined && time < 3 * limits.maxFreeRestarts; time++) {
      scene.exit(plan, limited(scene.at + 60_000)).settle('t0');
      plan = (scene.wait(60_000), scene.run('t0'));
    }
    expect(scene.task('t0')).toMatchObject({ state: 'active', phase: { plan: { attempt: 1 } } });
  });

  it('that did not say when it ends is waited for longer each time', () => {
    const { scene, plans } = working(1);
    const [plan] = plans;
    if (plan === undefined) throw new Error('one is at work');
    scene.exit(plan, limited(scene.at + 60_000)).settle('t0');
    scene.wait(60_000);
    scene.exit(scene.run('t0'), limited(null)).settle('t0');
    expect((scene.board.hold?.until ?? 0) - scene.at).toBeGreaterThanOrEqual(2 * limits.firstUsageLimitBackoffMs);
  });
});

describe('a reset time that can not be right', () => {
  it.each([
    ['next year', (at: number) => at + 365 * 24 * 60 * 60_000],
    ['microseconds', (at: number) => at * 1000],
    ['beyond all dates', () => 1.7642e18],
    ['no number', () => NaN],
  ])('is passed over, and the board tries again by itself: %s', (_, resetsAt) => {
    const { scene, plans } = working(1);
    if (plans[0] === undefined) throw new Error('one is at work');
    scene.exit(plans[0], limited(resetsAt(scene.at))).settle('t0');
    const wait = (scene.board.hold?.until ?? NaN) - scene.at;
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThan(2 * limits.firstUsageLimitBackoffMs);
    scene.wait(wait);
    expect(scene.states).toEqual({ t0: 'planning' });
  });

  it('is probed at once if an earlier start kept it', () => {
    const scene = new Scene({ maxParallel: 1 });
    const hold = { reason: 'usage-limit', detail: '', since: 0, until: 1.7642e18, isTold: true, strikes: 1 } as const;
    scene.tell({ type: 'opened', spending: { day: 'monday', costs: new Map() }, hold, paused: false, pid: 1 });
    scene.queue({ id: 'a' });
    expect(scene.states).toEqual({ a: 'planning' });
  });
});

describe('a wall that one task alone meets', () => {
  it('does not keep all others from being tried', () => {
    const scene = new Scene({ maxParallel: 1 }).queue({ id: 'a', priority: 'high' }, { id: 'b' });
    const probed = new Set<string>();
    for (let probe = 0; probe < 4; probe++) {
      const name = Object.entries(scene.states).find(([, state]) => state === 'planning')?.[0] ?? 'nobody';
      probed.add(name);
      scene.exit(scene.run(name), meetWall('auth')).settle(name);
      scene.wait((scene.board.hold?.until ?? scene.at) - scene.at);
    }
    expect([...probed]).toEqual(['a', 'b']);
  });

  it('does not open another that lasts longer', () => {
    const { scene, plans } = working(2);
    const [first, second] = plans;
    if (first === undefined || second === undefined) throw new Error('two are at work');
    const until = scene.at + 3 * 60 * 60_000;
    scene.exit(first, limited(until)).settle('t0');
    scene.exit(second, overloaded).settle('t1');
    expect(scene.board.hold).toMatchObject({ reason: 'usage-limit', until });
  });
});

describe('an overload', () => {
  it('is one strike for all who meet it at once, and backs off for longer after each probe', () => {
    const { scene, plans } = working(2);
    for (const [index, plan] of plans.entries()) scene.exit(plan, overloaded).settle(`t${index}`);
    expect(scene.board.hold?.strikes).toBe(1);
    const waits: number[] = [];
    for (let probe = 0; probe < 3; probe++) {
      const until = scene.board.hold?.until ?? NaN;
      waits.push(until - scene.at);
      scene.wait(until - scene.at);
      const name = scene.states['t0'] === 'planning' ? 't0' : 't1';
      scene.exit(scene.run(name), overloaded).settle(name);
    }
    expect(waits[0]).toBeGreaterThanOrEqual(limits.firstBackoffMs);
    expect(waits[1]).toBeGreaterThanOrEqual(2 * limits.firstBackoffMs);
    expect(waits[2]).toBeGreaterThanOrEqual(4 * limits.firstBackoffMs);
  });

  it('ends for a task after so many free restarts', () => {
    const { scene, plans } = working(1);
    let plan = plans[0];
    for (let restart = 0; plan !== undefined && restart <= limits.maxFreeRestarts; restart++) {
      scene.exit(plan, overloaded).settle('t0');
      if (scene.task('t0').state === 'attention') break;
      plan = (scene.wait(limits.maxBackoffMs * 2), scene.run('t0'));
    }
    expect(scene.task('t0')).toMatchObject({ state: 'attention', verdict: { fault: { reason: 'interrupted' } } });
  });
});

describe('a hold', () => {
  it('keeps a retry waiting as well', () => {
    const { scene, plans } = working(2);
    const [first, second] = plans;
    if (first === undefined || second === undefined) throw new Error('two are at work');
    scene.exit(first, overloaded).settle('t0');
    scene.exit(second, makeExit({}, { exitCode: 1 }));
    expect(scene.task('t1')).toMatchObject({
      state: 'settling',
      settlement: { to: 'queued', next: { attempt: 2 } },
    });
  });

  it('of the board’s own that was written under a wrong clock lasts no longer than one that begins now', () => {
    const month = 30 * 24 * 3_600_000;
    const hold = {
      reason: 'overload',
      detail: '',
      since: start + month,
      until: start + 7 * 24 * 3_600_000,
      strikes: 2,
    } as const;
    const recall = (isTold: boolean, until: number = hold.until) =>
      new Scene().tell({
        type: 'opened',
        spending: { day: '', costs: new Map() },
        hold: { ...hold, until, isTold },
        paused: false,
        pid: 1,
      }).board.hold;
    expect(recall(false)?.until).toBeLessThan(start + 3 * limits.firstBackoffMs);
    // One that may have begun just now, whatever its jitter, stays as it is.
    const longest = start + 2.4 * limits.firstBackoffMs;
    expect(recall(false, longest)?.until).toBe(longest);
    // What the service said counts, whatever the clock says.
    expect(recall(true)?.until).toBe(hold.until);
  });

  it('ends when the user resumes', () => {
    const { scene, plans } = working(1);
    if (plans[0] === undefined) throw new Error('one is at work');
    scene.exit(plans[0], limited(scene.at + 1_000_000)).settle('t0');
    scene.tell({ type: 'scanned', scan: scanOf({ queued: ['t0'] }) });
    scene.ask({ kind: 'resume' });
    expect(scene.board.hold).toBeNull();
    expect(scene.states).toEqual({ t0: 'planning' });
  });

  it.each([
    ['a missing login, which may be there by now', 'auth', true],
    ['a usage limit, which lasts', 'usage-limit', false],
  ] as const)('of an earlier start is probed at once for %s', (_, reason, isProbed) => {
    const scene = new Scene({ maxParallel: 1 });
    const hold = { reason, detail: '', since: 0, until: scene.at + 600_000, isTold: true, strikes: 1 };
    scene.tell({ type: 'opened', spending: { day: 'monday', costs: new Map() }, hold, paused: false, pid: 1 });
    scene.queue({ id: 'a' });
    expect(scene.states).toEqual({ a: isProbed ? 'planning' : 'queued' });
    expect(scene.board.hold).not.toBeNull();
  });

  it('for a spent budget ends with the day alone', () => {
    const scene = new Scene({ dailyBudgetUsd: 0.4 }).queue({ id: 'a' }, { id: 'b', dependsOn: [] });
    scene.tell({ type: 'tick', day: 'monday' });
    const plan = scene.run('a');
    scene.exit(plan, makeExit({ result: makeResult({ costUsd: 0.5 }) }));
    expect(scene.board.hold?.reason).toBe('budget');
    scene.tell({ type: 'tick', day: 'tuesday' });
    expect(scene.board.hold).toBeNull();
  });
});
