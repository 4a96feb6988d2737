/**
 * Opens a file only if it is a regular one. Anybody may have put something else in its place: a FIFO would keep the
 * whole board waiting for its other end, and a link leads anywhere.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { codeOf } from './errors.ts';
import { PortError } from '../../ports.ts';
import { privateMode } from './durable.ts';

/** Something else than a regular file is where one should be: a link, a folder, a FIFO, a socket, a device. */
export class NotRegularError extends PortError {
  readonly isLink: boolean;

  constructor(path: string, isLink: boolean, cause?: unknown) {
    super(`${path} is ${isLink ? 'a symbolic link' : 'not a regular file'}; move it away`, { cause });
    this.name = 'NotRegularError';
    this.isLink = isLink;
  }
}

/**
 * Opens a file, for reading unless `flags` say otherwise; one that they create is the user's alone. Throws
 * {@link NotRegularError}, or the system's error.
 */
export async function openRegular(path: string, flags: number = constants.O_RDONLY): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(path, harmless(flags), privateMode);
  } catch (error) {
    throw explain(error, path);
  }
  try {
    if (!(await handle.stat()).isFile()) throw new NotRegularError(path, false);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** As {@link openRegular}, at once. */
export function openRegularSync(path: string, flags: number = constants.O_RDONLY): number {
  let file: number;
  try {
    file = openSync(path, harmless(flags), privateMode);
  } catch (error) {
    throw explain(error, path);
  }
  try {
    if (!fstatSync(file).isFile()) throw new NotRegularError(path, false);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** The text of a file. Throws as {@link openRegular}. */
export async function readRegular(path: string): Promise<string> {
  const handle = await openRegular(path);
  try {
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/** The text of a file's first `maxBytes`, at once. Throws as {@link openRegular}. */
export function readBeginning(path: string, maxBytes: number): string {
  const file = openRegularSync(path);
  try {
    const bytes = Buffer.alloc(maxBytes);
    return bytes.toString('utf8', 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

function harmless(flags: number): number {
  return flags | constants.O_NOFOLLOW | constants.O_NONBLOCK;
}

/** The system's error codes for a link, and for other things that can't be opened as a file. */
function explain(error: unknown, path: string): unknown {
  switch (codeOf(error)) {
    case 'ELOOP':
    case 'EMLINK':
      return new NotRegularError(path, true, error);
    case 'ENXIO':
    case 'EISDIR':
    case 'EOPNOTSUPP':
      return new NotRegularError(path, false, error);
    default:
      return error;
  }
}
