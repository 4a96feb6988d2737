import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { formatBoard, type BoardTextOptions } from '../../../src/cli/view/board-text.ts';
import type { BoardData, TaskData } from '../../../src/views/board-data.ts';
import { boardData, taskData } from '../data.ts';

/** 14:32:05 of a day, as the user's clock shows it. */
const now = new Date(2026, 0, 31, 14, 32, 5).getTime();
const ago = (ms: number) => new Date(now - ms).toISOString();
const minute = 60_000;

const format = (data: BoardData, options: Partial<BoardTextOptions> = {}) =>
  formatBoard(data, { now, maxDone: 5, ...options }).map(stripVTControlCharacters);
const footOf = (data: BoardData, options: Partial<BoardTextOptions> = {}) => format(data, options).at(-1);
const rowOf = (changes: Partial<TaskData>, data: Partial<BoardData> = {}) =>
  format(boardData([taskData({ id: 'a', ...changes })], data))[0];

test('each column has its mark and says what matters in it', () => {
  const data = boardData(
    [
      taskData({ id: 'run', column: 'active', stage: 'running', startedAt: ago(12 * minute), costUsd: 0.5 }),
      taskData({ id: 'quiet', column: 'active' }),
      taskData({ id: 'ask', column: 'attention', reason: 'question', question: 'Red\nor blue?' }),
      taskData({ id: 'stuck', column: 'attention', reason: 'verify-failed' }),
      taskData({ id: 'waits', waitingFor: ['run', 'ask'] }),
      taskData({ id: 'next' }),
      taskData({ id: 'cut', resumes: true }),
      taskData({ id: 'good', column: 'done', branch: 'task/good', summary: 'All of it.', costUsd: 1.25 }),
      taskData({ id: 'in', column: 'done', branch: 'task/in', summary: 'That.', mergedAt: ago(minute) }),
      taskData({ id: 'read', column: 'done', summary: 'A report.' }),
      taskData({ id: 'away', column: 'archive', costUsd: 9 }),
    ],
    { costTodayUsd: 1.75, omitted: 3 },
  );
  expect(format(data)).toEqual([
    '▶ run    active     12 min · $0.50',
    '▶ quiet  active     Title of quiet',
    '! ask    attention  asks: Red or blue?',
    '! stuck  attention  its checks failed: Title of stuck',
    '· waits  waiting    on run, ask',
    '· next   queued     Title of next',
    '· cut    queued     goes on where it was: Title of cut',
    '✓ good   done       task/good All of it.',
    '✓ in     merged     task/in That.',
    '✓ read   done       report A report.',
    '… and 3 more done: .orchestrator/DASHBOARD.md lists them',
    'running · 2 active · 3 queued · 2 need you · 2 to review · 1 merged · 3 older · $1.75 today',
  ]);
});

test('a task at work says for how long, at which step, and what its agent does now', () => {
  const active = { column: 'active', stage: 'running', startedAt: ago(65_000), lastTool: 'Bash npm test' } as const;
  expect(rowOf(active)).toBe('▶ a  active     1 min · Bash npm test');
  expect(rowOf({ ...active, progress: { done: 0, total: 2, step: null }, attempt: 2 })).toBe(
    '▶ a  active     1 min · 0/2 steps · Bash npm test · attempt 2',
  );
  expect(rowOf({ ...active, progress: { done: 1, total: 3, step: 'Middle' } })).toContain('1 min · 1/3 Middle · Bash');
  expect(rowOf({ column: 'active', stage: 'verifying' })).toBe('▶ a  active     being verified');
  expect(rowOf({ ...active, stage: 'stopping' })).toContain('being stopped · 1 min');
});

test('a task whose file was edited while it runs says that this run does not see it', () => {
  expect(rowOf({ column: 'active', stage: 'running', startedAt: ago(0), edited: true })).toBe(
    '▶ a  active     0 s · edited since, which this run does not see',
  );
});

test('a task that was left in the middle is not shown as one at work where no board runs', () => {
  const stopped = { daemon: { running: false, pid: null } };
  expect(rowOf({ column: 'active', stage: 'running', startedAt: ago(minute) }, stopped)).toBe(
    '▶ a  active     branchboard start goes on with it: Title of a',
  );
});

