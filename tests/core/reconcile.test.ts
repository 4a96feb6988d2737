import { emptyBoard, step } from '../../src/core/step.ts';
import { limits } from '../../src/domain/limits.ts';
import { describe, expect, it } from 'vitest';
import type { RunFacts, TaskFacts } from '../../src/domain/task-facts.ts';
import { emptyRunView, type Outcome, type RunPlan } from '../../src/domain/run.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import { id, loadedIn, makeEvidence, makeExit, makePlan, makeResult, scanOf, Scene, start } from './scene.ts';

const failed: Outcome = { kind: 'failed', fault: { reason: 'agent-error', detail: 'no' } };
const interrupted: Outcome = {
  ...{ kind: 'interrupted', detail: 'stopped', blame: 'service', pause: null, until: null },
} as const;

function run(patch: Partial<RunPlan>, outcome: Outcome | null): RunFacts {
  const plan = makePlan({ task: id('a'), ...patch });
  const exit = makeExit({ result: makeResult(), sessionId: 'heard' });
  return { plan, record: outcome === null ? null : { version: 1, exit, evidence: makeEvidence(), outcome } };
}

function facts(runs: readonly RunFacts[], verdict: Partial<Verdict> | null = null): TaskFacts {
  const whole =
    verdict === null
      ? null
      : ({ at: start, run: runs.length, fault: null, report: null, proposals: [], taken: [], ...verdict } as Verdict);
  return { highestRun: runs.length, damaged: [], runs, verdict: whole, review: null };
}

/** A board that is held, so that what is queued stays to be seen. */
function meet(
  column: 'queued' | 'active' | 'attention',
  known: TaskFacts,
  lastRun: Parameters<typeof loadedIn>[2] = {},
): Scene {
  const scene = new Scene();
  const hold = {
    reason: 'overload',
    detail: '',
    since: 0,
    until: limits.maxLimitWaitMs,
    isTold: true,
    strikes: 1,
  } as const;
  scene.tell({ type: 'opened', spending: { day: '', costs: new Map() }, hold, paused: false, pid: 1 });
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
      next: { attempt: 1, freeRestarts: 0, cause: { kind: 'first' } },
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
    expect(scene.effects).toMatchObject([{ type: 'look-at-notes' }, { type: 'stop-run', cause: 'requeued' }]);
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
    expect(scene.asked).toEqual(['look-at-notes']);
  });

  it('with an agent that is alive is asked to end when the board is ending', () => {
    const scene = new Scene().tell({ type: 'shutdown-asked' });
    const lastRun = { kind: 'alive', view: emptyRunView, startedAt: 5 } as const;
    scene.load(loadedIn('active', 'a', { facts: facts([run({}, null)]), lastRun }));
    expect(scene.effects).toMatchObject([{ type: 'look-at-notes' }, { type: 'stop-run', cause: 'shutdown' }]);
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
    expect(scene.task('a')).toMatchObject({ state: 'queued', next: { attempt: 2, freeRestarts: 0, resume: 'heard' } });
  });

  it('with an agent that was ended in its middle, and said so, goes on at no cost', () => {
    // Claude Code answers INT with a result of its own; the board that sent it is gone.
    const result = makeResult({ isError: true, text: '' });
    const endedBy = { kind: 'broken-off', service: null } as const;
    const exit = makeExit({ sessionId: 'heard', result }, { exitCode: null, endedBy });
    const scene = meet('active', facts([run({ attempt: 1 }, null)]), { lastRun: { kind: 'dead', exit } });
    scene.settle('a');
    expect(scene.task('a')).toMatchObject({ state: 'queued', next: { attempt: 1, resume: 'heard' } });
  });

  it('with an agent that is gone again and again is given to the user, since it may be what takes the board down', () => {
    const lost: Outcome = { kind: 'interrupted', detail: 'gone', blame: 'loss', pause: null, until: null };
    const exit = makeExit({ sessionId: 'heard' }, { exitCode: null });
    const meetAfter = (losses: number) => {
      const earlier = Array.from({ length: losses }, (_, index) => run({ n: index + 1 }, lost));
      return meet('active', facts([...earlier, run({ n: losses + 1 }, null)]), { lastRun: { kind: 'dead', exit } });
    };
    expect(meetAfter(limits.maxLosses - 1).settle('a').states).toEqual({ a: 'queued' });
    const scene = meetAfter(limits.maxLosses).settle('a');
    expect(scene.task('a')).toMatchObject({ state: 'attention', verdict: { fault: { reason: 'interrupted' } } });
  });

  it('that a clean stop or a limit interrupted in between is not counted with those that were lost', () => {
    const lost: Outcome = { kind: 'interrupted', detail: 'gone', blame: 'loss', pause: null, until: null };
    const stopped: Outcome = { ...lost, blame: 'nobody' };
    const outcomes = [lost, lost, lost, stopped, lost, lost];
    const known = facts([...outcomes.map((outcome, index) => run({ n: index + 1 }, outcome)), run({ n: 7 }, null)]);
    const exit = makeExit({ sessionId: 'heard' }, { exitCode: null });
    expect(meet('active', known, { lastRun: { kind: 'dead', exit } }).settle('a').states).toEqual({ a: 'queued' });
  });

  it('with a fact that can not be understood goes on as if it were missing, and the history says so', () => {
    const known = { ...facts([run({}, null)]), damaged: ['1/exit.json'] };
    const loaded = loadedIn('active', 'a', { facts: known, lastRun: { kind: 'unclaimed' } });
    const first = step(emptyBoard, { type: 'scanned', at: 1, scan: scanOf({ active: ['a'] }) });
    const { effects } = step(first.board, { type: 'task-loaded', at: 1, loaded });
    const notes = effects.flatMap((effect) =>
      effect.type === 'journal' && effect.entry.type === 'task-found' ? [effect.entry.note] : [],
    );
    expect(notes).toContain("runs/a/1/exit.json can't be understood and counts as missing");
  });

  it('with a plan that can not be understood is queued again, and not judged by the run before it', () => {
    const known = facts([run({ n: 1 }, { kind: 'done', summary: 'yes' })]);
    const scene = meet('active', { ...known, highestRun: 2, damaged: ['2/plan.json'] }).settle('a');
    expect(scene.task('a')).toMatchObject({
      state: 'queued',
      past: { runs: 2 },
      next: { attempt: 1, resume: 'heard' },
    });
  });

  it('whose run nobody claimed is queued again', () => {
    const scene = meet('active', facts([run({}, null)]), { lastRun: { kind: 'unclaimed' } });
    expect(scene.asked).toEqual(['record-exit', 'keep-work', 'move-task']);
  });

  it('with a record and its verdict is settled as that says', () => {
    const scene = meet('active', facts([run({}, { kind: 'done', summary: '' })], { column: 'done', at: start + 1 }));
    expect(scene.effects.at(-1)).toMatchObject({ type: 'move-task', to: 'done' });
  });

  it('with a record of a failure and a verdict of that run is settled as that says, also where the clock was set back', () => {
    const fault = { reason: 'stopped', detail: 'You put it aside.' } as const;
    const scene = meet('active', facts([run({}, failed)], { column: 'attention', fault, at: start - 1 }));
    expect(scene.effects.at(-1)).toMatchObject({ type: 'move-task', to: 'attention' });
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
