import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createChangeHints } from '../../../src/adapters/files/change-hints.ts';
import type { WatchMode } from '../../../src/domain/settings.ts';
import { ScratchFolder } from './scratch.ts';

const patience = { timeout: 20_000, interval: 20 };
const testTimeoutMs = 60_000;

let scratch: ScratchFolder;
let hint: ReturnType<typeof vi.fn<() => void>>;
let mode: WatchMode;
let unwatch: () => Promise<void>;
const troubles: string[] = [];

beforeEach(async () => {
  scratch = new ScratchFolder();
  hint = vi.fn();
  troubles.length = 0;
  mode = 'auto';
  unwatch = await createChangeHints(scratch.layout, (message) => troubles.push(message)).watch(hint, () => mode);
  // The first hint says that the folders are watched from now on.
  await vi.waitFor(() => expect(hint).toHaveBeenCalled(), patience);
});
afterEach(async () => {
  await unwatch();
  scratch.remove();
  expect(troubles).toEqual([]);
});

test.each<readonly [string, () => void]>([
  ['a file that is written into the inbox', () => scratch.write('inbox/a.md', '# A')],
  [
    'a file that is moved into the inbox',
    () => renameSync(scratch.write('made.md', ''), join(scratch.layout.inbox, 'a.md')),
  ],
  ['a file that is deleted from queued/', () => unlinkSync(scratch.write('queued/x.md', ''))],
  [
    'a file that is moved into attention/',
    () => renameSync(scratch.write('queued/x.md', ''), join(scratch.layout.column('attention'), 'x.md')),
  ],
  ['the settings', () => scratch.write('config.yaml', 'retries: 2')],
  ['a command', () => scratch.write('commands/x.json', '')],
])(
  '%s leads to a hint',
  async (_, change) => {
    hint.mockClear();
    change();
    await vi.waitFor(() => expect(hint).toHaveBeenCalled(), patience);
  },
  testTimeoutMs,
);

test(
  'a file in a folder that took the place of the inbox leads to a hint',
  async () => {
    rmSync(scratch.layout.inbox, { recursive: true });
    mkdirSync(scratch.layout.inbox);
    // The new folder is found by itself; after that its files are.
    await vi.waitFor(() => expect(hint).toHaveBeenCalled(), patience);
    await waitUntilQuiet();
    hint.mockClear();
    scratch.write('inbox/a.md', '# A');
    await vi.waitFor(() => expect(hint).toHaveBeenCalled(), patience);
  },
  testTimeoutMs,
);

test(
  'where the settings come to say polling, a file is found without any report of the system',
  async () => {
    expect(countWatches()).toBe(6);
    mode = 'polling';
    await vi.waitFor(() => expect(countWatches()).toBe(0), patience);
    await waitUntilQuiet();
    hint.mockClear();
    scratch.write('inbox/a.md', '# A');
    await vi.waitFor(() => expect(hint).toHaveBeenCalled(), patience);
  },
  testTimeoutMs,
);

test(
  'a burst in the columns is gathered into few hints',
  async () => {
    await waitUntilQuiet();
    hint.mockClear();
    for (let number = 0; number < 200; number++) scratch.write(`queued/t${String(number)}.md`, '');
    await vi.waitFor(() => expect(hint).toHaveBeenCalled(), patience);
    await waitUntilQuiet();
    expect(hint.mock.calls.length).toBeLessThan(20);
  },
  testTimeoutMs,
);

test(
  'a folder that can not be looked at is told of once, and is watched again once it can be',
  async () => {
    rmSync(scratch.layout.inbox, { recursive: true });
    symlinkSync('inbox', scratch.layout.inbox);
    await vi.waitFor(() => expect(troubles).toEqual([expect.stringContaining('ELOOP')]), patience);
    unlinkSync(scratch.layout.inbox);
    mkdirSync(scratch.layout.inbox);
    hint.mockClear();
    await vi.waitFor(() => {
      scratch.write('inbox/a.md', String(Math.random()));
      expect(hint).toHaveBeenCalled();
    }, patience);
    expect(troubles).toHaveLength(1);
    troubles.length = 0;
  },
  testTimeoutMs,
);

test(
  'after the end there are no hints, and a removed folder is no trouble',
  async () => {
    rmSync(scratch.layout.inbox, { recursive: true });
    mkdirSync(scratch.layout.inbox);
    await unwatch();
    hint.mockClear();
    scratch.write('queued/late.md', '');
    await waitUntilQuiet();
    expect(hint).not.toHaveBeenCalled();
  },
  testTimeoutMs,
);

/** The folders of which the kernel reports changes to this process. */
function countWatches(): number {
  return readdirSync('/proc/self/fdinfo')
    .map((name) => {
      try {
        return readFileSync(`/proc/self/fdinfo/${name}`, 'utf8').match(/^inotify wd:/gm)?.length ?? 0;
      } catch {
        return 0;
      }
    })
    .reduce((sum, count) => sum + count, 0);
}

/** Until no hint has come for half a second. */
async function waitUntilQuiet(): Promise<void> {
  let calls = -1;
  await vi.waitFor(
    () => {
      const before = calls;
      calls = hint.mock.calls.length;
      expect(calls).toBe(before);
    },
    { timeout: 20_000, interval: 500 },
  );
}
