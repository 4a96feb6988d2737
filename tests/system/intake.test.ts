/** What is dropped into the inbox, however it gets there, is taken in once and whole, or refused with its reason. */
import { execFile, execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, writeTask, type ScratchBoard } from './board.ts';

const nothing = writeTask('Nothing', ['nothing All is well.']);

test.concurrent(
  '500 files dropped at once are all taken in, once each, and the board is quiet then',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      await board.succeed('pause');
      const running = await board.start();
      const ids = Array.from({ length: 500 }, (_, index) => `many-${String(index).padStart(3, '0')}`);
      for (const id of ids) writeFileSync(board.path('inbox', `${id}.md`), nothing);
      await waitUntil('all are queued', () => board.column('queued').length === ids.length);
      expect(board.column('queued')).toEqual(ids);
      await waitUntil('the inbox is empty', () => readdirSync(board.path('inbox')).length === 0);
      await waitUntil('queue.json knows them', () => board.data.tasks.length === ids.length);
      expect(
        board
          .happened('task-accepted')
          .map(({ task }) => task as string)
          .sort(),
      ).toEqual(ids);
      expect(board.data.paused).toEqual({ reason: 'user', until: null });
      expect(await measureCpu(running.pid, 2_000)).toBeLessThan(0.25);
      expect((await board.stop(running)).code).toBe(0);
      expect(board.column('queued')).toEqual(ids);
    }),
);

test.concurrent('tasks dropped in any order run after what they depend on', { timeout: boardTestTimeoutMs }, () =>
  withBoard({}, async (board) => {
    const running = await board.start();
    board.drop({ 'c.md': writeTask('C', addFile('c.txt'), { depends_on: '[b]' }) });
    await board.arrive('queued', 'c');
    await waitUntil('c names what it waits for', () => board.dashboard.includes('on `b`, which does not exist yet'));
    await waitUntil('queue.json says so, too', () => board.task('c').waitingFor.join() === 'b');
    board.drop({ 'b.md': writeTask('B', addFile('b.txt'), { dependencies: 'a' }) });
    await board.arrive('queued', 'b');
    board.drop({ 'a.md': writeTask('A', addFile('a.txt')) });
    await board.arrive('done', 'a', 'b', 'c');
    expect(board.happened('run-started').map(({ run }) => run.task as string)).toEqual(['a', 'b', 'c']);
    expect(board.git('ls-tree', '--name-only', 'task/c')).toBe('README.md\na.txt\nb.txt\nc.txt');
    await board.stop(running);
  }),
);

test.concurrent("an order in another tool's words is kept to the end", { timeout: boardTestTimeoutMs }, () =>
  withBoard({ config: 'max_parallel: 6\n' }, async (board) => {
    const words = {
      'b.md': { dependsOn: '[a]' },
      'c.md': { 'Blocked-By': './a.md' },
      'd.md': { needs: '"[[The first]]"' },
      'e.md': { after: 'the first, task/c' },
      'f.md': { requires: '\n  - "@b"\n  - inbox/d.md' },
    };
    for (const [name, key] of Object.entries(words)) board.drop({ [name]: writeTask(name, addFile(name), key) });
    board.drop({
      'typo.md': writeTask('Typo', addFile('typo'), { depend_on: '[a]' }),
      'toml.md': '+++\ndepends_on = ["a"]\n+++\n# Toml\n',
      'blocks.md': writeTask('Blocks', addFile('blocks'), { blocks: '[a]' }),
    });
    const running = await board.start();
    await board.arrive('queued', 'b', 'c', 'd', 'e', 'f');
    board.drop({ 'a.md': writeTask('The first', addFile('a.txt')) });
    await board.arrive('done', 'a', 'b', 'c', 'd', 'e', 'f');
    const order = board.happened('run-started').map(({ run }) => run.task as string);
    expect(order[0]).toBe('a');
    expect(order.indexOf('e')).toBeGreaterThan(order.indexOf('c'));
    expect(order.indexOf('f')).toBeGreaterThan(Math.max(order.indexOf('b'), order.indexOf('d')));
    expect(board.git('ls-tree', '--name-only', 'task/f').split('\n')).toEqual(
      expect.arrayContaining(['a.txt', 'b.md', 'd.md', 'f.md']),
    );
    const refused = board.happened('inbox-rejected').map(({ name, diagnostics }) => [name, diagnostics[0]?.line]);
    expect(Object.fromEntries(refused)).toEqual({ 'inbox/blocks.md': 2, 'inbox/toml.md': 1, 'inbox/typo.md': 2 });
    expect(board.column('inbox')).toEqual(['blocks', 'toml', 'typo']);
    await board.stop(running);
  }),
);

