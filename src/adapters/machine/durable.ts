/** Files that are there whole or not at all, and stay there after a power cut: temp file, fsync, rename or link, fsync of the folder. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from './errors.ts';

/** Only the user may read what the board writes. */
export const privateMode = 0o600;
/** The same for folders. */
export const privateFolderMode = 0o700;

/** Makes a folder and its parents for the user alone, durably. */
export async function makeFolder(path: string): Promise<void> {
  const outermost = await mkdir(path, { recursive: true, mode: privateFolderMode });
  if (outermost === undefined) return;
  for (let made = path; made.length >= outermost.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** Makes a folder's entries durable. Where the platform has no such thing (Windows), it is left to the file system. */
export async function syncFolder(path: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY);
  } catch (error) {
    if (codeOf(error) === 'EISDIR' || codeOf(error) === 'EPERM') return;
    throw error;
  }
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes the entries of folders durable. Where that fails, as on a full disk, `undo` takes the changes back: a caller
 * that gets an error must find things as they were, or it would go on from a false state. Throws the failure.
 */
export async function syncOrUndo(folders: readonly string[], undo: () => Promise<void>): Promise<void> {
  const synced = await Promise.allSettled(folders.map(syncFolder));
  const failed = synced.find((each) => each.status === 'rejected');
  if (failed === undefined) return;
  await undo().catch(() => undefined);
  throw failed.reason;
}

/** Replaces a file atomically and durably. `aside` is where its temporary file stands meanwhile, on the same file system. */
export async function replaceFile(path: string, text: string, aside = dirname(path)): Promise<void> {
  const temporary = await writeTemporary(path, text, aside);
  await commit(temporary, () => rename(temporary, path));
  await syncFolder(dirname(path));
}

/** Creates a file atomically and durably; throws EEXIST if it is there already. */
export async function createFile(path: string, text: string, aside?: string): Promise<void> {
  await linkTemporary(await writeTemporary(path, text, aside), path);
  await syncOrUndo([dirname(path)], () => rm(path));
}

/**
 * Writes a private file that need not survive a power cut. Whatever stood in its place is removed and never opened: it
 * may be a FIFO, which would keep the board waiting.
 */
export async function writeAnew(path: string, text: string): Promise<void> {
  await rm(path, { force: true });
  await writeFile(path, text, { flag: 'wx', mode: privateMode });
}

/** Writes a durable file for the user alone, which is to become the one at `path`; gives its own path. */
export async function writeTemporary(path: string, text: string, aside = dirname(path)): Promise<string> {
  const temporary = join(aside, `.${basename(path)}.${randomUUID().slice(0, 8)}.tmp`);
  await commit(temporary, async () => {
    const handle = await open(temporary, 'wx', privateMode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
  return temporary;
}

/** Whether a file is one that {@link writeTemporary} made. */
export function isTemporary(name: string): boolean {
  return /^\..+\.[0-9a-f]{8}\.tmp$/.test(name);
}

/** Makes a temporary file the one at `path`; throws EEXIST if there is one. Only `syncFolder` makes it durable. */
export async function linkTemporary(temporary: string, path: string): Promise<void> {
  await commit(temporary, async () => {
    await link(temporary, path);
    await rm(temporary);
  });
}

/** Where a step fails, the temporary file goes. */
async function commit(temporary: string, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
