/** Commands in the reducer: what fits which task, that each is carried out once, and what its asker and the history hear. */
import { describe, expect, it, test } from 'vitest';
import { findUnfit, listBoxes, listFittingColumns, listOffers } from '../../../src/core/commands/offers.ts';
import { findWaitingOn } from '../../../src/core/dependencies.ts';
import { isIdle } from '../../../src/core/schedule.ts';
import { makeCommandId, type CommandAnswer } from '../../../src/domain/command.ts';
import { limits } from '../../../src/domain/limits.ts';
import { openReview } from '../../../src/domain/review.ts';
import { noFacts } from '../../../src/domain/task-facts.ts';
import { columns, keyOf } from '../../../src/domain/task.ts';
import { discardedWith, sentBackWith } from '../../../src/core/review-states.ts';
import { verdictOf } from '../boards.ts';
import {
  askingReport,
  fileIn,
  id,
  identity,
  loadedIn,
  makeExit,
  makeResult,
  makeSpec,
  scanOf,
  Scene,
  start,
} from '../scene.ts';

/** The answer of the last event's command. */
function answerOf({ effects }: Scene): CommandAnswer | null {
  return effects.flatMap((effect) => (effect.type === 'settle-command' ? [effect.answer] : []))[0] ?? null;
}

/** Carries out the move that a command asked for. */
function move(scene: Scene): Scene {
  const asked = scene.effects.find((effect) => effect.type === 'move-for-command');
  if (asked?.type !== 'move-for-command') throw new Error('no move was asked for');
  return scene.tell({ type: 'command-moved', id: asked.id, file: { ...asked.file, column: asked.to } });
}

/** A task in a column, which the board knows. */
function taskIn(column: 'queued' | 'attention' | 'done' | 'archive'): Scene {
  const scene = new Scene({ maxParallel: 0 });
  if (column === 'queued') return scene.queue({ id: 'a' });
  if (column === 'attention') return scene.load(loadedIn('attention', 'a'));
  return scene.tell({ type: 'scanned', scan: scanOf({ [column]: ['a'] }) });
}

test('a command that can’t be read holds nothing up, and is told once', () => {
  const asked = makeCommandId(1, '01234567-0000');
  const scene = new Scene({ maxParallel: 0 }).queue({ id: 'a' });
  const settings = { ...scene.board.settings, maxParallel: 1 };
  scene.tell({ type: 'scanned', scan: scanOf({ queued: ['a'] }, { commands: [asked] }) });
  expect(scene.tell({ type: 'settings-read', settings, problems: [] }).asked).toEqual([]);
  const read = { kind: 'unreadable', path: `commands/${asked}.json`, why: 'EIO' } as const;
  scene.tell({ type: 'command-read', id: asked, read });
  expect(scene.journal).toContainEqual(expect.objectContaining({ type: 'command-unread', why: 'EIO' }));
  expect(scene.effects).toContainEqual(expect.objectContaining({ type: 'plan-run' }));
  scene.tell({ type: 'scanned', scan: scanOf({ queued: ['a'] }, { commands: [asked] }) });
  expect(scene.effects).not.toContainEqual(expect.objectContaining({ type: 'read-command' }));
  const without = new Scene().tell({ type: 'scanned', scan: scanOf({}, { commands: [asked] }) });
  expect(isIdle(without.board, 0)).toBe(false);
  expect(isIdle(without.tell({ type: 'command-read', id: asked, read }).board, 0)).toBe(true);
});

test('an edit waits as long as the task’s own file, which a board that died left in the inbox, is taken in again', () => {
  const scene = new Scene({ maxParallel: 0 }).queue({ id: 'a' });
  const path = 'inbox/a.md';
  scene.tell({ type: 'scanned', scan: scanOf({ queued: ['a'] }, { inbox: new Map([[path, identity(2)]]) }) });
  scene.ask({ kind: 'set-priority', task: id('a'), priority: 'low' });
  expect(scene.effects).not.toContainEqual(expect.objectContaining({ type: 'edit-for-command' }));
  scene.tell({ type: 'taken-in', path, identity: identity(2), outcome: { kind: 'repeated', id: id('a') } });
  expect(scene.effects).toContainEqual(expect.objectContaining({ type: 'edit-for-command' }));
});

