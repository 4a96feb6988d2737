/** Out of descriptors (EMFILE): what is asked of the machine fails with that code, and nobody is taken for gone. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StreamFollower } from '../../../src/adapters/agent/follow.ts';
import { findOfBoard, isAlive, readStart, signalProcess } from '../../../src/adapters/machine/processes.ts';
import { createClock } from '../../../src/adapters/machine/clock.ts';
import { createCommandRunner } from '../../../src/adapters/sandbox/command-runner.ts';
import { createGit } from '../../../src/adapters/git/git.ts';
import { guardSpawns } from '../../../src/adapters/machine/spawn-guard.ts';
import { outlastShortage } from '../../../src/adapters/machine/shortage.ts';
import type { RunPlan } from '../../../src/domain/run.ts';
import { defaultSettings } from '../../../src/domain/settings.ts';
import { taskId } from '../files/scratch.ts';

let folder: string;
beforeEach(() => {
  guardSpawns();
  folder = mkdtempSync(join(tmpdir(), 'branchboard-shortage-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const codes = (results: readonly PromiseSettledResult<unknown>[]): readonly unknown[] =>
  results.map((result) => (result.status === 'rejected' ? (result.reason as { code?: unknown }).code : 'fulfilled'));

const listDescriptors = (): readonly number[] => readdirSync('/proc/self/fd').map(Number);

/** The number below which so many descriptors are free. */
function findLimit(free: number): number {
  // The one that lists them is gone again.
  const used = new Set(listDescriptors().filter((each) => existsSync(`/proc/self/fd/${String(each)}`)));
  let limit = 0;
  for (let left = free; left > 0 || used.has(limit); limit += 1) if (!used.has(limit)) left -= 1;
  return limit;
}

/** Does something while this process has so few descriptors more; `restore` gives it all of them again. */
async function withDescriptors<Value>(
  free: number,
  use: (restore: () => Promise<void>) => Promise<Value>,
): Promise<Value> {
  const limit = (soft: string): readonly string[] => [`--pid=${String(process.pid)}`, `--nofile=${soft}:`];
  const before = execFileSync('prlimit', ['--nofile', '--output=SOFT', '--noheadings', '--raw'], { encoding: 'utf8' });
  // Started before, as nothing can be started then.
  const restorer = spawn('sh', ['-c', 'read line; exec "$@"', 'restore', 'prlimit', ...limit(before.trim())], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const restored = once(restorer, 'exit');
  const restore = async (): Promise<void> => {
    restorer.stdin.end('\n');
    await restored;
  };
  execFileSync('prlimit', limit(String(findLimit(free))));
  try {
    return await use(restore);
  } finally {
    await restore();
  }
}

const plan: RunPlan = {
  ...{ version: 1, task: taskId('add-auth'), n: 1, attempt: 1, freeRestarts: 0, cause: { kind: 'first' } },
  ...{ session: { mode: 'fresh', id: 's' }, workspace: { kind: 'detached', path: '/w', base: 'b' } },
  ...{ taskHash: '', bootId: null, plannedAt: 0, terms: null },
};

// With the pipes of a child there are too few of them at different steps.
test.each([0, 3, 5, 7])('with %i descriptors git and commands are not started, and can be later', async (free) => {
  const git = createGit(folder);
  const commands = createCommandRunner({
    ...{ sandbox: Promise.resolve({ kind: 'off' }), settings: () => defaultSettings },
    ...{ boardDir: folder, environment: process.env, signal: new AbortController().signal, clock: createClock() },
  });
  const all = (): Promise<readonly PromiseSettledResult<unknown>[]> =>
    Promise.allSettled([
      git.run(['--version']),
      git.run(['hash-object', '--stdin'], { input: 'x' }),
      commands.run(['sh', '-c', 'exit 0'], { cwd: folder, plan }),
    ]);
  expect(codes(await all())).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  const before = listDescriptors().length;
  // Less a pipe, the command needs fewer than git.
  const short = await withDescriptors(free, all);
  expect(codes(short.slice(0, 2))).toEqual(['EMFILE', 'EMFILE']);
  expect(short[0]).toMatchObject({ reason: { fault: null } });
  if (free < 6) expect(codes(short.slice(2))).toEqual(['EMFILE']);
  expect(codes(await all())).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  // What was opened for a child that did not come about is closed again.
  expect(listDescriptors().length).toBeLessThanOrEqual(before);
});

test('a process that can not be looked at counts as alive, is sent nothing, and who looks for some is told', async () => {
  const child = spawn('sleep', ['300'], { stdio: 'ignore' });
  const mark = { pid: child.pid ?? 0, start: readStart(child.pid ?? 0) ?? '' };
  try {
    await withDescriptors(0, async () => {
      expect(isAlive(mark)).toBe(true);
      expect(signalProcess(mark, 'SIGKILL')).toBe(false);
      await expect(findOfBoard(folder, null)).rejects.toMatchObject({ code: 'EMFILE' });
    });
    expect(isAlive(mark)).toBe(true);
    expect(await findOfBoard(folder, null)).toEqual([]);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    await withDescriptors(0, () => {
      expect(isAlive(mark)).toBe(false);
      return Promise.resolve();
    });
  } finally {
    child.kill('SIGKILL');
  }
});

test('a stream that can not be opened is not taken for empty; it is read once it can be', async () => {
  const file = join(folder, 'stream.jsonl');
  writeFileSync(file, '{"type":"system","subtype":"init","session_id":"s"}\n');
  const follower = new StreamFollower(file, { mode: 'fresh', id: 's' });
  await withDescriptors(0, async (restore) => {
    await follower.catchUp();
    await expect(follower.finish({ exitCode: 0, isForced: false })).rejects.toMatchObject({ code: 'EMFILE' });
    const finished = outlastShortage(createClock(), () => follower.finish({ exitCode: 0, isForced: false }));
    await restore();
    await finished;
  });
  expect(follower.view.sessionId).toBe('s');
});
