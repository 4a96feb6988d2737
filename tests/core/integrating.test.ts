import { describe, expect, it } from 'vitest';
import { recallPast } from '../../src/core/reconcile.ts';
import type { AgentReport } from '../../src/domain/agent-report.ts';
import type { BaseConflict, MergeEvidence } from '../../src/domain/base-conflict.ts';
import type { RunExit, RunPlan } from '../../src/domain/run.ts';
import type { Settings } from '../../src/domain/settings.ts';
import { askingReport, id, loadedIn, makeEvidence, makeExit, makePlan, makeResult, Scene } from './scene.ts';

const conflict: BaseConflict = { sides: ['task/a', 'task/b'], files: ['same.txt'], commit: 'conflict' };
const detached = { kind: 'detached', path: '/w/sum', base: conflict.commit } as const;
const whole: MergeEvidence = { marked: [], losses: [], beside: [] };
const gone = { side: 'task/a', path: 'same.txt', line: 'one' };

const report = (patch: Partial<AgentReport> = {}): RunExit =>
  makeExit({
    result: makeResult({
      report: { ...askingReport, status: 'done', questions: [], summary: 'Kept both.', ...patch },
    }),
  });

/** A board that has met the conflict as it planned the first run of `sum`. */
function meet(settings: Partial<Settings> = {}): Scene {
  return new Scene(settings).queue({ id: 'sum' }).tell({ type: 'base-conflicted', task: id('sum'), conflict });
}

/** The run that was asked for is planned and at work; one that resolves a conflict where it was asked for. */
function start(scene: Scene): RunPlan {
  const asked = scene.effects.find((effect) => effect.type === 'plan-run');
  if (asked === undefined) throw new Error('no run is being planned');
  const { next, n } = asked;
  const same = { ...makePlan({ task: id('sum'), n, attempt: next.attempt, cause: next.cause }), plannedAt: scene.at };
  const session =
    next.resume === null
      ? ({ mode: 'fresh', id: `session ${String(n)}` } as const)
      : ({ mode: 'resume', id: next.resume } as const);
  const plan: RunPlan =
    asked.conflict === null
      ? { ...same, session }
      : { ...same, session, purpose: 'integrate', role: 'integrator', conflict, workspace: detached };
  const { spec } = scene.task('sum');
  scene.tell({ type: 'run-planned', task: plan.task, plan, spec, rights: [] });
  scene.tell({ type: 'run-started', run: plan, setAside: [] });
  return plan;
}

function fail(scene: Scene, exit: RunExit, merge: MergeEvidence): Scene {
  return scene.find(start(scene), exit, { merge });
}