describe('a command', () => {
  it.each([
    ['retry', 'attention', 'queued'],
    ['retry', 'done', 'queued'],
    ['retry', 'archive', 'queued'],
    ['cancel', 'queued', 'archive'],
    ['cancel', 'attention', 'archive'],
    ['put-aside', 'queued', 'attention'],
    ['finish', 'attention', 'done'],
  ] as const)('%s moves the file of a task in %s/ to %s/, and is done once it is there', (kind, from, to) => {
    const scene = taskIn(from).ask({ kind, task: id('a') });
    expect(answerOf(scene)).toBeNull();
    expect(scene.effects).toMatchObject([{ type: 'move-for-command', file: fileIn(from, 'a'), to }]);
    move(scene);
    expect(answerOf(scene)).toEqual({ kind: 'done', said: `${from}/ → ${to}/` });
    expect(scene.journal).toContainEqual(
      expect.objectContaining({ type: 'command', by: 'cli', command: { kind, task: 'a' }, outcome: 'done' }),
    );
  });

  it('tells a task what the user says to it, on its way to the queue and in the history', () => {
    const command = { kind: 'tell', task: id('a'), text: 'Use v2.' } as const;
    const scene = taskIn('attention').ask(command);
    expect(scene.effects).toMatchObject([{ type: 'move-for-command', to: 'queued', said: { text: 'Use v2.' } }]);
    move(scene);
    expect(answerOf(scene)).toEqual({ kind: 'done', said: 'attention/ → queued/' });
    expect(scene.journal).toContainEqual(expect.objectContaining({ type: 'command', command, outcome: 'done' }));
  });

  it('that tells a task nothing, or more than a fact holds, is refused', () => {
    for (const text of [' \n', 'x'.repeat(limits.maxSaidChars + 1)]) {
      const scene = taskIn('attention').ask({ kind: 'tell', task: id('a'), text });
      expect(answerOf(scene)).toMatchObject({ kind: 'refused', why: 'not-now' });
      expect(scene.states).toEqual({ a: 'attention' });
    }
  });

  it('that chooses an answer tells the one that the question offers, and refuses others', () => {
    const report = { ...askingReport, options: ['Left', 'Right'] };
    const scene = new Scene({ maxParallel: 1 }).queue({ id: 'a' });
    scene.find(scene.run('a'), makeExit({ result: makeResult({ report }) })).settle('a');
    for (const option of [0, 3]) {
      scene.ask({ kind: 'choose', task: id('a'), question: null, option });
      expect(answerOf(scene)).toMatchObject({ kind: 'refused', said: 'a offers no such answer' });
    }
    scene.ask({ kind: 'choose', task: id('a'), question: null, option: 2 });
    expect(scene.effects).toMatchObject([{ type: 'move-for-command', to: 'queued', said: { text: 'Right' } }]);
    expect(answerOf(move(scene))).toEqual({ kind: 'done', said: 'attention/ → queued/' });
  });

  it('sends the work of a task that is done back with what was seen, once its verdict is known', () => {
    const command = { kind: 'send-back', task: id('a'), commit: 'c', text: 'Use v2.' } as const;
    const scene = taskIn('done').ask(command);
    expect(scene.asked).not.toContain('send-back-for-command');
    const known = { kind: 'known', verdict: verdictOf({ column: 'done', run: 1 }), review: openReview(1) } as const;
    scene.tell({ type: 'verdicts-read', verdicts: new Map([[keyOf(id('a')), known]]) });
    const said = { round: 1, at: start, text: 'Use v2.', comments: [], run: 1, work: null };
    const review = { ...openReview(1, [said]), state: 'sent-back' } as const;
    expect(scene.effects).toMatchObject([{ type: 'send-back-for-command', work: { tip: 'c' }, review }]);
    const [asked] = scene.effects;
    if (asked?.type !== 'send-back-for-command') throw new Error('it was not asked for');
    // A board that was killed behind the review opens it again, and the words are said once.
    expect(sentBackWith(openReview(1, [said]), said)).toEqual(review);
    scene.tell({ type: 'command-refused', id: asked.id, why: 'was not sent back', hint: 'Look.' });
    expect(answerOf(scene)).toEqual({ kind: 'refused', why: 'not-now', said: 'a was not sent back', hint: 'Look.' });
    scene.ask(command);
    const again = scene.effects[0];
    if (again?.type !== 'send-back-for-command') throw new Error('it was not asked for');
    scene.tell({ type: 'command-moved', id: again.id, file: fileIn('queued', 'a') });
    expect(answerOf(scene)).toEqual({ kind: 'done', said: 'done/ → queued/' });
  });

  it.each(['merge', 'send-back', 'discard'] as const)('%s has the verdict read that no board read so far', (kind) => {
    const many = Array.from({ length: limits.maxFinishedListed + 1 }, (_, index) => `t${String(index)}`);
    const scene = new Scene().tell({ type: 'scanned', scan: scanOf({ done: many }) });
    const last = id(many.at(-1) ?? '');
    scene.ask({ kind, task: last, commit: 'c', text: 'Use v2.', target: 'main', way: 'merge', whatRuns: false });
    expect(scene.effects).toMatchObject([{ type: 'read-verdicts', tasks: new Map([[keyOf(last), {}]]) }]);
    const known = { kind: 'known', verdict: verdictOf({ column: 'done', run: 1 }), review: openReview(1) } as const;
    scene.tell({ type: 'verdicts-read', verdicts: new Map([[keyOf(last), known]]) });
    expect([...scene.asked].join()).toMatch(/for-command|settle-command/);
  });

  it('is about a task in the case of its own file, whichever case it was asked in', () => {
    const scene = taskIn('done');
    const verdict = verdictOf({ column: 'done', run: 1, branch: 'task/a', tip: 'tip', commits: 1 });
    const known = { kind: 'known', verdict, review: openReview(1) } as const;
    scene.tell({ type: 'verdicts-read', verdicts: new Map([[keyOf(id('a')), known]]) });
    scene.ask({ kind: 'merge', task: id('A'), commit: 'tip', target: 'main', way: 'merge', whatRuns: false });
    const asked = scene.effects[0];
    if (asked?.type !== 'merge-for-command') throw new Error('it was not asked for');
    const outcome = { kind: 'merged', target: 'main', commit: 'made', followed: null } as const;
    scene.tell({ type: 'command-merged', id: asked.id, outcome });
    expect(scene.effects.find(({ type }) => type === 'write-review')).toMatchObject({ task: 'a' });
  });

  it('discards, by the same effect until that is answered, and tells dependents', () => {
    const verdict = verdictOf({ column: 'done', run: 1, branch: 'task/a', tip: 'tip', commits: 1 });
    const known = { kind: 'known', verdict, review: openReview(2) } as const;
    const verdicts = new Map([[keyOf(id('a')), known]]);
    const scene = taskIn('done').tell({ type: 'verdicts-read', verdicts });
    scene.ask({ kind: 'discard', task: id('a'), commit: 'seen' });
    const asked = scene.effects[0];
    if (asked?.type !== 'discard-for-command') throw new Error('it was not asked for');
    const work = { id: id('a'), branch: 'task/a', tip: 'seen' };
    const review = { state: 'discarded', round: 2, branch: 'task/a', tip: 'seen' };
    expect(asked).toMatchObject({ work, review });
    const file = fileIn('archive', 'a');
    scene.tell({ type: 'command-moved', id: asked.id, file });
    const said = 'discarded, and kept (branchboard rescue a): done/ → archive/';
    expect(answerOf(scene)).toEqual({ kind: 'done', said });
    scene.load({ ...loadedIn('archive', 'a'), facts: { ...noFacts, verdict, review: asked.review } });
    const before = scanOf({ archive: ['a'], queued: ['b'] });
    const dependent = loadedIn('queued', 'b', { spec: makeSpec({ id: id('b'), dependsOn: [id('a')] }) });
    scene.tell({ type: 'scanned', scan: before }).tell({ type: 'task-loaded', loaded: dependent });
    expect(findWaitingOn(scene.board, scene.task('b'))).toEqual([{ id: 'a', why: 'discarded' }]);

    // Back in done/, its facts are read, and its review is open.
    scene.tell({ type: 'scanned', scan: scanOf({ done: ['a'], queued: ['b'] }) });
    expect(scene.asked).toContain('read-verdicts');
    const found = { kind: 'known', verdict, review: asked.review } as const;
    scene.tell({ type: 'verdicts-read', verdicts: new Map([[keyOf(id('a')), found]]) });
    expect(scene.effects).toContainEqual({ type: 'write-review', task: 'a', review: openReview(2) });
    expect(findWaitingOn(scene.board, scene.task('b'))).toEqual([]);
  });

  it('notes that discarded work is sent back where its task is queued again', () => {
    const discarded = discardedWith(openReview(1), { id: id('a'), branch: 'task/a', tip: 'tip' }, 1);
    const scene = new Scene({ maxParallel: 0 });
    scene.load({ ...loadedIn('queued', 'a'), facts: { ...noFacts, review: discarded } });
    const review = { ...openReview(1), state: 'sent-back' };
    expect(scene.effects).toContainEqual({ type: 'write-review', task: 'a', review });
  });

  it.each([
    ['the branch that was seen, where the settings name another by now', 'main', 'develop', 'main'],
    ['the branch of the settings, where none was seen', null, 'develop', 'develop'],
    ['no branch, where neither names one', null, null, null],
  ])('merge goes into %s', (_, target, base, into) => {
    for (const verified of [true, false]) {
      const scene = new Scene({ base }).tell({ type: 'scanned', scan: scanOf({ done: ['a'] }) });
      const verdict = verdictOf({ column: 'done', run: 1, branch: 'task/a', tip: 'tip', verified });
      const known = { kind: 'known', verdict, review: openReview(1) } as const;
      scene.tell({ type: 'verdicts-read', verdicts: new Map([[keyOf(id('a')), known]]) });
      scene.ask({ kind: 'merge', task: id('a'), commit: 'seen', target, way: 'merge', whatRuns: true });
      const checked = verified ? 'tip' : null;
      const request = { target: into, commit: 'seen', whatRuns: true, checked };
      if (into === null) expect(answerOf(scene)).toMatchObject({ kind: 'refused' });
      else expect(scene.effects[0]).toMatchObject({ type: 'merge-for-command', request });
    }
  });

  it('is not needed where the user moved work to done/: its verdict is read, so that its review is shown', () => {
    const scene = taskIn('attention').tell({ type: 'scanned', scan: scanOf({ done: ['a'] }) });
    expect(scene.asked).toContain('read-verdicts');
  });

  it('gives the same line of the history as the move of the file by hand, but for who asked', () => {
    const [asked, byHand] = [taskIn('attention'), taskIn('attention')];
    move(asked.ask({ kind: 'retry', task: id('a') }));
    byHand.tell({ type: 'scanned', scan: scanOf({ queued: ['a'] }) });
    const [line] = asked.journal;
    expect(byHand.journal[0]).toEqual({ ...line, by: 'file-move', id: null });
  });

  it('that does not fit its task is refused with what fits', () => {
    const scene = taskIn('queued').ask({ kind: 'retry', task: id('a') });
    expect(answerOf(scene)).toEqual({
      ...{ kind: 'refused', why: 'not-now', said: 'a is queued already' },
      hint: 'To see why it waits: branchboard show a',
    });
    expect(scene.states).toEqual({ a: 'queued' });
  });

  it('about a task that is not there is refused, once all files were read', () => {
    expect(answerOf(taskIn('queued').ask({ kind: 'cancel', task: id('b') }))).toMatchObject({ why: 'unknown-task' });
    const scene = new Scene().tell({ type: 'scanned', scan: scanOf({ queued: ['a'] }) });
    scene.ask({ kind: 'cancel', task: id('a') });
    expect(scene.effects).toEqual([]);
    scene.tell({ type: 'task-loaded', loaded: loadedIn('queued', 'a') });
    expect(scene.asked).toContain('move-for-command');
  });

  it('counts only for what its asker saw', () => {
    const scene = taskIn('done').ask({ kind: 'retry', task: id('a') }, { column: 'attention', run: 1 });
    expect(answerOf(scene)).toMatchObject({ kind: 'refused', why: 'moved-on' });
  });

  it('that was asked of a task at work counts once a board that ended put the task back, and not after another run', () => {
    const cancel = { kind: 'cancel', task: id('a') } as const;
    const scene = taskIn('queued').ask(cancel, { column: 'active', run: 0 });
    expect(scene.asked).toEqual(['move-for-command']);
    expect(answerOf(taskIn('queued').ask(cancel, { column: 'active', run: 1 }))).toMatchObject({ why: 'moved-on' });
    const requeue = { kind: 'requeue', task: id('a') } as const;
    expect(answerOf(taskIn('queued').ask(requeue, { column: 'active', run: 0 }))).toMatchObject({ kind: 'done' });
  });

  it('whose board died behind the move is done, and moves nothing a second time', () => {
    const scene = taskIn('queued').ask({ kind: 'retry', task: id('a') }, { column: 'attention', run: 0 });
    expect(answerOf(scene)).toEqual({ kind: 'done', said: 'a is in queued/ already' });
    expect(scene.asked).toEqual(['settle-command']);
  });

  it('that the machine can not carry out is refused with its words, and the task stays as it was', () => {
    const scene = taskIn('attention').ask({ kind: 'retry', task: id('a') });
    const [asked] = scene.effects;
    if (asked?.type !== 'move-for-command') throw new Error('no move was asked for');
    scene.tell({ type: 'command-failed', id: asked.id, fault: { kind: null, message: 'no room', fault: null } });
    expect(answerOf(scene)).toMatchObject({ kind: 'refused', why: 'failed', said: 'no room' });
    expect(scene.states).toEqual({ a: 'attention' });
  });

  it('whose fact can not be read is told with its id', () => {
    const command = makeCommandId(1, '0123456789');
    const fault = { kind: null, message: 'EIO', fault: null };
    const scene = new Scene().tell({ type: 'effect-failed', task: null, command, effect: 'read-command', fault });
    expect(scene.journal).toMatchObject([{ type: 'effect-failed', task: null, command, message: 'EIO' }]);
  });

  it('is not read again as long as its fact is being removed', () => {
    const scene = taskIn('attention').ask({ kind: 'retry', task: id('b') });
    const [settled] = scene.effects;
    if (settled?.type !== 'settle-command') throw new Error('it was not settled');
    const scan = scanOf({ attention: ['a'] }, { commands: [settled.id] });
    expect(scene.tell({ type: 'scanned', scan }).asked).toEqual([]);
    scene.tell({ type: 'command-removed', id: settled.id });
    expect(scene.tell({ type: 'scanned', scan }).asked).toEqual(['read-command']);
  });

  it('that a box asked is told on the dashboard, the last few', () => {
    const scene = taskIn('attention').ask({ kind: 'cancel', task: id('a') });
    expect(scene.board.boxAnswers).toEqual([]);
    for (let i = 0; i <= limits.maxBoxAnswers; i += 1) {
      scene.wait(1).ask({ kind: 'retry', task: id('b') }, null, 'dashboard');
    }
    const answers = scene.board.boxAnswers;
    expect(answers).toHaveLength(limits.maxBoxAnswers);
    expect(answers.at(-1)).toMatchObject({ at: scene.at, command: { task: 'b' }, answer: { why: 'unknown-task' } });
  });

  it('comes before the start of its task, and before all starts as long as it is not read', () => {
    const scene = new Scene({ maxParallel: 0 }).queue({ id: 'a' });
    const settings = { ...scene.board.settings, maxParallel: 1 };
    const asked = makeCommandId(1, '0123456789');
    scene.tell({ type: 'scanned', scan: scanOf({ queued: ['a'] }, { commands: [asked] }) });
    expect(scene.tell({ type: 'settings-read', settings, problems: [] }).asked).toEqual([]);
    const request = { version: 1, id: asked, by: 'web', at: 1, seen: null } as const;
    const command = { kind: 'cancel', task: id('a') } as const;
    scene.tell({ type: 'command-read', id: asked, read: { kind: 'known', request: { ...request, command } } });
    expect(scene.asked).toEqual(['move-for-command']);
    const fault = { kind: null, message: 'no room', fault: null };
    expect(scene.tell({ type: 'command-failed', id: asked, fault }).asked).toContain('plan-run');
  });

  it('waits for the one before it about the same task', () => {
    const scene = taskIn('attention').ask({ kind: 'retry', task: id('a') });
    const [first] = scene.effects;
    scene.ask({ kind: 'cancel', task: id('a') });
    expect(scene.effects).toEqual([]);
    if (first?.type !== 'move-for-command') throw new Error('no move was asked for');
    scene.tell({ type: 'command-moved', id: first.id, file: fileIn('queued', 'a') });
    scene.tell({ type: 'task-loaded', loaded: loadedIn('queued', 'a') });
    // Its asker saw the task where it waited for them.
    expect(answerOf(scene)).toMatchObject({ why: 'moved-on' });
  });
});

