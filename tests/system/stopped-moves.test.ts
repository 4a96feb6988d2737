/** A stopped board obeys as a running one does: whatever is asked of either, by a verb or a file, comes to the same end. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, writeTask, type ScratchBoard } from './board.ts';

const timeout = boardTestTimeoutMs;
const columns = ['queued', 'active', 'attention', 'done', 'archive'] as const;
type Column = (typeof columns)[number];

/** A verb about a task in a column, or the column that the user moves its file to (null: the user deletes it). */
interface Row {
  readonly from: Exclude<Column, 'archive'>;
  readonly by: { readonly verb: string } | { readonly to: Column | null };
  /** How many lines of the history say so; a finished task that is put away is no command. */
  readonly lines: 0 | 1;
}

const rows: Readonly<Record<string, Row>> = {
  'cancel-waiting': { from: 'attention', by: { verb: 'cancel' }, lines: 1 },
  'cancel-queued': { from: 'queued', by: { verb: 'cancel' }, lines: 1 },
  'cancel-active': { from: 'active', by: { verb: 'cancel' }, lines: 1 },
  'retry-waiting': { from: 'attention', by: { verb: 'retry' }, lines: 1 },
  'retry-done': { from: 'done', by: { verb: 'retry' }, lines: 1 },
  'put-away': { from: 'attention', by: { to: 'archive' }, lines: 1 },
  'sent-again': { from: 'attention', by: { to: 'queued' }, lines: 1 },
  'said-done': { from: 'attention', by: { to: 'done' }, lines: 1 },
  deleted: { from: 'attention', by: { to: null }, lines: 1 },
  'queued-away': { from: 'queued', by: { to: 'archive' }, lines: 1 },
  'queued-aside': { from: 'queued', by: { to: 'attention' }, lines: 1 },
  'queued-done': { from: 'queued', by: { to: 'done' }, lines: 1 },
  'queued-deleted': { from: 'queued', by: { to: null }, lines: 1 },
  'done-away': { from: 'done', by: { to: 'archive' }, lines: 0 },
  'done-again': { from: 'done', by: { to: 'queued' }, lines: 1 },
  'done-aside': { from: 'done', by: { to: 'attention' }, lines: 1 },
  'done-taken-up': { from: 'done', by: { to: 'active' }, lines: 1 },
  'waiting-taken-up': { from: 'attention', by: { to: 'active' }, lines: 1 },
  'done-deleted': { from: 'done', by: { to: null }, lines: 0 },
  'active-away': { from: 'active', by: { to: 'archive' }, lines: 1 },
  'active-again': { from: 'active', by: { to: 'queued' }, lines: 1 },
  'active-aside': { from: 'active', by: { to: 'attention' }, lines: 1 },
  'active-done': { from: 'active', by: { to: 'done' }, lines: 1 },
  'active-deleted': { from: 'active', by: { to: null }, lines: 1 },
};

/** A task that gets to its column, with committed and uncommitted work where an agent was on it. */
function write(board: ScratchBoard, id: string, { from }: Row): string {
  const begun = [`write ${id}.txt begun`, 'commit Begin', 'write loose.txt loose'];
  const scripts = {
    queued: [],
    active: [...begun, `wait-for ${board.gate('never')}`],
    attention: [...begun, 'ask Which?'],
    done: addFile(`${id}.txt`),
  };
  return writeTask(id, scripts[from], from === 'queued' ? { depends_on: 'missing' } : {});
}

