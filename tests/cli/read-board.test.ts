import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openBoardData } from '../../src/cli/read-board.ts';
import { boardData, taskData } from './data.ts';

test('the board data of a daemon of an earlier version is opened with defaults', () => {
  const path = new URL('../fixtures/boards/first/repo/dot-orchestrator/queue.json', import.meta.url);
  const text = readFileSync(path, 'utf8');
  expect(JSON.parse(text)).toMatchObject({ version: 1 });
  const data = openBoardData(text);
  expect(data.version).toBe(2);
  const page = data.tasks.find(({ id }) => id === 'page');
  expect(page).toMatchObject({ column: 'done', asksFor: [], diffstat: null, checks: [], branch: 'task/page' });
  expect(page?.commands.find(({ unfit }) => unfit === null)?.usage).toBe('branchboard merge page');
});

test('the board data of this version is opened as it is', () => {
  const data = boardData([taskData({ id: 'a', commands: [], checks: [{ command: 'npm test', ok: false }] })]);
  expect(openBoardData(JSON.stringify(data))).toEqual(data);
});
