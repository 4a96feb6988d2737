/**
 * The daemon's socket, for the control channel. The lock's file names its path, so that it is found from any
 * environment. Each daemon makes a folder of a random name for it, which nobody can have made before. The socket
 * decides nothing: where it was removed, or none could be made, a command is laid into the board's folder.
 */
import { chmodSync } from 'node:fs';
import { lstat, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { privateMode } from '../machine/durable.ts';

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

/** Listens at a path from {@link makeSocketPath}, for the user alone; null where that can't be done. */
export function listenAt(path: string, onConnection: (socket: Socket) => void): Promise<Server | null> {
  const server = createServer(onConnection);
  return new Promise((resolve) => {
    server.once('error', () => resolve(null));
    server.listen({ path, backlog: 64 }, () => {
      chmodSync(path, privateMode);
      resolve(server);
    });
  });
}

/** Whether the folder of a socket is one that this user made, so that nobody else answers there. */
export function isOwnSocket(path: string): Promise<boolean> {
  return isOurs(dirname(path));
}

/** Removes a socket and its folder, its own or that of a daemon that was killed. A path of another kind is left alone. */
export async function removeSocket(path: string): Promise<void> {
  const folder = dirname(path);
  if (!new RegExp(`/${folderPrefix}\\w{${String(randomChars)}}/${socketName}$`).test(path)) return;
  await rm(path, { force: true }).catch(() => undefined);
  await rmdir(folder).catch(() => undefined);
}
