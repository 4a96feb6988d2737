import { expect, test } from 'vitest';
import { isUnseen } from '../../src/domain/board.ts';
import { fileIn, id, makeExit, makeEvidence, makeResult, makeSpec, Scene } from './scene.ts';

const warning =
  'Its file was edited while run 1 was at work, which does not see it. To have it done: branchboard retry a';

/** The user saves a task's file while an agent is on it; what a plan of a scene was made from hashes to nothing. */
function edit(scene: Scene, textHash: string | null): Scene {
  return scene.tell({
    type: 'task-read',
    ...{
      file: fileIn('active', 'a', 2),
      textHash,
      spec: makeSpec({ id: id('a'), body: 'Also do Z.' }),
      diagnostics: [],
    },
  });
}

/** The warnings of the verdict that was asked to be written last. */
function judgedWarnings(scene: Scene): readonly string[] {
  return scene.effects.flatMap((effect) => (effect.type === 'write-verdict' ? effect.verdict.warnings : []));
}

function finish(scene: Scene, plan: Parameters<Scene['exit']>[0]): Scene {
  scene.exit(plan, makeExit({ result: makeResult() }));
  return scene.tell({ type: 'work-inspected', run: plan, evidence: makeEvidence() });
}

test('an edit of a task that is being worked on is told at once, once, and stands in its verdict', () => {
  const scene = new Scene().queue({ id: 'a' });
  const plan = scene.run('a');
  edit(scene, 'other');
  expect(scene.journal).toMatchObject([{ type: 'run-warned', run: { task: 'a', n: 1 }, warnings: [warning] }]);
  expect(isUnseen(scene.task('a').past, plan)).toBe(true);
  expect(edit(scene, 'other again').journal).toEqual([]);
  expect(judgedWarnings(finish(scene, plan))).toEqual([warning]);
});

test('an edit that was taken back, or a file that only was touched, is none', () => {
  const scene = new Scene().queue({ id: 'a' });
  const plan = scene.run('a');
  expect(edit(scene, plan.taskHash).journal).toEqual([]);
  edit(scene, 'other');
  edit(scene, plan.taskHash);
  expect(judgedWarnings(finish(scene, plan))).toEqual([]);
});

test('a file that can not be read just now says nothing of its text', () => {
  const scene = new Scene().queue({ id: 'a' });
  scene.run('a');
  edit(scene, 'other');
  expect(isUnseen(edit(scene, null).task('a').past, { n: 1 })).toBe(true);
});

test('the next attempt reads the file again and has seen the edit', () => {
  const scene = new Scene().queue({ id: 'a' });
  const first = scene.run('a');
  edit(scene, 'other');
  scene.exit(first, makeExit({ result: makeResult({ isError: true, subtype: 'error_during_execution' }) }));
  const second = scene.run('a');
  expect(second.n).toBe(2);
  expect(judgedWarnings(finish(scene, second))).toEqual([]);
});
