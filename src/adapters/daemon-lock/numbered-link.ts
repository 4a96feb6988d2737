/**
 * Takes over from an owner that may be dead, so that of many who try at once one succeeds. A stale lock can't be taken
 * over by removing it: a slow one would remove the lock of a fast one. So locks have generations: each comer links its
 * own file as the number after the highest. Linking is exclusive, and the highest number is never removed, so that no
 * number is used twice. The holder of the highest number is the owner for as long as it lives.
 *
 *   list ──► highest lives? ──yes──► taken
 *     ▲            │ no
 *     │            ▼
 *     └── lost ── link highest + 1 ──► a higher one came? ──no──► owned
 */
import { link, readdir, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../machine/errors.ts';
import { failure, success, type Result } from '../../domain/result.ts';

const maxTakeovers = 100;
/** A file that was made to take a number and is so old was left by a process that was killed. */
const forgottenAfterMs = 10 * 60_000;

/**
 * Gives `own`, a file in `folder`, the next number there, and gives its new path; or says who lives there, as `examine`
 * finds out. `own` has lost its first name then; where another one lives it is left as it is.
 */
export async function takeNumber<Holder>(
  folder: string,
  own: string,
  examine: (path: string) => Promise<Holder | null>,
): Promise<Result<string, Holder>> {
  for (let takeover = 0; takeover < maxTakeovers; takeover++) {
    const highest = await findHighest(folder);
    const holder = highest === 0 ? null : await examine(join(folder, String(highest)));
    if (holder !== null) return failure(holder);
    const number = highest + 1;
    const path = join(folder, String(number));
    if (!(await tryLink(own, path))) continue;
    if ((await findHighest(folder)) === number) {
      await removeLower(folder, number);
      await removeForgotten(folder);
      await unlink(own);
      return success(path);
    }
    await unlink(path);
  }
  throw new Error(`the lock in ${folder} could not be taken; remove that folder if no board runs`);
}

/** The highest number in a folder; 0 where there is none, or no such folder. */
export async function findHighest(folder: string): Promise<number> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  return Math.max(0, ...names.filter((name) => /^\d+$/.test(name)).map(Number));
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

async function removeForgotten(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.new')) continue;
    const stats = await stat(join(folder, name)).catch(() => null);
    if (stats !== null && Date.now() - stats.mtimeMs > forgottenAfterMs) await rm(join(folder, name), { force: true });
  }
}
