import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { formatBoard } from '../../../src/cli/view/board-text.ts';
import { boardData, taskData } from '../data.ts';

const format = (...args: Parameters<typeof formatBoard>) => formatBoard(...args).map(stripVTControlCharacters);

test('each column has its mark and says what matters in it', () => {
  const data = boardData([
    taskData({
      id: 'run',
      column: 'active',
      progress: { done: 1, total: 3, step: 'Middle' },
      attempt: 2,
      costUsd: 0.5,
    }),
    taskData({ id: 'quiet', column: 'active' }),
    taskData({ id: 'ask', column: 'attention', reason: 'question', question: 'Red\nor blue?' }),
    taskData({ id: 'stuck', column: 'attention', reason: 'verify-failed' }),
    taskData({ id: 'waits', waitingFor: ['run', 'ask'] }),
    taskData({ id: 'next' }),
    taskData({ id: 'good', column: 'done', branch: 'task/good', summary: 'All of it.', costUsd: 1.25 }),
    taskData({ id: 'read', column: 'done', summary: 'A report.' }),
    taskData({ id: 'away', column: 'archive' }),
  ]);
  expect(format(data, 5)).toEqual([
    '▶ run    active     1/3 Middle attempt 2 $0.50',
    '▶ quiet  active     Title of quiet',
    '! ask    attention  question: Red or blue?',
    '! stuck  attention  verify-failed: Title of stuck',
    '· waits  waiting    on run, ask',
    '· next   queued     Title of next',
    '✓ good   done       task/good All of it.',
    '✓ read   done       report A report.',
    'running · 2 active · 2 queued · 2 need you · 2 done · $1.75',
  ]);
});

test('an empty board says how to fill it', () => {
  expect(format(boardData([]), 5)[0]).toContain('branchboard add FILE');
});

test('files that wait in the inbox are counted, and a board that has only those is not called empty', () => {
  const [first, second] = format(boardData([]), 5, 1);
  expect(first).toBe('1 file waits in .orchestrator/inbox/ for the board to run: branchboard start');
  expect(second).toContain('0 active');
  expect(format(boardData([taskData({ id: 'a' })]), 5, 2)[1]).toMatch(/^2 files wait in /);
});

test('long ids are cut, and what tasks say can not move the cursor', () => {
  const data = boardData([taskData({ id: 'x'.repeat(64), title: `evil \u001B[2J\u0007 ${'long '.repeat(50)}` })]);
  expect(format(data, 5)[0]).toContain(`· ${'x'.repeat(27)}…  queued `);
  for (const line of formatBoard(data, 5)) {
    expect(line).not.toContain('\u001B[2J');
    expect(line).not.toContain('\u0007');
  }
});

test('finished tasks beyond the bound are counted, with those that the data leaves out', () => {
  const done = Array.from({ length: 7 }, (_, index) => taskData({ id: `d${String(index)}`, column: 'done' }));
  const lines = format(boardData(done, { omitted: 100 }), 5);
  expect(lines).toHaveLength(7);
  expect(lines[5]).toBe('… and 102 more done');
  expect(lines[6]).toContain('107 done');
});

test('the foot says why nothing starts', () => {
  const foot = (changes: Parameters<typeof boardData>[1]) => format(boardData([], changes), 5).at(-1);
  expect(foot({ daemon: { running: false, pid: null } })).toMatch(/^not running · /);
  expect(foot({ paused: { reason: 'user', until: null } })).toMatch(/^paused \(user\) · /);
  expect(foot({ paused: { reason: 'usage-limit', until: '2026-01-01T00:00:00.000Z' } })).toMatch(
    /^paused \(usage-limit until 2026/,
  );
});