describe('a conflict of what a task builds on', () => {
  it('goes to the user at once where the settings say so, and to an agent otherwise, in the same slot', () => {
    const asking = meet({ conflicts: 'ask' });
    expect(asking.task('sum')).toMatchObject({
      state: 'settling',
      settlement: { verdict: { column: 'attention', fault: { reason: 'dependency-conflict' }, run: null } },
    });
    const scene = meet();
    expect(scene.effects).toMatchObject([{ type: 'plan-run', conflict, n: 1, next: { attempt: 1, resume: null } }]);
    expect(scene.states).toEqual({ sum: 'planning' });
  });

  it('is resolved durably before the task itself begins, in a session and a worktree of its own', () => {
    const scene = meet();
    const plan = start(scene);
    scene.find(plan, report({ dropped: [{ path: 'same.txt', line: ' one', reason: 'said twice' }] }), {
      tip: 'resolved',
      merge: { ...whole, losses: [gone], beside: ['also.txt'] },
    });
    expect(scene.asked).toEqual(['keep-resolution', 'record-exit', 'keep-work', 'release-workspace', 'plan-run']);
    expect(scene.effects[0]).toMatchObject({ task: 'sum', conflict, tip: 'resolved' });
    expect((scene.effects[0] as { readonly message: string }).message).toContain('- same.txt:  one (said twice)');
    expect(scene.effects[4]).toMatchObject({
      conflict: null,
      n: 2,
      next: { attempt: 1, cause: { kind: 'first' }, resume: null },
      past: { lastPlan: null, sessionId: null, costUsd: 0.5, faults: [] },
    });
    const { warnings } = scene.task('sum').past;
    expect(warnings.join('\n')).toContain('an agent resolved that in run 1: Kept both.');
    expect(warnings.join('\n')).toContain('also.txt');
    const own = start(scene);
    expect(own).toMatchObject({ purpose: 'work', session: { mode: 'fresh', id: 'session 2' } });
    scene.finish('sum', own);
    expect(scene.board.finished.size).toBe(1);
  });

  it.each([
    ['marks are left', { ...whole, marked: ['same.txt'] }, 'Marks of the conflict are left in:\nsame.txt'],
    ['a line is gone without a word', { ...whole, losses: [gone] }, 'same.txt, of task/a: one'],
  ])('is tried again in the same session where %s, and goes to the user after that', (_, merge, told) => {
    const scene = fail(meet({ retries: 1 }), report(), merge);
    expect(scene.asked).toEqual(['record-exit', 'keep-work', 'plan-run']);
    expect(scene.effects[2]).toMatchObject({
      conflict: null,
      next: { attempt: 2, resume: 'session', cause: { kind: 'failed', fault: { reason: 'dependency-conflict' } } },
    });
    // The shell looks for the base anew, and finds that it is the same conflict.
    scene.tell({ type: 'base-conflicted', task: id('sum'), conflict });
    expect(scene.effects).toMatchObject([{ type: 'plan-run', conflict, next: { attempt: 2, resume: 'session' } }]);
    fail(scene, report(), merge);
    const task = scene.task('sum');
    if (task.state !== 'settling' || task.settlement.to !== 'verdict') throw new Error('it is not settled');
    const { fault, column } = task.settlement.verdict;
    expect([column, fault?.reason]).toEqual(['attention', 'dependency-conflict']);
    for (const part of ['task/a and task/b', '- same.txt', told, 'Merge one into the other, then retry.']) {
      expect(fault?.detail).toContain(part);
    }
    expect(scene.asked).not.toContain('release-workspace');
  });

  it('that is another one by now is begun anew', () => {
    const scene = fail(meet(), report(), { ...whole, marked: ['same.txt'] });
    scene.tell({ type: 'base-conflicted', task: id('sum'), conflict: { ...conflict, commit: 'another' } });
    expect(scene.effects).toMatchObject([
      { conflict: { commit: 'another' }, next: { attempt: 1, resume: null, cause: { kind: 'first' } } },
    ]);
  });

  it('is checked like any work: a red check, or no commit at all, resolves nothing', () => {
    const verify = [{ argv: ['npm', 'test'] as const, ok: false, outputTail: 'red' }];
    const red = meet();
    red.find(start(red), report(), { merge: whole, verify });
    expect(red.effects.at(-1)).toMatchObject({ next: { cause: { fault: { reason: 'verify-failed' } } } });
    const empty = meet();
    empty.find(start(empty), report({ status: 'nothing-to-do' }), { merge: whole, commits: 0 });
    expect(empty.effects.at(-1)).toMatchObject({ next: { cause: { fault: { reason: 'no-changes' } } } });
  });

  it('whose resolution was recorded when the board died is kept once more, and its task begins', () => {
    const scene = meet();
    const plan = start(scene);
    scene.find(plan, report(), { tip: 'resolved', merge: whole });
    const recorded = scene.effects.find((effect) => effect.type === 'record-exit');
    if (recorded === undefined) throw new Error('nothing was recorded');
    const { record } = recorded;
    const facts = { highestRun: 1, damaged: [], runs: [{ plan, record }], verdict: null, review: null };
    expect(recallPast(facts)).toMatchObject({ runs: 1, lastPlan: null, sessionId: null });
    const active = new Scene().load(loadedIn('active', 'sum', { facts }));
    expect(active.asked).toEqual(['keep-resolution', 'record-exit', 'keep-work', 'release-workspace', 'plan-run']);
    const queued = new Scene().load(loadedIn('queued', 'sum', { facts }));
    expect(queued.effects).toMatchObject([
      { type: 'plan-run', n: 2, next: { cause: { kind: 'first' }, resume: null } },
    ]);
  });

  it('whose agent asks waits for the answer, which goes to that agent', () => {
    const scene = meet();
    scene.find(
      start(scene),
      makeExit({ result: makeResult({ report: askingReport }) }),
      makeEvidence({ merge: whole }),
    );
    scene.settle('sum');
    const task = scene.task('sum');
    if (task.state !== 'attention') throw new Error('it does not wait');
    expect(task).toMatchObject({ verdict: { question: 'Left or right?' }, past: { lastPlan: { conflict } } });
  });
});
