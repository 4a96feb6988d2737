import { describe, expect, it } from 'vitest';
import { describeBoard } from '../../src/views/board-data.ts';
import { viewDashboard } from '../../src/views/dashboard-view.ts';
import type { AgentKind } from '../../src/domain/agent-kind.ts';
import type { Diagnostic } from '../../src/domain/diagnostic.ts';
import type { Clock } from '../../src/ports.ts';
import { emptyRunView } from '../../src/domain/run.ts';
import { listAddresses } from '../../src/prompt/notes.ts';
import { keyOf } from '../../src/domain/task.ts';
import { defaultSettings } from '../../src/domain/settings.ts';
import {
  fileIn,
  id,
  ids,
  loadedIn,
  makeEvidence,
  makeExit,
  makeResult,
  makeSpec,
  meetWall,
  Scene,
  askingReport,
} from '../core/scene.ts';

const clock: Clock = {
  now: () => 1_000_000,
  monotonic: () => 0,
  setTimer: () => () => undefined,
  day: () => 'today',
  timeOfDay: (at) => new Date(at).toISOString().slice(11, 19),
  bootId: null,
  uuid: () => 'uuid',
};

/** Takes one word out. */
const redact = (text: string): string => text.replaceAll('hunter2', '•••');
const page = { repo: '/work/shop', addresses: [], redact };

/** One task done, one at work, one with a question, one that waits for it, and one that waits for nobody knows what. */
function busy(): Scene {
  const scene = new Scene({ maxParallel: 3 }).queue(
    { id: 'done' },
    { id: 'works', title: 'It works' },
    { id: 'asks' },
    { id: 'waits', dependsOn: ids('asks') },
    { id: 'lost', dependsOn: ids('ghost'), priority: 'low' },
  );
  scene.finish('done', scene.run('done'));
  const plan = scene.run('works');
  const view = {
    ...emptyRunView,
    sessionId: 'abcdefgh-1',
    progress: { done: 1, total: 3, step: 'Digging' },
    costUsd: 0.1,
  };
  scene.tell({ type: 'run-seen', run: plan, view, lastOutputAt: scene.at });
  scene.find(scene.run('asks'), makeExit({ result: makeResult({ report: askingReport }) })).settle('asks');
  return scene;
}

describe('the board as data', () => {
  const describe_ = (scene: Scene, running = true) =>
    describeBoard(scene.board, { running, repo: '/repo', pid: 7, redact });

  it('tells how far the board is with a task, what its agent does, and what runs that are under way cost', () => {
    const scene = new Scene().queue({ id: 'a' });
    const of = () => describe_(scene).tasks[0];
    expect(of()).toMatchObject({ stage: 'starting', lastTool: null, edited: false, resumes: false });
    const plan = scene.run('a');
    const lastTool = `Edit ${plan.workspace.path}/src/a.ts`;
    scene.tell({ type: 'run-seen', run: plan, view: { ...emptyRunView, lastTool, costUsd: 0.1 }, lastOutputAt: 0 });
    expect(of()).toMatchObject({ stage: 'running', lastTool: 'Edit src/a.ts' });
    expect(describe_(scene).costTodayUsd).toBe(0.1);
    expect(viewDashboard(scene.board, clock, 'running', page).head.costTodayUsd).toBe(0.1);
    scene.tell({
      type: 'task-read',
      ...{ file: fileIn('active', 'a'), textHash: 'other', spec: makeSpec({ id: id('a') }), diagnostics: [] },
    });
    expect(of()).toMatchObject({ edited: true });
    scene.tell({ type: 'shutdown-asked' });
    expect(of()).toMatchObject({ stage: 'stopping' });
    scene.exit(plan, makeExit({ costUsd: 0.3 }, { stopped: 'shutdown' }));
    expect(of()).toMatchObject({ stage: 'finishing', lastTool: null });
    scene.settle('a');
    expect(of()).toMatchObject({ column: 'queued', stage: null, resumes: true, edited: false });
    expect(describe_(scene).costTodayUsd).toBe(0.3);
  });

  it('lists tasks at work first, then those that need the user, the queue in its order, and what is done', () => {
    const { tasks, daemon, paused, omitted, needsYou } = describe_(busy());
    expect(needsYou).toBe(1);
    expect(tasks.map(({ id, column }) => `${column} ${id}`)).toEqual([
      'active works',
      'attention asks',
      'queued waits',
      'queued lost',
      'done done',
    ]);
    expect({ daemon, paused, omitted }).toEqual({ daemon: { running: true, pid: 7 }, paused: null, omitted: 0 });
    expect(tasks[0]).toMatchObject({
      progress: { done: 1, total: 3 },
      sessionId: 'abcdefgh-1',
      costUsd: 0.1,
      attempt: 1,
    });
    expect(tasks[1]).toMatchObject({ reason: 'question', question: 'Left or right?' });
    expect(tasks[2]).toMatchObject({ waitingFor: ['asks'], dependsOn: ['asks'] });
    expect(tasks[4]).toMatchObject({ commits: 1, costUsd: 0.5, column: 'done', mergedAt: null });
  });

  it('leaves out a time that no date stands for', () => {
    const scene = busy();
    const hold = { reason: 'usage-limit', detail: '', since: 0, until: 1.7642e18, isTold: true, strikes: 1 } as const;
    const board = { ...scene.board, hold };
    const { paused } = describeBoard(board, { running: true, repo: '', pid: 7, redact });
    expect(paused).toEqual({ reason: 'usage-limit', until: null });
  });

  it('says why nothing starts, the pause of the user first', () => {
    const scene = new Scene().queue({ id: 'a' });
    scene.exit(scene.run('a'), meetWall('auth')).settle('a');
    expect(describe_(scene).paused).toMatchObject({ reason: 'auth' });
    expect(
      describeBoard({ ...scene.board, userPaused: true }, { running: false, repo: '', pid: 7, redact }),
    ).toMatchObject({
      paused: { reason: 'user', until: null },
      daemon: { running: false, pid: null },
    });
  });
});