describe('a running task', () => {
  it('that is cancelled is stopped, and goes to the archive', () => {
    const scene = new Scene().queue({ id: 'a' });
    scene.run('a');
    move(scene.ask({ kind: 'cancel', task: id('a') }));
    expect(scene.effects).toContainEqual(expect.objectContaining({ type: 'stop-run', cause: 'cancelled' }));
    expect(scene.task('a')).toMatchObject({ wish: 'cancel', file: { column: 'archive' } });
  });

  it('is asked again only once what was decided of it is written', () => {
    const scene = new Scene({ retries: 0 }).queue({ id: 'a' });
    const plan = scene.run('a');
    scene.exit(plan, makeExit({ result: makeResult({ isError: true }) }));
    scene.ask({ kind: 'cancel', task: id('a') });
    expect(answerOf(scene)).toBeNull();
    scene.settle('a');
    expect(answerOf(scene)).toMatchObject({ why: 'moved-on' });
  });
});

describe('edits', () => {
  it('write keys of the file, and the board goes by what it says then', () => {
    const scene = new Scene({ maxParallel: 0 }).queue({ id: 'a' }, { id: 'b' });
    scene.ask({ kind: 'add-dependency', task: id('b'), on: id('a') });
    const [asked] = scene.effects;
    expect(asked).toMatchObject({
      type: 'edit-for-command',
      file: fileIn('queued', 'b'),
      fields: { dependsOn: ['a'] },
    });
    if (asked?.type !== 'edit-for-command') throw new Error('no edit was asked for');
    const spec = { ...scene.task('b').spec, dependsOn: [id('a')] };
    const file = { ...asked.file, identity: identity(9) };
    scene.tell({ type: 'command-edited', id: asked.id, file, spec, diagnostics: [] });
    expect(scene.task('b')).toMatchObject({ file, spec: { dependsOn: ['a'] } });
    expect(answerOf(scene)).toEqual({ kind: 'done', said: 'it waits for a now' });
  });

  it('that would make a task wait for itself are refused with the way', () => {
    const scene = new Scene({ maxParallel: 0 }).queue({ id: 'a', dependsOn: [id('b')] }, { id: 'b' });
    scene.ask({ kind: 'add-dependency', task: id('b'), on: id('a') });
    expect(answerOf(scene)).toMatchObject({ why: 'not-now', said: 'b would wait for itself: b → a → b' });
    scene.ask({ kind: 'add-dependency', task: id('b'), on: id('b') });
    expect(answerOf(scene)).toMatchObject({ said: 'b would wait for itself: b → b' });
  });
});

