import { describe, expect, it } from 'vitest';
import { isIdle } from '../../src/core/schedule.ts';
import { emptyBoard, step } from '../../src/core/step.ts';
import { limits } from '../../src/domain/limits.ts';
import { id, identity, makeEvidence, makeExit, makeResult, scanOf, Scene } from './scene.ts';

const full = { kind: 'no-room', message: 'no space left on device', fault: null } as const;

describe('a full disk', () => {
  it('keeps a planned task in the queue at the same attempt, and it starts by itself once there is room', () => {
    const scene = new Scene().queue({ id: 'a' });
    scene.tell({ type: 'effect-failed', task: id('a'), effect: 'plan-run', fault: full });
    expect(scene.asked).toEqual(['move-task']);
    scene.settle('a');
    expect(scene.states).toEqual({ a: 'queued' });
    scene.wait(limits.diskLookEveryMs);
    expect(scene.asked).toEqual(['look-at-disk']);
    scene.tell({ type: 'disk-looked-at', hasRoom: false });
    expect(scene.states).toEqual({ a: 'queued' });
    scene.wait(limits.diskLookEveryMs).tell({ type: 'disk-looked-at', hasRoom: true });
    expect(scene.states).toEqual({ a: 'planning' });
    expect(scene.task('a')).toMatchObject({ past: { runs: 1 }, phase: { next: { attempt: 1 } } });
  });

  it('in the middle of making a worktree costs no attempt', () => {
    const scene = new Scene().queue({ id: 'a' });
    const plan = scene.plan('a');
    scene.tell({ type: 'effect-failed', task: plan.task, effect: 'prepare-workspace', fault: full }).settle('a');
    expect(scene.task('a')).toMatchObject({ state: 'queued', next: { attempt: 1 } });
  });

  it('lets what was decided wait, and writes it as soon as there is room', () => {
    const scene = new Scene().queue({ id: 'a' });
    const plan = scene.run('a');
    scene.exit(plan, makeExit({ result: makeResult() }));
    scene.tell({ type: 'work-inspected', run: plan, evidence: makeEvidence() });
    scene.tell({ type: 'effect-failed', task: plan.task, effect: 'write-verdict', fault: full });
    expect(scene.states).toEqual({ a: 'settling' });
    scene.wait(limits.diskLookEveryMs);
    scene.tell({ type: 'disk-looked-at', hasRoom: true });
    expect(scene.asked).toEqual([
      'record-exit',
      'release-workspace',
      'write-verdict',
      'write-review',
      'tell-story',
      'move-task',
    ]);
    scene.settle('a');
    expect(scene.states).toEqual({});
  });

  it('that has room at the first look lets what failed often before be written at once', () => {
    const scene = new Scene().queue({ id: 'a' });
    const plan = scene.run('a');
    scene.exit(plan, makeExit({ result: makeResult() }));
    scene.tell({ type: 'work-inspected', run: plan, evidence: makeEvidence() });
    const busy = { kind: null, message: 'busy', fault: null };
    for (const fault of [busy, busy, full]) {
      scene.tell({ type: 'effect-failed', task: plan.task, effect: 'write-verdict', fault });
    }
    scene.wait(limits.diskLookEveryMs).tell({ type: 'disk-looked-at', hasRoom: true });
    expect(scene.asked).toContain('write-verdict');
  });

  it('while work is verified lets it be verified again', () => {
    const scene = new Scene().queue({ id: 'a' });
    const plan = scene.run('a');
    scene.exit(plan, makeExit({ result: makeResult() }));
    scene.tell({ type: 'effect-failed', task: plan.task, effect: 'inspect-work', fault: full });
    scene.wait(limits.diskLookEveryMs).tell({ type: 'disk-looked-at', hasRoom: true });
    expect(scene.asked).toEqual(['inspect-work']);
  });

  it('lets checks that are red on it say nothing of the work: it is verified again once there is room', () => {
    const scene = new Scene({ retries: 0 }).queue({ id: 'a' });
    const plan = scene.run('a');
    scene.exit(plan, makeExit({ result: makeResult() }));
    const evidence = makeEvidence({ verify: [{ argv: ['npm', 'test'], ok: false, outputTail: 'no space left' }] });
    scene.tell({ type: 'disk-filled', detail: 'a: its run ended on a full disk' });
    scene.tell({ type: 'work-inspected', run: plan, evidence });
    expect(scene.states).toEqual({ a: 'inspecting' });
    scene.wait(limits.diskLookEveryMs).tell({ type: 'disk-looked-at', hasRoom: true });
    expect(scene.asked).toEqual(['inspect-work']);
    scene.tell({ type: 'work-inspected', run: plan, evidence }).settle('a');
    expect(scene.task('a')).toMatchObject({ state: 'attention', verdict: { fault: { reason: 'verify-failed' } } });
  });

  it('is no fault of an agent that ended without a result on it', () => {
    const scene = new Scene({ retries: 0 }).queue({ id: 'a' });
    const plan = scene.run('a');
    scene.tell({ type: 'disk-filled', detail: 'a: its agent ended on a full disk' });
    scene.exit(plan, makeExit({}, { exitCode: 1 })).settle('a');
    expect(scene.task('a')).toMatchObject({ state: 'queued', next: { attempt: 1, resume: 'session' } });
  });

  for (const [what, evidence] of [
    ['committed nothing', makeEvidence({ commits: 0 })],
    ['left its work uncommitted', makeEvidence({ dirty: ['half-written.txt'] })],
  ] as const) {
    it(`is no fault of an agent that said it was done and ${what}; with room it is one`, () => {
      for (const isFull of [true, false]) {
        const scene = new Scene({ retries: 0 }).queue({ id: 'a' });
        const plan = scene.run('a');
        scene.exit(plan, makeExit({ result: makeResult() }));
        if (isFull) scene.tell({ type: 'disk-filled', detail: 'a: its agent ended on a full disk' });
        scene.tell({ type: 'work-inspected', run: plan, evidence }).settle('a');
        if (isFull) expect(scene.task('a')).toMatchObject({ state: 'queued', next: { attempt: 1, resume: 'session' } });
        else expect(scene.task('a')).toMatchObject({ state: 'attention' });
      }
    });
  }

  it('leaves the inbox alone until there is room, and the board is not idle meanwhile', () => {
    const scene = new Scene();
    const scan = scanOf({}, { inbox: new Map([['a.md', identity()]]) });
    scene.tell({ type: 'scanned', scan });
    expect(scene.asked).toEqual(['take-in']);
    scene.tell({ type: 'taken-in', path: 'a.md', identity: identity(), outcome: { kind: 'failed', fault: full } });
    scene.tell({ type: 'scanned', scan });
    expect(scene.asked).toEqual([]);
    expect(isIdle(scene.board, scene.at)).toBe(false);
    scene.wait(limits.diskLookEveryMs).tell({ type: 'disk-looked-at', hasRoom: true });
    scene.tell({ type: 'scanned', scan });
    expect(scene.asked).toEqual(['take-in']);
  });
});

