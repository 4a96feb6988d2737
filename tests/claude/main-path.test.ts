import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { modeOf, withBoard, type ClaudeBoard } from './board.ts';
import { madeUpKey } from './messages-api.ts';
import { boardTestTimeoutMs, waitUntil } from '../patience.ts';
import { castParts, commit, deliver, finish, inTurns, type Ask } from './task-script.ts';

const readReadme = ({ worktree }: Ask) => ({
  tools: [{ name: 'Read', input: { file_path: `${worktree}/README.md` } }],
});
const editReadme = ({ worktree }: Ask) => ({
  tools: [
    { name: 'Edit', input: { file_path: `${worktree}/README.md`, old_string: 'hello', new_string: 'hello, all' } },
  ],
});

/** All of the user's own that the board must leave alone. */
function photograph(board: ClaudeBoard): unknown {
  return {
    index: readFileSync(join(board.repo, '.git', 'index')).toString('base64'),
    head: readFileSync(join(board.repo, '.git', 'HEAD'), 'utf8'),
    commit: board.git('rev-parse', 'HEAD'),
    status: board.git('status', '--porcelain=v2', '--untracked-files=all'),
    readme: readFileSync(join(board.repo, 'README.md'), 'utf8'),
    stashes: board.git('stash', 'list'),
  };
}

describe.concurrent('three tasks, one on top of the other two', { timeout: boardTestTimeoutMs }, () => {
  test('are done by the real agent under the default settings', async () => {
    const script = castParts({
      a: deliver('a.txt', 'from a\n'),
      b: deliver('b.txt', 'from b\n'),
      c: inTurns(readReadme, editReadme, commit('greet all'), finish('Greets all, on top of a and b.')),
    });
    await withBoard({ script }, async (board) => {
      writeFileSync(join(board.repo, 'staged.txt'), 'staged by the user\n');
      board.git('add', 'staged.txt');
      appendFileSync(join(board.repo, 'README.md'), 'not committed by the user\n');
      writeFileSync(join(board.repo, 'untracked.txt'), 'not tracked\n');
      await board.add({
        a: 'Write a.txt.\n',
        b: 'Write b.txt.\n',
        c: '---\ntitle: Greet all\ndepends_on: [a, b]\n---\nSay hello to all.\n',
      });
      const before = photograph(board);
      const { code, output } = await board.runUntilIdle();

      expect(code).toBe(0);
      expect(board.column('done')).toEqual(['a', 'b', 'c']);
      expect(photograph(board)).toEqual(before);
      checkBranches(board);
      checkFacts(board);
      checkWords(board, output);
      expect(board.findAgentProcesses()).toEqual([]);
    });
  });
});

function checkBranches(board: ClaudeBoard): void {
  const subjects = (branch: string) =>
    board.git('log', '--no-merges', '--format=%s', branch, '^main').split('\n').sort();
  expect(board.git('branch', '--format=%(refname:short)').split('\n')).toEqual(['main', 'task/a', 'task/b', 'task/c']);
  expect(subjects('task/a')).toEqual(['add a.txt']);
  expect(subjects('task/b')).toEqual(['add b.txt']);
  expect(subjects('task/c')).toEqual(['add a.txt', 'add b.txt', 'greet all']);
  expect(board.git('ls-tree', '-r', '--name-only', 'task/a').split('\n')).toEqual(['README.md', 'a.txt']);
  expect(board.git('ls-tree', '-r', '--name-only', 'task/c').split('\n')).toEqual(['README.md', 'a.txt', 'b.txt']);
  expect(board.git('show', 'task/c:README.md')).toBe('hello, all');
  expect(board.git('show', 'task/c:a.txt')).toBe('from a');
  const people = board.git('log', '--no-merges', '--format=%an <%ae> %cn <%ce>', 'task/c', '^main').split('\n');
  expect(new Set(people)).toEqual(new Set(['A Developer <dev@example.invalid> A Developer <dev@example.invalid>']));
  expect(board.git('merge-base', '--is-ancestor', 'task/a', 'task/c')).toBe('');
  expect(board.git('merge-base', '--is-ancestor', 'task/b', 'task/c')).toBe('');
}