test.concurrent(
  'files are taken in once and whole, however slowly or often they are written',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      await board.succeed('pause');
      const running = await board.start();
      const [fast, slow] = await Promise.all([
        writeSlowly(board, 'slow-100', 12, 100),
        writeSlowly(board, 'slow-600', 4, 600),
        dropTwiceAlike(board),
        dropTwiceUnlike(board),
      ]);
      const listAccepted = () => board.happened('task-accepted').map(({ task }) => task as string);
      await waitUntil('all are accepted', () =>
        [fast, slow, 'alike', 'unlike'].every((id) => listAccepted().includes(id)),
      );
      expect(board.read('queued', `${fast}.md`)).toBe(slowText(12));
      expect(board.read('queued', `${slow}.md`)).toBe(slowText(4));
      expect(new Set(listAccepted()).size).toBe(listAccepted().length);
      await waitUntil('the second of the same name is refused', () =>
        board.happened('inbox-rejected').some(({ name }) => name === 'inbox/unlike.md'),
      );
      const refused = board.happened('inbox-rejected').find(({ name }) => name === 'inbox/unlike.md');
      expect(refused?.diagnostics[0]?.message).toBe('the id unlike is in use by queued/unlike.md');
      expect(refused?.diagnostics[0]?.hint).toBe(
        'Give it another `id:`, or send the first one back: branchboard retry unlike',
      );
      expect([board.read('queued', 'unlike.md'), board.read('inbox', 'unlike.md')]).toEqual([first, second]);
      await waitUntil('the repeated one is gone', () => !existsSync(board.path('inbox', 'alike.md')));
      await board.stop(running);
    }),
);

test.concurrent('an inbox that is removed and made again still works', { timeout: boardTestTimeoutMs }, () =>
  withBoard({}, async (board) => {
    await board.succeed('pause');
    const running = await board.start();
    rmSync(board.path('inbox'), { recursive: true });
    mkdirSync(board.path('inbox'), { recursive: true });
    board.drop({ 'after.md': nothing });
    await board.arrive('queued', 'after');
    rmSync(board.path('inbox'), { recursive: true });
    await waitUntil('the inbox is back', () => existsSync(board.path('inbox')));
    board.drop({ 'later.md': nothing });
    await board.arrive('queued', 'later');
    await board.stop(running);
  }),
);

test.concurrent('what editors leave behind is passed over in silence', { timeout: boardTestTimeoutMs }, () =>
  withBoard({}, async (board) => {
    await board.succeed('pause');
    const running = await board.start();
    const names = [
      '4913',
      'a.md~',
      '.a.md.swp',
      '.#a.md',
      '#a.md#',
      'a.md___jb_tmp___',
      'a.md___jb_old___',
      '.hidden.md',
      'a.md.crdownload',
      '~$a.md',
      'a.md.tmp.4711.1732',
      'a.md.filepart',
      'Thumbs.db',
      'desktop.ini',
    ];
    for (const name of names) writeFileSync(board.path('inbox', name), nothing);
    board.drop({ 'last.md': nothing });
    await board.arrive('queued', 'last');
    await waitUntil('it has left the inbox', () => !existsSync(board.path('inbox', 'last.md')));
    expect(board.column('queued')).toEqual(['last']);
    expect(readdirSync(board.path('inbox')).sort()).toEqual([...names].sort());
    expect(board.happened('inbox-rejected')).toEqual([]);
    expect((await board.stop(running)).code).toBe(0);
  }),
);

