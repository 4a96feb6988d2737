/** What an agent with default settings can do, and what it can't, where the machine can confine it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect } from 'vitest';

import { confinedTest } from '../sandbox.ts';
import { withBoard, type ClaudeBoard } from './board.ts';
import { triedVersions, madeUpKey, type ApiRequest } from './messages-api.ts';
import { boardTestTimeoutMs, waitUntil } from '../patience.ts';
import { bash, castParts, commit, finish, inTurns, write, type Ask, type Part } from './task-script.ts';

const packageJson = JSON.stringify({ scripts: { test: 'node --test' } });
const passingTest = "require('node:test').test('adds', () => {});\n";

/** The texts that tools gave back to the model, in all requests so far. */
function resultsOf(requests: readonly ApiRequest[]): string {
  return requests.flatMap(({ results }) => results.map(({ text }) => text)).join('\n');
}

/** One command a turn, then the end. Each must be refused or come to nothing. */
function tryEach(commands: readonly string[]): Part {
  return inTurns(
    write('a.txt', 'a\n'),
    commit('add a.txt'),
    ...commands.map((command) => bash(command)),
    finish('Tried.'),
  );
}

describe.concurrent.each(triedVersions)('an agent of %s', { timeout: boardTestTimeoutMs }, (version) => {
  confinedTest('runs the project’s tests unasked, commits all that it wrote, and leaves no temp file', async () => {
    const script = castParts({
      a: inTurns(write('a.test.js', passingTest), bash('npm test'), commit('add a test'), finish('Added a test.')),
    });
    await withBoard({ script, version, files: { 'package.json': packageJson } }, async (board) => {
      await board.add({ a: 'Write a test.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.column('done')).toEqual(['a']);
      expect(resultsOf(board.api.requests)).toMatch(/pass 1/);
      expect(board.record('a', 1).exit.view.denials).toEqual([]);
      expect(board.git('show', '--format=', '--name-only', 'task/a').split('\n')).toEqual(['a.test.js']);
      expect(readdirSync(board.temp)).toEqual([]);
    });
  });

  confinedTest('writes nothing but its worktree and its commits, however it tries', async () => {
    const part = ({ worktree, ...ask }: Ask) => {
      const board = join(worktree, '..', '..');
      const main = join(board, '..');
      return tryEach([
        `echo planted > ${join(board, 'inbox', 'evil.md')}`,
        `echo planted >> ${join(main, 'README.md')}`,
        `echo planted > ${join(main, '.git', 'hooks', 'pre-commit')}`,
        `git config filter.evil.clean planted`,
        `echo planted >> ${join(main, '.git', 'info', 'attributes')}`,
        `echo planted >> ${join(main, '.git', 'HEAD')}`,
        `echo planted >> ${join(main, '.git', 'logs', 'HEAD')}`,
        `echo planted > ${join(main, '.git', 'worktrees', 'a', 'commondir')}`,
        `echo planted > ${join(main, '.git', 'worktrees', 'a', 'config.worktree')}`,
        `git update-ref refs/heads/main HEAD`,
        `git log -1 --output=${join(main, '..', 'home', '.bashrc')}`,
        `echo planted > ${join(main, '..', 'home', '.profile')}`,
        `mkdir ${join(worktree, '..', 'planted')}`,
      ])({ worktree, ...ask });
    };
    await withBoard({ script: castParts({ a: part }), version }, async (board) => {
      const before = photograph(board);
      await board.add({ a: 'Try.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.column('done')).toEqual(['a']);
      expect(photograph(board)).toEqual(before);
      expect(existsSync(join(board.home, '.bashrc'))).toBe(false);
      expect(existsSync(join(board.home, '.profile'))).toBe(false);
      expect(board.git('show', '--format=', '--name-only', 'task/a').split('\n')).toEqual(['a.txt']);
    });
  });

  confinedTest('reads no key of the home folder, no login, and none of the board’s processes', async () => {
    const part = tryEach([
      'cat ~/.ssh/id_ed25519',
      'git commit --allow-empty -F ~/.ssh/id_ed25519',
      'env',
      'ps -ef || ls /proc',
    ]);
    await withBoard({ script: castParts({ a: part }), version }, async (board) => {
      mkdirSync(join(board.home, '.ssh'));
      writeFileSync(join(board.home, '.ssh', 'id_ed25519'), 'hunter2');
      await board.add({ a: 'Try.\n' });
      await board.runUntilIdle();
      const seen = resultsOf(board.api.requests);
      expect(seen).toContain('BRANCHBOARD_RUN=a/1');
      expect(seen).not.toContain('hunter2');
      expect(seen).not.toContain(madeUpKey);
      expect(board.git('log', '--all', '--format=%B')).not.toContain('hunter2');
    });
  });

  confinedTest('runs its commands beside those of others, and the user’s git works meanwhile', async () => {
    const many = Array.from({ length: 12 }, (_, n) => bash(`echo ${String(n)} >> a.txt && sleep 0.1`));
    const part = inTurns(...many, commit('add a.txt'), finish('Added a.txt.'));
    await withBoard({ script: castParts({ a: part, b: part, c: part }), version }, async (board) => {
      await board.add({ a: 'A.\n', b: 'B.\n', c: 'C.\n' });
      const daemon = board.launch('start', '--until-idle');
      let isOver = false;
      let locked = 0;
      void daemon.ended.then(() => (isOver = true));
      await waitUntil('the end of all', () => {
        // Git takes the user's configuration for locked where this file is.
        if (existsSync(join(board.repo, '.git', 'config.lock'))) locked += 1;
        return isOver;
      });
      expect((await daemon.ended).code).toBe(0);
      expect(locked).toBe(0);
      expect(resultsOf(board.api.requests)).not.toContain('bwrap:');
      expect(board.column('done')).toEqual(['a', 'b', 'c']);
    });
  });

  confinedTest('leaves no process behind, in whatever way one gets away from it', async () => {
    const leave = `sleep 300 > /dev/null 2>&1 & setsid sleep 300 & nohup sleep 300 > /dev/null 2>&1 & exit 0\n`;
    const files = { 'leave.sh': leave };
    const part = inTurns(write('a.txt', 'a\n'), bash('sh leave.sh'), commit('add a.txt'), finish('Left some.'));
    await withBoard({ script: castParts({ a: part }), version, files }, async (board) => {
      await board.add({ a: 'Leave.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.findAgentProcesses()).toEqual([]);
    });
  });

  confinedTest('reaches no domain that the settings do not name, and is told of it', async () => {
    const part = tryEach(['curl -sS -m 5 http://packages.example/']);
    await withBoard({ script: castParts({ a: part }), version }, async (board) => {
      await board.add({ a: 'Try.\n' });
      await board.runUntilIdle();
      expect(resultsOf(board.api.requests)).toMatch(/blocked by network allowlist/i);
      // Only the newer one says which.
      if (version === 'newest') expect(board.dashboard).toContain('allowed_domains: [packages.example]');
    });
  });

  confinedTest('commits in a repository that has files where the sandbox hides names', async () => {
    const files = { '.claude/agents/helper.md': 'Help.\n', '.vscode/tasks.json': '{}', '.gitmodules': '' };
    const part = inTurns(write('a.txt', 'a\n'), commit('add a.txt'), finish('Added a.txt.'));
    await withBoard({ script: castParts({ a: part }), version, files }, async (board) => {
      await board.add({ a: 'Write a.txt.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.git('show', '--format=', '--name-only', 'task/a').split('\n')).toEqual(['a.txt']);
    });
  });
});

function photograph(board: ClaudeBoard): unknown {
  const inGit = (...names: readonly string[]) => {
    const file = join(board.repo, '.git', ...names);
    return existsSync(file) ? readFileSync(file, 'utf8') : null;
  };
  return {
    readme: readFileSync(join(board.repo, 'README.md'), 'utf8'),
    config: inGit('config'),
    head: [inGit('HEAD'), inGit('logs', 'HEAD')],
    hooks: inGit('hooks', 'pre-commit'),
    attributes: inGit('info', 'attributes'),
    main: board.git('rev-parse', 'main'),
    refused: existsSync(board.path('inbox', 'evil.md')),
  };
}
