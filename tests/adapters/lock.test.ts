import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { askToStop, findOwner, lockBoard } from '../../src/adapters/lock.ts';

let board: string;
let sockets: string;

beforeEach(() => {
  board = realpathSync(mkdtempSync(join(tmpdir(), 'branchboard-lock-')));
  const hash = createHash('sha256').update(board).digest('hex').slice(0, 16);
  sockets = join('/tmp', `branchboard-${String(userInfo().uid)}`, hash);
});
afterEach(() => {
  for (const folder of [board, sockets]) rmSync(folder, { recursive: true, force: true });
});

async function take(onStop: () => void = () => undefined) {
  const lock = await lockBoard(board, onStop);
  if (!lock.ok) throw new Error('taken');
  return lock.value;
}

test('a board has one owner, who says its pid, until it is released', async () => {
  expect(await findOwner(board)).toBeNull();
  const lock = await take();
  expect(await lockBoard(board, () => undefined)).toEqual({ ok: false, failure: { pid: process.pid } });
  expect(await findOwner(board)).toEqual({ pid: process.pid });
  await lock.release();
  expect(await findOwner(board)).toBeNull();
  await (await take()).release();
});

test('of twenty that try in the same moment one gets it, again and again', async () => {
  for (let round = 0; round < 5; round++) {
    const locks = await Promise.all(Array.from({ length: 20 }, () => lockBoard(board, () => undefined)));
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
  }
});

test('asked to stop, the owner is told', async () => {
  const onStop = vi.fn();
  const lock = await take(onStop);
  await findOwner(board);
  expect(onStop).not.toHaveBeenCalled();
  expect(await askToStop(board)).toEqual({ pid: process.pid });
  expect(onStop).toHaveBeenCalledOnce();
  await lock.release();
  expect(await askToStop(board)).toBeNull();
});

test('an owner that listens and says nothing still owns its board', async () => {
  mkdirSync(sockets, { recursive: true, mode: 0o700 });
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(join(sockets, '5'), resolve));
  expect(await findOwner(board)).toEqual({ pid: null });
  expect(await lockBoard(board, () => undefined)).toEqual({ ok: false, failure: { pid: null } });
  expect(readdirSync(sockets)).toEqual(['5']);
  server.close();
}, 20_000);

test('somebody who connects and talks nonsense does no harm', async () => {
  const onStop = vi.fn();
  const lock = await take(onStop);
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
  const lock = await lockBoard(deep, () => undefined);
  expect(lock.ok).toBe(true);
  expect(statSync(join(sockets, '..')).mode & 0o777).toBe(0o700);
  if (lock.ok) await lock.value.release();
  const hash = createHash('sha256').update(deep).digest('hex').slice(0, 16);
  rmSync(join(sockets, '..', hash), { recursive: true });
});
