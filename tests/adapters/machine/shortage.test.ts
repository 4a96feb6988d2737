/** Out of descriptors (EMFILE): nobody is taken for gone, and nothing for empty; the board ends rather than guess. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ClaudeStream } from '../../../src/adapters/agent/claude/claude-driver.ts';
import { StreamFollower } from '../../../src/adapters/agent/follow.ts';
import { findOfBoard, isAlive, readStart, signalProcess } from '../../../src/adapters/machine/processes.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'branchboard-shortage-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

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
  const follower = new StreamFollower(file, new ClaudeStream({ mode: 'fresh', id: 's' }, null));
  await withDescriptors(0, async (restore) => {
    await expect(follower.catchUp()).rejects.toMatchObject({ code: 'EMFILE' });
    await expect(follower.finish({ exitCode: 0, isForced: false })).rejects.toMatchObject({ code: 'EMFILE' });
    await restore();
    await follower.finish({ exitCode: 0, isForced: false });
  });
  expect(follower.view.sessionId).toBe('s');
});
