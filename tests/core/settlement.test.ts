import { describe, expect, it } from 'vitest';
import { step } from '../../src/core/step.ts';
import { limits } from '../../src/domain/limits.ts';
import { keyOf } from '../../src/domain/task.ts';
import { emptyRunView, type RunView } from '../../src/domain/run.ts';
import {
  fileIn,
  id,
  ids,
  loadedIn,
  makeEvidence,
  makeExit,
  makePlan,
  makeResult,
  makeSpec,
  scanOf,
  Scene,
  askingReport,
} from './scene.ts';

const broken = makeExit({ result: makeResult({ isError: true, text: 'It broke.' }) }, { exitCode: 1 });
const fault = { kind: null, message: 'the disk does not answer', fault: null };

describe('a task that is done', () => {
  it('has all its facts written before its file moves', () => {
    const scene = new Scene().queue({ id: 'a' });
    const plan = scene.run('a');
    scene.exit(plan, makeExit({ result: makeResult() }));
    scene.tell({ type: 'work-inspected', run: plan, evidence: makeEvidence() });
    expect(scene.asked).toEqual([
      'record-exit',
      'release-workspace',
      'write-verdict',
      'write-review',
      'tell-story',
      'move-task',
    ]);
    scene.settle('a');
    expect(scene.board.finished.get(keyOf(plan.task))).toMatchObject({
      file: { column: 'done' },
      verdict: { commits: 1 },
    });
  });
});

describe('a task that fails', () => {
  it('is tried again at once in its session, and goes to attention the second time', () => {
    const scene = new Scene().queue({ id: 'a' });
    scene.exit(scene.run('a'), broken);
    expect(scene.asked).toEqual(['record-exit', 'keep-work', 'plan-run']);
    const second = scene.plan('a');
    expect(second).toMatchObject({
      n: 2,
      attempt: 2,
      session: { mode: 'resume', id: 'session' },
      cause: { kind: 'failed' },
    });
    scene.tell({ type: 'run-started', run: second, setAside: [] }).exit(second, broken);
    expect(scene.asked).toEqual(['record-exit', 'keep-work', 'write-verdict', 'tell-story', 'move-task']);
    scene.settle('a');
    expect(scene.task('a')).toMatchObject({ verdict: { attempts: 2, costUsd: 1, fault: { reason: 'agent-error' } } });
  });

  it('whose session is not found begins a new one in the same attempt', () => {
    const scene = new Scene().queue({ id: 'a' });
    scene.exit(scene.run('a'), broken);
    const second = scene.plan('a');
    scene.tell({ type: 'run-started', run: second, setAside: [] });
    const lost = makeExit({ sessionId: null }, { endedBy: { kind: 'session-lost' } });
    scene.exit(second, lost).settle('a');
    expect(scene.plan('a')).toMatchObject({ n: 3, attempt: 2, session: { mode: 'fresh' } });
  });
});

describe('a task with a question', () => {
  const asking = makeExit({ result: makeResult({ report: askingReport }) });

  it('is settled once what it committed before is known, and no check is run for it', () => {
    const scene = new Scene({ verify: [['npm', 'test']] }).queue({ id: 'a' });
    const plan = scene.run('a');
    scene.exit(plan, asking);
    expect(scene.effects).toContainEqual({ type: 'inspect-work', task: plan.task, plan, verify: [] });
    scene.tell({ type: 'work-inspected', run: plan, evidence: makeEvidence({ commits: 2, dirty: ['a.txt'] }) });
    scene.settle('a');
    expect(scene.task('a')).toMatchObject({
      verdict: { question: 'Left or right?', commits: 2, fault: { reason: 'question' } },
    });
  });

  it('keeps its question where its work can’t be looked at', () => {
    const scene = new Scene().queue({ id: 'a' });
    const plan = scene.run('a');
    scene.exit(plan, asking);
    const gone = {
      kind: null,
      message: 'gone',
      fault: { reason: 'setup-failed', detail: 'The worktree is gone.' },
    } as const;
    scene.tell({ type: 'effect-failed', task: plan.task, effect: 'inspect-work', fault: gone });
    scene.settle('a');
    expect(scene.task('a')).toMatchObject({ verdict: { question: 'Left or right?' } });
  });
});

