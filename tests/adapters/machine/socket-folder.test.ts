import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { askSocket, takeSocket } from '../../../src/adapters/daemon-lock/control-socket.ts';
import { findSocketFolder, openSocketFolder } from '../../../src/adapters/machine/socket-folder.ts';

/** Somebody else, whom no list of users names. */
const stranger = 54_331;
const isRoot = process.getuid?.() === 0;

let root: string;
let board: string;
let runtimeDir: string;
let home: string;
/** Folders in `/tmp` that the board made. */
const inTmp: string[] = [];

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'bb-')));
  [board, runtimeDir, home] = [join(root, 'board'), join(root, 'run'), join(root, 'home')];
  for (const folder of [board, runtimeDir, home]) mkdirSync(folder, { mode: 0o700 });
  vi.stubEnv('XDG_RUNTIME_DIR', runtimeDir);
  vi.stubEnv('HOME', home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const folder of [root, ...inTmp.splice(0)]) rmSync(folder, { recursive: true, force: true });
});

/** Opens the folder; gives the one that holds it. */
async function openBase(): Promise<string> {
  const folder = await openSocketFolder(board);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const base = dirname(folder);
  if (dirname(base) === '/tmp') inTmp.push(base);
  return base;
}

const isInTmp = new RegExp(`^/tmp/branchboard-${String(process.getuid?.())}-\\w{6}$`);

test('it is in the folder that the system gives the user, else in the home folder, else in one of a random name', async () => {
  expect(await openBase()).toBe(join(runtimeDir, 'branchboard'));
  rmSync(join(board, 'lock'), { recursive: true });
  vi.stubEnv('XDG_RUNTIME_DIR', '');
  expect(await openBase()).toBe(join(home, '.cache/branchboard/s'));
  rmSync(join(board, 'lock'), { recursive: true });
  vi.stubEnv('HOME', join(root, 'h'.repeat(80)));
  mkdirSync(join(root, 'h'.repeat(80)));
  expect(await openBase()).toMatch(isInTmp);
  expect(readdirSync(join(root, 'h'.repeat(80)))).toEqual([]);
});

test('the first choice is kept for who comes with another environment, for as long as it can be used', async () => {
  const first = await openBase();
  vi.stubEnv('XDG_RUNTIME_DIR', '');
  expect(await openBase()).toBe(first);
  expect(await findSocketFolder(board)).toBe(join(first, readdirSync(first)[0] ?? ''));
  expect(readFileSync(join(board, 'lock', 'sockets'), 'utf8')).toBe(`${first}\n`);
  rmSync(first, { recursive: true });
  expect(await findSocketFolder(board)).toBeNull();
  expect(await openBase()).toBe(join(home, '.cache/branchboard/s'));
  vi.stubEnv('XDG_RUNTIME_DIR', runtimeDir);
  expect(await openBase()).toBe(join(home, '.cache/branchboard/s'));
});

test('of many that choose at once all come to the same', async () => {
  vi.stubEnv('XDG_RUNTIME_DIR', '');
  vi.stubEnv('HOME', join(root, 'missing'));
  const folders = new Set(await Promise.all(Array.from({ length: 20 }, () => openSocketFolder(board))));
  const kept = readFileSync(join(board, 'lock', 'sockets'), 'utf8').trim();
  expect([...folders].map((folder) => dirname(folder))).toEqual([kept]);
  for (const name of readdirSync('/tmp')) {
    if (name.startsWith(`branchboard-${String(process.getuid?.())}-`)) inTmp.push(join('/tmp', name));
  }
});

test('who only asks makes nothing', async () => {
  expect(await askSocket(board, 'hello')).toBeNull();
  expect([readdirSync(board), readdirSync(runtimeDir), readdirSync(home)]).toEqual([[], [], []]);
});

