import { spawn } from 'node:child_process';
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
import { connect, type Socket } from 'node:net';
import type os from 'node:os';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readStart } from '../../../src/adapters/machine/processes.ts';
import {
  findDaemon,
  lockBoard,
  lockForErrand,
  type LockListener,
} from '../../../src/adapters/daemon-lock/daemon-lock.ts';
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
const started: number[] = [];

beforeEach(() => {
  board = realpathSync(mkdtempSync(join(tmpdir(), 'branchboard-lock-')));
  runtimeDir = realpathSync(mkdtempSync(join(tmpdir(), 'branchboard-run-')));
  vi.stubEnv('XDG_RUNTIME_DIR', runtimeDir);
});
afterEach(() => {
  for (const pid of started.splice(0)) if (lives(pid)) process.kill(pid, 'SIGKILL');
  vi.unstubAllEnvs();
  for (const folder of [board, runtimeDir]) rmSync(folder, { recursive: true, force: true });
});

/** The files of the board that say who has it. */
const listMarks = () => readdirSync(join(board, 'lock'));

/** The socket that the board's file names. */
const socketOf = (name: string) => readFileSync(join(board, 'lock', name), 'utf8').split('\n')[5] ?? '';

const deaf: LockListener = { onConnection: (socket) => socket.destroy(), onLost: () => undefined };
const timings = { beatEveryMs: 50, silenceMs: 600 };

async function take(listener: Partial<LockListener> = {}) {
  const lock = await lockBoard(board, { ...deaf, ...listener }, timings);
  if (!lock.ok) throw new Error('taken');
  return lock.value;
}

