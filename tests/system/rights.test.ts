import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { TaskData } from '../../src/views/board-data.ts';
import {
  addFile,
  boardTestTimeoutMs as timeout,
  cliMain,
  waitUntil,
  withBoard,
  writeTask,
  type ScratchBoard,
} from './board.ts';

const asking = { permission_mode: 'bypassPermissions', allowed_tools: '[Bash]', retries: '5' };
const text = writeTask('Asks', addFile('a.txt'), asking);

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

/** A file beside the repository. */
function write(board: ScratchBoard, name: string, content: string): string {
  const path = join(board.root, name);
  writeFileSync(path, content);
  return path;
}

test.concurrent(
  'a dropped file that asks for rights waits, says so everywhere, and holds up its dependents alone',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      board.drop({
        'asks.md': text,
        'after.md': writeTask('After', addFile('b.txt'), { depends_on: '[asks]' }),
        'other.md': writeTask('Other', addFile('c.txt')),
      });
      expect(await board.runUntilIdle()).toBe(3);
      expect({ queued: board.column('queued'), done: board.column('done') }).toEqual({
        queued: ['after', 'asks'],
        done: ['other'],
      });
      expect(board.countRuns('asks')).toBe(0);
      expect(board.task('asks')).toMatchObject({
        asksFor: ['permission_mode bypassPermissions', 'allowed_tools Bash', 'retries 5'],
        ...{ granted: [], origin: 'dropped', reason: null, waitingFor: [] },
      });
      const { dashboard } = board;
      const asks = 'asks for `permission_mode bypassPermissions`, `allowed_tools Bash`, `retries 5`';
      expect(dashboard).toMatch(new RegExp(`WAITING +\\| ${asks}`));
      expect(dashboard).toMatch(
        /## Needs You\n[^#]*### Asks \(`asks`\): asks for rights\n(?:>.*\n)*> `allowed_tools Bash`\n/,
      );
      expect(dashboard).toContain('`branchboard grant asks`');
      expect(dashboard).toContain(`Asks (\`asks\`): ${asks}`);
      expect(dashboard).toContain('on `asks`, which asks for rights');
      expect(await board.succeed('status')).toMatch(
        /asks +waiting +asks for permission_mode bypassPermissions, allowed_tools Bash/,
      );
      const shown = await board.succeed('show', 'asks');
      for (const part of ['Origin: dropped', 'Asks for: allowed_tools Bash', 'branchboard grant asks']) {
        expect(shown).toContain(part);
      }
      expect(board.happened('task-accepted').find(({ task }) => task === 'asks')).toMatchObject({ origin: 'dropped' });
    }),
);

test.concurrent(
  'grant gives exactly what is asked for, also to a board that runs, and an edit asks again',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      board.drop({ 'asks.md': text });
      const running = await board.start();
      await waitUntil('it asks', () => board.task('asks').asksFor.length === 3);
      const granted = await board.succeed('grant', 'ASKS');
      expect(granted).toContain('  permission_mode bypassPermissions\n  allowed_tools Bash\n  retries 5\n');
      await board.arrive('done', 'asks');
      expect({ folder: modeOf(board.path('grants')), file: modeOf(board.path('grants', 'asks.json')) }).toEqual({
        folder: '700',
        file: '600',
      });
      await board.stop(running);
      // Sent back as it is, it needs no other grant; with one more tool it does.
      board.move('asks', 'done', 'queued');
      expect(await board.runUntilIdle()).toBe(0);
      expect(board.countRuns('asks')).toBe(2);
      writeFileSync(board.path('done', 'asks.md'), board.read('done', 'asks.md').replace('[Bash]', '[Bash, Write]'));
      board.move('asks', 'done', 'queued');
      expect(await board.runUntilIdle()).toBe(3);
      expect(board.task('asks')).toMatchObject({
        asksFor: ['allowed_tools Write'],
        granted: ['permission_mode bypassPermissions', 'allowed_tools Bash', 'retries 5'],
        origin: 'dropped',
      });
      expect(board.countRuns('asks')).toBe(2);
      expect(board.dashboard).toContain(
        '(granted: `permission_mode bypassPermissions`, `allowed_tools Bash`, `retries 5`)',
      );
    }),
);

