/** Answers to an agent at work in the reducer: which question is answered, once, and what its asker hears. */
import { describe, expect, it } from 'vitest';
import type { Command, CommandAnswer } from '../../../src/domain/command.ts';
import { limits } from '../../../src/domain/limits.ts';
import { emptyRunView } from '../../../src/domain/run.ts';
import { keyOf } from '../../../src/domain/task.ts';
import { id, makeExit, makeResult, Scene } from '../scene.ts';

const questions = [
  { id: 't1', text: 'Keep v1?', options: ['Yes', 'No'] },
  { id: 't2', text: 'Which port?', options: [] },
];

function answerOf({ effects }: Scene): CommandAnswer | null {
  return effects.flatMap((effect) => (effect.type === 'settle-command' ? [effect.answer] : []))[0] ?? null;
}

/** A task whose agent waits with two questions. */
function asking(): Scene {
  const scene = new Scene().queue({ id: 'a' });
  const run = scene.run('a');
  return scene.tell({ type: 'run-seen', run, view: { ...emptyRunView, questions }, lastOutputAt: scene.at });
}

/** The answer lies where the call finds it. */
function lay(scene: Scene): Scene {
  const asked = scene.effects.find((effect) => effect.type === 'lay-note');
  if (asked?.type !== 'lay-note') throw new Error('no answer was to be laid down');
  const { text, at } = asked.said;
  const before = scene.board.notes.get(keyOf(id('a'))) ?? [];
  const notes = [...before, ...asked.answers.map((each) => ({ key: `answer-${each}`, text, at, readAt: null }))];
  scene.tell({ type: 'note-laid', id: asked.id });
  const answer = answerOf(scene);
  scene.tell({ type: 'notes-seen', task: id('a'), notes });
  expect(answer).toEqual({ kind: 'done', said: 'its agent is told' });
  return scene;
}

const answer = (text: string, question: string | null = null): Command => ({
  ...{ kind: 'answer', task: id('a'), question, text },
});
const choose = (option: number, question: string | null): Command => ({
  ...{ kind: 'choose', task: id('a'), question, option },
});

describe('an answer to an agent at work', () => {
  it('is for one question or for all that are open, and each is answered once', () => {
    const scene = asking().ask(choose(2, 't1'));
    expect(scene.effects).toMatchObject([{ type: 'lay-note', said: { text: 'No' }, isLine: false, answers: ['t1'] }]);
    lay(scene).ask(answer(' 8080\n'));
    expect(scene.effects).toMatchObject([{ type: 'lay-note', said: { text: '8080' }, answers: ['t2'] }]);
    lay(scene);
    for (const [command, said] of [
      [answer('Again.'), 'a asks nothing at the moment'],
      [answer('Again.', 't2'), 'a does not wait for that answer any more'],
      [choose(1, 't1'), 'a does not wait for that answer any more'],
    ] as const) {
      expect(answerOf(scene.ask(command))).toMatchObject({ kind: 'refused', why: 'not-now', said });
    }
    expect(scene.states).toEqual({ a: 'running' });
  });

  it('may be a line of User Notes, and no note that is asked by the verb', () => {
    const note = { kind: 'note', task: id('a'), text: 'Yes.' } as const;
    expect(asking().ask(note).effects).toMatchObject([{ type: 'lay-note', isLine: false, answers: [] }]);
    const line = asking().ask(note, undefined, 'dashboard');
    expect(line.effects).toMatchObject([{ type: 'lay-note', isLine: true, answers: ['t1', 't2'] }]);
  });

  it.each([
    [answer(' ')],
    [answer('x'.repeat(limits.maxNoteChars + 1))],
    [answer('8080', 'another')],
    [choose(3, 't1')],
    [choose(1, 't2')],
  ])('is refused where it says nothing, too much, or fits no question: %j', (command) => {
    expect(answerOf(asking().ask(command))).toMatchObject({ kind: 'refused', why: 'not-now' });
  });

  it('waits while the work of an agent that is gone is looked at, and is refused once its task is elsewhere', () => {
    const scene = new Scene().queue({ id: 'a' });
    // Exit code 0 alone means nothing: its work is looked at.
    scene.exit(scene.run('a'), makeExit({ result: makeResult() })).ask(answer('8080'));
    expect([answerOf(scene), scene.asked.includes('lay-note')]).toEqual([null, false]);
    const queued = new Scene({ maxParallel: 0 }).queue({ id: 'a' }).ask(answer('8080'));
    expect(answerOf(queued)).toMatchObject({ kind: 'refused', said: 'a is queued, and asks nothing' });
  });
});
