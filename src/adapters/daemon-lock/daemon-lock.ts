/**
 * One daemon for a board. Two guards, taken one after the other:
 *
 *   a socket                tells a dead owner from a living one at once, and carries `stop`; seen by this user, on this
 *                           machine, as long as no cleaner removes it
 *   a file in the board     seen by every user, container and machine that sees the board; says who the owner is also
 *                           where that one is stopped and can't answer
 *
 * Nothing here compares clocks: a suspended machine, or a clock that jumps, neither loses nor frees a lock.
 */
import { failure, success, type Result } from '../../domain/result.ts';
import { signalProcess } from '../machine/processes.ts';
import { defaultLockTimings, findLocalOwner, takeFile, type LockTimings } from './lock-file.ts';
import { askSocket, takeSocket, type Answer, type Held } from './control-socket.ts';

/** A board that is ours until it is released. */
export type BoardLock = Held;

/** Who has a board; the pid is null where nobody can say it. */
export interface Owner {
  readonly pid: number | null;
  /** The owner's machine or container, where it is another one than this. */
  readonly host?: string;
}

/** What the owner of a board is told. */
export interface LockListener {
  /** Somebody asks it to stop. */
  onStop(): void;
  /** It was frozen for so long that another machine has taken the board: it must stop. */
  onLost(): void;
}

/** Takes a board, or says who has it. */
export async function lockBoard(
  boardDir: string,
  listener: LockListener,
  timings: LockTimings = defaultLockTimings,
): Promise<Result<BoardLock, Owner>> {
  const socket = await takeSocket(boardDir, () => listener.onStop());
  if (!socket.ok) return failure(await nameOwner(boardDir, socket.failure));
  try {
    const file = await takeFile(boardDir, () => listener.onLost(), timings);
    if (file.ok) return success({ release: () => file.value.release().then(() => socket.value.release()) });
    await socket.value.release();
    const { mark, host } = file.failure;
    return failure({ pid: mark.pid, ...(host === null ? {} : { host }) });
  } catch (error) {
    await socket.value.release();
    throw error;
  }
}

/** Who runs this board on this machine; null if nobody does. */
export async function findOwner(boardDir: string): Promise<Owner | null> {
  const answer = await askSocket(boardDir, 'hello');
  if (answer !== null) return nameOwner(boardDir, answer);
  const owner = await findLocalOwner(boardDir);
  return owner === null ? null : { pid: owner.mark.pid };
}

/** Asks the daemon of a board to stop; null if none runs on this machine. Returns as soon as it was told. */
export async function askToStop(boardDir: string): Promise<Owner | null> {
  const answer = await askSocket(boardDir, 'stop');
  if (answer !== null) return nameOwner(boardDir, answer);
  const owner = await findLocalOwner(boardDir);
  if (owner === null) return null;
  // Its socket was removed, or it is another user's.
  if (signalProcess(owner.mark, 'SIGTERM')) return { pid: owner.mark.pid };
  throw new Error(`the board (pid ${String(owner.mark.pid)}) belongs to another user; ask them to stop it`);
}

/** An owner that listens and says nothing is stopped or overwhelmed; its file says who it is. */
async function nameOwner(boardDir: string, { pid }: Answer): Promise<Owner> {
  return { pid: pid ?? (await findLocalOwner(boardDir))?.mark.pid ?? null };
}
