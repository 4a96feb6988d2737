import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Scanner } from '../../../src/adapters/files/scanner.ts';
import type { BoardScan, Stray } from '../../../src/domain/board.ts';
import { limits } from '../../../src/domain/limits.ts';
import { ScratchFolder } from './scratch.ts';

let scratch: ScratchFolder;
let scanner: Scanner;

beforeEach(() => {
  scratch = new ScratchFolder();
  scanner = new Scanner(scratch.layout, scratch.clock);
});
afterEach(() => scratch.remove());

describe('when a file of the inbox is taken for whole', () => {
  test('one that was written where it lies must be left alone for as long as its writer may pause', async () => {
    const { mtimeMs } = statSync(scratch.write('inbox/a.md', 'part'));
    scratch.clock.time = mtimeMs;
    expect(await scanner.scan()).toMatchObject({
      inbox: new Map(),
      unsettled: new Map([['inbox/a.md', mtimeMs + limits.inboxGrowingQuietMs]]),
    });
    scratch.clock.time = mtimeMs + limits.inboxGrowingQuietMs - 1;
    expect((await scanner.scan()).inbox.size).toBe(0);
    scratch.clock.time = mtimeMs + limits.inboxGrowingQuietMs;
    expect(await scanner.scan()).toMatchObject({ unsettled: new Map() });
    expect([...(await scanner.scan()).inbox.keys()]).toEqual(['inbox/a.md']);
  });

  test('each change makes it wait anew', async () => {
    const path = scratch.write('inbox/a.md', 'part');
    scratch.clock.time = statSync(path).mtimeMs;
    await scanner.scan();
    scratch.clock.time += limits.inboxGrowingQuietMs - 1;
    appendFileSync(path, ' and more');
    utimesSync(path, scratch.clock.time / 1000, scratch.clock.time / 1000);
    await scanner.scan();
    scratch.clock.time += limits.inboxQuietMs - 1;
    expect((await scanner.scan()).inbox.size).toBe(0);
  });

  test('one that was moved in a moment after it was written waits only a little', async () => {
    const path = scratch.write('made.md', 'whole');
    const { mtimeMs } = statSync(path);
    // The kernel's clock for files goes on in ticks of some milliseconds.
    while (Date.now() < mtimeMs + 20);
    renameSync(path, join(scratch.layout.inbox, 'a.md'));
    scratch.clock.time = mtimeMs + limits.inboxQuietMs;
    expect([...(await scanner.scan()).inbox.keys()]).toEqual(['inbox/a.md']);
  });

  test('an old one that was moved in is whole at once', async () => {
    const path = scratch.write('made.md', 'whole');
    utimesSync(path, 1, 1);
    renameSync(path, join(scratch.layout.inbox, 'a.md'));
    expect([...(await scanner.scan()).inbox.keys()]).toEqual(['inbox/a.md']);
  });

  test('one whose time lies in the future is judged by how long it was watched', async () => {
    const path = scratch.write('inbox/a.md', 'whole');
    const future = scratch.clock.time / 1000 + 86_400;
    utimesSync(path, future, future);
    expect((await scanner.scan()).inbox.size).toBe(0);
    scratch.clock.time += limits.inboxGrowingQuietMs;
    expect((await scanner.scan()).inbox.size).toBe(1);
  });
});

/** Lets the time go by that a file must be left alone. */
async function scanLater(): Promise<BoardScan> {
  await scanner.scan();
  scratch.clock.time = Date.now() + 2 * limits.inboxGrowingQuietMs;
  return scanner.scan();
}

test.each(['inbox', 'queued', 'done'])(
  'what is no file of markdown is told apart in %s/, and never opened',
  async (folder) => {
    const pathOf = (name: string) => join(scratch.layout.root, folder, name);
    symlinkSync('/etc/passwd', pathOf('link.md'));
    symlinkSync('nowhere', pathOf('dangling.md'));
    mkdirSync(pathOf('folder.md'));
    execFileSync('mkfifo', [pathOf('pipe.md')]);
    scratch.write(`${folder}/README`, '');
    const { inbox, columns, strays } = await scanLater();
    expect([inbox.size, columns.queued.size, columns.done.size]).toEqual([0, 0, 0]);
    expect(Object.fromEntries(strays)).toEqual({
      [`${folder}/README`]: neverRead('no markdown file (its name does not end in .md)'),
      [`${folder}/dangling.md`]: neverRead('a symbolic link'),
      [`${folder}/folder.md`]: neverRead('a folder'),
      [`${folder}/link.md`]: neverRead('a symbolic link'),
      [`${folder}/pipe.md`]: neverRead('a special file'),
    });
  },
);

