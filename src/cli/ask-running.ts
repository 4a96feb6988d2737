/** Asks the board that runs, for verbs that only look; where none answers in time they read the folder, which tells the same. */
import { findDaemon } from '../adapters/daemon-lock/daemon-lock.ts';
import type { BoardClient } from '../client/board-client.ts';
import type { Place } from './place.ts';

/** A board that is busy or frozen is not waited for longer, in milliseconds. */
const readTimeoutMs = 2_000;

/** The running board, or null where none runs, or none can be asked. */
export async function findRunning({ layout }: Place): Promise<BoardClient | null> {
  const socket = (await findDaemon(layout.root))?.socket ?? null;
  if (socket === null) return null;
  const { BoardClient } = await import('../client/board-client.ts');
  return new BoardClient(socket, readTimeoutMs);
}

/** Whether an error says that the board does not answer, or refuses to. */
export async function isUnanswered(error: unknown): Promise<boolean> {
  const { NoAnswerError, RefusedError } = await import('../client/board-client.ts');
  return error instanceof NoAnswerError || error instanceof RefusedError;
}
