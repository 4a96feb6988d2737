/** The board tells the user and the next attempt which calls of the real Claude Code were refused, and why a commit failed. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { withBoard, type ClaudeBoard } from './board.ts';
import { triedVersions } from './messages-api.ts';
import { boardTestTimeoutMs } from '../patience.ts';
import { bash, byPrompt, castParts, commit, finish, inTurns, write, type Part } from './task-script.ts';

/** Runs the task `t` in an unconfined board and gives all that a user reads of it. */
async function run(
  version: (typeof triedVersions)[number],
  part: Part,
  prepare: (board: ClaudeBoard) => void,
  check: (board: ClaudeBoard, read: { readonly story: string; readonly show: string }) => void,
): Promise<void> {
  await withBoard({ script: castParts({ t: part }), version, config: 'sandbox: off' }, async (board) => {
    prepare(board);
    board.drop({ t: 'Do it.\n' });
    await board.runUntilIdle();
    const column = board.column('done').length > 0 ? 'done' : 'attention';
    check(board, { story: board.read(column, 't.md'), show: (await board.cli('show', 't')).output });
  });
}

function addHook(board: ClaudeBoard, name: string, text: string): void {
  const file = join(board.repo, '.git', 'hooks', name);
  mkdirSync(join(board.repo, '.git', 'hooks'), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}

describe.concurrent.each(triedVersions)('with claude %s', { timeout: boardTestTimeoutMs }, (version) => {
  test('a refused command is named with the line that allows it, and the vaguer second reason does not hide it', async () => {
    const part = byPrompt(inTurns(bash('npm install left-pad'), finish('No.')), inTurns(finish('Still no.')));
    const line =
      '`npm install left-pad` → to allow it, write into config.yaml: `allowed_tools: ["Bash(npm install *)"]`';
    await run(
      version,
      part,
      () => undefined,
      (board, { story, show }) => {
        expect(board.task('t').reason).toBe('permission-denied');
        for (const text of [story, show, board.dashboard]) {
          expect(text.replaceAll('\\', '')).toContain(line);
          expect(text).toMatch(/Attempt 2: it changed nothing/);
        }
        expect(board.read('runs', 't', '2', 'prompt.md')).toContain(line);
      },
    );
  });

  test('what was refused stands beside work that is done', async () => {
    const part = inTurns(write('a.txt', 'a\n'), bash('npm test'), bash('npm test'), commit('add a'), finish('Done.'));
    await run(
      version,
      part,
      () => undefined,
      (board, { story, show }) => {
        expect(board.column('done')).toEqual(['t']);
        for (const text of [story, show, board.dashboard]) {
          expect(text.replaceAll('\\', '')).toContain('2 calls were refused: `npm test` → ');
          expect(text.replaceAll('\\', '')).toContain('`verify: [npm test]` or `allowed_tools: ["Bash(npm test)"]`');
        }
      },
    );
  });

  test('a commit that the user’s own rule denies is told as what the board can’t allow', async () => {
    const part = inTurns(write('a.txt', 'a\n'), bash('git add a.txt'), bash('git commit -m "add a"'), finish('Done.'));
    const deny = (board: ClaudeBoard) => {
      mkdirSync(join(board.home, '.claude'));
      const permissions = { deny: ['Bash(git commit *)'] };
      writeFileSync(join(board.home, '.claude', 'settings.json'), JSON.stringify({ permissions }));
    };
    await run(version, part, deny, (board, { story, show }) => {
      expect(board.task('t').reason).toBe('permission-denied');
      for (const text of [story, show]) {
        expect(text).toContain('`git commit -m "add a"`');
        expect(text).toMatch(/`permissions\.deny`.*The board can't allow it/);
        expect(text).toContain('a.txt');
      }
    });
  });

  test('a hook that refuses each commit is quoted', async () => {
    const part = inTurns(write('b.txt', 'b\n'), commit('add b'), finish('Done.'));
    const hook = (board: ClaudeBoard) => addHook(board, 'pre-commit', 'echo "lint: b.txt is ugly" >&2; exit 1');
    await run(version, part, hook, (board, { story, show }) => {
      expect(board.task('t').reason).toBe('commit-failed');
      for (const text of [story, show, board.dashboard]) expect(text).toContain('lint: b.txt is ugly');
      expect(board.read('runs', 't', '2', 'prompt.md')).toContain('lint: b.txt is ugly');
    });
  });

  test('a commit that failed in the middle of a line, or was made after all, is told apart', async () => {
    const masked = 'git add -A; git commit -m "add b"; git status --short';
    const part = inTurns(write('b.txt', 'b\n'), bash(masked), finish('Done.'));
    const hook = (board: ClaudeBoard) => addHook(board, 'commit-msg', 'echo "say feat: or fix:"; grep -q feat "$1"');
    await run(version, part, hook, (board, { story }) => {
      expect(board.task('t').reason).toBe('commit-failed');
      expect(story).toContain('say feat: or fix:');
    });
    const mended = inTurns(
      write('b.txt', 'b\n'),
      bash(masked),
      commit('feat: add b'),
      write('c.txt', 'c\n'),
      finish('!'),
    );
    await run(version, mended, hook, (board) => {
      expect(board.record('t', 1).outcome).toMatchObject({ fault: { reason: 'uncommitted' } });
    });
  });
});