/** What is left of a task at the end; times, costs and the words of an agent's end are no part of it. */
function describe(board: ScratchBoard, id: string) {
  const found = columns.filter((column) => board.has(column, id));
  const hasRun = existsSync(board.path('runs', id, '1'));
  const refs = board
    .git('for-each-ref', '--format=%(refname)')
    .split('\n')
    .filter((ref) => ref.split('/').includes(id));
  const text = found[0] === undefined ? '' : board.read(found[0], `${id}.md`);
  return {
    found,
    hasWorktree: hasRun && existsSync(board.plan(id, 1).workspace.path),
    refs: refs.map((ref) => `${ref}: ${board.git('ls-tree', '--name-only', ref).replaceAll('\n', ' ')}`),
    asked: listLines(board, id).map(({ by, command, outcome, said }) => `${by} ${command.kind} ${outcome} ${said}`),
    settled: board.happened('task-settled').flatMap(({ task, column }) => (task === id ? [column] : [])),
    failed: board.happened('effect-failed').filter(({ task }) => task === id),
    story: /\*\*(.*)\*\* ·[^]*?\n\n(> .*)?/.exec(text)?.slice(1) ?? null,
    isRecorded: hasRun && existsSync(board.path('runs', id, '1', 'exit.json')),
  };
}

function listLines(board: ScratchBoard, id: string) {
  return board.happened('command').filter(({ command }) => 'task' in command && command.task === id);
}

async function lookAt(isRunning: boolean) {
  const ends: Record<string, ReturnType<typeof describe>> = {};
  await withBoard({ config: 'max_parallel: 9\nretries: 0' }, async (board) => {
    for (const [id, row] of Object.entries(rows)) board.drop({ [`${id}.md`]: write(board, id, row) });
    let running = await board.start();
    for (const [id, { from }] of Object.entries(rows)) {
      const isThere = () => board.has(from, id) && board.task(id).column === from;
      await waitUntil(`${id} is in ${from}/`, isThere);
      if (from !== 'active') continue;
      await waitUntil(`${id} is at work`, () => existsSync(join(board.plan(id, 1).workspace.path, 'loose.txt')));
    }
    await board.succeed('pause');
    if (!isRunning) {
      running.signal('SIGKILL');
      await running.ended;
    }
    for (const [id, { from, by }] of Object.entries(rows)) {
      if ('verb' in by) await board.succeed(by.verb, id);
      else if (by.to === null) rmSync(board.path(from, `${id}.md`));
      else board.move(id, from, by.to);
    }
    if (!isRunning) running = await board.start();
    const isOver = (id: string, { lines }: Row) => listLines(board, id).length >= lines;
    for (const [id, row] of Object.entries(rows)) await waitUntil(`${id} is told`, () => isOver(id, row));
    await waitUntil('no agent is left', () => board.findAgentProcesses().length === 0);
    // It writes what it decided before it ends.
    await board.stop(running);
    for (const id of Object.keys(rows)) ends[id] = describe(board, id);
    // Another start finds nothing that is left to do or to tell.
    await board.runUntilIdle();
    for (const id of Object.keys(rows)) expect(describe(board, id)).toEqual(ends[id]);
  });
  return ends;
}

test('what is asked while no board runs comes to the same end as with a board at work', { timeout }, async () => {
  const [running, stopped] = [await lookAt(true), await lookAt(false)];
  expect(stopped).toEqual(running);
  for (const [id, { lines }] of Object.entries(rows)) expect([id, running[id]?.asked.length]).toEqual([id, lines]);
  expect(Object.values(running).flatMap(({ failed }) => failed)).toEqual([]);
  for (const id of ['done-taken-up', 'waiting-taken-up'])
    expect(running[id]).toMatchObject({ found: ['queued'], settled: [expect.any(String), 'queued'] });
  expect(running['active-done']).toMatchObject({
    found: ['done'],
    asked: ['file-move finish done active/ → done/'],
    settled: ['done'],
    story: ['Done', undefined],
    isRecorded: true,
  });
  const kept = running['active-done']?.refs ?? [];
  expect(kept).toContain('refs/heads/task/active-done: README.md active-done.txt');
  expect(kept).toContainEqual(expect.stringMatching(/^refs\/branchboard\/.*: README\.md active-done\.txt loose\.txt$/));
  expect(running['put-away']).toMatchObject({ found: ['archive'], story: ['Put away', '> You cancelled it.'] });
});
