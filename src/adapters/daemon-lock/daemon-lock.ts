/**
 * Allows one daemon a board. The file in the board's `lock/` is the lock (see `lock-file.ts`); it names the socket of
 * its owner. No clocks are compared: a suspended machine, or a clock that jumps, neither loses nor frees a lock. A
 * command that no daemon carries out holds the same lock for a moment, as an errand.
 */
import type { Socket } from 'node:net';
import { failure, success, type Result } from '../../domain/result.ts';
import { isAlive, signalProcess } from '../machine/processes.ts';
import { isOwnSocket, listenAt, makeSocketPath, removeSocket } from './control-socket.ts';
import { defaultLockTimings, findLocalOwner, readLast, takeFile, type Held, type LockTimings } from './lock-file.ts';

/** A board that is ours until it is released. */
export type BoardLock = Held;

/** The owner of a board; the pid is null where it is not known. */
export interface Owner {
  readonly pid: number | null;
  /** The owner's machine or container, where it is another one than this. */
  readonly host?: string;
  /** It carries out one command and ends soon. */
  readonly isErrand?: true;
}

/** A daemon on this machine. */
export interface Daemon {
  readonly pid: number;
  /** The path of its socket; null where it has none that can be trusted. */
  readonly socket: string | null;
  /** Whether its process is gone. It releases the board a moment before. */
  hasEnded(): boolean;
  /** Asks it to stop by a signal. Throws where it belongs to another user. */
  signal(): void;
}

/** Events for the owner of a board. */
export interface LockListener {
  /** Somebody connects to its socket. */
  onConnection(socket: Socket): void;
  /** Another one has the board: this one was frozen for long, or its file was removed. It must stop. */
  onLost(): void;
}

/** Takes a board, or says who has it. */
export async function lockBoard(
  boardDir: string,
  listener: LockListener,
  timings: LockTimings = defaultLockTimings,
): Promise<Result<BoardLock, Owner>> {
  const previous = await readLast(boardDir);
  const socket = await makeSocketPath();
  const forgetSocket = () => (socket === null ? Promise.resolve() : removeSocket(socket));
  try {
    const file = await takeFile(boardDir, () => listener.onLost(), timings, { socket });
    if (!file.ok) {
      await forgetSocket();
      return failure(describeOwner(file.failure));
    }
    // Whoever had the board before is dead.
    if (previous?.host === null && previous.socket !== null) await removeSocket(previous.socket);
    const server = socket === null ? null : await listenAt(socket, (connection) => listener.onConnection(connection));
    return success({
      release: async () => {
        server?.close();
        await forgetSocket();
        await file.value.release();
      },
    });
  } catch (error) {
    await forgetSocket();
    throw error;
  }
}

/** Takes a board for one command, or says who has it. */
export async function lockForErrand(boardDir: string): Promise<Result<BoardLock, Owner>> {
  const file = await takeFile(boardDir, () => undefined, defaultLockTimings, 'errand');
  return file.ok ? file : failure(describeOwner(file.failure));
}

function describeOwner({ mark, host, isErrand }: NonNullable<Awaited<ReturnType<typeof readLast>>>): Owner {
  return { pid: mark.pid, ...(host === null ? {} : { host }), ...(isErrand ? { isErrand } : {}) };
}

/** The daemon of this board on this machine; null if there is none. */
export async function findDaemon(boardDir: string): Promise<Daemon | null> {
  const owner = await findLocalOwner(boardDir);
  if (owner === null || owner.isErrand) return null;
  const { mark, socket } = owner;
  return {
    pid: mark.pid,
    socket: socket !== null && (await isOwnSocket(socket)) ? socket : null,
    hasEnded: () => !isAlive(mark),
    signal: () => {
      if (signalProcess(mark, 'SIGTERM')) return;
      throw new Error(`the board (pid ${String(mark.pid)}) belongs to another user; ask them to stop it`);
    },
  };
}
