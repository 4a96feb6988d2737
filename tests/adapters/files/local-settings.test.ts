import { chmodSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLocalSettings, joinSettings } from '../../../src/adapters/files/local-settings.ts';
import { createSettingsFile } from '../../../src/adapters/files/settings-source.ts';
import { parseLocalSettings, parseSettings } from '../../../src/markdown/settings-file.ts';
import type { SettingsFile } from '../../../src/ports.ts';
import { ScratchFolder } from './scratch.ts';

let scratch: ScratchFolder;
let file: SettingsFile;
let isTracked: boolean;
let notices: string[];

function open(onNotice: ((message: string) => void) | null): SettingsFile {
  const { layout } = scratch;
  return joinSettings(
    createSettingsFile(layout.settings, 'config.yaml', (text) => parseSettings(text, 'config.yaml')),
    createLocalSettings({
      path: layout.localSettings,
      shownAs: 'local.yaml',
      parse: (text) => parseLocalSettings(text, 'local.yaml'),
      isTracked: () => Promise.resolve(isTracked),
      onNotice,
    }),
  );
}

/** Looks twice, as the board does in the course of time. */
async function readLater() {
  const first = await file.readIfChanged();
  vi.setSystemTime(Date.now() + 2_000);
  return first ?? file.readIfChanged();
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  scratch = new ScratchFolder();
  isTracked = false;
  notices = [];
  file = open((message) => notices.push(message));
});
afterEach(() => {
  vi.useRealTimers();
  scratch.remove();
});

test('what it says wins over config.yaml, for each variable by itself', async () => {
  scratch.write('config.yaml', 'retries: 7\nagent: { env: { A: tracked, B: tracked } }\nnotify: notify-send tracked\n');
  scratch.write('local.yaml', 'agent: { env: { B: mine, C: mine } }\n');
  expect(await readLater()).toMatchObject({
    settings: {
      retries: 7,
      agent: { env: { A: 'tracked', B: 'mine', C: 'mine' } },
      notify: ['notify-send', 'tracked'],
    },
    problems: [],
  });
  scratch.write('local.yaml', 'notify: notify-send mine\n');
  expect((await readLater())?.settings).toMatchObject({
    agent: { env: { A: 'tracked', B: 'tracked' } },
    notify: ['notify-send', 'mine'],
  });
});

test('each of the two is read again when it changed, and neither before', async () => {
  scratch.write('config.yaml', 'retries: 7\n');
  expect((await readLater())?.settings?.agent.env).toEqual({});
  expect(await readLater()).toBeNull();
  scratch.write('local.yaml', 'agent: { env: { A: one } }\n');
  expect((await readLater())?.settings).toMatchObject({ retries: 7, agent: { env: { A: 'one' } } });
  scratch.write('config.yaml', 'retries: 10\n');
  expect((await readLater())?.settings).toMatchObject({ retries: 10, agent: { env: { A: 'one' } } });
  rmSync(scratch.layout.localSettings);
  expect((await readLater())?.settings).toMatchObject({ retries: 10, agent: { env: {} } });
});

test('neither counts while one is wrong, and all that is wrong is told at its file, line and column', async () => {
  scratch.write('config.yaml', 'retries: many\n');
  scratch.write('local.yaml', 'agent:\n  env: { A: one }\n  command: other\nmax_parallel: 3\n');
  const read = await readLater();
  expect(read?.settings).toBeNull();
  expect(read?.problems.map(({ file: name, line, column }) => [name, line, column])).toEqual([
    ['config.yaml', 1, 10],
    ['local.yaml', 3, 3],
    ['local.yaml', 4, 1],
  ]);
  scratch.write('config.yaml', 'retries: 1\n');
  expect(await readLater()).toMatchObject({
    settings: null,
    problems: [{ file: 'local.yaml' }, { file: 'local.yaml' }],
  });
});

test('one that git tracks is refused with what to type, until git tracks it no more', async () => {
  isTracked = true;
  scratch.write('local.yaml', 'agent: { env: { A: one } }\n');
  const read = await readLater();
  expect(read?.settings).toBeNull();
  expect(read?.problems).toMatchObject([
    { file: 'local.yaml', hint: expect.stringContaining('git rm --cached') as string },
  ]);
  isTracked = false;
  scratch.write('local.yaml', 'agent: { env: { A: other } }\n');
  expect((await readLater())?.settings?.agent.env).toEqual({ A: 'other' });
});

test('one that is missing is not looked for in git', async () => {
  isTracked = true;
  expect((await readLater())?.settings?.agent.env).toEqual({});
});

test('a link is refused, and what it leads to stays as it is', async () => {
  const target = scratch.write('elsewhere.yaml', 'agent: { env: { A: one } }\n');
  chmodSync(target, 0o644);
  symlinkSync(target, scratch.layout.localSettings);
  expect(await readLater()).toMatchObject({
    settings: null,
    problems: [{ file: 'local.yaml', message: 'this is a symbolic link, which is never read' }],
  });
  expect(modeOf(target)).toBe('644');
});

test('one that others can read becomes the user’s alone, which is told each time', async () => {
  const path = scratch.write('local.yaml', 'agent: { env: { A: one } }\n');
  for (const mode of [0o644, 0o660, 0o604]) {
    chmodSync(path, mode);
    await readLater();
    expect(modeOf(path)).toBe('600');
  }
  await readLater();
  expect(notices).toHaveLength(3);
  expect(notices[0]).toMatch(/other users could read local\.yaml; it is yours alone now/);
});

test('a command that only looks leaves it as it is', async () => {
  const path = scratch.write('local.yaml', 'agent: { env: { A: one } }\n');
  chmodSync(path, 0o644);
  file = open(null);
  expect((await readLater())?.settings?.agent.env).toEqual({ A: 'one' });
  expect(modeOf(path)).toBe('644');
  expect(readFileSync(path, 'utf8')).toContain('A: one');
});
