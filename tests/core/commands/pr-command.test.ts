import { expect, it } from 'vitest';
import type { Effect } from '../../../src/domain/effect.ts';
import type { PullRequest } from '../../../src/domain/pull-request.ts';
import { openReview, type Review } from '../../../src/domain/review.ts';
import { keyOf } from '../../../src/domain/task.ts';
import { verdictOf } from '../boards.ts';
import { id, scanOf, Scene } from '../scene.ts';

const pull: PullRequest = { url: 'https://x/7', number: 7, into: 'main', commit: 'tip', state: 'open' };
const ready: Review = openReview(1);

/** Finished tasks with what each depends on, and its review. */
function finish(tasks: Readonly<Record<string, readonly [dependsOn: readonly string[], review: Review]>>): Scene {
  const names = Object.keys(tasks);
  const scene = new Scene({ base: 'main' }).tell({ type: 'scanned', scan: scanOf({ done: names }) });
  const verdicts = names.map((name) => {
    const [dependsOn, review] = tasks[name] ?? [[], ready];
    const work = { branch: `task/${name}`, tip: 'tip', commits: 1, dependsOn: dependsOn.map(id) };
    return [keyOf(id(name)), { kind: 'known', verdict: verdictOf({ run: 1, ...work }), review }] as const;
  });
  return scene.tell({ type: 'verdicts-read', verdicts: new Map(verdicts) });
}

function propose(scene: Scene, name: string): Effect & { readonly type: 'pr-for-command' } {
  scene.ask({ kind: 'pr', task: id(name), commit: 'tip', whatRuns: false });
  const asked = scene.effects.find((effect) => effect.type === 'pr-for-command');
  if (asked?.type !== 'pr-for-command') throw new Error(`it was not asked for, but ${scene.asked.join(', ')}`);
  return asked;
}

const merged: Review = { ...ready, state: 'merged', at: 1 };
const closed: Review = { ...ready, pull: { ...pull, state: 'closed' } };

it.each([
  ['the base, where it builds on nothing', [], ['main']],
  ['what it builds on', ['a'], ['task/a', 'main']],
  ['the one that holds the other', ['a', 'onA'], ['task/onA', 'main']],
  ['the base, where none of two holds the other', ['a', 'b'], ['main']],
  ['the base, where what it builds on is merged, or its pull request was closed', ['old', 'unwanted'], ['main']],
  ['what is left to be merged of it', ['old', 'a'], ['task/a', 'main']],
])('goes into %s', (_, dependsOn, into) => {
  const scene = finish({
    ...{ a: [[], ready], b: [[], ready], onA: [['a'], ready], old: [[], merged], unwanted: [[], closed] },
    x: [dependsOn, ready],
  });
  expect(propose(scene, 'x').work.into).toEqual(into);
});

it('is kept in the review, which then tells what became of it, also once the work is in the base', () => {
  const scene = finish({ x: [[], ready] });
  const asked = propose(scene, 'x');
  scene.tell({ type: 'command-proposed', id: asked.id, outcome: { kind: 'opened', pull } });
  expect(scene.effects).toContainEqual({ type: 'write-review', task: 'x', review: { ...ready, pull } });
  expect(scene.asked).toContain('settle-command');
  const news = { type: 'pulls-found', found: [{ id: id('x'), state: 'merged' }] } as const;
  const over = { ...pull, state: 'merged' };
  expect(scene.tell(news).effects).toMatchObject([{ type: 'write-review', review: { state: 'ready', pull: over } }]);
  expect(scene.tell(news).effects).toEqual([]);
  scene.tell({ type: 'merges-found', tasks: [id('x')] });
  expect(scene.effects).toContainEqual(
    expect.objectContaining({ type: 'write-review', review: { ...merged, at: scene.at, pull: over } }),
  );
});

it('is refused for work that is merged', () => {
  const scene = finish({ x: [[], merged] });
  scene.ask({ kind: 'pr', task: id('x'), commit: 'tip', whatRuns: false });
  expect(scene.effects).toMatchObject([{ type: 'settle-command', answer: { said: 'x is merged already' } }]);
});