describe('a task whose attempts fail of different things', () => {
  const denials = [{ tool: 'Bash', call: 'npm test', parts: [], by: 'rules', said: '', times: 1 }] as const;
  const end = (view: Partial<RunView>) => makeExit({ result: makeResult(), ...view });

  it('is told with the reason that says most, keeps both, and counts what was refused', () => {
    const scene = new Scene().queue({ id: 'a' });
    for (const view of [{ denials }, {}]) {
      const run = scene.run('a');
      scene.exit(run, end(view));
      scene.tell({ type: 'work-inspected', run, evidence: makeEvidence({ commits: 0 }) });
    }
    expect(scene.task('a')).toMatchObject({
      settlement: {
        verdict: {
          fault: { reason: 'permission-denied' },
          faults: [
            { run: 1, attempt: 1, fault: { reason: 'permission-denied' } },
            { run: 2, attempt: 2, fault: { reason: 'no-changes' } },
          ],
          refusals: denials,
        },
      },
    });
  });

  it('is told with the last one where that says as much', () => {
    const scene = new Scene().queue({ id: 'a' });
    const first = scene.run('a');
    scene.exit(first, end({ denials }));
    scene.tell({ type: 'work-inspected', run: first, evidence: makeEvidence({ commits: 0 }) });
    scene.exit(scene.run('a'), broken);
    expect(scene.task('a')).toMatchObject({ settlement: { verdict: { fault: { reason: 'agent-error' } } } });
  });
});

describe('what the user should know of a task’s runs', () => {
  const main = { ref: 'refs/heads/main', from: 'a', to: 'b', checkout: '/repo' };
  const evil = { ref: 'refs/heads/evil', from: null, to: 'b', checkout: null };

  it('is told of all of them with the verdict, and of each in the history', () => {
    const scene = new Scene({ retries: 1 }).queue({ id: 'a' });
    scene.exit(scene.run('a'), { ...broken, moved: [main], view: { ...broken.view, strayLines: 2 } });
    const second = scene.plan('a');
    scene.tell({ type: 'run-started', run: second, setAside: [] });
    scene.exit(second, makeExit({ result: makeResult(), strayLines: 1 }, { moved: [evil] }));
    const { effects } = step(scene.board, {
      at: scene.at,
      type: 'work-inspected',
      run: second,
      // A check of the agent's deleted it.
      evidence: makeEvidence({ moved: [{ ...main, to: null }] }),
    });
    const told = effects.flatMap((effect) => (effect.type === 'journal' ? [effect.entry] : []));
    expect(told.map(({ type }) => type)).toEqual(['run-ended', 'run-warned', 'refs-moved']);
    expect(effects.find(({ type }) => type === 'write-verdict')).toMatchObject({
      verdict: {
        column: 'done',
        moved: [main, { ...main, to: null }],
        warnings: [
          'Run 1: the stream was written to by another process, and what stands at 2 places in it was not believed.',
          'Run 2: the stream was written to by another process, and what stands at one place in it was not believed.',
        ],
      },
    });
  });

  it('is known again after a restart', () => {
    const plan = makePlan({ task: id('a') });
    const record = {
      version: 1 as const,
      exit: { ...broken, moved: [main], view: { ...broken.view, strayLines: 1 } },
      evidence: null,
      outcome: { kind: 'interrupted' as const, detail: 'x', blame: 'nobody' as const, pause: null, until: null },
    };
    const facts = { highestRun: 1, damaged: [], runs: [{ plan, record }], verdict: null, review: null };
    const scene = new Scene().load(loadedIn('queued', 'a', { facts }));
    expect(scene.task('a').past).toMatchObject({
      moved: [main],
      warnings: [expect.stringMatching(/^Run 1: the stream/)],
    });
  });
});

it('an agent that printed without end is not tried again', () => {
  const scene = new Scene({ retries: 3 }).queue({ id: 'a' });
  scene.exit(scene.run('a'), makeExit({}, { stopped: 'output-limit' })).settle('a');
  expect(scene.task('a')).toMatchObject({ state: 'attention', verdict: { fault: { reason: 'output-limit' } } });
});

describe('facts that can not be written', () => {
  it('are tried again later, for longer each time, and nothing moves before', () => {
    const scene = new Scene().queue({ id: 'a' });
    const plan = scene.run('a');
    scene.exit(plan, makeExit({ result: makeResult() }));
    scene.tell({ type: 'work-inspected', run: plan, evidence: makeEvidence() });
    for (const waitMs of [limits.firstBackoffMs, 2 * limits.firstBackoffMs]) {
      scene.tell({ type: 'effect-failed', task: plan.task, effect: 'write-verdict', fault });
      scene.wait(waitMs - 1);
      expect(scene.asked).toEqual([]);
      scene.wait(1);
      expect(scene.asked).toContain('write-verdict');
    }
    scene.settle('a');
    expect(scene.states).toEqual({});
  });
});

