/** What the machine could not do: no task is charged, the others go on, and it is tried again for as long as a night. */
import { describe, expect, it } from 'vitest';
import { isIdle } from '../../src/core/schedule.ts';
import { limits } from '../../src/domain/limits.ts';
import { id, makeExit, makeResult, Scene } from './scene.ts';

const fault = { kind: null, message: '.git/config.lock is in the way', fault: null };
const hourMs = 60 * 60_000;

describe('a start that the machine could not make', () => {
  it.each(['plan-run', 'prepare-workspace', 'start-run'] as const)(
    'is made again after a wait that grows, at no attempt’s cost, and others go on meanwhile (%s)',
    (effect) => {
      const scene = new Scene({ retries: 0, maxParallel: 1 }).queue({ id: 'a', priority: 'high' }, { id: 'b' });
      for (const waitMs of [limits.firstBackoffMs, 2 * limits.firstBackoffMs]) {
        if (effect !== 'plan-run') scene.plan('a');
        scene.tell({ type: 'effect-failed', task: id('a'), effect, fault }).settle('a');
        expect(scene.task('a')).toMatchObject({
          state: 'queued',
          next: { attempt: 1, delay: { until: scene.at + waitMs, why: fault.message } },
        });
        expect(scene.states).toEqual({ a: 'queued', b: 'planning' });
        expect(isIdle(scene.board, scene.at)).toBe(false);
        // The other one gives its slot back, and it is this one's turn again when its wait is over.
        scene.tell({ type: 'effect-failed', task: id('b'), effect: 'plan-run', fault }).settle('b');
        scene.wait(waitMs - 1);
        expect(scene.states['a']).toBe('queued');
        scene.wait(1);
        expect(scene.states['a']).toBe('planning');
      }
    },
  );

  it.each(['plan-run', 'prepare-workspace', 'start-run'] as const)(
    'is given to the user when it fails in the same words for the third time, with these (%s)',
    (effect) => {
      const scene = new Scene({ retries: 1 }).queue({ id: 'a' });
      const begunAt = scene.at;
      let toldAt = begunAt;
      for (let time = 1; time <= limits.maxAlikeFaults; time++) {
        expect(scene.task('a').state).not.toBe('attention');
        if (effect !== 'plan-run') scene.plan('a');
        const message = `in the way since ${String(time)} s`;
        scene.tell({ type: 'effect-failed', task: id('a'), effect, fault: { ...fault, message } }).settle('a');
        toldAt = scene.at;
        scene.wait(limits.firstBackoffMs * 2 ** time);
      }
      expect(toldAt - begunAt).toBeLessThan(60_000);
      expect(scene.task('a')).toMatchObject({
        state: 'attention',
        verdict: {
          attempts: effect === 'plan-run' ? 0 : 1,
          fault: { reason: 'setup-failed', detail: 'in the way since 3 s' },
        },
      });
    },
  );

  it('is given to the user when it could not be made for hours, each time for another reason', () => {
    const scene = new Scene({ retries: 0 }).queue({ id: 'a' });
    const begunAt = scene.at;
    let times = 0;
    while (scene.task('a').state !== 'attention') {
      scene.plan('a');
      times += 1;
      const message = `${fault.message} ${'again '.repeat(times)}`;
      scene
        .tell({ type: 'effect-failed', task: id('a'), effect: 'start-run', fault: { ...fault, message } })
        .settle('a');
      scene.wait(limits.maxBackoffMs);
    }
    expect(scene.at - begunAt).toBeGreaterThan(5 * hourMs);
    expect(scene.task('a')).toMatchObject({
      verdict: {
        attempts: 1,
        fault: { reason: 'interrupted', detail: expect.stringContaining(fault.message) as string },
      },
    });
  });
});

it('work that the machine could not look at is looked at again, and is not made again', () => {
  const scene = new Scene({ retries: 0 }).queue({ id: 'a' });
  const plan = scene.run('a');
  scene.exit(plan, makeExit({ result: makeResult() }));
  scene.tell({ type: 'effect-failed', task: plan.task, effect: 'inspect-work', fault });
  expect(scene.states).toEqual({ a: 'inspecting' });
  scene.wait(limits.firstBackoffMs);
  expect(scene.asked).toEqual(['inspect-work']);
});

describe('an agent that is not on the machine', () => {
  const fault = { kind: null, message: 'claude: command not found', fault: null, pause: 'no-agent' } as const;

  it('holds the board until it is there, charges nobody, and leaves nothing to wait for but the user', () => {
    const scene = new Scene({ retries: 0, maxParallel: 2 }).queue({ id: 'a' }, { id: 'b' });
    for (const name of ['a', 'b']) {
      scene.plan(name);
      scene.tell({ type: 'effect-failed', task: id(name), effect: 'start-run', fault }).settle(name);
    }
    expect(scene.board.hold).toMatchObject({ reason: 'no-agent', detail: fault.message, strikes: 1 });
    expect(scene.states).toEqual({ a: 'queued', b: 'queued' });
    expect(isIdle(scene.board, scene.at)).toBe(true);
    scene.wait(limits.authProbeEveryMs);
    expect(scene.states).toEqual({ a: 'planning', b: 'queued' });
    scene.finish('a', scene.run('a'));
    expect(scene.board.hold).toBeNull();
    expect(scene.states).toEqual({ b: 'planning' });
  });
});