describe('the dashboard', () => {
  it('shows each task where it belongs, and why it waits', () => {
    const { head, quickStatus, needsYou, ready, active, pending, completedToday } = viewDashboard(
      busy().board,
      clock,
      'running',
      page,
    );
    expect(head).toMatchObject({ status: { kind: 'running' }, slotsUsed: 1, slotsTotal: 3, waiting: 2 });
    expect(quickStatus.rows.map(({ id, status, progress }) => [id, status, progress])).toEqual([
      ['works', 'ACTIVE', '0 s · 1/3 Digging'],
      ['asks', 'ATTENTION', 'has a question'],
      ['waits', 'WAITING', 'on `asks`, which needs you'],
      ['lost', 'WAITING', 'on `ghost`, which does not exist yet'],
      ['done', 'READY', 'waits for your review'],
    ]);
    expect(needsYou.rows).toMatchObject([{ id: 'asks', question: 'Left or right?', detail: null }]);
    expect(ready.rows).toMatchObject([{ id: 'done', work: { kind: 'branch', commits: 1 }, verify: 'none' }]);
    expect(active.rows).toMatchObject([
      { id: 'works', session: 'abcdefgh', step: { text: 'Digging', done: 1, total: 3 } },
    ]);
    expect(pending.rows.map(({ why }) => why)).toEqual([
      'waits for `asks`, which needs you',
      'waits for `ghost`, which does not exist yet',
    ]);
    expect(completedToday.rows).toMatchObject([{ id: 'done', how: 'done 00:16' }]);
  });

  it('offers boxes where something waits for its user, or for more than its turn', () => {
    const show = (board: Scene['board']) => {
      const { needsYou, pending, boxOutcomes } = viewDashboard(board, clock, 'running', page);
      const boxes = [...needsYou.rows, ...pending.rows].flatMap((row) => row.boxes);
      return { boxes: boxes.map(({ kind, task, seen }) => [kind, task, seen.column, seen.run]), boxOutcomes };
    };
    const { board } = busy().queue({ id: 'turn' });
    const offered = [
      ['tell', 'asks', 'attention', 1],
      ['cancel', 'asks', 'attention', 1],
      ['cancel', 'waits', 'queued', 0],
      ['cancel', 'lost', 'queued', 0],
    ];
    expect(show(board)).toEqual({ boxes: offered, boxOutcomes: [] });

    // While one is carried out, none is offered of its task.
    const asked = new Scene({ maxParallel: 0 }).load(loadedIn('attention', 'a')).ask({ kind: 'retry', task: id('a') });
    expect(show(asked.board).boxes).toEqual([]);

    const command = { kind: 'retry', task: id('asks') } as const;
    const answer = { kind: 'refused', why: 'moved-on', said: 'asks moved on', hint: 'Type: x' } as const;
    const boxAnswers = [
      { at: 0, command, answer },
      { at: 900_000, command, answer },
      { at: 960_000, command, answer: { kind: 'done', said: 'moved' } as const },
    ];
    // It stands where the box was; one whose task has no entry any more has a place of its own.
    const outcomes = [
      { time: '00:15', label: 'Try again', id: 'asks', said: 'nothing was done: asks moved on. Type: x' },
      { time: '00:16', label: 'Try again', id: 'asks', said: 'moved' },
    ];
    const told = viewDashboard({ ...board, boxAnswers }, clock, 'running', page);
    expect([told.needsYou.rows[0]?.outcomes, told.boxOutcomes]).toEqual([outcomes, []]);
    const gone = new Map([...board.live].filter(([key]) => key !== 'asks'));
    expect(show({ ...board, boxAnswers, live: gone }).boxOutcomes).toEqual(outcomes);
  });

  it('names first what others wait for, then what waits longest', () => {
    const scene = new Scene({ maxParallel: 0 }).queue({ id: 'waits', dependsOn: ids('heavy') });
    const waiting = Object.entries({ young: 3, old: 1, heavy: 2 }).map(([name, at]) => {
      const task = new Scene().load(loadedIn('attention', name)).task(name);
      if (task.state !== 'attention') throw new Error(`${name} is ${task.state}`);
      return { ...task, verdict: { ...task.verdict, at } };
    });
    const live = new Map([...scene.board.live.values(), ...waiting].map((task) => [keyOf(task.id), task]));
    const { needsYou, head } = viewDashboard({ ...scene.board, live }, clock, 'running', page);
    expect(needsYou.rows.map(({ id, waitedForBy }) => [id, waitedForBy])).toEqual([
      ['heavy', 1],
      ['old', 0],
      ['young', 0],
    ]);
    expect(head).toMatchObject({ repo: 'shop', needYou: 3, toReview: 0, waiting: 1, updated: 'today 00:16:40' });
  });

  it('says what a hold waits for, and of a board that stopped that it is to be started', () => {
    const scene = new Scene({ maxParallel: 0 }).queue({ id: 'a' });
    const hold = { reason: 'auth', detail: 'No.', since: 0, until: 2_000_000, isTold: false, strikes: 1 } as const;
    const [running, stopped] = (['running', 'stopped'] as const).map((daemon) => {
      const { head, quickStatus } = viewDashboard({ ...scene.board, hold }, clock, daemon, page);
      return { said: head.warnings.join(), row: quickStatus.rows[0]?.progress };
    });
    expect(running?.row).toBe('the board to go on (not logged in → claude, /login)');
    expect(running?.said).toContain('Log in: type `claude`, then /login');
    expect(stopped?.row).toBe('`branchboard start` (not logged in → claude, /login)');
    expect(stopped?.said).toMatch(/To go on: branchboard start$/);
    expect(stopped?.said).not.toContain('tries again');
  });

  it('has one entry for tasks that wait for each other, with the file and the boxes of each', () => {
    const { board } = new Scene()
      .queue({ id: 'a', dependsOn: ids('b') }, { id: 'b', dependsOn: ids('a') }, { id: 'c', dependsOn: ids('a', 'b') })
      .settle('a')
      .settle('b');
    const { needsYou, head } = viewDashboard(board, clock, 'running', page);
    expect(needsYou.rows).toMatchObject([
      { id: 'a', headline: 'they wait for each other', waitedForBy: 1, links: [], boxes: [] },
    ]);
    expect(needsYou.rows[0]?.detail).toContain('a → b → a');
    const members = needsYou.rows[0]?.members.map(({ id, links, boxes }) => [
      ...[id, ...links.map(({ path }) => path)],
      ...boxes.map(({ kind, task }) => `${kind} ${task}`),
    ]);
    expect(members).toEqual([
      ['a', 'attention/a.md', 'retry a', 'tell a', 'cancel a'],
      ['b', 'attention/b.md', 'retry b', 'tell b', 'cancel b'],
    ]);
    expect(head.needYou).toBe(2);
    const alone = new Map([...board.live].filter(([key]) => key !== 'a'));
    const left = viewDashboard({ ...board, live: alone }, clock, 'running', page).needsYou.rows;
    expect(left).toMatchObject([{ id: 'b', members: [], links: [{ path: 'attention/b.md' }] }]);
  });

  it('says which lines of the notes are for a task that is not there, with the nearest', () => {
    const notes = 'For all.\n\n@wroks: left\n@WORKS: right\n- @asks: up\n\n```\n@code: none\n```\n';
    const { strayNotes } = viewDashboard(busy().board, clock, 'running', { ...page, addresses: listAddresses(notes) });
    expect(strayNotes.rows).toEqual([
      'User Notes have a line for `@wroks:`, and there is no such task. The nearest is `@works:`.',
    ]);
  });

  it('shows the end of a failed check as it was printed, apart from what failed', () => {
    const scene = new Scene({ retries: 0 }).queue({ id: 'a' });
    const verify = [{ argv: ['npm', 'test'] as const, ok: false, outputTail: '# not ok\n  expected 3' }];
    const plan = scene.run('a');
    scene.exit(plan, makeExit({ result: makeResult() }));
    scene.tell({ type: 'work-inspected', run: plan, evidence: makeEvidence({ verify }) }).settle('a');
    expect(viewDashboard(scene.board, clock, 'running', page).needsYou.rows).toMatchObject([
      { headline: 'failed: its checks failed', detail: '`npm test` failed:', output: '# not ok\n  expected 3' },
    ]);
  });

  it('names what is to be known of a task’s file as long as the task is not finished', () => {
    const warning = { severity: 'warning', file: 'a.md', line: 3, column: 1, message: 'odd' } as const;
    const error = { ...warning, severity: 'error' } as const;
    const scene = new Scene().load(loadedIn('queued', 'a', { diagnostics: [error, warning] }));
    const shown = () => viewDashboard(scene.board, clock, 'running', page).taskWarnings.rows;
    expect(shown()).toEqual([{ id: 'a', title: scene.task('a').spec.title, warning }]);
    const read = (diagnostics: readonly Diagnostic[]) =>
      scene.tell({
        type: 'task-read',
        file: fileIn('queued', 'a'),
        textHash: 'h',
        spec: makeSpec({ id: id('a') }),
        diagnostics,
      });
    read([error]);
    expect(shown()).toEqual([]);
    read([warning]);
    const plan = scene.run('a');
    expect(scene.task('a').state).toBe('active');
    expect(shown()).toHaveLength(1);
    const report = {
      status: 'needs-input',
      summary: '',
      questions: ['Why?'],
      options: [],
      followUps: [],
      subtasks: [],
      answers: [],
      dropped: [],
      judgement: null,
    } as const;
    scene.find(plan, makeExit({ result: makeResult({ report }) })).settle('a');
    expect(scene.task('a').state).toBe('attention');
    expect(shown()).toHaveLength(1);
  });

  it('shows what a run lacked at its start, while it runs and when it waits for the user', () => {
    const warnings = ['the MCP server "db" did not start'];
    const scene = new Scene().queue({ id: 'done' }, { id: 'works' }, { id: 'asks' });
    const done = scene.run('done');
    scene.exit(done, makeExit({ result: makeResult(), warnings }));
    scene.tell({ type: 'work-inspected', run: done, evidence: makeEvidence() }).settle('done');
    scene.find(scene.run('asks'), makeExit({ result: makeResult({ report: askingReport }), warnings })).settle('asks');
    const view = { ...emptyRunView, warnings };
    scene.tell({ type: 'run-seen', run: scene.run('works'), view, lastOutputAt: scene.at });
    const { needsYou, ready, active } = viewDashboard(scene.board, clock, 'running', page);
    expect([needsYou.rows, ready.rows, active.rows]).toMatchObject([[{ warnings }], [{ warnings }], [{ warnings }]]);
  });

  it('shows what an agent at work asks under Needs You, each question with boxes of its own, until it is answered', () => {
    const scene = new Scene().queue({ id: 'a' });
    const questions = [
      { id: 't1', text: 'Keep v1?', options: ['Yes', 'No'] },
      { id: 't2', text: 'Which port?', options: [] },
    ];
    scene.tell({ type: 'run-seen', run: scene.run('a'), view: { ...emptyRunView, questions }, lastOutputAt: scene.at });
    const { head, needsYou, quickStatus } = viewDashboard(scene.board, clock, 'running', page);
    expect([head.needYou, quickStatus.rows[0]?.progress]).toEqual([2, '0 s · running · waits for your answer']);
    const [id] = ids('a');
    if (id === undefined) throw new Error('no id');
    const about = { task: 'a', seen: { column: 'active', run: 1 } };
    expect(needsYou.rows).toMatchObject([
      {
        question: 'Keep v1?',
        boxes: [
          { kind: 'choose', ...about, question: 't1', option: 1, label: 'Yes' },
          { kind: 'choose', ...about, question: 't1', option: 2, label: 'No' },
          { kind: 'answer', ...about, question: 't1' },
        ],
      },
      { question: 'Which port?', boxes: [{ kind: 'answer', ...about, question: 't2', label: 'Send this answer' }] },
    ]);
    scene.tell({ type: 'notes-seen', task: id, notes: [{ key: 'answer-t1', text: 'Yes', at: 1, readAt: null }] });
    const later = viewDashboard(scene.board, clock, 'running', page);
    expect(later.needsYou.rows).toMatchObject([{ question: 'Which port?' }]);
    const data = describeBoard(scene.board, { running: true, repo: '', pid: 7, redact });
    expect(data).toMatchObject({ needsYou: 1, tasks: [{ column: 'active', question: 'Which port?', options: [] }] });
  });

  it('calls the first task that a slot alone keeps the next', () => {
    const scene = new Scene({ maxParallel: 1 }).queue({ id: 'a' }, { id: 'b' }, { id: 'c' });
    const { pending } = viewDashboard(scene.board, clock, 'running', page);
    expect(pending.rows.map(({ id, why }) => [id, why])).toEqual([
      ['b', 'next free slot'],
      ['c', 'waits for a free slot'],
    ]);
  });

  it('says what a task asks for and was granted, and lists what it asks for under Needs You, without secrets', () => {
    const verify = [['check', '--token=hunter2']] as const;
    const scene = new Scene({ maxParallel: 1 }).queue(
      { id: 'a', title: 'First', allowedTools: ['Bash'], priority: 'high' },
      { id: 'b', verify, allowedTools: ['Bash'] },
      { id: 'c', dependsOn: ids('b') },
    );
    scene.grant('b', 'allowed_tools Bash').grant('a', 'allowed_tools Bash');
    scene.run('a');
    const { needsYou, quickStatus, pending, active } = viewDashboard(scene.board, clock, 'running', page);
    expect(quickStatus.rows.map(({ status, progress }) => `${status} ${progress}`)).toEqual([
      'ACTIVE 0 s · running',
      'WAITING asks for `verify check --token=•••`',
      'WAITING on `b`, which asks for rights',
    ]);
    expect(needsYou.rows).toMatchObject([
      {
        id: 'b',
        headline: 'asks for rights',
        commands: ['branchboard grant b', 'branchboard show b'],
      },
    ]);
    expect(needsYou.rows[0]?.detail).toContain('`verify check --token=•••`');
    expect(pending.rows[0]?.why).toBe('asks for `verify check --token=•••` (granted: `allowed_tools Bash`)');
    expect(active.rows).toMatchObject([{ id: 'a', granted: ['allowed_tools Bash'] }]);
    const data = describeBoard(scene.board, { running: true, repo: '', pid: 7, redact });
    expect(data.needsYou).toBe(1);
    expect(data.tasks.find(({ id }) => id === 'b')).toMatchObject({
      ...{ asksFor: ['verify check --token=•••'], granted: ['allowed_tools Bash'], origin: 'dropped' },
    });
  });

  it('names as many rights as there is room for, and how many more there are', () => {
    const allowedTools = Array.from({ length: 12 }, (_, index) => `Bash(${'x'.repeat(60)} ${String(index)})`);
    const { board } = new Scene().queue({ id: 'a', allowedTools });
    const [entry] = viewDashboard(board, clock, 'running', page).needsYou.rows;
    const lines = entry?.detail?.split('\n') ?? [];
    expect(lines).toHaveLength(5);
    expect(lines[3]).toBe('and 10 more: `branchboard show a`');
  });

  it('says that agents are not confined, unless all that work are built in', () => {
    const warningsOf = (runner?: AgentKind) => {
      const agent = { ...defaultSettings.agent, kind: 'scripted' as const };
      const { board } = new Scene({ agent }).queue({ id: 'a', ...(runner !== undefined && { runner }) });
      return viewDashboard({ ...board, sandbox: { kind: 'off' } }, clock, 'running', page).head.warnings;
    };
    expect(warningsOf()).toEqual([]);
    expect(warningsOf('claude')).toEqual([expect.stringContaining('without a sandbox')]);
  });

  it('of a board that is not running says so', () => {
    expect(viewDashboard(busy().board, clock, 'stopped', page).head.status).toEqual({ kind: 'stopped', fault: null });
  });
});
