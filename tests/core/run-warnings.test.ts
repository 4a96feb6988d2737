import { expect, test } from 'vitest';
import { step } from '../../src/core/step.ts';
import type { BoardEvent } from '../../src/domain/event.ts';
import { emptyRunView } from '../../src/domain/run.ts';
import { makeExit, makeResult, Scene } from './scene.ts';

const warnings = ['the MCP server "db" did not start'];

/** Tells the scene's board of an event, and gives what its history says of warnings. */
function tell(scene: Scene, event: BoardEvent): readonly unknown[] {
  const { effects } = step(scene.board, event);
  scene.tell(event);
  return effects.flatMap((effect) =>
    effect.type === 'journal' && effect.entry.type === 'run-warned' ? [effect.entry.warnings] : [],
  );
}

test('what a run lacked at its start is told in the history once, while it runs', () => {
  const scene = new Scene().queue({ id: 'a' });
  const run = scene.run('a');
  const seen = { type: 'run-seen', run, lastOutputAt: scene.at, at: scene.at } as const;
  const view = { ...emptyRunView, warnings };
  expect(tell(scene, { ...seen, view: emptyRunView })).toEqual([]);
  expect(tell(scene, { ...seen, view })).toEqual([warnings]);
  expect(tell(scene, { ...seen, view: { ...view, openTools: 1 } })).toEqual([]);
  const exit = makeExit({ result: makeResult(), warnings });
  expect(tell(scene, { type: 'run-exited', run, exit, at: scene.at })).toEqual([]);
});

test('it is told of a run, too, that ended before anything was seen of it', () => {
  const scene = new Scene().queue({ id: 'a' });
  const run = scene.run('a');
  const exit = makeExit({ result: makeResult(), warnings });
  expect(tell(scene, { type: 'run-exited', run, exit, at: scene.at })).toEqual([warnings]);
});
