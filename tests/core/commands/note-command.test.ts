/** Notes to agents in the reducer: when one is laid down, what its asker hears, and what is said of one that came too late. */
import { describe, expect, it } from 'vitest';
import type { CommandAnswer } from '../../../src/domain/command.ts';
import { howToSend } from '../../../src/core/untold-notes.ts';
import { limits } from '../../../src/domain/limits.ts';
import { keyOf } from '../../../src/domain/task.ts';
import { id, loadedIn, makeEvidence, makeExit, makeResult, scanOf, Scene } from '../scene.ts';

const noteOf = (text: string) => ({ kind: 'note', task: id('a'), text }) as const;

function answerOf({ effects }: Scene): CommandAnswer | null {
  return effects.flatMap((effect) => (effect.type === 'settle-command' ? [effect.answer] : []))[0] ?? null;
}

/** The note lies where agents find it. */
function lay(scene: Scene): Scene {
  const asked = scene.effects.find((effect) => effect.type === 'lay-note');
  if (asked?.type !== 'lay-note') throw new Error('no note was to be laid down');
  return scene.tell({ type: 'note-laid', id: asked.id });
}

function see(scene: Scene, readAt: number | null, text = 'Use v2.'): Scene {
  return scene.tell({ type: 'notes-seen', task: id('a'), notes: [{ key: 'k', text, at: 1, readAt }] });
}

describe('a note', () => {
  it('to an agent at work is laid down, and done once it lies there', () => {
    const scene = new Scene().queue({ id: 'a' });
    scene.run('a');
    scene.ask(noteOf(' Use v2.\n'));
    expect(scene.effects).toMatchObject([
      { type: 'lay-note', task: 'a', said: { text: 'Use v2.', at: scene.at }, isLine: false },
    ]);
    expect(answerOf(lay(scene))).toEqual({ kind: 'done', said: 'its agent is told after its next tool call' });
  });

  it.each(['queued', 'attention'] as const)('to a task in %s/ waits for its start', (column) => {
    const scene = new Scene({ maxParallel: 0 });
    if (column === 'queued') scene.queue({ id: 'a' });
    else scene.load(loadedIn('attention', 'a'));
    expect(answerOf(lay(scene.ask(noteOf('Use v2.'))))).toEqual({
      kind: 'done',
      said: 'its agent is told when it starts',
    });
  });

  it('to a task that is done waits, is shown with its work once, and the way to send it back is told', () => {
    const scene = new Scene().queue({ id: 'a' });
    const plan = scene.run('a');
    scene.exit(plan, makeExit({ result: makeResult() }));
    scene.tell({ type: 'work-inspected', run: plan, evidence: makeEvidence() }).settle('a').ask(noteOf('Use v2.'));
    expect(answerOf(lay(scene))).toEqual({
      kind: 'done',
      said: `it is done, and the note waits. ${howToSend(id('a'))}`,
    });
    for (const times of [1, 0]) {
      see(scene, null);
      expect(scene.effects.filter(({ type }) => type === 'write-verdict')).toHaveLength(times);
    }
    expect(scene.board.finished.get(keyOf(id('a')))?.verdict).toMatchObject({
      warnings: [`Your note “Use v2.” came too late for its agent. ${howToSend(id('a'))}`],
    });
  });

  it.each([' ', 'x'.repeat(limits.maxNoteChars + 1)])(
    'of no words, or more than an agent is shown, is refused',
    (text) => {
      const scene = new Scene({ maxParallel: 0 }).queue({ id: 'a' }).ask(noteOf(text));
      expect(answerOf(scene)).toMatchObject({ kind: 'refused', why: 'not-now' });
    },
  );

  it('that is asked while an ended agent’s work is looked at waits for what becomes of the task', () => {
    const scene = new Scene().queue({ id: 'a' });
    const plan = scene.run('a');
    scene.exit(plan, makeExit({ result: makeResult() })).ask(noteOf('Use v2.'));
    expect(scene.effects).toEqual([]);
    scene.tell({ type: 'work-inspected', run: plan, evidence: makeEvidence() }).settle('a');
    expect(scene.asked).toContain('lay-note');
  });
});

describe('what became of a note', () => {
  it('is looked at with each scan as long as nobody was told, and no longer', () => {
    const scene = new Scene().queue({ id: 'a' });
    scene.run('a');
    const scan = { type: 'scanned', scan: scanOf({ active: ['a'] }) } as const;
    expect(scene.tell(scan).asked).toEqual([]);
    see(scene, null);
    expect(scene.tell(scan).asked).toEqual(['look-at-notes']);
    see(scene, 5);
    expect(scene.tell(scan).asked).toEqual([]);
  });

  it.each([
    [null, [`Your note “Use v2.” came too late for its agent. ${howToSend(id('a'))}`]],
    [5, []],
  ])('is told with the work of a task that ended before (%j)', (readAt, warnings) => {
    const scene = new Scene().queue({ id: 'a' });
    const plan = scene.run('a');
    see(scene, readAt).exit(plan, makeExit({ result: makeResult() }));
    scene.tell({ type: 'work-inspected', run: plan, evidence: makeEvidence() });
    expect(scene.task('a')).toMatchObject({ settlement: { verdict: { column: 'done', warnings } } });
  });
});
