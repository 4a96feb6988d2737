/**
 * The lock's first guard, and a way to talk to the daemon: a Unix socket in a folder of the user's own (see
 * `socket-folder.ts`). A dead one is told by a refused connection, without any time being waited for; one that is stopped
 * still listens.
 */
import { randomUUID } from 'node:crypto';
import { rm, stat, utimes } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { codeOf } from '../machine/errors.ts';
import { failure, success, type Result } from '../../domain/result.ts';
import { findSocketFolder, openSocketFolder } from '../machine/socket-folder.ts';
import { findHighest, takeNumber } from './numbered-link.ts';

/** How long a daemon may take to say who it is. */
const helloTimeoutMs = 2_000;
/** Temp cleaners remove what looks old. */
const touchEveryMs = 6 * 60 * 60_000;

/** What a daemon is asked over its socket. */
export type ControlRequest = 'hello' | 'stop';

/** Who answered; the pid is null where somebody listens and says nothing. */
export interface Answer {
  readonly pid: number | null;
}

/** Something that is ours until it is released. */
export interface Held {
  release(): Promise<void>;
}

/** Takes a board's socket, or says who has it. `onStop` is called when somebody asks the daemon to stop. */
export async function takeSocket(boardDir: string, onStop: () => void): Promise<Result<Held, Answer>> {
  const folder = await openSocketFolder(boardDir);
  const server = createServer((socket) => answer(socket, onStop));
  const own = join(folder, `${randomUUID().slice(0, 8)}.new`);
  await listen(server, own);
  try {
    const taken = await takeNumber(folder, own, (path) => ask(path, 'hello'));
    if (taken.ok) return success(hold(server, taken.value));
    await close(server);
    await rm(own, { force: true });
    return failure(taken.failure);
  } catch (error) {
    server.close();
    throw error;
  }
}

/** Asks whoever has a board's socket; null if nobody listens. */
export async function askSocket(boardDir: string, request: ControlRequest): Promise<Answer | null> {
  const folder = await findSocketFolder(boardDir);
  const highest = folder === null ? 0 : await findHighest(folder);
  return folder === null || highest === 0 ? null : ask(join(folder, String(highest)), request);
}

function hold(server: Server, path: string): Held {
  const toucher = setInterval(() => void touch(path), touchEveryMs);
  toucher.unref();
  return {
    // The number stays behind, dead: the next daemon takes the one after it.
    release: () => {
      clearInterval(toucher);
      return close(server);
    },
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

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
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

/** Null if nobody listens. Somebody who listens and says nothing is there all the same. */
function ask(path: string, request: ControlRequest): Promise<Answer | null> {
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
    socket.on('close', () => resolve(connected ? parseAnswer(reply) : null));
    socket.on('error', (error) => {
      const code = codeOf(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ENOTSOCK') resolve(null);
      // A full backlog is a sign of life.
      else if (code === 'EAGAIN') resolve({ pid: null });
      else if (!connected) reject(error);
    });
  });
}

function parseAnswer(reply: string): Answer {
  const pid = /"pid":(\d+)/.exec(reply)?.[1];
  return { pid: pid === undefined ? null : Number(pid) };
}
