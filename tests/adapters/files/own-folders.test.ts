import {
  chmodSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBoardFiles } from '../../../src/adapters/files/board-files.ts';
import { createDashboardFile } from '../../../src/adapters/dashboard/dashboard-file.ts';
import { checkFolders } from '../../../src/adapters/files/own-folders.ts';
import { makePrivate } from '../../../src/adapters/files/private-files.ts';
import { createJournal } from '../../../src/adapters/files/journal.ts';
import * as zones from '../../../src/markdown/dashboard-zones.ts';
import { layOut } from '../../../src/adapters/files/layout.ts';
import { ScratchFolder, taskId } from './scratch.ts';

/** Somebody else, whom no list of users names. */
const stranger = 54_331;
const isRoot = process.getuid?.() === 0;

const run = { task: taskId('note'), n: 1 };
const identity = { inode: 1, size: 1, mtimeMs: 1 };

let scratch: ScratchFolder;
beforeEach(() => {
  scratch = new ScratchFolder();
});
afterEach(() => scratch.remove());

const names = layOut('/board').folders.map((path) => relative('/board', path) || '.');

/** The folder of that name, and a folder of the user's elsewhere that holds a note. */
function placesOf(name: string): { readonly folder: string; readonly elsewhere: string } {
  const elsewhere = join(scratch.root, 'elsewhere');
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'note.md'), '# Mine\n');
  const folder = join(scratch.layout.root, name);
  mkdirSync(dirname(folder), { recursive: true });
  return { folder, elsewhere };
}

describe.each(names)('the folder %s', (name) => {
  test('is refused where it is a link, with what to type, and nothing goes through it', async () => {
    const { folder, elsewhere } = placesOf(name);
    rmSync(folder, { recursive: true, force: true });
    symlinkSync(elsewhere, folder);
    const told = `${folder} is a symbolic link to ${elsewhere}, and the board follows none; what it leads to stays as it is when you type: rm ${folder}`;
    expect(() => checkFolders(scratch.layout.folders)).toThrow(told);
    if (name === '.dashboard') return;
    const files = createBoardFiles(scratch.layout, scratch.clock);
    await expect(files.scan()).rejects.toThrow(told);
    await expect(files.moveTask({ column: 'queued', name: 'note.md', identity }, 'done')).rejects.toThrow(told);
    if (name === '.') await expect(files.writeBoardData('{}')).rejects.toThrow(told);
    if (name === '.' || name === 'runs') await expect(files.writePrompt(run, 'text')).rejects.toThrow(told);
    expect(readdirSync(elsewhere)).toEqual(['note.md']);
  });

  test('is refused where something else is in its place', () => {
    const { folder } = placesOf(name);
    rmSync(folder, { recursive: true, force: true });
    writeFileSync(folder, '');
    expect(() => checkFolders(scratch.layout.folders)).toThrow(
      `${folder} is no folder. Type: mv ${folder} ${folder}.aside`,
    );
  });

  test.runIf(isRoot)('is refused where it belongs to somebody else', () => {
    const { folder } = placesOf(name);
    mkdirSync(folder, { recursive: true });
    lchownSync(folder, stranger, stranger);
    expect(() => checkFolders(scratch.layout.folders)).toThrow(
      `${folder} belongs to another user (uid ${String(stranger)}, you are 0). If it is yours, type: sudo chown -R 0 ${folder}`,
    );
  });
});

test.each(['runs/a', 'runs/a/1', 'runs/.earlier'])('a link in the place of %s is not gone through', async (name) => {
  const { elsewhere } = placesOf('.');
  const files = createBoardFiles(scratch.layout, scratch.clock);
  const path = join(scratch.layout.root, name);
  mkdirSync(join(path, '..'), { recursive: true });
  symlinkSync(elsewhere, path);
  if (name === 'runs/.earlier') {
    mkdirSync(join(scratch.layout.runs, 'a', '1'), { recursive: true });
    const path = scratch.write('inbox/a.md', '# A\n');
    const { ino: inode, size, mtimeMs } = statSync(path);
    await expect(files.acceptInbox('inbox/a.md', { inode, size, mtimeMs }, taskId('a'), '# A\n')).rejects.toThrow(
      'is a symbolic link',
    );
  } else {
    await expect(files.writePrompt({ task: taskId('a'), n: 1 }, 'text')).rejects.toThrow(`${path} is a symbolic link`);
    await expect(files.readFacts(taskId('a'))).rejects.toThrow(`${path} is a symbolic link`);
  }
  expect(readdirSync(elsewhere)).toEqual(['note.md']);
});

test.each(['.', '.dashboard'])(
  'neither the dashboard nor the history is written through a link at %s',
  async (name) => {
    const { folder, elsewhere } = placesOf(name);
    rmSync(folder, { recursive: true, force: true });
    symlinkSync(elsewhere, folder);
    const dashboard = createDashboardFile({ path: scratch.layout.dashboard, zones });
    await expect(dashboard.update(() => 'text')).rejects.toThrow(`${folder} is a symbolic link`);
    const told = createJournal(scratch.layout.history, scratch.clock).append({ type: 'board-stopped', at: 0 });
    if (name === '.') await expect(told).rejects.toThrow(`${folder} is a symbolic link`);
    else await told;
    expect(readdirSync(elsewhere)).toEqual(['note.md']);
  },
);

describe('what others may do', () => {
  const modeOf = (...parts: readonly string[]): string =>
    (lstatSync(join(scratch.layout.root, ...parts)).mode & 0o777).toString(8);

  test('is taken away all through a folder that was open to them, but for the files of worktrees', () => {
    chmodSync(scratch.layout.root, 0o777);
    mkdirSync(join(scratch.layout.worktrees, 'a'), { recursive: true });
    for (const name of ['templates', 'runs/a']) mkdirSync(join(scratch.layout.root, name), { recursive: true });
    const files = ['config.yaml', 'done/a.md', 'runs/a/verdict.json', 'templates/check.sh', 'worktrees/a/run.sh'];
    for (const file of files) scratch.write(file, '');
    for (const file of files) chmodSync(join(scratch.layout.root, file), file.endsWith('.sh') ? 0o775 : 0o666);
    expect(makePrivate(scratch.layout)).toBeGreaterThan(files.length);
    expect(['', 'done', 'templates', 'runs/a', 'worktrees'].map((name) => modeOf(name))).toEqual(Array(5).fill('700'));
    expect(files.map((file) => modeOf(file))).toEqual(['600', '600', '600', '700', '775']);
    expect(makePrivate(scratch.layout)).toBe(0);
  });

  test('of files elsewhere stays, whatever leads there', () => {
    const outside = join(scratch.root, 'outside');
    writeFileSync(outside, '', { mode: 0o644 });
    linkSync(outside, join(scratch.layout.root, 'second-name'));
    symlinkSync(outside, join(scratch.layout.root, 'link'));
    chmodSync(scratch.layout.root, 0o755);
    makePrivate(scratch.layout);
    expect((statSync(outside).mode & 0o777).toString(8)).toBe('644');
  });
});
