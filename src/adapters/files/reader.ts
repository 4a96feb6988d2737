/** Reads a file that anybody may have put there: never through a link, never a FIFO, never more than the bound. */
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { codeOf } from '../machine/errors.ts';
import type { FileIdentity } from '../../domain/board.ts';
import type { Diagnostic } from '../../domain/diagnostic.ts';
import { failure, success, type Result } from '../../domain/result.ts';
import type { Unreadable } from '../../ports.ts';
import { NotRegularError, openRegular } from '../machine/regular-file.ts';
import { isRefused, noteParsing } from '../machine/supervision.ts';

/** A file's text and which version of it that is. */
export interface TextFile {
  readonly text: string;
  readonly identity: FileIdentity;
}

/** Identifies a file's version. */
export function identify(stats: Stats): FileIdentity {
  return { inode: stats.ino, size: stats.size, mtimeMs: stats.mtimeMs };
}

/**
 * Reads a text file that is to be parsed, which must be done before anything else is waited for: then the supervisor
 * knows which file ended a board. `shownAs` is its name in diagnostics. Throws only where the system is at fault.
 */
export async function readTextFile(
  path: string,
  shownAs: string,
  maxBytes: number,
): Promise<Result<TextFile, Unreadable>> {
  let handle: FileHandle;
  try {
    handle = await openRegular(path);
  } catch (error) {
    if (error instanceof NotRegularError) {
      const what = error.isLink ? 'a symbolic link, which is never read' : 'not a regular file';
      return refuse(shownAs, `this is ${what}`, 'a regular file');
    }
    switch (codeOf(error)) {
      case 'ENOENT':
        return failure({ kind: 'changed' });
      case 'EACCES':
        return refuse(
          shownAs,
          'you may not read this file',
          'a readable file',
          `Type: chmod u+r ${JSON.stringify(shownAs)}`,
        );
      default:
        throw error;
    }
  }
  let read: Result<TextFile, Unreadable>;
  try {
    read = await readOpenFile(handle, shownAs, maxBytes);
  } finally {
    await handle.close();
  }
  if (!read.ok) return read;
  if (isRefused(read.value.identity)) {
    return refuse(
      shownAs,
      'the board ended while it read this file, again and again; it is not read any more',
      'text that can be read',
      'Take out what is unusual in it; saving it again tries again.',
    );
  }
  noteParsing(read.value.identity);
  return read;
}

/** Reads a text file that is open. Throws only where the system is at fault. */
export async function readOpenFile(
  handle: FileHandle,
  shownAs: string,
  maxBytes: number,
): Promise<Result<TextFile, Unreadable>> {
  const before = await handle.stat();
  if (before.size > maxBytes) {
    const expected = `at most ${Math.floor(maxBytes / 1024)} KiB`;
    return refuse(
      shownAs,
      `the file has ${before.size} bytes`,
      expected,
      'Put the long part into a file of the repository and name it under `context`.',
    );
  }
  // One byte more than expected shows that the file grew meanwhile.
  const bytes = Buffer.alloc(before.size + 1);
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  const after = await handle.stat();
  if (length !== before.size || after.size !== before.size || after.mtimeMs !== before.mtimeMs)
    return failure({ kind: 'changed' });
  const content = bytes.subarray(0, length);
  const text = decode(content);
  if (text === null)
    return refuse(shownAs, 'the file is not UTF-8', 'text in UTF-8', 'Save it again as UTF-8.', locateFault(content));
  return success({ text, identity: identify(after) });
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return null;
  }
}

/** Where the first byte is that is no UTF-8, found by halving. */
function locateFault(bytes: Uint8Array): { readonly line: number; readonly column: number } {
  let before = '';
  let valid = 0;
  let invalid = bytes.length + 1;
  while (invalid - valid > 1) {
    const middle = Math.floor((valid + invalid) / 2);
    try {
      // A sequence that is cut at the end is no fault of its start, and is left out of the text.
      before = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      valid = middle;
    } catch {
      invalid = middle;
    }
  }
  const lines = before.split('\n');
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

function refuse(
  file: string,
  message: string,
  expected: string,
  hint?: string,
  place: { readonly line?: number; readonly column?: number } = {},
): Result<TextFile, Unreadable> {
  const diagnostic: Diagnostic = {
    severity: 'error',
    file,
    ...place,
    message,
    expected,
    ...(hint === undefined ? {} : { hint }),
  };
  return failure({ kind: 'refused', diagnostics: [diagnostic] });
}
