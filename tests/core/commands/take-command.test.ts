/** Taking a task over and handing it back: nothing starts meanwhile, and a board that was killed on the way does the rest. */
import { describe, expect, it } from 'vitest';
import type { CommandAnswer } from '../../../src/domain/command.ts';
import { emptyRunView } from '../../../src/domain/run.ts';
import { noFacts } from '../../../src/domain/task-facts.ts';
import { keyOf, type Column } from '../../../src/domain/task.ts';
import { verdictOf } from '../boards.ts';
import { fileIn, id, loadedIn, makeEvidence, makeExit, makePlan, Scene } from '../scene.ts';

const taking = { kind: 'take', task: id('a') } as const;
const handing = { kind: 'hand-back', task: id('a') } as const;
const stopped = makeExit({}, { stopped: 'requeued', exitCode: 143 });

function answerOf({ effects }: Scene): CommandAnswer | null {
  return effects.flatMap((effect) => (effect.type === 'settle-command' ? [effect.answer] : []))[0] ?? null;
}

/** The worktree is made that a command asked for. */
function open(scene: Scene): Scene {
  const asked = scene.effects.find((effect) => effect.type === 'open-for-command');
  if (asked?.type !== 'open-for-command') throw new Error(`no worktree was asked for, but ${scene.asked.join(', ')}`);
  return scene.tell({ type: 'command-opened', id: asked.id, path: '/tree', verdict: asked.verdict });
}

/** The file is moved as a command asked. */
function move(scene: Scene): Scene {
  const asked = scene.effects.find((effect) => effect.type === 'move-for-command');
  if (asked?.type !== 'move-for-command') throw new Error(`no move was asked for, but ${scene.asked.join(', ')}`);
  return scene.tell({ type: 'command-moved', id: asked.id, file: { ...asked.file, column: asked.to } });
}

/** What was found of the work that is handed back. */
function check(scene: Scene, evidence: Parameters<typeof makeEvidence>[0]): Scene {
  const asked = scene.effects.find((effect) => effect.type === 'check-for-command');
  if (asked?.type !== 'check-for-command') throw new Error(`no check was asked for, but ${scene.asked.join(', ')}`);
  return scene.tell({ type: 'command-checked', id: asked.id, evidence: makeEvidence(evidence) });
}

function reasonOf(scene: Scene): string | null {
  const task = scene.task('a');
  return task.state === 'attention' ? (task.verdict.fault?.reason ?? 'none') : null;
}

/** What the facts say of a task that had one run, which ended as it was taken over. */
function factsOfTaken(reason: 'taken' | 'stopped') {
  const plan = makePlan({ task: id('a'), n: 1 });
  const outcome = { kind: 'interrupted', detail: '', blame: 'nobody', pause: null, until: null } as const;
  const verdict = verdictOf({ column: 'attention', run: 1, fault: { reason, detail: 'It is mine.' } });
  const runs = [{ plan, record: { version: 1, exit: stopped, evidence: null, outcome } as const }];
  return { ...noFacts, highestRun: 1, runs, verdict };
}

/** A task that its user took over, as a board meets it. */
function taken(followUps: readonly string[] = []): Scene {
  const facts = factsOfTaken('taken');
  return new Scene().load(
    loadedIn('attention', 'a', { facts: { ...facts, verdict: { ...facts.verdict, followUps } } }),
  );
}