describe('a file that the user moves while an agent is on it', () => {
  const moves = [
    ['queued', 'requeued', 'queued'],
    ['attention', 'requeued', 'attention'],
    ['archive', 'cancelled', 'archive'],
  ] as const;

  it.each(moves)('to %s/: the agent is stopped (%s), and the file stays in %s/', (to, cause, end) => {
    const scene = new Scene().queue({ id: 'a' });
    const plan = scene.run('a');
    scene.tell({ type: 'scanned', scan: scanOf({ [to]: ['a'] }) });
    expect(scene.effects).toMatchObject([{ type: 'stop-run', cause }]);
    scene.exit(plan, makeExit({}, { stopped: cause, exitCode: null }));
    expect(scene.effects.at(-1)).toMatchObject({ type: 'move-task', to: end, file: { column: to } });
  });

  it.each(moves)('to %s/ while its work is verified: what the user wants counts', (to, _cause, end) => {
    const scene = new Scene().queue({ id: 'a' });
    const plan = scene.run('a');
    scene.exit(plan, makeExit({ result: makeResult() }));
    scene.tell({ type: 'scanned', scan: scanOf({ [to]: ['a'] }) });
    scene.tell({ type: 'work-inspected', run: plan, evidence: makeEvidence() });
    expect(scene.effects.at(-1)).toMatchObject({ type: 'move-task', to: end });
  });

  it.each(moves.slice(1))('to %s/ while it is planned: no agent starts', (to, _cause, end) => {
    const scene = new Scene().queue({ id: 'a' });
    scene.tell({ type: 'scanned', scan: scanOf({ [to]: ['a'] }) });
    scene.plan('a');
    expect(scene.asked).not.toContain('start-run');
    expect(scene.effects.at(-1)).toMatchObject({ type: 'move-task', to: end });
  });

  it('to done/: the agent is stopped, and the task is done as it stands, with what was not committed kept and told', () => {
    const scene = new Scene({ verify: [['npm', 'test']] }).queue({ id: 'a' });
    const plan = scene.run('a');
    scene.tell({ type: 'scanned', scan: scanOf({ done: ['a'] }) });
    expect(scene.effects).toMatchObject([{ type: 'stop-run' }]);
    scene.exit(plan, makeExit({}, { stopped: 'requeued', exitCode: null }));
    expect(scene.effects).toContainEqual({ type: 'inspect-work', task: plan.task, plan, verify: [] });
    scene.tell({ type: 'work-inspected', run: plan, evidence: makeEvidence({ commits: 2, dirty: ['a.txt'] }) });
    expect(scene.asked.slice(-7)).toEqual([
      ...['record-exit', 'keep-work', 'release-workspace', 'write-verdict', 'write-review', 'tell-story', 'move-task'],
    ]);
    scene.settle('a');
    expect(scene.board.finished.get(keyOf(id('a')))).toMatchObject({
      file: { column: 'done' },
      verdict: { column: 'done', commits: 2, fault: null, warnings: [expect.stringContaining('a.txt. It is kept')] },
      review: { state: 'ready' },
    });
  });

  it('is not taken for deleted by one scan in the middle of the move', () => {
    const scene = new Scene().queue({ id: 'a' });
    scene.run('a');
    scene.tell({ type: 'scanned', scan: scanOf({ active: ['a'] }) });
    expect(scene.tell({ type: 'scanned', scan: scanOf({}) }).asked).toEqual([]);
    expect(scene.tell({ type: 'scanned', scan: scanOf({}) }).effects).toMatchObject([{ cause: 'cancelled' }]);
  });

  it('to where it was going anyway is simply there', () => {
    const scene = new Scene().queue({ id: 'a' });
    const plan = scene.run('a');
    scene.exit(plan, makeExit({ result: makeResult() }));
    scene.tell({ type: 'work-inspected', run: plan, evidence: makeEvidence() });
    scene.tell({ type: 'scanned', scan: scanOf({ done: ['a'] }) });
    expect(scene.task('a')).toMatchObject({ state: 'settling', file: { column: 'done' } });
  });
});