test.concurrent(
  'add says what a file asks for, add --allow grants it, and so does grant before any board ran',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      const said = await board.succeed('add', write(board, 'a.md', text), write(board, 'plain.md', '# Plain\n'));
      expect(said).toContain('asks for permission_mode bypassPermissions, allowed_tools Bash, retries 5.');
      expect(said).toContain('branchboard grant a');
      expect(said.split('asks for')).toHaveLength(2);
      expect(await board.succeed('add', '--allow', write(board, 'b.md', text))).toContain(
        'granted: permission_mode bypass',
      );
      await board.succeed('add', write(board, 'c.md', text));
      expect(await board.succeed('grant', 'c')).toContain('Granted to c');
      expect(await board.runUntilIdle()).toBe(3);
      expect(board.column('queued')).toEqual(['a']);
      expect(board.column('done')).toEqual(['b', 'c', 'plain'].filter((id) => board.has('done', id)));
      expect(board.has('done', 'b') && board.has('done', 'c')).toBe(true);
      const origins = board.happened('task-accepted').map(({ task, origin }) => [task, origin]);
      expect(Object.fromEntries(origins)).toEqual({ a: 'added', b: 'added', c: 'added', plain: 'added' });
      expect(board.task('a').origin).toBe('added');
      expect(readdirSync(board.path('grants')).filter((name) => name.startsWith('.'))).toEqual([]);
    }),
);

test.concurrent('a yes to one file is none to another of its id', { timeout }, () =>
  withBoard({}, async (board) => {
    // The user adds a task of their own, and somebody's that happens to have its id comes before it.
    const own = write(board, 'a.md', `${text}\nAnd more.\n`);
    await board.succeed('add', '--allow', own);
    board.write('queued/a.md', text);
    expect(await board.runUntilIdle()).toBe(3);
    expect(board.task('a').asksFor).toHaveLength(3);
    expect(board.dashboard).toContain('the id a is in use');
    rmSync(board.path('inbox', 'a.md'));
    expect((await board.cli('add', '--allow', own)).code).toBe(2);
    // The very same file, added with a yes, is that task.
    await board.succeed('add', '--allow', write(board, 'a.md', text));
    expect(await board.runUntilIdle()).toBe(0);
    expect(board.countRuns('a')).toBe(1);
    // What was put away takes its grant with it.
    board.move('a', 'done', 'archive');
    board.drop({ 'a.md': text });
    expect(await board.runUntilIdle()).toBe(3);
    expect(board.task('a').asksFor).toHaveLength(3);
    expect(existsSync(board.path('grants', 'a.json'))).toBe(false);
  }),
);

test.concurrent(
  'a grant goes with its task, and one that nobody wrote as it should be grants nothing',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      board.drop({ 'a.md': text, 'b.md': text, 'c.md': text, 'd.md': text });
      expect(await board.runUntilIdle()).toBe(3);
      await board.succeed('grant', 'a');
      const good = board.read('grants', 'a.json');
      board.write('grants/b.json', good);
      board.write('grants/c.json', `${good.replace('"a"', '"c"')}${' '.repeat(300_000)}`);
      symlinkSync(write(board, 'd.json', good.replace('"a"', '"d"')), board.path('grants', 'd.json'));
      board.move('a', 'queued', 'archive');
      expect(await board.runUntilIdle()).toBe(3);
      expect(board.column('queued')).toEqual(['b', 'c', 'd']);
      const running = await board.start();
      await waitUntil('the grant is gone', () => !existsSync(board.path('grants', 'a.json')));
      await board.stop(running);
    }),
);

