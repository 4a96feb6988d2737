import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import type os from 'node:os';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readStart } from '../../../src/adapters/machine/processes.ts';
import { askToStop, findOwner, lockBoard, type LockListener } from '../../../src/adapters/daemon-lock/daemon-lock.ts';
import { takeFile } from '../../../src/adapters/daemon-lock/lock-file.ts';
import { lives } from '../agent/harness.ts';

// As for a user that no list of users names, such as that of a container.
vi.mock('node:os', async (original) => ({
  ...(await original<typeof os>()),
  userInfo: () => {
    throw new Error('uv_os_get_passwd returned ENOENT');
  },
}));

let board: string;
/** Where this user's programs have their sockets. */
let runtimeDir: string;
let sockets: string;
const started: number[] = [];

beforeEach(() => {
  board = realpathSync(mkdtempSync(join(tmpdir(), 'branchboard-lock-')));
  runtimeDir = realpathSync(mkdtempSync(join(tmpdir(), 'branchboard-run-')));
  vi.stubEnv('XDG_RUNTIME_DIR', runtimeDir);
  sockets = join(runtimeDir, 'branchboard', hashOf(board));
});
afterEach(() => {
  for (const pid of started.splice(0)) if (lives(pid)) process.kill(pid, 'SIGKILL');
  vi.unstubAllEnvs();
  for (const folder of [board, runtimeDir]) rmSync(folder, { recursive: true, force: true });
});

function hashOf(boardDir: string): string {
  return createHash('sha256').update(boardDir).digest('hex').slice(0, 16);
}

/** The files of the board that say who has it. */
function listMarks(): readonly string[] {
  return readdirSync(join(board, 'lock')).filter((name) => name !== 'sockets');
}

const deaf = { onStop: () => undefined, onLost: () => undefined };
const timings = { beatEveryMs: 50, silenceMs: 600 };

async function take(listener: Partial<LockListener> = {}) {
  const lock = await lockBoard(board, { ...deaf, ...listener }, timings);
  if (!lock.ok) throw new Error('taken');
  return lock.value;
}

test('a board has one owner, who says its pid, until it is released, also where no list of users names the user', async () => {
  expect(await findOwner(board)).toBeNull();
  const lock = await take();
  expect(await lockBoard(board, deaf)).toEqual({ ok: false, failure: { pid: process.pid } });
  expect(await findOwner(board)).toEqual({ pid: process.pid });
  await lock.release();
  expect(await findOwner(board)).toBeNull();
  await (await take()).release();
});

test('of twenty that try in the same moment one gets it, again and again', async () => {
  for (let round = 0; round < 5; round++) {
    const locks = await Promise.all(Array.from({ length: 20 }, () => lockBoard(board, deaf)));
    const [owner, ...others] = locks.filter(({ ok }) => ok);
    expect(others).toEqual([]);
    if (owner?.ok === true) await owner.value.release();
  }
});

test('a dead number is left behind, and nothing else', async () => {
  for (const number of ['1', '2', '3']) {
    const lock = await take();
    expect(readdirSync(sockets)).toEqual([number]);
    await lock.release();
    expect(readdirSync(sockets)).toEqual([number]);
    expect(listMarks()).toEqual([number]);
  }
});

test('asked to stop, the owner is told', async () => {
  const onStop = vi.fn();
  const lock = await take({ onStop });
  await findOwner(board);
  expect(onStop).not.toHaveBeenCalled();
  expect(await askToStop(board)).toEqual({ pid: process.pid });
  expect(onStop).toHaveBeenCalledOnce();
  await lock.release();
  expect(await askToStop(board)).toBeNull();
});

test('an owner that listens and says nothing still owns its board', async () => {
  await (await take()).release();
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(join(sockets, '5'), resolve));
  expect(await findOwner(board)).toEqual({ pid: null });
  expect(await lockBoard(board, deaf)).toEqual({ ok: false, failure: { pid: null } });
  expect(readdirSync(sockets)).toEqual(['1', '5']);
  server.close();
}, 20_000);

test('somebody who connects and talks nonsense does no harm', async () => {
  const onStop = vi.fn();
  const lock = await take({ onStop });
  const socket = connect(join(sockets, '1'));
  await new Promise((resolve) => socket.end('fly to the moon\n', () => socket.once('close', resolve).resume()));
  connect(join(sockets, '1')).destroy();
  expect(await findOwner(board)).toEqual({ pid: process.pid });
  expect(onStop).not.toHaveBeenCalled();
  await lock.release();
});

test('the sockets are in a folder of the user alone, by a name that a long path can not break', async () => {
  const deep = join(board, 'x'.repeat(150), 'y'.repeat(150));
  mkdirSync(deep, { recursive: true });
  const lock = await lockBoard(deep, deaf);
  expect(lock.ok).toBe(true);
  expect(statSync(join(sockets, '..')).mode & 0o777).toBe(0o700);
  expect(readdirSync(join(sockets, '..'))).toEqual([hashOf(deep)]);
  if (lock.ok) await lock.value.release();
});