describe('late news of what a task was before', () => {
  it('does not move a task that is queued', () => {
    const scene = new Scene({ maxParallel: 1 }).queue({ id: 'a' }, { id: 'b' });
    scene.tell({ type: 'moved', task: id('b'), file: fileIn('archive', 'b') });
    expect(scene.task('b').file.column).toBe('queued');
  });

  it('does not fail a run that is being planned', () => {
    const scene = new Scene().queue({ id: 'a' });
    scene.tell({ type: 'effect-failed', task: id('a'), effect: 'move-task', fault });
    expect(scene.states).toEqual({ a: 'planning' });
    scene.tell({ type: 'effect-failed', task: id('a'), effect: 'plan-run', fault });
    expect(scene.states).toEqual({ a: 'settling' });
  });
});

it('a task that was edited to wait for another just before its start waits', () => {
  const scene = new Scene().queue({ id: 'a' });
  const spec = makeSpec({ id: id('a'), dependsOn: ids('ghost') });
  scene.tell({ type: 'run-planned', task: id('a'), plan: makePlan({ task: id('a') }), spec, rights: [] });
  expect(scene.asked).toEqual(['record-exit', 'keep-work', 'move-task']);
  scene.settle('a');
  expect(scene.task('a')).toMatchObject({ state: 'queued', next: { attempt: 1 } });
});

it('setup that is broken off because the board stops costs no attempt', () => {
  const scene = new Scene({ retries: 0 }).queue({ id: 'a' });
  const plan = scene.plan('a');
  scene.tell({ type: 'shutdown-asked' });
  const brokenOff = {
    kind: null,
    message: 'broken off',
    fault: { reason: 'setup-failed', detail: 'broken off' },
  } as const;
  scene.tell({ type: 'effect-failed', task: plan.task, effect: 'prepare-workspace', fault: brokenOff }).settle('a');
  expect(scene.states).toEqual({ a: 'queued' });
});

it('a retry that can not be planned keeps the record of the run before', () => {
  const scene = new Scene({ retries: 2 }).queue({ id: 'a' });
  const plan = scene.run('a');
  scene.exit(plan, makeExit({}, { exitCode: 1 }));
  scene.tell({ type: 'effect-failed', task: plan.task, effect: 'record-exit', fault });
  expect(scene.effects).toMatchObject([
    { type: 'record-exit', run: { n: 1 } },
    { type: 'keep-work' },
    { to: 'queued' },
  ]);
  scene.settle('a');
  expect(scene.task('a')).toMatchObject({ state: 'queued', next: { attempt: 2, cause: { kind: 'failed' } } });
});

it('a file that is deleted while its result waits for the disk is forgotten once that is written', () => {
  const scene = new Scene().queue({ id: 'a' });
  const plan = scene.run('a');
  scene.exit(plan, makeExit({ result: makeResult() }));
  scene.tell({ type: 'work-inspected', run: plan, evidence: makeEvidence() });
  const full = { kind: 'no-room', message: 'no space left', fault: null } as const;
  scene.tell({ type: 'effect-failed', task: plan.task, effect: 'record-exit', fault: full });
  for (let look = 0; look < 3; look++) scene.tell({ type: 'scanned', scan: scanOf({}) });
  expect(scene.states).toEqual({ a: 'settling' });
  scene.wait(limits.diskLookEveryMs).tell({ type: 'disk-looked-at', hasRoom: true });
  expect(scene.asked).toContain('record-exit');
  scene.tell({ type: 'scanned', scan: scanOf({}) });
  expect(scene.states).toEqual({});
});

it('an agent that somebody ends together with the board costs no attempt', () => {
  const scene = new Scene({ retries: 0 }).queue({ id: 'a' });
  const plan = scene.run('a');
  scene.tell({ type: 'shutdown-asked' });
  scene.exit(plan, makeExit({}, { exitCode: null, signal: 'SIGTERM' })).settle('a');
  expect(scene.task('a')).toMatchObject({ state: 'queued', next: { attempt: 1, resume: 'session' } });
});

it('an agent that was silent before it was adopted is no stall', () => {
  const scene = new Scene({ stallAfterMs: 60_000 });
  const plan = makePlan({ task: id('a') });
  const facts = { highestRun: 1, damaged: [], runs: [{ plan, record: null }], verdict: null, review: null };
  scene.load(loadedIn('active', 'a', { facts, lastRun: { kind: 'alive', view: emptyRunView, startedAt: scene.at } }));
  // Its stream was written last long before.
  scene.tell({ type: 'run-seen', run: plan, view: emptyRunView, lastOutputAt: scene.at - 3_600_000 });
  expect(scene.wait(59_999).asked).toEqual([]);
  expect(scene.wait(1).effects).toMatchObject([{ type: 'stop-run', cause: 'stalled' }]);
});
