/** What the end of a board waits for. */
import { expect, test } from 'vitest';
import { isBusy } from '../../src/core/schedule.ts';
import { makeExit, makePlan, Scene } from './scene.ts';

test('a board that ends waits for runs and for facts, but not for what failed and is done at the next start', () => {
  const scene = new Scene().queue({ id: 'a' });
  const queued = new Scene({ maxParallel: 0 }).queue({ id: 'a' }).task('a');
  scene.run('a');
  const running = scene.task('a');
  if (running.state !== 'active') throw new Error('it does not run');
  const plan = makePlan();
  const inspecting = { name: 'inspecting', plan, exit: makeExit(), failures: 0, retryAt: null } as const;
  const settling = {
    ...{ ...running, state: 'settling', failures: 0, retryAt: null },
    settlement: {
      to: 'queued',
      next: { attempt: 1, freeRestarts: 0, cause: { kind: 'first' }, resume: null, delay: null },
    },
  };
  const cases = [
    [queued, false],
    [running, true],
    [{ ...running, phase: inspecting }, true],
    [{ ...running, phase: { ...inspecting, failures: 1, retryAt: 1 } }, false],
    [settling, true],
    [{ ...settling, failures: 1, retryAt: 1 }, false],
  ] as unknown as readonly (readonly [typeof queued, boolean])[];
  expect(cases.map(([task]) => isBusy(task))).toEqual(cases.map(([, is]) => is));
});