describe('a task that is taken over', () => {
  it('is its user’s once its agent is gone, with free slots and nothing started', () => {
    const scene = new Scene().queue({ id: 'a' });
    const plan = scene.run('a');
    move(scene.ask(taking));
    expect([scene.asked, answerOf(scene)]).toEqual([['stop-run'], null]);
    scene.exit(plan, stopped);
    expect(scene.states).toEqual({ a: 'settling' });
    open(scene.settle('a'));
    expect(answerOf(scene)).toEqual({ kind: 'done', said: 'it is in your hands: → attention/' });
    expect([reasonOf(scene), scene.asked]).toEqual(['taken', ['settle-command', 'tell-story']]);
    expect(scene.wait(1_000_000).asked).not.toContain('plan-run');
  });

  it.each(['alive', 'dead'] as const)(
    'is so too where the board was killed after its file had moved, and the agent is %s',
    (kind) => {
      const plan = makePlan({ task: id('a'), n: 1 });
      const facts = { ...noFacts, highestRun: 1, runs: [{ plan, record: null }] };
      const lastRun =
        kind === 'alive'
          ? ({ kind, startedAt: 1, view: emptyRunView } as const)
          : ({ kind, exit: makeExit() } as const);
      const scene = new Scene().tell({
        ...{ type: 'places-recalled' },
        places: new Map([[keyOf(id('a')), { task: id('a'), column: 'active', at: 1, told: null }]]),
      });
      scene.load(loadedIn('attention', 'a', { facts, lastRun }));
      scene.ask(taking, { column: 'active', run: 1 });
      expect(answerOf(scene)).toBeNull();
      if (kind === 'alive') scene.exit(plan, stopped);
      open(scene.settle('a'));
      expect([answerOf(scene)?.kind, reasonOf(scene)]).toEqual(['done', 'taken']);
    },
  );

  it('is so where the board was killed before it could say so, and told twice stays so', () => {
    const scene = new Scene().load(loadedIn('attention', 'a', { facts: factsOfTaken('stopped') }));
    for (let times = 0; times < 2; times++) {
      open(scene.ask(taking));
      expect([answerOf(scene)?.kind, reasonOf(scene)]).toEqual(['done', 'taken']);
    }
  });

  it('keeps what it asked in sight', () => {
    const verdict = verdictOf({ column: 'attention', run: 1, question: 'Which?', options: ['A'] });
    const scene = new Scene().load(loadedIn('attention', 'a', { facts: { ...factsOfTaken('taken'), verdict } }));
    const task = open(scene.ask(taking)).task('a');
    const detail = 'You took it over. Its agent had asked: Which?';
    expect(task).toMatchObject({ verdict: { question: null, options: [], fault: { reason: 'taken', detail } } });
  });

  it('is refused where no agent was on it', () => {
    const scene = new Scene({ maxParallel: 0 }).queue({ id: 'a' });
    expect(answerOf(scene.ask(taking))).toMatchObject({ kind: 'refused', why: 'not-now' });
  });

  it('tells its agent that it was, and not what failed before, and goes on in its session, where it is queued again', () => {
    const facts = factsOfTaken('taken');
    const outcome = { kind: 'failed', fault: { reason: 'verify-failed', detail: 'red' } } as const;
    const runs = facts.runs.map(({ plan, record }) => ({ plan, record: { ...record, outcome } }));
    const scene = new Scene({ retries: 3 }).load(loadedIn('queued', 'a', { facts: { ...facts, runs } }));
    const asked = scene.effects.find((effect) => effect.type === 'plan-run');
    expect(asked).toMatchObject({
      next: { cause: { kind: 'retried', fault: { reason: 'taken' } }, resume: 'session' },
    });
  });
});

describe('a task that is handed back', () => {
  it('is done where its work holds, and the command is settled once its file is there', () => {
    const scene = check(taken(['Mend the docs.']).ask(handing), {});
    expect([scene.states, answerOf(scene)]).toEqual([{ a: 'settling' }, null]);
    scene.settle('a');
    expect(answerOf(scene)).toEqual({ kind: 'done', said: 'its work holds, and it is done: attention/ → done/' });
    expect(scene.board.finished.get(keyOf(id('a')))?.verdict).toMatchObject({
      column: 'done',
      commits: 1,
      fault: null,
      followUps: ['Mend the docs.'],
    });
  });

  it('is so once, where the board was killed before it could say so', () => {
    const scene = new Scene().load(
      loadedIn('done', 'a', { facts: { ...noFacts, verdict: verdictOf({ column: 'done' }) } }),
    );
    scene.ask(handing, { column: 'attention', run: 1 });
    expect([answerOf(scene)?.kind, scene.asked]).toEqual(['done', ['settle-command']]);
  });

  it('is done with nothing changed: that is its user’s word', () => {
    const scene = check(taken().ask(handing), { commits: 0 }).settle('a');
    expect(scene.board.finished.get(keyOf(id('a')))?.verdict).toMatchObject({ nothingToDo: true });
  });

  it.each([
    ['uncommitted', { dirty: ['b.txt'] }],
    ['verify-failed', { verify: [{ argv: ['make'], ok: false, outputTail: 'red' }] }],
  ] as const)('waits on where it is %s, and no agent is started', (reason, evidence) => {
    const scene = check(taken().ask(handing), evidence);
    expect(answerOf(scene)).toMatchObject({
      kind: 'refused',
      hint: expect.stringContaining('branchboard take a') as string,
    });
    expect([reasonOf(scene), scene.asked]).toEqual([reason, ['settle-command', 'write-verdict', 'tell-story']]);
  });

  it.each(['queued', 'done'] as const satisfies readonly Column[])('is refused in %s/', (column) => {
    const scene = new Scene({ maxParallel: 0 }).load(loadedIn(column, 'a', { file: fileIn(column, 'a') }));
    expect(answerOf(scene.ask(handing))).toMatchObject({ kind: 'refused', why: 'not-now' });
  });

  it('is refused by a box from before it was worked on again, and where its role leaves no branch', () => {
    expect(answerOf(taken().ask(handing, { column: 'attention', run: 7 }))).toMatchObject({ why: 'moved-on' });
    const facts = factsOfTaken('taken');
    const workspace = { kind: 'detached', path: '/tree', base: 'base' } as const;
    const runs = facts.runs.map(({ plan, record }) => ({ plan: { ...plan, workspace }, record }));
    const reader = new Scene().load(loadedIn('attention', 'a', { facts: { ...facts, runs } }));
    expect(answerOf(reader.ask(handing))).toMatchObject({ why: 'not-now' });
  });
});
