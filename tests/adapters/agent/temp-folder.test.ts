import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTempFolder, removeTempFolder } from '../../../src/adapters/agent/temp-folder.ts';

let root: string;
let run: string;
let temp: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'branchboard-'));
  [run = '', temp = ''] = ['run', 'temp'].map((name) => join(root, name));
  for (const folder of [run, temp]) mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the temp folder of a run', () => {
  it('is removed with all that was left in it, and a second try to start the run gets the same', async () => {
    const made = await makeTempFolder(run, temp);
    expect(await makeTempFolder(run, temp)).toBe(made);
    writeFileSync(join(made, 'left.sock'), '');
    await removeTempFolder(run);
    expect([readdirSync(temp), readdirSync(run)]).toEqual([[], []]);
  });

  it('is made again where the system cleared it away meanwhile', async () => {
    rmSync(await makeTempFolder(run, temp), { recursive: true });
    expect(existsSync(await makeTempFolder(run, temp))).toBe(true);
  });

  it('is no folder that somebody wrote in its place', async () => {
    const other = join(root, 'the-users');
    mkdirSync(other);
    symlinkSync(other, join(run, 'temp'));
    await removeTempFolder(run);
    expect(existsSync(other)).toBe(true);
  });
});
