/**
 * One daemon for a board, and a way to talk to it: a Unix socket in a short folder of the user's own.
 *
 * Sockets are numbered. A daemon binds one under a name of its own and then links it as the number after the highest;
 * linking is exclusive, and the highest number is never removed, so that a number is never used twice. Whoever holds
 * the highest number owns the board for as long as its socket answers; a dead one is told by a refused connection.
 *
 *   list ──► highest answers? ──yes──► taken
 *     ▲            │ no
 *     │            ▼
 *     └── lost ── link highest + 1 ──► a higher one came? ──no──► owned
 */
import { createHash, randomUUID } from 'node:crypto';
import { chmod, link, lstat, mkdir, readdir, realpath, rm, stat, unlink, utimes } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { failure, success, type Result } from '../domain/result.ts';
import { codeOf } from './files/durable.ts';

/** How long a daemon may take to say who it is; one that is stopped still owns its board. */
const helloTimeoutMs = 2_000;
/** Temp cleaners remove what looks old. */
const touchEveryMs = 6 * 60 * 60_000;
const maxTakeovers = 100;

/** What a daemon is asked over its socket. */
export type ControlRequest = 'hello' | 'stop';

/** A board that is ours until it is released. */
export interface BoardLock {
  release(): Promise<void>;
}

/** Who has a board; the pid is null where it does not answer. */
export interface Owner {
  readonly pid: number | null;
}

/** Takes a board, or says who has it. `onStop` is called when somebody asks the daemon to stop. */
export async function lockBoard(boardDir: string, onStop: () => void): Promise<Result<BoardLock, Owner>> {
  const folder = await openFolder(boardDir);
  const server = createServer((socket) => answer(socket, onStop));
  const own = join(folder, `${randomUUID().slice(0, 8)}.new`);
  await listen(server, own);
  try {
    for (let takeover = 0; takeover < maxTakeovers; takeover++) {
      const highest = await findHighest(folder);
      const owner = highest === 0 ? null : await askOwner(join(folder, String(highest)));
      if (owner !== null) return failure(await giveUp(server, own, owner));
      const number = highest + 1;
      if (!(await tryLink(own, join(folder, String(number))))) continue;
      if ((await findHighest(folder)) === number) {
        await removeLower(folder, number);
        await unlink(own);
        return success(hold(server, join(folder, String(number))));
      }
      await unlink(join(folder, String(number)));
    }
    throw new Error(`the lock in ${folder} could not be taken; remove that folder if no board runs`);
  } catch (error) {
    server.close();
    throw error;
  }
}

/** Who runs this board; null if nobody does. */
export async function findOwner(boardDir: string): Promise<Owner | null> {
  const folder = await openFolder(boardDir);
  const highest = await findHighest(folder);
  return highest === 0 ? null : askOwner(join(folder, String(highest)));
}

/** Asks the daemon of a board to stop; null if none runs. Returns as soon as it was told. */
export async function askToStop(boardDir: string): Promise<Owner | null> {
  const folder = await openFolder(boardDir);
  const highest = await findHighest(folder);
  return highest === 0 ? null : ask(join(folder, String(highest)), 'stop');
}

/** Unix sockets have room for about 100 bytes of path, so the board's own folder won't do. */
async function openFolder(boardDir: string): Promise<string> {
  const hash = createHash('sha256')
    .update(await realpath(boardDir))
    .digest('hex')
    .slice(0, 16);
  const base = join(process.platform === 'win32' ? tmpdir() : '/tmp', `branchboard-${String(userInfo().uid)}`);
  const folder = join(base, hash);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const stats = await lstat(base);
  if (!stats.isDirectory() || (process.getuid !== undefined && stats.uid !== process.getuid())) {
    throw new Error(`${base} belongs to somebody else; remove it, or ask them to`);
  }
  await chmod(base, 0o700);
  return folder;
}

async function findHighest(folder: string): Promise<number> {
  const numbers = (await readdir(folder)).filter((name) => /^\d+$/.test(name)).map(Number);
  return Math.max(0, ...numbers);
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function removeLower(folder: string, number: number): Promise<void> {
  for (const name of await readdir(folder)) {
    if (/^\d+$/.test(name) && Number(name) < number) await rm(join(folder, name), { force: true });
  }
}

async function giveUp(server: Server, own: string, owner: Owner): Promise<Owner> {
  await new Promise((resolve) => server.close(resolve));
  await rm(own, { force: true });
  return owner;
}

function hold(server: Server, path: string): BoardLock {
  const toucher = setInterval(() => void touch(path), touchEveryMs);
  toucher.unref();
  return {
    // The number stays behind, dead: the next daemon takes the one after it.
    release: () =>
      new Promise((resolve) => {
        clearInterval(toucher);
        server.close(() => resolve());
      }),
  };
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  await stat(path).then(
    () => utimes(path, now, now),
    () => undefined,
  );
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, backlog: 64 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function answer(socket: Socket, onStop: () => void): void {
  socket.setTimeout(helloTimeoutMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.once('data', (data) => {
    const request = data.toString('utf8').trim();
    socket.end(`${JSON.stringify({ pid: process.pid })}\n`);
    if (request === 'stop') onStop();
  });
}

function askOwner(path: string): Promise<Owner | null> {
  return ask(path, 'hello');
}

/** Null if nobody listens. Somebody who listens and says nothing is there all the same. */
function ask(path: string, request: ControlRequest): Promise<Owner | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let reply = '';
    let connected = false;
    socket.setTimeout(helloTimeoutMs, () => {
      socket.destroy();
      resolve({ pid: null });
    });
    socket.on('connect', () => {
      connected = true;
      socket.write(`${request}\n`);
    });
    socket.on('data', (data) => (reply += data.toString('utf8')));
    socket.on('close', () => resolve(connected ? parseOwner(reply) : null));
    socket.on('error', (error) => {
      const code = codeOf(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ENOTSOCK') resolve(null);
      // A full backlog is a sign of life.
      else if (code === 'EAGAIN') resolve({ pid: null });
      else if (!connected) reject(error);
    });
  });
}

function parseOwner(reply: string): Owner {
  const pid = /"pid":(\d+)/.exec(reply)?.[1];
  return { pid: pid === undefined ? null : Number(pid) };
}
