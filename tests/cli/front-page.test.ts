import { expect, test } from 'vitest';
import { listNextSteps } from '../../src/cli/front-page.ts';
import type { BoardData, TaskData } from '../../src/views/board-data.ts';
import { boardData, taskData } from './data.ts';

const stopped: Partial<BoardData> = { daemon: { running: false, pid: null } };

const add = 'branchboard add "Add a login page"';

/** The lines to type next. */
function linesOf(tasks: readonly TaskData[], changes: Partial<BoardData> = {}, waiting = 0): readonly string[] {
  return listNextSteps({ data: boardData(tasks, changes), waiting }).map(({ line }) => line);
}

test('a board without tasks is told how to get one', () => {
  expect(linesOf([], stopped)).toEqual([add, 'branchboard start', 'branchboard demo']);
  expect(linesOf([])).toEqual([add, 'branchboard demo']);
});

test('tasks that wait where no board runs lead to start', () => {
  expect(linesOf([taskData({ id: 'a' })], stopped)).toEqual(['branchboard start']);
  expect(linesOf([], stopped, 2)).toEqual(['branchboard start']);
  expect(linesOf([taskData({ id: 'a' })])).toEqual([add]);
});

test('what only the user can settle comes first, and a few of each kind', () => {
  const tasks = [
    taskData({ id: 'runs', column: 'active' }),
    ...['x', 'y', 'z'].map((id) => taskData({ id, column: 'attention' })),
    taskData({ id: 'asks', asksFor: ['allowed_tools Bash'] }),
    taskData({ id: 'good', column: 'done', branch: 'task/good' }),
    taskData({ id: 'read', column: 'done' }),
    taskData({ id: 'in', column: 'done', branch: 'task/in', mergedAt: '2026-01-01T00:00:00.000Z' }),
  ];
  expect(linesOf(tasks, { paused: { reason: 'user', until: null } })).toEqual([
    'branchboard show x',
    'branchboard show y',
    'branchboard grant asks',
    'branchboard resume',
    'branchboard diff good',
    'branchboard show read',
    'branchboard logs runs -f',
  ]);
  const queued = [taskData({ id: 'runs' })];
  expect(linesOf(queued, { ...stopped, paused: { reason: 'auth', until: null } })).toEqual([
    'claude',
    'branchboard start',
  ]);
});

test('files that are refused lead to their reasons', () => {
  const problems = [{ severity: 'error', file: '.orchestrator/inbox/a.md', message: 'odd' }] as const;
  expect(listNextSteps({ data: boardData([], { ...stopped, problems }), waiting: 1 }).map(({ line }) => line)).toEqual([
    'branchboard status',
    'branchboard start',
  ]);
});