describe('the board', () => {
  it('is paused and resumed once that is on disk, and a hold ends with it', () => {
    const scene = new Scene({ maxParallel: 0 }).queue({ id: 'a' }).ask({ kind: 'pause' });
    expect(scene.board.userPaused).toBe(true);
    scene.ask({ kind: 'resume' });
    expect(scene.board.userPaused).toBe(false);
  });

  it('stops when it is meant, and not for a board before it', () => {
    const scene = new Scene().tell({
      ...{ type: 'opened', spending: { day: '', costs: new Map() }, hold: null, paused: false, pid: 7 },
    });
    scene.tell({ type: 'scanned', scan: scanOf({}) });
    expect(scene.ask({ kind: 'stop', pid: 6 }).board.shutdown).toBe('no');
    expect(scene.ask({ kind: 'stop', pid: 7 }).board.shutdown).toBe('asked');
    expect(scene.ask({ kind: 'stop', pid: 7 }).board.shutdown).toBe('hurried');
  });
});

describe('a daemon that ends', () => {
  it('leaves what was asked to the next start, but for being hurried', () => {
    const scene = new Scene({ maxParallel: 0 }).tell({
      ...{ type: 'opened', spending: { day: '', costs: new Map() }, hold: null, paused: false, pid: 7 },
    });
    scene.queue({ id: 'a' }).tell({ type: 'shutdown-asked' });
    expect(scene.ask({ kind: 'cancel', task: id('a') }).effects).toEqual([]);
    expect(scene.ask({ kind: 'stop', pid: 7 }).board.shutdown).toBe('hurried');
  });
});

