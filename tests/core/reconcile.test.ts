import { describe, expect, it } from 'vitest';
import type { RunFacts, TaskFacts } from '../../src/domain/board.ts';
import { emptyRunView, type Outcome, type RunPlan, type Verdict } from '../../src/domain/run.ts';
import { id, loadedIn, makeEvidence, makeExit, makePlan, makeResult, Scene, start } from './scene.ts';

const failed: Outcome = { kind: 'failed', fault: { reason: 'agent-error', detail: 'no' } };
const interrupted: Outcome = { kind: 'interrupted', detail: 'stopped', pause: null, until: null };

function run(patch: Partial<RunPlan>, outcome: Outcome | null): RunFacts {
  const plan = makePlan({ task: id('a'), ...patch });
  const exit = makeExit({ result: makeResult(), sessionId: 'heard' });
  return { plan, record: outcome === null ? null : { version: 1, exit, evidence: makeEvidence(), outcome } };
}

function facts(runs: readonly RunFacts[], verdict: Partial<Verdict> | null = null): TaskFacts {
  const whole = verdict === null ? null : ({ at: start, run: runs.length, fault: null, ...verdict } as Verdict);
  return { highestRun: runs.length, runs, verdict: whole };
}

/** A board that is held, so that what is queued stays to be seen. */
function meet(
  column: 'queued' | 'active' | 'attention',
  known: TaskFacts,
  lastRun: Parameters<typeof loadedIn>[2] = {},
): Scene {
  const scene = new Scene();
  const hold = { reason: 'overload', detail: '', since: 0, until: Infinity, strikes: 1 } as const;
  scene.tell({ type: 'opened', day: '', spentUsd: 0, hold });
  return scene.load(loadedIn(column, 'a', { facts: known, ...lastRun }));
}

describe('a task in queued/', () => {
  it('without a run waits for its first one', () => {
    expect(meet('queued', facts([])).task('a')).toMatchObject({ state: 'queued', next: { attempt: 1, resume: null } });
  });

  it('whose last run was interrupted goes on with the same attempt in the same session', () => {
    expect(meet('queued', facts([run({ attempt: 2, freeRestarts: 3 }, interrupted)])).task('a')).toMatchObject({
      next: { attempt: 2, freeRestarts: 4, resume: 'heard', cause: { kind: 'interrupted' } },
    });
  });

  it('whose plan was never carried out gets the same again', () => {
    expect(meet('queued', facts([run({ n: 1 }, null)])).task('a')).toMatchObject({
      past: { runs: 1 },
      next: { attempt: 1, freeRestarts: 1, cause: { kind: 'first' } },
    });
  });

  it('with a verdict of its last run was sent back by the user: attempt 1, told why', () => {
    const fault = { reason: 'agent-error', detail: 'no' } as const;
    const known = facts([run({ n: 1, attempt: 2 }, failed)], { column: 'attention', fault });
    expect(meet('queued', known).task('a')).toMatchObject({
      next: { attempt: 1, resume: 'heard', cause: { kind: 'retried', fault } },
    });
  });

  it('with a verdict older than its last run goes on from that run', () => {
    const known = facts([run({ n: 1 }, failed), run({ n: 2 }, failed)], { column: 'attention', run: 1 });
    expect(meet('queued', known).task('a')).toMatchObject({ next: { attempt: 2, cause: { kind: 'failed' } } });
  });

  it('whose agent is alive was moved while no board looked: the agent is stopped first', () => {
    const lastRun = { kind: 'alive', view: emptyRunView, startedAt: 5 } as const;
    const scene = meet('queued', facts([run({}, null)]), { lastRun });
    expect(scene.task('a')).toMatchObject({ state: 'active', wish: 'requeue', phase: { name: 'running' } });
    expect(scene.effects).toMatchObject([{ type: 'stop-run', cause: 'requeued' }]);
  });
});

describe('a task in active/', () => {
  it('without a run is queued again', () => {
    const scene = meet('active', facts([]));
    expect(scene.effects).toMatchObject([{ type: 'move-task', to: 'queued' }]);
  });

  it('with an agent that is alive is followed', () => {
    const scene = meet('active', facts([run({}, null)]), {
      lastRun: { kind: 'alive', view: emptyRunView, startedAt: 5 },
    });
    expect(scene.task('a')).toMatchObject({ phase: { name: 'running', startedAt: 5, stopping: null } });
    expect(scene.asked).toEqual([]);
  });

  it('with an agent that is alive is asked to end when the board is ending', () => {
    const scene = new Scene().tell({ type: 'shutdown-asked' });
    const lastRun = { kind: 'alive', view: emptyRunView, startedAt: 5 } as const;
    scene.load(loadedIn('active', 'a', { facts: facts([run({}, null)]), lastRun }));
    expect(scene.effects).toMatchObject([{ type: 'stop-run', cause: 'shutdown' }]);
  });

  it('with an agent that is gone and left a result is judged by its work', () => {
    const exit = makeExit({ result: makeResult() }, { exitCode: null });
    const scene = meet('active', facts([run({}, null)]), { lastRun: { kind: 'dead', exit } });
    expect(scene.states).toEqual({ a: 'inspecting' });
  });

  it('with an agent that is gone without a result goes on at no cost', () => {
    const exit = makeExit({ sessionId: 'heard' }, { exitCode: null });
    const scene = meet('active', facts([run({ attempt: 2 }, null)]), { lastRun: { kind: 'dead', exit } });
    scene.settle('a');
    expect(scene.task('a')).toMatchObject({ state: 'queued', next: { attempt: 2, freeRestarts: 1, resume: 'heard' } });
  });

  it('whose run nobody claimed is queued again', () => {
    const scene = meet('active', facts([run({}, null)]), { lastRun: { kind: 'unclaimed' } });
    expect(scene.asked).toEqual(['record-exit', 'move-task']);
  });

  it('with a record and its verdict is settled as that says', () => {
    const scene = meet('active', facts([run({}, { kind: 'done', summary: '' })], { column: 'done', at: start + 1 }));
    expect(scene.effects.at(-1)).toMatchObject({ type: 'move-task', to: 'done' });
  });

  it('with a record of a failure and an attempt left is queued for the next', () => {
    const scene = meet('active', facts([run({}, failed)])).settle('a');
    expect(scene.task('a')).toMatchObject({ state: 'queued', next: { attempt: 2, cause: { kind: 'failed' } } });
  });

  it('with a record of the last failure and no verdict goes to attention, its cost counted once', () => {
    const scene = meet('active', facts([run({ attempt: 2 }, failed)])).settle('a');
    expect(scene.task('a')).toMatchObject({ state: 'attention', verdict: { fault: { reason: 'agent-error' } } });
    expect(scene.task('a').past.costUsd).toBe(0.5);
  });

  it('with a record of success and a verdict of an earlier run is done', () => {
    const known = facts([run({ n: 1 }, failed), run({ n: 2 }, { kind: 'done', summary: 'yes' })], {
      column: 'attention',
      run: 1,
    });
    expect(meet('active', known).effects.at(-1)).toMatchObject({ type: 'move-task', to: 'done' });
  });
});

it('a task in attention/ waits for the user, with its verdict or without', () => {
  const fault = { reason: 'stalled', detail: '' } as const;
  expect(meet('attention', facts([], { column: 'attention', fault })).task('a')).toMatchObject({ verdict: { fault } });
  expect(meet('attention', facts([])).task('a')).toMatchObject({ verdict: { fault: { reason: 'stopped' } } });
});
