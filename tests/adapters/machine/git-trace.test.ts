/** What git notes of a run's commands: with real git, and with lines that are none. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { boundTrace, readGitCalls, traceVariables } from '../../../src/adapters/machine/git-trace.ts';
import { limits } from '../../../src/domain/limits.ts';

let root: string;
const run = (...args: string[]): void => {
  const env = { PATH: process.env['PATH'], HOME: root, ...traceVariables(join(root, 'run')) };
  execFileSync('git', args, { cwd: root, env, stdio: 'ignore' });
};

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'branchboard-trace-')));
  mkdirSync(join(root, 'run'));
  run('init', '--quiet', 'repo');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('each command is found with its git folder and its time, whatever else stands there', async () => {
  const trace = join(root, 'run', 'git-trace.jsonl');
  writeFileSync(trace, '{"sid":"x","time":"never"}\n[1]\n{"event":"cmd_name","name":1}\nhalf a li\n');
  const began = Date.now();
  run('-C', 'repo', 'status');
  run(`--git-dir=${join(root, 'repo', '.git')}`, 'symbolic-ref', 'HEAD');
  appendFileSync(trace, '{"event":"version","sid":"y","time":"2020-01-01T00:00:00Z"}\n{"sid":');
  const calls = await readGitCalls(join(root, 'run'));
  const gitDir = join(root, 'repo', '.git');
  expect(calls.map((call) => [call.name, call.gitDir])).toEqual([
    ['status', gitDir],
    ['symbolic-ref', gitDir],
  ]);
  for (const { from, until } of calls) {
    expect(from).toBeGreaterThanOrEqual(began);
    expect(until).toBeGreaterThanOrEqual(from);
    expect(until).toBeLessThanOrEqual(Date.now());
  }
});

it('nothing is found where nothing was noted, and git works where it can note nothing', async () => {
  rmSync(join(root, 'run'), { recursive: true });
  run('-C', 'repo', 'status');
  boundTrace(join(root, 'run'));
  expect(await readGitCalls(join(root, 'run'))).toEqual([]);
});

it('what has become long begins anew', async () => {
  const trace = join(root, 'run', 'git-trace.jsonl');
  boundTrace(join(root, 'run'));
  expect(statSync(trace).size).toBeGreaterThan(0);
  truncateSync(trace, limits.maxGitTraceBytes + 1);
  boundTrace(join(root, 'run'));
  expect(statSync(trace).size).toBe(0);
  run('-C', 'repo', 'status');
  expect(await readGitCalls(join(root, 'run'))).toMatchObject([{ name: 'status' }]);
});
