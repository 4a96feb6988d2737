/** Where a daemon's socket is made, and that nobody else can stand in for it. */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  isOwnSocket,
  listenAt,
  makeSocketPath,
  removeSocket,
} from '../../../src/adapters/daemon-lock/control-socket.ts';

/** Somebody else, whom no list of users names. */
const stranger = 54_331;
const isRoot = process.getuid?.() === 0;

let root: string;
let runtimeDir: string;
let temp: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'bb-')));
  [runtimeDir, temp] = [join(root, 'run'), join(root, 'tmp')];
  for (const folder of [runtimeDir, temp]) mkdirSync(folder, { mode: 0o700 });
  vi.stubEnv('XDG_RUNTIME_DIR', runtimeDir);
  vi.stubEnv('TMPDIR', temp);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

async function make(): Promise<string> {
  const path = await makeSocketPath();
  if (path === null) throw new Error('no socket can be made');
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  return path;
}

test('it is in the folder that the system gives the user, else in that for temporary files, where its path has room', async () => {
  expect(dirname(dirname(await make()))).toBe(runtimeDir);
  vi.stubEnv('XDG_RUNTIME_DIR', '');
  expect(dirname(dirname(await make()))).toBe(temp);
  const deep = join(temp, 'd'.repeat(80));
  mkdirSync(deep);
  vi.stubEnv('TMPDIR', deep);
  const path = await make();
  expect(dirname(dirname(path))).toBe('/tmp');
  await removeSocket(path);
  expect(readdirSync(deep)).toEqual([]);
});

test('who listens there hears of each who connects, is alone with its user, and is gone after it ended', async () => {
  const path = await make();
  const onConnection = vi.fn((socket: Socket) => socket.end());
  const server = await listenAt(path, onConnection);
  expect(statSync(path).mode & 0o077).toBe(0);
  expect(await isOwnSocket(path)).toBe(true);
  await new Promise((resolve) => connect(path).once('close', resolve).resume());
  expect(onConnection).toHaveBeenCalledOnce();
  server?.close();
  await removeSocket(path);
  expect(await isOwnSocket(path)).toBe(false);
  expect(readdirSync(runtimeDir)).toEqual([]);
});

/** What may be in the place of the folder in which sockets are made. */
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
      }
    : {}),
};

describe.each(Object.keys(plants))('%s', (kind) => {
  test('is passed over, and nothing is made in it', async () => {
    const elsewhere = join(root, 'elsewhere');
    mkdirSync(elsewhere, { mode: 0o700 });
    rmSync(runtimeDir, { recursive: true });
    plants[kind]?.(runtimeDir, elsewhere);
    expect(dirname(dirname(await make()))).toBe(temp);
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  test('in the place of the folder that was made is not asked', async () => {
    const path = await make();
    const elsewhere = join(root, 'elsewhere');
    mkdirSync(elsewhere, { mode: 0o700 });
    rmSync(dirname(path), { recursive: true });
    plants[kind]?.(dirname(path), elsewhere);
    expect(await isOwnSocket(path)).toBe(false);
  });
});
