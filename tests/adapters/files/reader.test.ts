import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readTextFile } from '../../../src/adapters/files/reader.ts';
import { ScratchFolder } from './scratch.ts';

let scratch: ScratchFolder;
beforeEach(() => (scratch = new ScratchFolder()));
afterEach(() => scratch.remove());

const read = (path: string, maxBytes = 100) => readTextFile(path, 'shown.md', maxBytes);

test('a text comes with the identity of what was read', async () => {
  const result = await read(scratch.write('inbox/a.md', 'Grüße, 世界'));
  expect(result).toMatchObject({ ok: true, value: { text: 'Grüße, 世界', identity: { size: 15 } } });
});

test('an empty file is an empty text', async () => {
  expect(await read(scratch.write('inbox/a.md', ''))).toMatchObject({ ok: true, value: { text: '' } });
});

test('a byte order mark is no part of the text', async () => {
  expect(await read(scratch.write('inbox/a.md', '\uFEFF# A'))).toMatchObject({ ok: true, value: { text: '# A' } });
});

test('a file that is gone has changed', async () => {
  expect(await read(join(scratch.root, 'none.md'))).toEqual({ ok: false, failure: { kind: 'changed' } });
});

test('the bound is kept to the byte', async () => {
  expect((await read(scratch.write('inbox/a.md', 'x'.repeat(100)))).ok).toBe(true);
  expect(await read(scratch.write('inbox/a.md', 'x'.repeat(101)))).toMatchObject({
    failure: { kind: 'refused', diagnostics: [{ file: 'shown.md', message: 'the file has 101 bytes' }] },
  });
});

test('links, folders and FIFOs are refused and do not make the board wait', async () => {
  const target = scratch.write('secret.md', 'secret');
  const [link, pipe, folder] = ['link.md', 'pipe.md', 'folder.md'].map((name) => join(scratch.layout.inbox, name));
  symlinkSync(target, link ?? '');
  execFileSync('mkfifo', [pipe ?? '']);
  mkdirSync(folder ?? '');
  const messages = await Promise.all(
    [link, pipe, folder].map(async (path) => {
      const result = await read(path ?? '');
      return result.ok || result.failure.kind !== 'refused' ? null : result.failure.diagnostics[0]?.message;
    }),
  );
  expect(messages).toEqual([
    'this is a symbolic link, which is never read',
    'this is not a regular file',
    'this is not a regular file',
  ]);
});

test.each([
  ['a byte that begins nothing', [0x61, 0x0a, 0x62, 0xff], 2, 2],
  ['a sequence that is broken off by the next letter', [0x23, 0x20, 0xe9, 0x0a], 1, 3],
  ['a sequence that is cut at the end', [0x61, 0xe2, 0x82], 1, 2],
  ['a fault after letters of several bytes', [0xc3, 0xbc, 0xe4, 0xb8, 0x96, 0xc0, 0x80], 1, 3],
  ['UTF-16', [0xff, 0xfe, 0x23, 0x00], 1, 1],
] as const)('text that is not UTF-8 is refused at its place: %s', async (_, bytes, line, column) => {
  expect(await read(scratch.write('inbox/a.md', Uint8Array.from(bytes)))).toMatchObject({
    failure: { kind: 'refused', diagnostics: [{ severity: 'error', line, column, message: 'the file is not UTF-8' }] },
  });
});