/** A process that stands for another daemon, and a file of the board's that names it. */
function standIn(place: { readonly bootId?: string; readonly host?: string }, start?: string): number {
  const { pid = 0 } = spawn('sleep', ['60'], { stdio: 'ignore' });
  started.push(pid);
  const bootId = place.bootId ?? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const lines = [pid, start ?? readStart(pid), bootId, readlinkSync('/proc/self/ns/pid'), place.host ?? hostname(), ''];
  mkdirSync(join(board, 'lock'), { recursive: true });
  writeFileSync(join(board, 'lock', '7'), lines.join('\n'));
  return pid;
}

test('without its socket an owner still owns its board: it is found, told to stop, and nobody else gets in', async () => {
  const lock = await take();
  rmSync(sockets, { recursive: true });
  expect(await findOwner(board)).toEqual({ pid: process.pid });
  expect(await lockBoard(board, deaf)).toEqual({ ok: false, failure: { pid: process.pid } });
  await lock.release();
  expect(await findOwner(board)).toBeNull();
  await (await take()).release();

  const pid = standIn({});
  expect(await askToStop(board)).toEqual({ pid });
  await vi.waitFor(() => expect(lives(pid)).toBe(false), { timeout: 10_000 });
  expect(await findOwner(board)).toBeNull();
});

test('an owner that is gone is told from a later process of its pid, and is not waited for', async () => {
  const pid = standIn({}, '1');
  const began = Date.now();
  await (await take()).release();
  expect(Date.now() - began).toBeLessThan(timings.silenceMs);
  expect(lives(pid)).toBe(true);
});

test('of another machine’s owner counts only whether its file changes while it is looked at', async () => {
  const pid = standIn({ bootId: 'elsewhere', host: 'otherhost' });
  const file = join(board, 'lock', '7');
  // Its clock may be years away.
  const beat = setInterval(() => utimesSync(file, Date.now() / 1000 - 1e8, Date.now() / 1000 - 1e8), 50);
  try {
    expect(await lockBoard(board, deaf, timings)).toEqual({ ok: false, failure: { pid, host: 'otherhost' } });
    // It answers nobody here, and no signal of ours reaches it.
    expect(await findOwner(board)).toBeNull();
    expect(await askToStop(board)).toBeNull();
  } finally {
    clearInterval(beat);
  }
  expect(listMarks()).toEqual(['7']);
  const lock = await take();
  expect(listMarks()).toEqual(['8']);
  await lock.release();
  expect(lives(pid)).toBe(true);
});

test('our own beat is seen by other machines, and an owner that was frozen learns that it lost its board', async () => {
  const onLost = vi.fn();
  const lock = await take({ onLost });
  const file = join(board, 'lock', '1');
  const first = statSync(file).mtimeMs;
  await vi.waitFor(() => expect(statSync(file).mtimeMs).toBeGreaterThan(first), { timeout: 10_000 });
  expect(onLost).not.toHaveBeenCalled();
  standIn({ bootId: 'elsewhere' });
  await vi.waitFor(() => expect(onLost).toHaveBeenCalledOnce(), { timeout: 10_000 });
  await lock.release();
  expect(readFileSync(join(board, 'lock', '7'), 'utf8')).toContain('elsewhere');
});

test('of twenty in folders of their own for sockets one gets the board, on a stale file', async () => {
  for (let round = 0; round < 5; round++) {
    standIn({}, '1');
    const all = await Promise.all(Array.from({ length: 20 }, () => takeFile(board, () => undefined, timings)));
    const [owner, ...others] = all.filter(({ ok }) => ok);
    expect(others).toEqual([]);
    expect(all.filter(({ ok }) => !ok)).toEqual(
      Array(19).fill({ ok: false, failure: { mark: { pid: process.pid, start: readStart(process.pid) }, host: null } }),
    );
    if (owner?.ok === true) await owner.value.release();
    rmSync(join(board, 'lock'), { recursive: true });
  }
});

test('what one that was killed left behind goes, what one just made stays', async () => {
  const first = await lockBoard(board, deaf);
  if (first.ok) await first.value.release();
  const folder = join(board, 'lock');
  for (const name of ['old.new', 'fresh.new']) writeFileSync(join(folder, name), '');
  const longAgo = Date.now() / 1000 - 3_600;
  utimesSync(join(folder, 'old.new'), longAgo, longAgo);
  const second = await lockBoard(board, deaf);
  expect(readdirSync(folder)).toContain('fresh.new');
  expect(readdirSync(folder)).not.toContain('old.new');
  if (second.ok) await second.value.release();
});
