/**
 * The token of a board: who sends it over the control channel is its user. It is in a file that only the user can read,
 * and that the sandbox closes to agents and to commands of runs; each daemon makes a new one.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { privateMode } from './durable.ts';
import { openRegular, readRegular } from './regular-file.ts';

/** Where the token of a board is, by the board's folder. */
export function tokenPathOf(boardDir: string): string {
  return join(boardDir, 'token');
}

/**
 * Makes the token of a daemon that has the board. The file is written where it lies: the sandbox of an agent that outlived
 * the last daemon closes that file, and would not close another one in its place. Throws the system's errors.
 */
export async function makeToken(boardDir: string): Promise<string> {
  const token = randomBytes(24).toString('hex');
  const file = await openRegular(tokenPathOf(boardDir), constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC);
  try {
    await file.chmod(privateMode);
    await file.writeFile(`${token}\n`);
  } finally {
    await file.close();
  }
  return token;
}

/** The token of the daemon that runs; null where it can't be read. */
export async function readToken(boardDir: string): Promise<string | null> {
  return readRegular(tokenPathOf(boardDir)).then(
    (text) => text.trim(),
    () => null,
  );
}

/** Whether two tokens are the same, in a time that tells nothing of how far they are. */
export function isSameToken(token: string, other: string): boolean {
  const [a, b] = [Buffer.from(token), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