test.concurrent(
  'what can not be accepted stays untouched and is named with its reason; saving it again tries again',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      await board.succeed('pause');
      const running = await board.start();
      writeFileSync(join(board.root, 'secret.md'), '# Secret');
      symlinkSync(join(board.root, 'secret.md'), board.path('inbox', 'link.md'));
      execFileSync('mkfifo', [board.path('inbox', 'pipe.md')]);
      mkdirSync(board.path('inbox', 'folder.md'));
      writeFileSync(board.path('inbox', 'large.md'), 'x'.repeat(256 * 1024 + 1));
      writeFileSync(board.path('inbox', 'latin.md'), Buffer.from([0x23, 0x20, 0xe9, 0x0a]));
      writeFileSync(board.path('inbox', 'empty.md'), '');
      writeFileSync(board.path('inbox', 'notes.txt'), 'no task');
      writeFileSync(board.path('inbox', 'yaml.md'), '---\ntitle: [unclosed\n---\n# Bad\n');
      writeFileSync(board.path('inbox', 'type.md'), '---\npriority: soonish\n---\n# Bad\n');
      const names = [
        'empty.md',
        'folder.md',
        'large.md',
        'latin.md',
        'link.md',
        'notes.txt',
        'pipe.md',
        'type.md',
        'yaml.md',
      ];
      const listSaid = () => board.happened('inbox-rejected').flatMap(({ diagnostics }) => diagnostics);
      const listRefused = () => [...new Set(listSaid().map(({ file }) => basename(file)))].sort();
      await waitUntil('all are refused', () => listRefused().length === names.length);
      expect(listRefused()).toEqual(names);
      const said = Object.fromEntries(listSaid().map((each) => [basename(each.file), each]));
      expect(said['link.md']?.message).toContain('a symbolic link');
      expect(said['pipe.md']?.message).toContain('a special file');
      expect(said['folder.md']?.message).toContain('a folder');
      expect(said['large.md']).toMatchObject({ message: 'the file has 262145 bytes', expected: 'at most 256 KiB' });
      expect(said['latin.md']).toMatchObject({ message: 'the file is not UTF-8', line: 1, column: 3 });
      expect(said['empty.md']?.message).toMatch(/empty/);
      expect(said['yaml.md']).toMatchObject({
        file: '.orchestrator/inbox/yaml.md',
        line: expect.any(Number) as number,
        column: expect.any(Number) as number,
      });
      expect(said['type.md']).toMatchObject({
        line: 2,
        column: 11,
        expected: expect.stringContaining('high') as string,
      });
      await waitUntil('the dashboard names them', () =>
        names.every((name) => board.dashboard.includes(`.orchestrator/inbox/${name}`)),
      );
      expect(board.dashboard).toContain('.orchestrator/inbox/type.md:2:11');
      expect(readdirSync(board.path('inbox')).sort()).toEqual(names);

      writeFileSync(board.path('inbox', 'type.md'), '---\npriority: high\n---\n# Good\n');
      await board.arrive('queued', 'type');
      await waitUntil('the dashboard forgets it', () => !board.dashboard.includes('inbox/type.md'));
      await waitUntil('its new text counts', () => board.task('type').priority === 'high');
      // A name whose kind changed is looked at again, too.
      rmSync(board.path('inbox', 'link.md'));
      writeFileSync(board.path('inbox', 'link.md'), '# No link any more\n');
      await board.arrive('queued', 'link');
      expect((await board.stop(running)).code).toBe(0);
    }),
);

