/** Settings that change while a run is on: it ends by the terms it began with, and the next run takes the new ones. */
import { describe, expect, it } from 'vitest';
import type { AgentKind } from '../../src/domain/agent-kind.ts';
import { emptyPast } from '../../src/domain/task-past.ts';
import { agreeTerms } from '../../src/domain/run-terms.ts';
import type { Sandbox } from '../../src/domain/sandbox.ts';
import { defaultSettings, type Settings } from '../../src/domain/settings.ts';
import { findNextWake } from '../../src/core/due.ts';
import { addRun } from '../../src/core/past-runs.ts';
import { id, loadedIn, makeEvidence, makeExit, makePlan, makeResult, makeSpec, Scene } from './scene.ts';

const minuteMs = 60_000;
const before = {
  verify: [['npm', 'test']],
  timeoutMs: 60 * minuteMs,
  stallAfterMs: 10 * minuteMs,
  budgetUsd: 4,
} as const;
const after = {
  verify: [['npm', 'run', 'mended']],
  timeoutMs: minuteMs,
  stallAfterMs: minuteMs,
  budgetUsd: 1,
} as const;

/** A run that began before the settings changed. */
function changeWhileRunning() {
  const scene = new Scene(before).queue({ id: 'a' });
  const plan = scene.run('a');
  scene.tell({ type: 'settings-read', settings: { ...defaultSettings, ...after }, problems: [] });
  return { scene, plan };
}

/** A run that was planned by other settings, perhaps to be confined, and that a board without a sandbox finds dead. */
function takeOver(settings: Settings, sandbox: Sandbox | null): Scene {
  const terms = agreeTerms(settings, loadedIn('active', 'a').spec ?? fail(), sandbox, null);
  const facts = {
    highestRun: 1,
    damaged: [],
    runs: [{ plan: makePlan({ terms }), record: null }],
    verdict: null,
    review: null,
  };
  const lastRun = { kind: 'dead', exit: makeExit({ result: makeResult() }) } as const;
  return new Scene(after).load(loadedIn('active', 'a', { facts, lastRun }));
}

describe('settings that change while a run is on', () => {
  it('leave it its time', () => {
    const { scene } = changeWhileRunning();
    expect(findNextWake(scene.board, scene.at)).toBe(scene.at + before.stallAfterMs);
    scene.wait(5 * minuteMs);
    expect(scene.asked).toEqual([]);
  });

  it('leave it its budget and its checks, and a retry is planned by the new ones', () => {
    const { scene, plan } = changeWhileRunning();
    scene.exit(plan, makeExit({ result: makeResult(), costUsd: 3, claimedUsd: 3 }));
    expect(scene.effects).toMatchObject([{ type: 'inspect-work', verify: before.verify }]);
    const red = makeEvidence({ verify: [{ argv: ['npm', 'test'], ok: false, outputTail: 'red' }] });
    scene.tell({ type: 'work-inspected', run: plan, evidence: red });
    expect(scene.task('a').past).toMatchObject({ costUsd: 3, warnings: [] });
    const retry = scene.run('a');
    scene.exit(retry, makeExit({ result: makeResult() }));
    expect(scene.effects).toMatchObject([{ type: 'inspect-work', verify: after.verify }]);
  });

  it('leave them also to a run that a restarted board takes over', () => {
    const scene = takeOver({ ...defaultSettings, ...before }, null);
    expect(scene.effects).toMatchObject([{ type: 'inspect-work', task: id('a'), verify: before.verify }]);
  });

  it('count for its checks where a restarted board can’t confine what was to be confined', () => {
    const scene = takeOver({ ...defaultSettings, ...before }, { kind: 'on' });
    expect(scene.effects).toMatchObject([{ type: 'inspect-work', task: id('a'), verify: after.verify }]);
  });

  it('count for a run whose plan is from before terms were kept', () => {
    const facts = {
      ...{ highestRun: 1, damaged: [], verdict: null, review: null },
      runs: [{ plan: makePlan({ terms: null }), record: null }],
    };
    const lastRun = { kind: 'dead', exit: makeExit({ result: makeResult() }) } as const;
    const scene = new Scene(after).load(loadedIn('active', 'a', { facts, lastRun }));
    expect(scene.effects).toMatchObject([{ type: 'inspect-work', verify: after.verify }]);
  });
});

describe('a kind of agent that was changed between two runs', () => {
  it('leaves the session of the first behind, though the second was never heard', () => {
    const planBy = (runner: AgentKind) =>
      makePlan({ terms: agreeTerms(defaultSettings, makeSpec({ runner }), null, null) });
    const past = { ...emptyPast, lastPlan: planBy('claude'), sessionId: 'held' };
    const sessionAfter = (runner: AgentKind) =>
      addRun(past, { plan: planBy(runner), exit: null, evidence: null }, null).sessionId;
    expect([sessionAfter('claude'), sessionAfter('scripted')]).toEqual(['held', null]);
  });
});

function fail(): never {
  throw new Error('it was loaded with a spec');
}
