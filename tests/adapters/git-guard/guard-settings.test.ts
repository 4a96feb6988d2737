import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gitGuardSettings } from '../../../src/adapters/git-guard/guard-settings.ts';
import { createBench, requestOf, type Bench } from '../agent/harness.ts';

/** The built program, as Claude Code runs it. */
const mainPath = fileURLToPath(new URL('../../../dist/adapters/git-guard/guard-main.js', import.meta.url));

let bench: Bench;
let folder: string;
beforeAll(() => {
  bench = createBench();
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'branchboard-guard-')));
});
afterAll(() => {
  bench.remove();
  rmSync(folder, { recursive: true, force: true });
});

function settingsOf(more: object = {}, path = mainPath): NonNullable<ReturnType<typeof gitGuardSettings>> {
  const settings = gitGuardSettings(requestOf(bench.plan(), more), path);
  if (settings === null) throw new Error('there is no guard');
  return settings;
}

/** Runs the hook's command line with a call on stdin. */
function runHook(stdin: string, settings = settingsOf(), env = settings.env): SpawnSyncReturns<string> {
  const command = settings.hooks.PreToolUse[0]?.hooks[0]?.command ?? '';
  return spawnSync('/bin/sh', ['-c', command], {
    input: stdin,
    env: { PATH: '/usr/bin:/bin', ...env },
    encoding: 'utf8',
  });
}

function callOf(command: string, cwd = bench.plan().workspace.path): string {
  return JSON.stringify({ tool_name: 'Bash', cwd, tool_input: { command } });
}

describe('the guard of a run', () => {
  test('refuses in the words that Claude Code hands to the model, and says nothing else', () => {
    const refused = runHook(callOf('git log --output=x'));
    expect(JSON.parse(refused.stdout)).toMatchObject({
      hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'deny' },
    });
    expect(refused.stdout).toContain('--max-count=');
    expect(refused.status).toBe(0);
    expect(runHook(callOf('git add -A && git commit -m "x"'))).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  test('lets the rules pass that the user wrote, and takes none from the board itself', () => {
    const settings = settingsOf({ allowedTools: ['Bash(git log *)'], userRules: ['Bash(git push *)'] });
    expect(runHook(callOf('git push origin HEAD'), settings).stdout).toBe('');
    expect(runHook(callOf('git log --output=x'), settings).stdout).toContain('deny');
  });

  test('knows its worktree by every path that leads to it', () => {
    const link = join(folder, 'link');
    symlinkSync(bench.plan().workspace.path, link);
    expect(runHook(callOf('git status', link)).stdout).toBe('');
    expect(runHook(callOf('git status', folder)).stdout).toContain('deny');
  });

  test.each([
    ['no JSON', 'x'],
    ['nothing', ''],
    ['a call without a command', '{"cwd":"/","tool_input":{}}'],
    ['a folder that is gone', callOf('git status', '/gone')],
  ])('refuses where it is given %s', (_, stdin) => {
    expect(runHook(stdin)).toMatchObject({ status: 2, stdout: '' });
  });

  test('refuses where it is told of no run, or is not there at all', () => {
    expect(runHook(callOf('git status'), settingsOf(), {}).status).toBe(2);
    expect(runHook(callOf('git status'), settingsOf({}, join(folder, 'gone.js'))).status).toBe(2);
  });

  test('has a command line that holds nothing of the run, wherever the program lies', () => {
    const odd = join(folder, "it's a $(touch x) folder");
    mkdirSync(odd);
    writeFileSync(join(odd, 'main.js'), `process.stdout.write(process.env.BRANCHBOARD_GIT_GUARD)`);
    const rules = ["Bash(git push '$(touch y)')"];
    const settings = settingsOf({ userRules: rules }, join(odd, 'main.js'));
    expect(settings.hooks).toEqual(settingsOf({}, join(odd, 'main.js')).hooks);
    expect(runHook('', settings).stdout).toBe(settings.env['BRANCHBOARD_GIT_GUARD']);
  });

  test('is not there where the user allowed every command', () => {
    const request = requestOf(bench.plan());
    expect(gitGuardSettings({ ...request, permissionMode: 'bypassPermissions' })).toBeNull();
    for (const rule of ['Bash', 'Bash(*)', 'Bash(:*)']) {
      expect(gitGuardSettings({ ...request, userRules: [rule] })).toBeNull();
    }
    expect(gitGuardSettings({ ...request, userRules: ['Bash(npm *)', 'BashOutput'] })).not.toBeNull();
  });
});