test.concurrent(
  'what is put into the columns by hand is run under the id of its name, or told and left alone, board running or not',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      const told: Readonly<Record<string, string>> = {
        'attention/My thing.md': "mv '.orchestrator/attention/My thing.md' .orchestrator/inbox/",
        'inbox/spec (1).md': 'copy of `spec`',
        'queued/README': 'no markdown file',
        'queued/fix-the-login.sync-conflict-20261127-120000-ABCDEFG.md': 'copy of `fix-the-login`',
      };
      const put = (path: string, text = nothing) => {
        writeFileSync(board.path(path), text);
        utimesSync(board.path(path), 1, 1);
      };
      const flood = Array.from({ length: 500 }, (_, index) => `done/Stray ${String(index)}.md`);
      for (const path of [
        ...Object.keys(told),
        ...flood,
        'queued/Fix the login.md',
        'active/spec.markdown',
        'inbox/Late one.md',
      ])
        put(path);
      put('queued/Wrong one.md', '---\npriority: soonish\n---\n# Wrong\n');
      const all = { ...told, 'done/': '497 more like this', 'queued/Wrong one.md:2:11': 'soonish' };
      const status = await board.succeed('status');
      const refusals = status.split('\n').filter((line) => line.startsWith('refused: '));
      for (const [path, said] of Object.entries(all)) {
        const line = refusals.find((each) => each.startsWith(`refused: .orchestrator/${path}: `));
        expect({ path, line }).toEqual({ path, line: expect.stringContaining(said) as string });
      }
      expect(status).toContain('3 files wait to be taken in: branchboard start');
      expect(await board.succeed('show', 'late-one')).toMatch(
        /^Nothing \(late-one\) · in the inbox[^]*branchboard start/,
      );
      expect((await board.cli('logs', 'late-one')).stderr).toContain('.orchestrator/inbox/Late one.md waits');
      expect(await board.succeed('show', 'spec (1)')).toMatch(/in the inbox, refused[^]*copy of `spec`/);

      const running = await board.start();
      await board.arrive('done', 'fix-the-login', 'late-one', 'spec');
      for (const moved of ['queued/Fix the login.md', 'active/spec.markdown'])
        expect(existsSync(board.path(moved))).toBe(false);
      await waitUntil('all is in the data', () => board.data.problems.length === Object.keys(all).length + 3);
      expect((await board.succeed('status')).split('\n')).toEqual(expect.arrayContaining(refusals));
      expect(await board.succeed('show', 'spec (1)')).toMatch(/in the inbox, refused[^]*copy of `spec`/);
      const page = board.dashboard.replaceAll(/\\(?=[_`])/g, '');
      expect(page).toContain('.orchestrator/attention/My thing.md');
      expect(page.match(/Stray/g)?.length).toBeLessThan(10);
      expect(
        board
          .happened('task-accepted')
          .map(({ task }) => String(task))
          .sort(),
      ).toEqual(['fix-the-login', 'late-one', 'spec']);
      expect(board.happened('inbox-rejected').flatMap(({ diagnostics }) => diagnostics).length).toBeLessThan(20);
      expect(await measureCpu(running.pid, 2_000)).toBeLessThan(0.25);
      for (const path of [...Object.keys(told), ...flood]) expect(existsSync(board.path(path))).toBe(true);
      renameSync(board.path('attention', 'My thing.md'), board.path('inbox', 'My thing.md'));
      await board.arrive('done', 'my-thing');
      await waitUntil('it is told no longer', () => !board.data.problems.some(({ file }) => file.includes('My thing')));
      expect((await board.stop(running)).code).toBe(0);
    }),
);

test.concurrent('ids that differ only in case are one id', { timeout: boardTestTimeoutMs }, () =>
  withBoard({}, async (board) => {
    await board.succeed('pause');
    board.drop({ 'Auth.md': '# First\n' });
    const running = await board.start();
    await board.arrive('queued', 'auth');
    board.drop({ 'auth.md': '# Second\n', 'AUTH.md': '# Third\n' });
    await waitUntil('both are refused', () => board.happened('inbox-rejected').length === 2);
    expect(board.column('queued')).toEqual(['auth']);
    expect(board.read('queued', 'auth.md')).toBe('# First\n');
    expect(board.happened('inbox-rejected')[0]?.diagnostics[0]?.message).toContain('is in use by queued/auth.md');

    // `status` tells of files that the board has not looked at yet. This board is stopped, so that it looks at nothing.
    await waitUntil('both are told', () => board.data.problems.length === 2);
    const pid = board.data.daemon.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    board.drop({ 'late.md': '# Late\n', 'wrong.md': '---\npriorty: high\ntimeout: soon\n---\n# Wrong\n' });
    const status = await board.succeed('status');
    process.kill(pid, 'SIGCONT');
    expect(status).toContain('1 file waits to be taken in once');
    expect(status.match(/^refused: .*/gm)).toEqual(
      ['AUTH.md: ', 'auth.md: ', 'wrong.md:3:10: timeout is "soon"'].map(
        (said) => expect.stringContaining(`.orchestrator/inbox/${said}`) as string,
      ),
    );
    await board.arrive('queued', 'late');
    await waitUntil('the wrong one is refused', () => board.data.problems.length > 2);
    expect(await board.succeed('status')).toMatch(/^warning: .*inbox\/wrong\.md.*priorty/m);
    await board.stop(running);
  }),
);

test.concurrent(
  'case twins that are dropped together are one task and one refusal',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      await board.succeed('pause');
      board.drop({ 'Login.md': '# First\n', 'login.md': '# Second\n' });
      const running = await board.start();
      await waitUntil('one is refused', () => board.happened('inbox-rejected').length === 1);
      expect(board.column('queued')).toEqual(['login']);
      expect(board.column('inbox')).toHaveLength(1);
      await board.stop(running);
    }),
);

/** The share of one core that a process uses. */
async function measureCpu(pid: number, ms: number): Promise<number> {
  const before = readCpuMs(pid);
  await delay(ms);
  return (readCpuMs(pid) - before) / ms;
}

function readCpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function slowText(chunks: number): string {
  return Array.from({ length: chunks }, (_, index) => `# Part ${String(index)}\n\nText of it.\n\n`).join('');
}

/** A program that keeps its file open while it writes, and says in the end how long its longest pause was, in ms. */
const slowWriter = `
const [path, text, chunks, pauseMs] = process.argv.slice(1);
const { openSync, writeSync, closeSync } = require('node:fs');
const size = text.length / Number(chunks);
const handle = openSync(path, 'w');
let longest = 0;
let last = Date.now();
for (let at = 0; at < text.length; at += size) {
  writeSync(handle, text.slice(at, at + size));
  longest = Math.max(longest, Date.now() - last);
  last = Date.now();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(pauseMs));
}
closeSync(handle);
process.stdout.write(String(longest));
`;

/** Pauses that the machine made longer than a second would test something else; then another file is written. */
async function writeSlowly(board: ScratchBoard, name: string, chunks: number, pauseMs: number): Promise<string> {
  for (let number = 1; ; number++) {
    const id = `${name}-${String(number)}`;
    const path = board.path('inbox', `${id}.md`);
    const { stdout } = await promisify(execFile)(process.execPath, [
      '-e',
      slowWriter,
      path,
      slowText(chunks),
      String(chunks),
      String(pauseMs),
    ]);
    if (Number(stdout) < limits.inboxGrowingQuietMs - 100) return id;
  }
}

const first = '# First\n';
const second = '# Second\n';

/** An old file that is moved in is accepted at once; the same again comes within the 90 ms that watchers are blind for. */
async function dropTwiceAlike(board: ScratchBoard): Promise<void> {
  await moveInTwice(board, 'alike', [first, first]);
}

async function dropTwiceUnlike(board: ScratchBoard): Promise<void> {
  await moveInTwice(board, 'unlike', [first, second]);
}

async function moveInTwice(board: ScratchBoard, id: string, texts: readonly [string, string]): Promise<void> {
  const made = texts.map((text, index) => {
    const path = join(board.root, `${id}-${String(index)}.md`);
    appendFileSync(path, text);
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(path, longAgo, longAgo);
    return path;
  });
  const target = board.path('inbox', `${id}.md`);
  renameSync(made[0] ?? '', target);
  await waitUntil(`${id} is taken in`, () => board.has('queued', id) && !existsSync(target));
  renameSync(made[1] ?? '', target);
}
