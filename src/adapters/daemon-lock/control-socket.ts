/**
 * The daemon's socket, for the request to stop. The lock's file names its path, so that it is found from any
 * environment. Each daemon makes a folder of a random name for it, which nobody can have made before. The socket
 * decides nothing: where it was removed, or none could be made, a signal asks the same.
 */
import { lstat, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/** Time for a daemon to answer, in milliseconds. */
const answerTimeoutMs = 2_000;
/** Of the roughly 104 bytes that systems have for a socket's path. */
const maxPathBytes = 100;
const folderPrefix = 'branchboard-';
const socketName = 's';
const randomChars = 6;

/**
 * Makes a folder of the user's alone, and gives the path of the socket in it. Null where none can be made: the path
 * would be too long, or somebody else could put another folder in its place.
 */
export async function makeSocketPath(): Promise<string | null> {
  for (const folder of [process.env['XDG_RUNTIME_DIR'] ?? '', tmpdir(), '/tmp']) {
    const start = join(folder, folderPrefix);
    const bytes = Buffer.byteLength(start) + randomChars + `/${socketName}`.length;
    if (!isAbsolute(folder) || bytes > maxPathBytes || !(await isSafe(folder))) continue;
    const own = await mkdtemp(start).catch(() => null);
    if (own !== null) return join(own, socketName);
  }
  return null;
}

/** Whether other users can't remove or rename what this user makes in a folder. */
async function isSafe(folder: string): Promise<boolean> {
  const user = process.getuid?.();
  const stats = await lstat(folder).catch(() => null);
  if (stats?.isDirectory() !== true) return false;
  const isSticky = (stats.mode & 0o1000) !== 0;
  return user === undefined || ([user, 0].includes(stats.uid) && (isSticky || (stats.mode & 0o022) === 0));
}

/** Whether a folder is still the one that this user made, and not somebody else's in its place. */
async function isOurs(folder: string): Promise<boolean> {
  const user = process.getuid?.();
  const stats = await lstat(folder).catch(() => null);
  return stats?.isDirectory() === true && (user === undefined || (stats.uid === user && (stats.mode & 0o077) === 0));
}

/** Listens at a path from {@link makeSocketPath}; null where that can't be done. `onStop` is called when somebody asks. */
export function listenForStop(path: string, onStop: () => void): Promise<Server | null> {
  const server = createServer((socket) => answer(socket, onStop));
  return new Promise((resolve) => {
    server.once('error', () => resolve(null));
    server.listen({ path, backlog: 64 }, () => resolve(server));
  });
}

function answer(socket: Socket, onStop: () => void): void {
  socket.setTimeout(answerTimeoutMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.once('data', (data) => {
    socket.end('ok\n');
    if (data.toString('utf8').trim() === 'stop') onStop();
  });
}

/** Asks the daemon that listens at a path to stop. False where none does; a frozen one reads it when it wakes. */
export async function askForStop(path: string): Promise<boolean> {
  if (!(await isOurs(dirname(path)))) return false;
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.setTimeout(answerTimeoutMs, () => socket.destroy());
    let isConnected = false;
    socket.on('connect', () => {
      isConnected = true;
      socket.write('stop\n');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(isConnected));
    socket.resume();
  });
}

/** Removes a socket and its folder, its own or that of a daemon that was killed. A path of another kind is left alone. */
export async function removeSocket(path: string): Promise<void> {
  const folder = dirname(path);
  if (!new RegExp(`/${folderPrefix}\\w{${String(randomChars)}}/${socketName}$`).test(path)) return;
  await rm(path, { force: true }).catch(() => undefined);
  await rmdir(folder).catch(() => undefined);
}