test.concurrent('an agent can neither grant nor allow, whatever it does to its environment', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'asks.md': text });
    await board.runUntilIdle();
    const env = { BRANCHBOARD_RUN: 'other/1', BRANCHBOARD_BOARD: board.path() };
    const file = write(board, 'mine.md', text);
    for (const args of [
      ['grant', 'asks'],
      ['add', '--allow', file],
    ]) {
      const refused = await board.launch(args, { env }).ended;
      expect({ args, code: refused.code }).toEqual({ args, code: 2 });
      expect(refused.stderr).toContain('only its user decides');
      const words = [
        '-c',
        '"$0" "$@"; exit',
        'env',
        '-u',
        'BRANCHBOARD_RUN',
        '-u',
        'BRANCHBOARD_BOARD',
        process.execPath,
      ];
      const hidden = spawnSync('sh', [...words, cliMain, ...args], {
        cwd: board.repo,
        env: { ...board.environment, ...env },
        encoding: 'utf8',
      });
      if (process.platform === 'linux') expect({ args, code: hidden.status }).toEqual({ args, code: 2 });
    }
    expect(existsSync(board.path('inbox', 'mine.md'))).toBe(false);
    expect(existsSync(board.path('grants'))).toBe(false);
    // What an agent adds is nothing that the user added.
    expect((await board.launch(['add', file], { env }).ended).code).toBe(0);
    expect(await board.runUntilIdle()).toBe(3);
    expect(board.task('mine').origin).toBe('dropped');
  }),
);

test.concurrent('a child has no more than its parent was given, and what was imported has nothing', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({
      'p.md': writeTask('Parent', addFile('p.txt'), { allowed_tools: 'Bash' }),
      'c.md': writeTask('Child', addFile('c.txt'), { parent: 'p', allowed_tools: 'Bash' }),
      'more.md': writeTask('Greedy child', addFile('m.txt'), { parent: 'p', allowed_tools: 'Bash, Write' }),
      'i.md': writeTask('Imported', addFile('i.txt'), { imported: 'https://example.invalid/1', allowed_tools: 'Bash' }),
      'fine.md': writeTask('Imported, too', addFile('f.txt'), { imported: 'https://example.invalid/2' }),
    });
    expect(await board.runUntilIdle()).toBe(3);
    expect(board.column('done')).toEqual(['fine']);
    const refused = async (id: string) => {
      const { code, stderr } = await board.cli('grant', id);
      expect({ id, code }).toEqual({ id, code: 2 });
      return stderr;
    };
    expect(await refused('c')).toContain('is a child of p, which was not given allowed_tools Bash');
    expect(await refused('i')).toContain('i was imported');
    await board.succeed('grant', 'p');
    await board.succeed('grant', 'c');
    expect(await refused('more')).toContain('which was not given allowed_tools Write');
    expect(await board.runUntilIdle()).toBe(3);
    expect(board.column('done')).toEqual(['c', 'fine', 'p']);
    const origins = (await board.json<{ tasks: readonly TaskData[] }>('status')).tasks.map(({ id, origin }) => [
      id,
      origin,
    ]);
    expect(Object.fromEntries(origins)).toMatchObject({ more: 'child-of p', i: 'imported' });
    expect(board.dashboard).toContain('i was imported, so its file can');
    expect(
      (await board.cli('add', '--allow', write(board, 'x.md', '---\nimported: y\nretries: 9\n---\nX\n'))).code,
    ).toBe(2);
    expect(existsSync(board.path('inbox', 'x.md'))).toBe(false);
  }),
);

test.concurrent('what files may have without a question is in the settings', { timeout }, () =>
  withBoard(
    {
      config: 'task_rights: { permission_modes: [bypassPermissions], allowed_tools: [Bash], retries: 5, base: [side] }',
    },
    async (board) => {
      board.git('branch', 'side');
      board.drop({
        'a.md': writeTask('A', addFile('a.txt'), { ...asking, base: 'side' }),
        'b.md': writeTask('B', addFile('b.txt'), { base: 'main~0' }),
      });
      expect(await board.runUntilIdle()).toBe(3);
      expect(board.column('done')).toEqual(['a']);
      expect(board.task('b').asksFor).toEqual(['base main~0']);
    },
  ),
);