function checkFacts(board: ClaudeBoard): void {
  for (const file of ['plan.json', 'prompt.md', 'stream.jsonl', 'stderr.log', 'exit.json']) {
    expect([file, modeOf(board.path('runs', 'a', '1', file))]).toEqual([file, '600']);
  }
  expect(board.plan('a', 1)).toMatchObject({ attempt: 1, session: { mode: 'fresh' }, cause: { kind: 'first' } });
  expect(board.record('a', 1)).toMatchObject({
    exit: { exitCode: 0, stopped: null, view: { sessionId: board.plan('a', 1).session.id, denials: [] } },
    outcome: { kind: 'done', summary: 'Added a.txt.' },
  });
  expect(board.data).toMatchObject({ version: 2, repo: board.repo, daemon: { running: false }, paused: null });
  expect(board.task('c')).toMatchObject({
    title: 'Greet all',
    agent: 'developer',
    column: 'done',
    attempt: 1,
    branch: 'task/c',
    commits: 1,
    reason: null,
    question: null,
    summary: 'Greets all, on top of a and b.',
    sessionId: board.plan('c', 1).session.id,
  });
  expect(board.task('c').costUsd).toBeGreaterThan(0);
  expect(board.read('runs', 'c', '1', 'prompt.md')).toContain('task/a');
}

function checkWords(board: ClaudeBoard, output: string): void {
  const { dashboard } = board;
  expect(dashboard).toContain('## Ready for Review');
  expect(dashboard).toContain('### Greet all (`c`)');
  expect(dashboard).toMatch(/Branch `task\/c` .*1 commit · 1 file, \+1 −1/);
  expect(dashboard).toContain('> Greets all, on top of a and b.');
  expect(dashboard).not.toContain('## Needs You');
  const story = board.read('done', 'c.md');
  expect(story).toMatch(/^---\ntitle: Greet all\n/);
  expect(story).toContain('## What happened');
  expect(story).toContain('> Greets all, on top of a and b.');
  expect(story).toContain('runs/c/1');
  expect(output).toContain('c: → done/');
  for (const text of [dashboard, story, output, board.read('history.jsonl'), board.read('queue.json')]) {
    expect(text).not.toContain(madeUpKey);
  }
}

describe.concurrent('an agent that keeps a list of its steps', { timeout: boardTestTimeoutMs }, () => {
  test('shows how far it is while it works', async () => {
    let goOn = (): void => undefined;
    const allowed = new Promise<void>((resolve) => (goOn = resolve));
    const create = (subject: string, activeForm: string) => ({
      name: 'TaskCreate',
      input: { subject, description: subject, activeForm },
    });
    const update = (taskId: string, status: string) => ({ name: 'TaskUpdate', input: { taskId, status } });
    const script = castParts({
      t: inTurns(
        () => ({ tools: [create('Read the code', 'Reading the code'), create('Write it', 'Writing it')] }),
        () => ({ say: 'Now the writing.', tools: [update('1', 'completed'), update('2', 'in_progress')] }),
        async ({ worktree }) => {
          await allowed;
          return { tools: [{ name: 'Write', input: { file_path: `${worktree}/t.txt`, content: 't' } }] };
        },
        commit('add t'),
        finish('Wrote it.'),
      ),
    });
    await withBoard({ script }, async (board) => {
      board.drop({ t: 'Do it in steps.\n' });
      const daemon = board.launch('start', '--until-idle');
      const progress = { done: 1, total: 2, step: 'Writing it' };
      await waitUntil('progress in queue.json', () => board.task('t').progress?.done === 1);
      expect(board.task('t')).toMatchObject({ column: 'active', progress });
      expect(board.dashboard).toMatch(/\| ACTIVE +\| [^|]* · 1\/2 Writing it/);
      expect(board.dashboard).toContain('**Current step**: Writing it (1/2)');
      expect(board.dashboard).toContain('Now the writing.');
      const status = await board.cli('status', '--json');
      expect(JSON.parse(status.output)).toMatchObject({ tasks: [{ id: 't', progress }] });
      goOn();
      expect((await daemon.ended).code).toBe(0);
      expect(board.column('done')).toEqual(['t']);
    });
  });
});