function neverRead(what: string): Stray {
  return { kind: 'never-read', what };
}

describe('a markdown file in a column whose name is no id', () => {
  test.each(['queued', 'active'])('is taken in from %s/ as from the inbox, once it was left alone', async (column) => {
    const names = ['Fix the login.md', 'spec.markdown', 'B.MD'];
    for (const name of names) scratch.write(`${column}/${name}`, '# A');
    scratch.write(`${column}/a.md`, '# A');
    expect(await scanner.scan()).toMatchObject({ inbox: new Map(), strays: new Map() });
    const { inbox, strays, columns } = await scanLater();
    expect([...inbox.keys()].sort()).toEqual(names.map((name) => `${column}/${name}`).sort());
    expect([strays.size, [...columns[column as 'queued'].keys()]]).toEqual([0, ['a.md']]);
  });

  test.each(['attention', 'done', 'archive'])('is shown in %s/ once it was left alone', async (column) => {
    scratch.write(`${column}/My thing.md`, '# A');
    utimesSync(scratch.layout.root + `/${column}`, 1, 1);
    expect((await scanner.scan()).strays.size).toBe(0);
    const { inbox, strays } = await scanLater();
    expect([inbox.size, [...strays]]).toEqual([0, [[`${column}/My thing.md`, { kind: 'no-id' }]]]);
    expect((await scanner.scan()).strays.size).toBe(1);
    rmSync(join(scratch.layout.root, column, 'My thing.md'));
    expect((await scanner.scan()).strays.size).toBe(0);
  });

  test('that the board itself has numbered in the archive is nothing to tell of', async () => {
    scratch.write('archive/a~2.md', '# A');
    expect((await scanLater()).strays.size).toBe(0);
  });
});

describe('copies that sync tools, browsers and desktops make', () => {
  test('are told beside their original, wherever it is, also when both were dropped at once', async () => {
    scratch.write('inbox/a.md', '# A');
    scratch.write('inbox/a (1).md', '# A');
    scratch.write('queued/fix-it.md', '# A');
    scratch.write('queued/Fix it 2.md', '# A');
    scratch.write('archive/old.md', '# A');
    scratch.write('inbox/old copy.md', '# A');
    const { inbox, strays } = await scanLater();
    expect([...inbox.keys()]).toEqual(['inbox/a.md']);
    expect(Object.fromEntries(strays)).toEqual({
      'inbox/a (1).md': { kind: 'copy', of: 'a' },
      'queued/Fix it 2.md': { kind: 'copy', of: 'fix-it' },
      'inbox/old copy.md': { kind: 'copy', of: 'old' },
    });
  });

  test('are tasks of their own where there is nothing that they can be a copy of', async () => {
    const names = ['a (1).md', 'Part 2.md', 'Copy of b.md'];
    for (const name of names) scratch.write(`inbox/${name}`, '# A');
    expect([...(await scanLater()).inbox.keys()].sort()).toEqual(names.map((name) => `inbox/${name}`).sort());
  });

  test('whose name is an id are none of the column’s tasks', async () => {
    const name = 'a.sync-conflict-20261127-120000-ABCDEFG.md';
    for (const folder of ['inbox', 'queued', 'done']) scratch.write(`${folder}/${name}`, '# A');
    const { inbox, columns, strays } = await scanLater();
    expect([inbox.size, columns.queued.size, columns.done.size, strays.size]).toEqual([0, 0, 0, 3]);
  });
});

test.each([
  '.a.md',
  'a.md~',
  '#a.md#',
  '.#a.md',
  '4913',
  '.a.md.swp',
  'a.md.swx',
  'a.md___jb_tmp___',
  'a.md___jb_old___',
  'a.md.tmp',
  'a.md.part',
  'a.md.crdownload',
  'a.md.bak',
  'a.md.orig',
])('%s is no task: an editor or a download left it', async (name) => {
  scratch.write(`inbox/${name}`, '# A');
  scratch.write(`queued/${name}`, '# A');
  const scan = await scanLater();
  expect([scan.inbox.size, scan.strays.size, scan.unsettled.size, scan.columns.queued.size]).toEqual([0, 0, 0, 0]);
});