describe('the table of commands', () => {
  it('says of each command and column that it fits, or what fits instead', () => {
    for (const kind of [
      'retry',
      'choose',
      'requeue',
      'cancel',
      'put-aside',
      'finish',
      'set-priority',
      'add-dependency',
    ] as const) {
      for (const column of columns) {
        const unfit = findUnfit(kind, column, id('a'));
        expect(listFittingColumns(kind).includes(column)).toBe(unfit === null);
        if (unfit !== null) expect(`${unfit.why} ${unfit.hint ?? ''}`).not.toMatch(/\bID\b/);
      }
    }
  });

  it('offers boxes for those that fit', () => {
    for (const column of columns) {
      for (const { kind, seen } of listBoxes(id('a'), { column, run: 2 })) {
        expect([findUnfit(kind, column, id('a')), seen]).toEqual([null, { column, run: 2 }]);
      }
    }
    expect(listBoxes(id('a'), { column: 'queued', run: 0 }).map(({ label }) => label)).toEqual(['Cancel']);
  });

  it('offers the line to type for each', () => {
    expect(listOffers('done', id('a')).find(({ unfit }) => unfit === null)?.usage).toBe('branchboard merge a');
  });
});

test('where a task at work can not take a dependency, what is said instead fits it step by step', () => {
  expect(findUnfit('add-dependency', 'active', id('a'))?.hint).toBe(
    'To begin it anew: mv .orchestrator/active/a.md .orchestrator/attention/, add the dependency, then branchboard retry a',
  );
  expect(findUnfit('put-aside', 'active', id('a'))).toBeNull();
  expect(findUnfit('add-dependency', 'attention', id('a'))).toBeNull();
  expect(findUnfit('retry', 'attention', id('a'))).toBeNull();
});

test('ids of commands sort by age', () => {
  const uuid = '01234567-0000-0000-0000-000000000000';
  const made = [1_900_000_000_000, 5, 1_700_000_000_000].map((at) => makeCommandId(at, uuid));
  expect([...made].sort()).toEqual([made[1], made[2], made[0]]);
});
