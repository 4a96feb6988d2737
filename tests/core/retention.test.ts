/** Which finished tasks are pruned, and when. */
import { describe, expect, it } from 'vitest';
import type { TaskEnd } from '../../src/domain/event.ts';
import { limits } from '../../src/domain/limits.ts';
import { noFacts } from '../../src/domain/task-facts.ts';
import { keyOf } from '../../src/domain/task.ts';
import { fileIn, id, loadedIn, makeSpec, Scene, scanOf, start } from './scene.ts';

const keepMs = 10_000;
const counts = { worktrees: 1, runs: 2, bytes: 300, refs: 3 };

/** What is read of a finished task, with the given differences from one that waits for its review. */
const endOf = (column: 'done' | 'archive', name: string, patch: Partial<TaskEnd> = {}): TaskEnd => ({
  file: fileIn(column, name),
  mergedAt: null,
  putAwayAt: null,
  hasRemains: true,
  ...patch,
});

const sceneOf = (files: Parameters<typeof scanOf>[0]): Scene =>
  new Scene({ keepMs }).tell({ type: 'scanned', scan: scanOf(files) });

const prunedBy = (scene: Scene): readonly unknown[] =>
  scene.effects.flatMap((effect) => (effect.type === 'prune-task' ? [[effect.task, effect.putAwayAt]] : []));

describe('a finished task', () => {
  it.each<[string, TaskEnd, readonly unknown[]]>([
    ['that was merged long ago goes', endOf('done', 'x', { mergedAt: start - keepMs }), [['x', null]]],
    ['that was merged lately stays', endOf('done', 'x', { mergedAt: start - keepMs + 1 }), []],
    ['that waits for its review stays, however old', endOf('done', 'x'), []],
    [
      'that was put away long ago goes, with its refs of before that',
      endOf('archive', 'x', { putAwayAt: start - keepMs }),
      [['x', start - keepMs]],
    ],
    ['that was put away lately stays', endOf('archive', 'x', { putAwayAt: start - keepMs + 1 }), []],
    [
      'that was merged long ago and put away lately keeps what only its refs hold',
      endOf('archive', 'x', { mergedAt: 1, putAwayAt: start - 1 }),
      [['x', null]],
    ],
    ['that left nothing is not asked for', endOf('done', 'x', { mergedAt: 1, hasRemains: false }), []],
  ])('%s', (_, end, expected) => {
    const scene = sceneOf({ [end.file.column]: ['x'] });
    expect(scene.asked).toContain('read-ends');
    expect(prunedBy(scene.tell({ type: 'ends-read', ends: [end] }))).toEqual(expected);
  });

  it('is not even looked at while its file is younger than that', () => {
    const scene = new Scene({ keepMs: start + 1 }).tell({ type: 'scanned', scan: scanOf({ done: ['x'] }) });
    expect(scene.asked).not.toContain('read-ends');
  });

  it('that a live task depends on stays, and nothing is looked at before it is known who depends on it', () => {
    const scene = sceneOf({ done: ['x'], attention: ['y'] });
    expect(scene.asked).not.toContain('read-ends');
    scene.tell({
      type: 'task-loaded',
      loaded: loadedIn('attention', 'y', { spec: makeSpec({ id: id('y'), dependsOn: [id('x')] }) }),
    });
    scene.tell({
      type: 'verdicts-read',
      verdicts: new Map([[keyOf(id('x')), { kind: 'missing', spec: null, facts: noFacts }]]),
    });
    scene.tell({ type: 'scanned', scan: scanOf({ done: ['x'], attention: ['y'] }) });
    expect(scene.asked).toContain('read-ends');
    expect(prunedBy(scene.tell({ type: 'ends-read', ends: [endOf('done', 'x', { mergedAt: 1 })] }))).toEqual([]);
  });

  it('that came back while its end was read stays', () => {
    const scene = sceneOf({ archive: ['x'] });
    scene.tell({ type: 'scanned', scan: scanOf({ queued: ['x'] }) });
    scene.tell({ type: 'task-loaded', loaded: loadedIn('queued', 'x') });
    expect(prunedBy(scene.tell({ type: 'ends-read', ends: [endOf('archive', 'x', { putAwayAt: 1 })] }))).toEqual([]);
  });
});