test('both endings of markdown are taken, in any case', async () => {
  for (const name of ['a.md', 'b.MD', 'c.markdown']) utimesSync(scratch.write(`inbox/${name}`, '# A'), 1, 1);
  expect([...(await scanner.scan()).inbox.keys()]).toEqual(['inbox/a.md', 'inbox/b.MD', 'inbox/c.markdown']);
});

test('every column is listed, and missing folders are made again', async () => {
  for (const column of ['queued', 'active', 'attention', 'done', 'archive'] as const)
    scratch.write(`${column}/${column}.md`, '# A');
  const first = await scanner.scan();
  for (const [column, files] of Object.entries(first.columns)) expect([...files.keys()]).toEqual([`${column}.md`]);
  rmSync(scratch.layout.root, { recursive: true });
  const { columns } = await scanner.scan();
  expect(Object.values(columns).map((files) => files.size)).toEqual([0, 0, 0, 0, 0]);
});

test('an edit of a live task shows as another identity', async () => {
  const path = scratch.write('queued/a.md', '# A');
  const before = (await scanner.scan()).columns.queued.get('a.md');
  appendFileSync(path, ' more');
  const after = (await scanner.scan()).columns.queued.get('a.md');
  expect(after?.size).toBe(8);
  expect(after).not.toEqual(before);
});

test('a finished column that did not change is the same object, and its new files are seen', async () => {
  scratch.write('done/a.md', '# A');
  utimesSync(scratch.layout.column('done'), 1, 1);
  const first = (await scanner.scan()).columns.done;
  expect((await scanner.scan()).columns.done).toBe(first);
  scratch.write('done/b.md', '# B');
  const second = (await scanner.scan()).columns.done;
  expect([...second.keys()].sort()).toEqual(['a.md', 'b.md']);
  expect(second.get('a.md')).toBe(first.get('a.md'));
});

test('a finished column that changed a moment ago is listed again, since its time may not have moved', async () => {
  const folder = scratch.layout.column('done');
  scratch.clock.time = statSync(folder).mtimeMs + 10;
  expect((await scanner.scan()).columns.done.size).toBe(0);
  const { atime, mtime } = statSync(folder);
  writeFileSync(join(folder, 'late.md'), '# Late');
  utimesSync(folder, atime, mtime);
  expect((await scanner.scan()).columns.done.size).toBe(1);
});

test('commands are listed, the oldest first, and nothing else in their folder', async () => {
  const [first, second] = ['000000000000001-aaaaaaaa', '000000000000002-aaaaaaaa'];
  scratch.write(`commands/${second}.json`, '');
  scratch.write(`commands/${first}.json`, '');
  scratch.write('commands/notes.txt', '');
  scratch.write(`commands/${first}.json.damaged`, '');
  expect((await scanner.scan()).commands).toEqual([first, second]);
});

test('a file whose name is not UTF-8 is refused, until it is renamed', async () => {
  const bytes = Buffer.concat([Buffer.from(`${scratch.layout.inbox}/aufr`), Buffer.of(0xe4), Buffer.from('umen.md')]);
  writeFileSync(bytes, '# Aufr\u00e4umen\n');
  const scan = await scanner.scan();
  expect(scan.inbox.size).toBe(0);
  expect([...scan.strays]).toEqual([
    ['inbox/aufr\uFFFDumen.md', neverRead('a file whose name is not UTF-8 (rename it)')],
  ]);
  renameSync(bytes, join(scratch.layout.inbox, 'aufr\u00e4umen.md'));
  utimesSync(join(scratch.layout.inbox, 'aufr\u00e4umen.md'), 1, 1);
  expect(await scanner.scan()).toMatchObject({ strays: new Map() });
});

test('a name that holds the stand-in itself is a name like any other', async () => {
  utimesSync(scratch.write('inbox/a\uFFFD.md', '# A\n'), 1, 1);
  expect((await scanner.scan()).strays.size).toBe(0);
});
