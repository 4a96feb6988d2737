/**
 * Allows one daemon a board. The file in the board's `lock/` is the lock (see `lock-file.ts`); it names the socket of
 * its owner. No clocks are compared: a suspended machine, or a clock that jumps, neither loses nor frees a lock.
 */
import { failure, success, type Result } from '../../domain/result.ts';
import { isAlive, signalProcess } from '../machine/processes.ts';
import { askForStop, listenForStop, makeSocketPath, removeSocket } from './control-socket.ts';
import { defaultLockTimings, findLocalOwner, readLast, takeFile, type Held, type LockTimings } from './lock-file.ts';

/** A board that is ours until it is released. */
export type BoardLock = Held;

/** The owner of a board; the pid is null where it is not known. */
export interface Owner {
  readonly pid: number | null;
  /** The owner's machine or container, where it is another one than this. */
  readonly host?: string;
}

/** Events for the owner of a board. */
export interface LockListener {
  /** Somebody asks it to stop. */
  onStop(): void;
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
    const file = await takeFile(boardDir, () => listener.onLost(), timings, socket);
    if (!file.ok) {
      await forgetSocket();
      const { mark, host } = file.failure;
      return failure({ pid: mark.pid, ...(host === null ? {} : { host }) });
    }
    // Whoever had the board before is dead.
    if (previous?.host === null && previous.socket !== null) await removeSocket(previous.socket);
    const server = socket === null ? null : await listenForStop(socket, () => listener.onStop());
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

/** The owner of this board on this machine; null if there is none. */
export async function findOwner(boardDir: string): Promise<Owner | null> {
  const owner = await findLocalOwner(boardDir);
  return owner === null ? null : { pid: owner.mark.pid };
}

/** A daemon that was asked to stop. */
export interface StoppingOwner {
  readonly pid: number;
  /** Whether its process is gone. It releases the board a moment before. */
  hasEnded(): boolean;
}

/** Asks the daemon of a board to stop; null if none runs on this machine. Returns as soon as it was asked. */
export async function askToStop(boardDir: string): Promise<StoppingOwner | null> {
  const owner = await findLocalOwner(boardDir);
  if (owner === null) return null;
  const { mark, socket } = owner;
  if ((socket !== null && (await askForStop(socket))) || signalProcess(mark, 'SIGTERM')) {
    return { pid: mark.pid, hasEnded: () => !isAlive(mark) };
  }
  throw new Error(`the board (pid ${String(mark.pid)}) belongs to another user; ask them to stop it`);
}