describe('a round', () => {
  const names = Array.from({ length: limits.maxPrunedAtOnce + 1 }, (_, index) => `t${String(index)}`);
  const scan = scanOf({ done: names });
  const namesRead = (scene: Scene): readonly string[] =>
    scene.effects.flatMap((effect) => (effect.type === 'read-ends' ? effect.files.map(({ name }) => name) : []));
  const merged = (name: string): TaskEnd => endOf('done', name, { mergedAt: 1 });

  it('takes so many at once, waits until they are through, and goes on with the others, then pauses', () => {
    const scene = sceneOf({ done: names });
    const first = namesRead(scene);
    expect(first).toHaveLength(limits.maxPrunedAtOnce);
    expect(namesRead(scene.tell({ type: 'scanned', scan }))).toEqual([]);
    scene.tell({ type: 'ends-read', ends: names.slice(0, 2).map(merged) });
    expect(namesRead(scene.tell({ type: 'scanned', scan }))).toEqual([]);
    scene.tell({ type: 'task-pruned', task: id('t0'), pruned: counts });
    expect(scene.journal).toEqual([]);
    scene.tell({ type: 'task-pruned', task: id('t1'), pruned: counts });
    expect(scene.journal).toEqual([
      { type: 'pruned', at: start, tasks: ['t0', 't1'], worktrees: 2, runs: 4, bytes: 600, refs: 6 },
    ]);
    const others = namesRead(scene.tell({ type: 'scanned', scan }));
    expect([...first, ...others].sort()).toEqual(names.map((name) => `${name}.md`).sort());
    scene.tell({ type: 'ends-read', ends: [] });
    expect(namesRead(scene.tell({ type: 'scanned', scan }))).toEqual([]);
    scene.at += limits.pruneEveryMs;
    expect(namesRead(scene.tell({ type: 'scanned', scan }))).toHaveLength(limits.maxPrunedAtOnce);
  });

  it('leaves a task alone that could not be pruned, tells it once, and goes on with the others', () => {
    const scene = sceneOf({ done: ['x', 'y'] });
    scene.tell({ type: 'ends-read', ends: [merged('x'), merged('y')] });
    const fault = { kind: null, message: 'no', fault: null };
    scene.tell({ type: 'effect-failed', task: id('x'), effect: 'prune-task', fault });
    expect(scene.journal).toMatchObject([{ type: 'effect-failed', task: 'x' }]);
    scene.tell({ type: 'task-pruned', task: id('y'), pruned: { ...counts, runs: 0 } });
    expect(scene.journal).toMatchObject([{ type: 'pruned', tasks: ['y'] }]);
    scene.at += limits.pruneEveryMs;
    expect(namesRead(scene.tell({ type: 'scanned', scan: scanOf({ done: ['x', 'y'] }) }))).toEqual(['y.md']);
  });

  it('begins again after a pause where the ends could not be read', () => {
    const scene = sceneOf({ done: ['x'] });
    const fault = { kind: null, message: 'no', fault: null };
    scene.tell({ type: 'effect-failed', task: null, effect: 'read-ends', fault });
    const again = scanOf({ done: ['x'] });
    expect(namesRead(scene.tell({ type: 'scanned', scan: again }))).toEqual([]);
    scene.at += limits.pruneEveryMs;
    expect(namesRead(scene.tell({ type: 'scanned', scan: again }))).toEqual(['x.md']);
  });

  it('tells nothing where nothing was there, and does not begin while the board stops', () => {
    const scene = sceneOf({ done: ['x'] });
    scene.tell({ type: 'ends-read', ends: [merged('x')] });
    scene.tell({ type: 'task-pruned', task: id('x'), pruned: { worktrees: 0, runs: 0, bytes: 0, refs: 0 } });
    expect([scene.journal, scene.board.retention.underWay.has(keyOf(id('x')))]).toEqual([[], false]);
    const stopped = new Scene({ keepMs }).tell({ type: 'shutdown-asked' });
    expect(stopped.tell({ type: 'scanned', scan }).asked).not.toContain('read-ends');
  });
});