test('a board has one owner, who says its pid, until it is released, also where no list of users names the user', async () => {
  expect(await findDaemon(board)).toBeNull();
  const lock = await take();
  expect(await lockBoard(board, deaf)).toEqual({ ok: false, failure: { pid: process.pid } });
  expect(await findDaemon(board)).toMatchObject({ pid: process.pid });
  await lock.release();
  expect(await findDaemon(board)).toBeNull();
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

test('a released number is left behind, and nothing else', async () => {
  for (const number of ['1', '2', '3']) {
    const lock = await take();
    expect(listMarks()).toEqual([number]);
    expect(readdirSync(runtimeDir)).toHaveLength(1);
    await lock.release();
    expect(listMarks()).toEqual([number]);
    expect(readFileSync(join(board, 'lock', number), 'utf8')).toBe('');
    expect(readdirSync(runtimeDir)).toEqual([]);
  }
});

test('who connects to the socket that the owner names reaches the owner', async () => {
  const onConnection = vi.fn((socket: Socket) => socket.end('here'));
  const lock = await take({ onConnection });
  const path = (await findDaemon(board))?.socket ?? '';
  expect(path).toBe(socketOf('1'));
  const heard = await new Promise((resolve) => connect(path).once('data', (data) => resolve(data.toString())));
  expect(heard).toBe('here');
  expect(onConnection).toHaveBeenCalledOnce();
  await lock.release();
  expect(await findDaemon(board)).toBeNull();
});

test('a long path of the board does not keep it from being reached', async () => {
  const deep = join(board, 'x'.repeat(150), 'y'.repeat(150));
  mkdirSync(deep, { recursive: true });
  const onConnection = vi.fn((socket: Socket) => socket.end('here'));
  const lock = await lockBoard(deep, { ...deaf, onConnection });
  const path = (await findDaemon(deep))?.socket ?? '';
  await new Promise((resolve) => connect(path).once('close', resolve).resume());
  expect(onConnection).toHaveBeenCalledOnce();
  if (lock.ok) await lock.value.release();
});

test('an errand keeps others out as a daemon does, and is none', async () => {
  const errand = await lockForErrand(board);
  expect(errand.ok).toBe(true);
  expect(await findDaemon(board)).toBeNull();
  const owner = { ok: false, failure: { pid: process.pid, isErrand: true } };
  expect(await lockBoard(board, deaf)).toEqual(owner);
  expect(await lockForErrand(board)).toEqual(owner);
  if (errand.ok) await errand.value.release();
  const lock = await take();
  expect(await lockForErrand(board)).toEqual({ ok: false, failure: { pid: process.pid } });
  await lock.release();
});

/** A process that stands for another daemon, and a file of the board's that names it. */
function standIn(
  place: { readonly bootId?: string; readonly host?: string; readonly socket?: string },
  start?: string,
): number {
  const { pid = 0 } = spawn('sleep', ['60'], { stdio: 'ignore' });
  started.push(pid);
  const bootId = place.bootId ?? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const lines = [pid, start ?? readStart(pid), bootId, readlinkSync('/proc/self/ns/pid'), place.host ?? hostname()];
  lines.push(place.socket ?? '', '');
  mkdirSync(join(board, 'lock'), { recursive: true });
  writeFileSync(join(board, 'lock', '7'), lines.join('\n'));
  return pid;
}

test('without its socket an owner still owns its board: it is found, told to stop, and nobody else gets in', async () => {
  const lock = await take();
  rmSync(dirname(socketOf('1')), { recursive: true });
  expect(await findDaemon(board)).toMatchObject({ pid: process.pid });
  expect(await lockBoard(board, deaf)).toEqual({ ok: false, failure: { pid: process.pid } });
  await lock.release();
  expect(await findDaemon(board)).toBeNull();
  await (await take()).release();

  const pid = standIn({});
  const stopping = await findDaemon(board);
  expect(stopping).toMatchObject({ pid });
  stopping?.signal();
  await vi.waitFor(() => expect(stopping?.hasEnded()).toBe(true), { timeout: 10_000 });
  expect(lives(pid)).toBe(false);
  expect(await findDaemon(board)).toBeNull();
});

test('an owner that is gone is told from a later process of its pid, and is not waited for', async () => {
  const pid = standIn({}, '1');
  // Whoever waited for its silence would wait until the test is over.
  const lock = await lockBoard(board, deaf, { ...timings, silenceMs: 3_600_000 });
  expect(lock.ok).toBe(true);
  if (lock.ok) await lock.value.release();
  expect(lives(pid)).toBe(true);
});

test('what a killed owner left of its socket is removed, and nothing else that its file names', async () => {
  const left = mkdtempSync(join(runtimeDir, 'branchboard-'));
  writeFileSync(join(left, 's'), '');
  standIn({ socket: join(left, 's') }, '1');
  const lock = await take();
  expect(readdirSync(runtimeDir)).toEqual([basename(dirname(socketOf('8')))]);
  await lock.release();

  const precious = join(runtimeDir, 'precious');
  writeFileSync(precious, 'kept');
  rmSync(join(board, 'lock'), { recursive: true });
  standIn({ socket: precious }, '1');
  await (await take()).release();
  expect(readFileSync(precious, 'utf8')).toBe('kept');
});

test('of another machine’s owner counts only whether its file changes while it is looked at', async () => {
  const pid = standIn({ bootId: 'elsewhere', host: 'otherhost' });
  const file = join(board, 'lock', '7');
  // Its clock may be years away.
  const beat = setInterval(() => utimesSync(file, Date.now() / 1000 - 1e8, Date.now() / 1000 - 1e8), 50);
  try {
    expect(await lockBoard(board, deaf, timings)).toEqual({ ok: false, failure: { pid, host: 'otherhost' } });
    // It answers nobody here, and no signal of ours reaches it.
    expect(await findDaemon(board)).toBeNull();
    expect(await findDaemon(board)).toBeNull();
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

test('an owner whose file was removed puts it back, and stops where somebody else was quicker', async () => {
  const onLost = vi.fn();
  const lock = await take({ onLost });
  rmSync(join(board, 'lock'), { recursive: true });
  await vi.waitFor(() => expect(listMarks()).toEqual(['1']), { timeout: 10_000 });
  expect(await lockBoard(board, deaf)).toEqual({ ok: false, failure: { pid: process.pid } });
  expect(onLost).not.toHaveBeenCalled();
  // Another one's, with the same number.
  writeFileSync(join(board, 'lock', '1'), 'of somebody else');
  await vi.waitFor(() => expect(onLost).toHaveBeenCalledOnce(), { timeout: 10_000 });
  await lock.release();
  expect(readFileSync(join(board, 'lock', '1'), 'utf8')).toBe('of somebody else');
});

test('of twenty one gets the board, on a stale file', async () => {
  for (let round = 0; round < 5; round++) {
    standIn({}, '1');
    const all = await Promise.all(Array.from({ length: 20 }, () => takeFile(board, () => undefined, timings)));
    const [owner, ...others] = all.filter(({ ok }) => ok);
    expect(others).toEqual([]);
    expect(all.filter(({ ok }) => !ok)).toEqual(
      Array(19).fill({
        ok: false,
        failure: {
          mark: { pid: process.pid, start: readStart(process.pid) },
          host: null,
          socket: null,
          isErrand: false,
        },
      }),
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
