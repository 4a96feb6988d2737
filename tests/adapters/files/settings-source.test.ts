import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSettingsFile } from '../../../src/adapters/files/settings-source.ts';
import { parseSettings } from '../../../src/markdown/settings-file.ts';
import type { SettingsFile } from '../../../src/ports.ts';
import { ScratchFolder } from './scratch.ts';

let scratch: ScratchFolder;
let file: SettingsFile;

/** Looks twice, as the board does in the course of time. */
async function readLater() {
  const first = await file.readIfChanged();
  vi.setSystemTime(Date.now() + 2_000);
  return first ?? file.readIfChanged();
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  scratch = new ScratchFolder();
  file = createSettingsFile(scratch.layout.settings, 'config.yaml', (text) => parseSettings(text, 'config.yaml'));
});
afterEach(() => {
  vi.useRealTimers();
  scratch.remove();
});

test('it is read once, and again when it changed', async () => {
  scratch.write('config.yaml', 'max_parallel: 5\n');
  expect((await readLater())?.settings?.maxParallel).toBe(5);
  expect(await readLater()).toBeNull();
  scratch.write('config.yaml', 'max_parallel: 17\n');
  expect((await readLater())?.settings?.maxParallel).toBe(17);
});

test('a file that is missing means the defaults, and is told of once', async () => {
  expect(await readLater()).toMatchObject({ settings: { maxParallel: 3 }, problems: [] });
  expect(await readLater()).toBeNull();
  scratch.write('config.yaml', 'retries: 7\n');
  expect((await readLater())?.settings?.retries).toBe(7);
  rmSync(scratch.layout.settings);
  expect((await readLater())?.settings?.retries).toBe(1);
});

test('a wrong file gives no settings but its problems', async () => {
  scratch.write('config.yaml', 'max_paralel: 5\n');
  expect(await readLater()).toMatchObject({
    settings: null,
    problems: [{ file: 'config.yaml', line: 1, column: 1 }],
  });
});

test.each([
  ['a folder', () => mkdirSync(scratch.layout.settings)],
  ['not UTF-8', () => scratch.write('config.yaml', Uint8Array.from([0xff]))],
  ['too large', () => scratch.write('config.yaml', '#'.repeat(64 * 1024 + 1))],
])('what can not be read is told of, and mended it counts again: %s', async (_, spoil) => {
  spoil();
  expect(await readLater()).toMatchObject({
    settings: null,
    problems: [{ severity: 'error', file: 'config.yaml' }],
  });
  expect(await readLater()).toBeNull();
  rmSync(scratch.layout.settings, { recursive: true });
  scratch.write('config.yaml', 'retries: 2\n');
  expect((await readLater())?.settings?.retries).toBe(2);
});

test('one that was refused and then removed means the defaults', async () => {
  scratch.write('config.yaml', Uint8Array.from([0xff]));
  await readLater();
  rmSync(scratch.layout.settings);
  expect((await readLater())?.settings?.retries).toBe(1);
});

test('a file that was refused for one reason and is now for another is told of again', async () => {
  scratch.write('config.yaml', Uint8Array.from([0xff]));
  await readLater();
  appendFileSync(scratch.layout.settings, '#'.repeat(64 * 1024 + 1));
  expect((await readLater())?.problems[0]?.message).toContain('bytes');
});

test('a save that is seen half done changes nothing', async () => {
  scratch.write('config.yaml', 'max_parallel: 5\n');
  expect((await file.readIfChanged())?.settings?.maxParallel).toBe(5);
  scratch.write('config.yaml', '');
  expect(await file.readIfChanged()).toBeNull();
  rmSync(scratch.layout.settings);
  expect(await file.readIfChanged()).toBeNull();
  vi.setSystemTime(Date.now() + 200);
  scratch.write('config.yaml', 'max_parallel: 17\n');
  expect(await file.readIfChanged()).toBeNull();
  vi.setSystemTime(Date.now() + 200);
  expect(await file.readIfChanged()).toBeNull();
  vi.setSystemTime(Date.now() + 200);
  expect((await file.readIfChanged())?.settings?.maxParallel).toBe(17);
});