test('an empty board says how to fill it', () => {
  expect(format(boardData([]))[0]).toContain('branchboard add "Add a login page"');
});

test('files that wait in the inbox are counted, and a board that has only those is not called empty', () => {
  const [first, second] = format(boardData([]), { waiting: 1 });
  expect(first).toBe('1 file waits to be taken in once nothing was written to it for a moment');
  const stopped = boardData([], { daemon: { running: false, pid: null } });
  expect(format(stopped, { waiting: 1 })[0]).toBe('1 file waits to be taken in: branchboard start');
  const full = boardData([], { paused: { reason: 'disk-full', until: null } });
  expect(format(full, { waiting: 2 })[0]).toMatch(/^2 files wait to be taken in, held back: /);
  expect(second).toBe('running · $0.00 today');
  expect(format(boardData([taskData({ id: 'a' })]), { waiting: 2 })[1]).toMatch(/^2 files wait /);
});

test('long ids are cut, and what tasks say can not move the cursor', () => {
  const evil = `evil \u001B[2J\u0007 ${'long '.repeat(50)}`;
  const data = boardData([
    taskData({ id: 'x'.repeat(64), title: evil }),
    taskData({ id: 'y', column: 'active', lastTool: evil }),
  ]);
  expect(format(data)[0]).toContain(`· ${'x'.repeat(27)}…  queued `);
  for (const line of formatBoard(data, { now, maxDone: 5 })) {
    expect(line).not.toContain('\u001B[2J');
    expect(line).not.toContain('\u0007');
  }
});

test('finished tasks beyond the bound, or older than it, are counted, with those that the data leaves out', () => {
  const done = Array.from({ length: 7 }, (_, index) =>
    taskData({ id: `d${String(index)}`, column: 'done', finishedAt: ago(index * 20 * minute) }),
  );
  const lines = format(boardData(done, { omitted: 100 }));
  expect(lines).toHaveLength(7);
  expect(lines[5]).toMatch(/^… and 102 more done: /);
  expect(lines[6]).toBe('running · 7 to review · 100 older · $0.00 today');
  expect(format(boardData(done), { doneSince: now - 60 * minute })).toEqual([
    ...['d0', 'd1', 'd2', 'd3'].map((id) => `✓ ${id}  done       report Title of ${id}`),
    '… and 3 more done: .orchestrator/DASHBOARD.md lists them',
    'running · 7 to review · $0.00 today',
  ]);
});

test('the foot says whether the board runs, why nothing starts, and the way on, in local time', () => {
  const foot = (changes: Partial<BoardData>) => footOf(boardData([], changes));
  const stopped = { daemon: { running: false, pid: null } };
  const until = new Date(now + 5 * minute).toISOString();
  expect(foot(stopped)).toBe('not running · $0.00 today');
  expect(foot({ paused: { reason: 'user', until: null } })).toBe('paused by you → branchboard resume · $0.00 today');
  expect(foot({ paused: { reason: 'usage-limit', until } })).toBe(
    'held: the usage limit is reached, again at 14:37 · $0.00 today',
  );
  expect(foot({ paused: { reason: 'usage-limit', until: ago(-25 * 60 * minute) } })).toContain('at 2026-02-01 15:32');
  expect(foot({ paused: { reason: 'overload', until: ago(minute) } })).toContain('overloaded · ');
  expect(foot({ ...stopped, paused: { reason: 'auth', until } })).toBe(
    'not running · held: not logged in → claude, /login · $0.00 today',
  );
  expect(foot({ costTodayUsd: null })).toBe('running');
});

test('the last picture of a board that ended says that it stopped, and what goes on at the next start', () => {
  const data = boardData([taskData({ id: 'long', resumes: true }), taskData({ id: 'next' })]);
  expect(footOf(data, { hasStopped: true })).toBe('stopped · long goes on at the next start · 2 queued · $0.00 today');
  const many = ['a', 'b', 'c', 'd'].map((id) => taskData({ id, column: 'active' }));
  expect(footOf(boardData(many), { hasStopped: true })).toBe(
    'stopped · a, b, c and 1 more go on at the next start · $0.00 today',
  );
  expect(footOf(boardData([]), { hasStopped: true })).toBe('stopped · $0.00 today');
});
