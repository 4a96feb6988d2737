import { execFileSync } from 'node:child_process';
import { constants, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeAnew } from '../../../src/adapters/machine/durable.ts';
import {
  NotRegularError,
  openRegular,
  openRegularSync,
  readBeginning,
  readRegular,
} from '../../../src/adapters/machine/regular-file.ts';
import { ScratchFolder } from '../files/scratch.ts';

const appending = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;

let scratch: ScratchFolder;
beforeEach(() => (scratch = new ScratchFolder()));
afterEach(() => scratch.remove());

/** Puts something of that kind into the folder; gives its path and how to be rid of it. */
async function make(kind: string): Promise<{ readonly path: string; readonly end: () => void }> {
  const path = join(scratch.root, 'thing');
  if (kind === 'a FIFO') execFileSync('mkfifo', [path]);
  if (kind === 'a folder') mkdirSync(path);
  if (kind === 'a symbolic link') symlinkSync(scratch.write('target', 'secret'), path);
  if (kind !== 'a socket') return { path, end: () => undefined };
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { path, end: () => server.close() };
}

test.each(['a FIFO', 'a folder', 'a symbolic link', 'a socket'])(
  '%s in the place of a file keeps nobody waiting who wants to read or to append',
  async (kind) => {
    const { path, end } = await make(kind);
    const refusal = { name: 'NotRegularError', isLink: kind === 'a symbolic link' };
    const told =
      kind === 'a symbolic link' ? 'is a symbolic link; move it away' : 'is not a regular file; move it away';
    await expect(openRegular(path)).rejects.toMatchObject({ ...refusal, message: `${path} ${told}` });
    await expect(openRegular(path, appending)).rejects.toMatchObject(refusal);
    await expect(readRegular(path)).rejects.toMatchObject(refusal);
    expect(() => openRegularSync(path)).toThrow(NotRegularError);
    expect(() => openRegularSync(path, appending)).toThrow(NotRegularError);
    expect(() => readBeginning(path, 10)).toThrow(NotRegularError);
    end();
  },
);

test('a FIFO that somebody reads from is not written into either', async () => {
  const { path } = await make('a FIFO');
  const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  await expect(openRegular(path, appending)).rejects.toBeInstanceOf(NotRegularError);
  await writeAnew(path, 'text');
  expect(readFileSync(path, 'utf8')).toBe('text');
  await reader.close();
});

test('of a file no more than its beginning is read where that was asked for', async () => {
  const path = scratch.write('text', 'abcdef');
  expect(readBeginning(path, 3)).toBe('abc');
  expect(readBeginning(path, 100)).toBe('abcdef');
  expect(await readRegular(path)).toBe('abcdef');
});

test('a file that is missing is the error of the system', async () => {
  await expect(openRegular(join(scratch.root, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
});