it('a disk that fills up again as soon as it had room is left alone for longer', () => {
  const scene = new Scene();
  const waits: number[] = [];
  for (let time = 0; time < 4; time++) {
    scene.tell({ type: 'disk-filled', detail: 'full' });
    waits.push((scene.board.disk?.lookAt ?? 0) - scene.at);
    scene.wait(waits.at(-1) ?? 0).tell({ type: 'disk-looked-at', hasRoom: true });
  }
  expect(waits).toEqual([1, 2, 4, 8].map((times) => times * limits.diskLookEveryMs));
});

describe('a file of the inbox that the system keeps from being taken in', () => {
  const fault = { kind: null, message: 'read-only file system', fault: null };

  it('is told once and tried again, later each time', () => {
    const scan = scanOf({}, { inbox: new Map([['a.md', identity()]]) });
    let board = step(emptyBoard, { type: 'scanned', at: 0, scan }).board;
    let at = 0;
    let told = 0;
    for (const delayMs of [limits.firstBackoffMs, 2 * limits.firstBackoffMs]) {
      const outcome = { kind: 'failed', fault } as const;
      const failed = step(board, { type: 'taken-in', at, path: 'a.md', identity: identity(), outcome });
      told += failed.effects.filter((effect) => effect.type === 'journal').length;
      const early = step(failed.board, { type: 'scanned', at: at + delayMs - 1, scan });
      expect(early.effects).toEqual([]);
      at += delayMs;
      const due = step(early.board, { type: 'scanned', at, scan });
      expect(due.effects.map((effect) => effect.type)).toEqual(['take-in']);
      board = due.board;
    }
    expect(told).toBe(1);
  });
});
