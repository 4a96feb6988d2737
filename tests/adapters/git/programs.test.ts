/** When git is asked for its settings again: only where they may have changed since the board's start. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ProgramGuard, type Setting } from '../../../src/adapters/git/programs.ts';

const filter: Setting = { scope: 'local', origin: 'file:.git/config', name: 'filter.x.clean', value: 'evil' };
const include: Setting = { scope: 'local', origin: 'file:.git/config', name: 'include.path', value: '../more' };
let commonDir: string;

beforeEach(async () => {
  commonDir = await mkdtemp(join(tmpdir(), 'branchboard-programs-'));
  await writeFile(join(commonDir, 'config'), '[core]\n');
  // A file counts as changed just now for some milliseconds.
  await delay(100);
});

afterEach(() => rm(commonDir, { recursive: true, force: true }));

/** A guard that started with these settings, and how often it asked for them since. */
function startWith(settings: readonly Setting[]) {
  const guard = new ProgramGuard({ commonDir, settings, settingsReadAt: Date.now() }, () => undefined);
  let asked = 0;
  const look = (now: readonly Setting[]) =>
    guard.findOverrides(() => {
      asked += 1;
      return Promise.resolve(now);
    });
  return { look, asked: () => asked };
}

it('does not ask again for what was read at the start, however many commands begin at once', async () => {
  const { look, asked } = startWith([]);
  await Promise.all([look([filter]), look([filter]), look([filter])]);
  expect(asked()).toBe(0);
});

it('asks once the file was written, and a program that was not there at the start does not run', async () => {
  const { look, asked } = startWith([]);
  await look([]);
  await writeFile(join(commonDir, 'config'), '[filter "x"]\n\tclean = evil\n');
  expect(await look([filter])).toContainEqual(['filter.x.clean', '']);
  expect(asked()).toBe(1);
});

it('asks at the first command where the file was written after it was read at the start', async () => {
  const { look, asked } = startWith([]);
  await writeFile(join(commonDir, 'config'), '[filter "x"]\n\tclean = evil\n');
  await delay(100);
  expect(await look([filter])).toContainEqual(['filter.x.clean', '']);
  expect(asked()).toBe(1);
});

it('asks each time where settings also stand in another file', async () => {
  const { look, asked } = startWith([include]);
  await look([include]);
  expect(await look([include, filter])).toContainEqual(['filter.x.clean', '']);
  expect(asked()).toBe(2);
});
