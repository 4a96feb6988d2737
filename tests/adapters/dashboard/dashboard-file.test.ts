import { execFile } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { createDashboardFile, type SettlingDashboardFile } from '../../../src/adapters/dashboard/dashboard-file.ts';
import * as zones from '../../../src/markdown/dashboard-zones.ts';

const patience = { quietMs: 20, busyMs: 400 };

const root = mkdtempSync(join(tmpdir(), 'branchboard-dashboard-'));
let folder: string;
let path: string;
let dashboard: SettlingDashboardFile;

function open(): SettlingDashboardFile {
  return createDashboardFile({ path, zones, patience });
}

beforeEach(() => {
  folder = mkdtempSync(join(root, 'board-'));
  path = join(folder, 'DASHBOARD.md');
  dashboard = open();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A dashboard with this status line, the notes that the current one has, and a box where the status is a number. */
function composer(status: string): (current: string | null) => string {
  const box = /^\d+$/.test(status) ? `- [ ] Try again <!-- retry a attention ${status} -->\n\n` : '';
  return (current) =>
    zones.replaceNotes(
      `# Orchestrator Dashboard\n\n_${status}_\n\n## Quick Status\n\nNo tasks yet\n\n${box}`,
      zones.extractNotes(current ?? '').notes,
    );
}

const read = () => readFileSync(path, 'utf8');
const notes = () => zones.extractNotes(read()).notes;
const backups = () =>
  readdirSync(join(folder, '.dashboard')).filter((name) => !/^(written\.md|before\.md|lines\.txt)$/.test(name));

/** Composes, and lets an editor save between the reading and the replacing of the file, once. */
function composeDuring(status: string, save: () => void): (current: string | null) => string {
  let isSaved = false;
  return (current) => {
    if (!isSaved) save();
    isSaved = true;
    return composer(status)(current);
  };
}

describe('what is written', () => {
  it('makes the file, and writes nothing where the text stays the same', async () => {
    await dashboard.update(composer('one'));
    const before = statSync(path);
    await dashboard.update(composer('one'));
    expect(read()).toContain('_one_');
    expect(statSync(path)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
    expect(before.mode & 0o700).toBe(0o600);
  });

  it('keeps the notes byte for byte, in any encoding', async () => {
    const bytes = Buffer.concat([Buffer.from('- [ ] *a*\r\n\ttabs  \n\n\n'), Buffer.of(0xe9, 0xff, 0x0a, 0xc3)]);
    await dashboard.update(composer('one'));
    writeFileSync(path, Buffer.concat([Buffer.from(`${read()}\n`), bytes]));
    await dashboard.update(composer('two'));
    await dashboard.update(composer('three'));
    expect(readFileSync(path).subarray(-bytes.length)).toEqual(bytes);
    expect(read()).toContain('_three_');
  });

  it('is for the user alone, also where a file that others could read was in its place', async () => {
    await dashboard.update(composer('one'));
    rmSync(path);
    writeFileSync(path, composer('one')(null), { mode: 0o644 });
    await dashboard.update(composer('two'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('replaces a symbolic link without following it', async () => {
    const target = join(folder, 'target.md');
    writeFileSync(target, 'not yours');
    symlinkSync(target, path);
    await dashboard.update(composer('one'));
    expect(lstatSync(path).isFile()).toBe(true);
    expect(read()).not.toContain('not yours');
    expect(readFileSync(target, 'utf8')).toBe('not yours');
  });

  it('sets a folder aside that stands in its place', async () => {
    mkdirSync(path);
    writeFileSync(join(path, 'kept.txt'), 'kept');
    await dashboard.update(composer('one'));
    expect(read()).toContain('_one_');
    const [aside] = backups();
    expect(readFileSync(join(folder, '.dashboard', aside ?? '', 'kept.txt'), 'utf8')).toBe('kept');
  });

  it('says which file could not be written, and goes on with the next update', async () => {
    writeFileSync(join(folder, '.dashboard'), 'in the way');
    await expect(dashboard.update(composer('one'))).rejects.toThrow(/\.dashboard is no folder/);
    rmSync(join(folder, '.dashboard'));
    await dashboard.update(composer('one'));
    expect(read()).toContain('_one_');
  });
});

describe('what a user deletes or mangles', () => {
  it('brings a deleted file back with the notes that it had', async () => {
    await dashboard.update(composer('one'));
    writeFileSync(path, `${read()}\nremember the milk\n`);
    await dashboard.update(composer('two'));
    rmSync(path);
    await dashboard.update(composer('two'));
    expect(notes()).toBe('remember the milk\n');
    rmSync(path);
    dashboard = open();
    await dashboard.update(composer('three'));
    expect(notes()).toBe('remember the milk\n');
  });

  it('takes nothing for typed where it is not known what was written last, such as by an earlier version', async () => {
    await dashboard.update(composer('one'));
    await dashboard.update((current) => composer('two')(current).replace('No tasks yet', 'Something else'));
    for (const name of ['written.md', 'before.md', 'lines.txt']) rmSync(join(folder, '.dashboard', name));
    writeFileSync(path, `${read()}\nmine\n`);
    dashboard = open();
    await dashboard.update(composer('three'));
    expect(notes()).toBe('mine\n');
  });

  it('takes of a buffer that is older than all dashboards it remembers what was typed, and no line of the board', async () => {
    await dashboard.update(composer('one'));
    const old = read();
    await dashboard.update((current) => composer('two')(current).replace('No tasks yet', 'Something else'));
    await dashboard.update((current) => composer('three')(current).replace('No tasks yet', 'Something new'));
    for (const name of backups()) rmSync(join(folder, '.dashboard', name));
    dashboard = open();
    writeFileSync(path, `${old.replace('No tasks yet', 'typed\nNo tasks yet')}\nmine\n`);
    await dashboard.update(composer('four'));
    expect(notes()).toMatch(/^mine\n\n> \(typed under Quick Status, \d\d:\d\d\)\n\ntyped\n$/);
  });

  it('keeps what was typed outside the notes while no board was running', async () => {
    await dashboard.update(composer('one'));
    writeFileSync(path, read().replace('No tasks yet', 'typed\nNo tasks yet'));
    dashboard = open();
    await dashboard.update(composer('two'));
    expect(notes()).toMatch(/^> \(typed under Quick Status, \d\d:\d\d\)\n\ntyped\n$/);
  });

  it('keeps what was written into a file that lost its headings', async () => {
    await dashboard.update(composer('one'));
    writeFileSync(path, `${read()}\nold note\n`);
    await dashboard.update(composer('two'));
    writeFileSync(path, '# Orchestrator Dashboard\n\n_two_\n\nold note\n\nnew note\n');
    await dashboard.update(composer('three'));
    expect(notes()).toBe('old note\n\nnew note\n');
  });

  it('respects that a note was removed', async () => {
    await dashboard.update(composer('one'));
    writeFileSync(path, `${read()}\na\nb\nc\n`);
    await dashboard.update(composer('two'));
    writeFileSync(path, read().replace('b\n', ''));
    expect(await dashboard.readNotes()).toBe('a\nc\n');
    await dashboard.update(composer('two'));
    writeFileSync(path, read().replace('a\n', 'A\n'));
    await dashboard.update(composer('three'));
    expect(notes()).toBe('A\nc\n');
  });

  it('waits for a save that is under way, and takes no half-written file for a deletion', async () => {
    dashboard = createDashboardFile({ path, zones, patience: { quietMs: 150, busyMs: 10_000 } });
    await dashboard.update(composer('one'));
    writeFileSync(path, `${read()}\na\nb\n`);
    await dashboard.update(composer('two'));
    const whole = read();
    const fd = openSync(path, 'r+');
    ftruncateSync(fd, 0);
    const seen: string[] = [];
    const update = dashboard.update((current) => {
      seen.push(zones.extractNotes(current ?? '').notes);
      return composer('three')(current);
    });
    await nextTurn();
    writeSync(fd, whole.replace('a\nb\n', 'a\n'), 0);
    await nextTurn();
    writeSync(fd, `${whole}c\n`, 0);
    closeSync(fd);
    await update;
    expect(seen).toEqual(['a\nb\nc\n']);
    expect(notes()).toBe('a\nb\nc\n');
  });
});

describe('what an editor saves in the middle of a rewrite', () => {
  it.each([
    ['in place', (text: string) => writeFileSync(path, text)],
    [
      'by rename',
      (text: string) => {
        writeFileSync(`${path}~`, text);
        renameSync(`${path}~`, path);
      },
    ],
  ])('keeps what was saved %s between the reading and the replacing', async (_, save) => {
    await dashboard.update(composer('one'));
    await dashboard.update(composeDuring('two', () => save(`${read()}\nin the middle\n`)));
    expect(read()).toContain('_two_');
    expect(notes()).toBe('in the middle\n');
  });

  it('keeps what is written into a file that was replaced long before', async () => {
    await dashboard.update(composer('one'));
    const old = read();
    const fd = openSync(path, 'r+');
    for (const status of ['two', 'three', 'four']) await dashboard.update(composer(status));
    writeSync(fd, `${old}\nlate\n`, 0);
    closeSync(fd);
    expect(await dashboard.readNotes()).toBe('late\n');
    await dashboard.settle();
    expect(read()).toContain('_four_');
    expect(notes()).toBe('late\n');
  });

  it('keeps both notes where an old buffer is saved over a newer one', async () => {
    await dashboard.update(composer('one'));
    const old = read();
    await dashboard.update(composer('two'));
    writeFileSync(path, `${read()}\nfrom one editor\n`);
    await dashboard.update(composer('three'));
    writeFileSync(path, `${old}\nfrom the other\n`);
    await dashboard.update(composer('four'));
    expect(notes()).toBe('from one editor\nfrom the other\n');
  });

  it('keeps a note that came late when the status line stays the same', async () => {
    await dashboard.update(composer('one'));
    const fd = openSync(path, 'r+');
    const old = read();
    await dashboard.update(composer('two'));
    const loaded = read();
    writeSync(fd, `${old}\nlate\n`, 0);
    closeSync(fd);
    await dashboard.settle();
    writeFileSync(path, `${loaded}\nsaved without it\n`);
    await dashboard.settle();
    expect(notes()).toBe('late\nsaved without it\n');
  });

  it('finds what was saved late while no board was running', async () => {
    await dashboard.update(composer('one'));
    writeFileSync(path, `${read()}\nfirst\n`);
    await dashboard.update(composer('two'));
    const old = read();
    const fd = openSync(path, 'r+');
    await dashboard.update(composer('three'));
    writeSync(fd, `${old}late\n`, 0);
    closeSync(fd);
    dashboard = open();
    await dashboard.update(composer('four'));
    expect(notes()).toBe('first\nlate\n');
  });

  it('never writes over the dashboard after a crash left a second name of it', async () => {
    await dashboard.update(composer('one'));
    renameSync(path, join(folder, '.dashboard', 'next.md'));
    linkSync(join(folder, '.dashboard', 'next.md'), path);
    const fd = openSync(path, 'r');
    await open().update(composer('two'));
    expect(readFileSync(fd, 'utf8')).toContain('_one_');
    closeSync(fd);
    expect(read()).toContain('_two_');
  });

  it('goes on though a file is written to all the time', async () => {
    await dashboard.update(composer('one'));
    const fd = openSync(path, 'a');
    let lines = 0;
    const write = () => writeSync(fd, `line ${String((lines += 1))}\n`);
    write();
    const writer = setInterval(write, 2);
    await dashboard.update(composer('two'));
    expect(read()).toContain('_two_');
    clearInterval(writer);
    closeSync(fd);
    await dashboard.settle();
    const expected = Array.from({ length: lines }, (_, i) => `line ${String(i + 1)}\n`).join('');
    expect(notes()).toBe(expected);
  });
});

describe('backups', () => {
  it('are removed when they were left alone for long, but for the newest', async () => {
    for (const status of ['one', 'two', 'three', 'four']) await dashboard.update(composer(status));
    expect(backups()).toHaveLength(3);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 });
    try {
      await dashboard.settle();
    } finally {
      vi.useRealTimers();
    }
    expect(backups()).toEqual([expect.stringMatching(/^000000003-[0-9a-f]{16}\.md$/)]);
  });
});

const run = promisify(execFile);
const editor = fileURLToPath(new URL('./dashboard-editor.mjs', import.meta.url));

describe.each(['in-place', 'slow', 'rename'])('400 saves by an editor that saves %s', { concurrent: true }, (style) => {
  it.each(['reload', 'keep'])('lose nothing under constant rewriting (%s)', async (buffer) => {
    const home = mkdtempSync(join(root, 'edited-'));
    const file = join(home, 'DASHBOARD.md');
    const received: string[] = [];
    const shared = createDashboardFile({
      ...{ path: file, zones, patience: { quietMs: 20, busyMs: 400 } },
      onTicks: (ticks) => Promise.resolve(void received.push(...ticks.map(zones.formatTick))),
    });
    await shared.update(composer('0'));
    const end = new AbortController();
    const saving = run(process.execPath, [editor, file, style, buffer, '400']).finally(() => {
      end.abort();
    });
    let rewrites = 0;
    while (!end.signal.aborted) {
      await shared.update(composer(String((rewrites += 1))));
      await nextTurn();
    }
    const ticked = (await saving).stdout.trimEnd().split('\n');
    await shared.update(composer('end'));
    const saved = await shared.readNotes();
    for (const kind of ['line', 'typed']) {
      const wanted = Array.from({ length: 400 }, (_, i) => `${style} ${buffer} ${kind} ${String(i + 1)}`);
      expect(wanted.filter((line) => !saved.includes(`${line}\n`))).toEqual([]);
      const lines = saved.split('\n').filter((line) => line.startsWith(`${style} ${buffer} ${kind} `));
      expect(lines.length).toBeLessThan(420);
    }
    expect(ticked.length).toBeGreaterThan(0);
    // A box that stands again, since the board wrote the same once more, is ticked again by a save that says so.
    expect(new Set(received)).toEqual(new Set(ticked));
    expect(received.length).toBeLessThanOrEqual(ticked.length);
    expect(zones.extractNotes(readFileSync(file, 'utf8')).notes).toBe(saved);
  });
});