/** What somebody may have put in the place of one of our folders. */
const plants: Readonly<Record<string, (path: string, elsewhere: string) => void>> = {
  'a link': (path, elsewhere) => symlinkSync(elsewhere, path),
  'a file': (path) => writeFileSync(path, ''),
  'a folder that all may write to': (path) => {
    mkdirSync(path);
    chmodSync(path, 0o777);
  },
  ...(isRoot
    ? {
        "a stranger's folder": (path: string) => {
          mkdirSync(path, { mode: 0o700 });
          chownSync(path, stranger, stranger);
        },
        "a stranger's link to a folder of ours": (path: string, elsewhere: string) => {
          symlinkSync(elsewhere, path);
          lchownSync(path, stranger, stranger);
        },
      }
    : {}),
};

describe.each(Object.keys(plants))('%s', (kind) => {
  const plant = (path: string): string => {
    const elsewhere = join(root, 'elsewhere');
    mkdirSync(elsewhere, { mode: 0o700 });
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    plants[kind]?.(path, elsewhere);
    return elsewhere;
  };

  test.each(['run', 'run/branchboard', 'run/branchboard/HASH'])(
    'at %s is passed over, and nothing is made in it',
    async (name) => {
      if (name === 'run') rmSync(runtimeDir, { recursive: true });
      const elsewhere = plant(await locate(name));
      expect(await openBase()).toBe(join(home, '.cache/branchboard/s'));
      expect(readdirSync(elsewhere)).toEqual([]);
    },
  );

  test.each(['home/.cache', 'home/.cache/branchboard', 'home/.cache/branchboard/s', 'home/.cache/branchboard/s/HASH'])(
    'at %s is passed over, and nothing is made in it',
    async (name) => {
      vi.stubEnv('XDG_RUNTIME_DIR', '');
      const elsewhere = plant(await locate(name));
      expect(await openBase()).toMatch(isInTmp);
      expect(readdirSync(elsewhere)).toEqual([]);
    },
  );

  test('in the place of the folder that was chosen neither answers nor keeps a board from running', async () => {
    vi.stubEnv('XDG_RUNTIME_DIR', '');
    vi.stubEnv('HOME', join(root, 'missing'));
    const first = await openBase();
    rmSync(first, { recursive: true });
    const elsewhere = plant(first);
    expect(await askSocket(board, 'hello')).toBeNull();
    const taken = await takeSocket(board, () => undefined);
    if (!taken.ok) throw new Error('taken');
    expect(await askSocket(board, 'hello')).toEqual({ pid: process.pid });
    await taken.value.release();
    expect(readFileSync(join(board, 'lock', 'sockets'), 'utf8')).not.toBe(`${first}\n`);
    inTmp.push(readFileSync(join(board, 'lock', 'sockets'), 'utf8').trim());
    expect(readdirSync(elsewhere)).toEqual([]);
  });
});

test('a choice that names no folder of ours, or is a link, is made anew', async () => {
  mkdirSync(join(board, 'lock'));
  writeFileSync(join(root, 'outside'), `${runtimeDir}\n`);
  for (const kept of ['', 'relative', '/', '/nowhere']) {
    writeFileSync(join(board, 'lock', 'sockets'), kept);
    expect(await openBase()).toBe(join(runtimeDir, 'branchboard'));
    rmSync(join(board, 'lock', 'sockets'));
  }
  symlinkSync(join(root, 'outside'), join(board, 'lock', 'sockets'));
  expect(await openBase()).toBe(join(runtimeDir, 'branchboard'));
  expect(readFileSync(join(root, 'outside'), 'utf8')).toBe(`${runtimeDir}\n`);
});

/** A path below the scratch folder; HASH stands for the name of the board's own folder. */
async function locate(name: string): Promise<string> {
  if (!name.endsWith('HASH')) return join(root, name);
  const folder = await openSocketFolder(board);
  rmSync(join(board, 'lock'), { recursive: true });
  rmSync(folder, { recursive: true });
  return join(dirname(folder), basename(folder));
}
