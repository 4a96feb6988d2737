import { mkdirSync, readdirSync, statSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDisk } from '../../../src/adapters/machine/disk.ts';
import { ScratchFolder } from '../files/scratch.ts';

let scratch: ScratchFolder;

beforeEach(() => (scratch = new ScratchFolder()));
afterEach(() => {
  vi.restoreAllMocks();
  scratch.remove();
});

/** Lets every write into an open file fail; gives what was in the folder at those moments. */
async function refuseWrites(code: string): Promise<readonly (readonly string[])[]> {
  const seen: (readonly string[])[] = [];
  const probe = await fs.open(scratch.root, 'r');
  const handles = Object.getPrototypeOf(probe) as fs.FileHandle;
  await probe.close();
  vi.spyOn(handles, 'writeFile').mockImplementation(() => {
    seen.push(readdirSync(scratch.root));
    return Promise.reject(Object.assign(new Error(code), { code }));
  });
  return seen;
}

test('a disk that takes what is written to it has room, and nothing of the trial stays', async () => {
  const before = readdirSync(scratch.root);
  expect(await createDisk(() => [scratch.root]).hasRoom()).toBe(true);
  expect(readdirSync(scratch.root)).toEqual(before);
});

test.each(['ENOSPC', 'EDQUOT'])(
  'a disk that answers %s has none, also where its statistics say otherwise',
  async (code) => {
    const before = readdirSync(scratch.root);
    const seen = await refuseWrites(code);
    expect(await createDisk(() => [scratch.root]).hasRoom()).toBe(false);
    // Whoever dies in the middle of the trial leaves nothing.
    expect(seen).toEqual([before]);
  },
);

test('another fault is no lack of room', async () => {
  await refuseWrites('EIO');
  expect(await createDisk(() => [scratch.root]).hasRoom()).toBe(true);
});

test('folders of one disk are tried once, and missing ones not at all', async () => {
  const other = join(scratch.root, 'other');
  mkdirSync(other);
  expect(statSync(other).dev).toBe(statSync(scratch.root).dev);
  const seen = await refuseWrites('ENOSPC');
  await createDisk(() => [join(scratch.root, 'missing'), scratch.root, other]).hasRoom();
  expect(seen).toHaveLength(1);
});
