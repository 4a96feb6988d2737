/** The verb `open`: the user goes into a task's worktree, which is made again where it is gone. */
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, withBoard, withPatience, writeTask, type ScratchBoard } from './board.ts';

const timeout = boardTestTimeoutMs;

/** An editor that does what `script` says to the worktree, `$1`. */
function makeEditor(board: ScratchBoard, name: string, script: string): string {
  const path = join(board.root, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

test.concurrent('open shows a worktree in the editor, and has one that is gone made again', { timeout }, () =>
  withBoard({}, async (board) => {
    const editor = makeEditor(
      board,
      'editor',
      'git -C "$1" log -1 --format="%s in $1"; git -C "$1" status --branch -s',
    );
    const open = async (id: string, env: Readonly<Record<string, string>> = { EDITOR: editor }) =>
      withPatience(board.launch(['open', id], { env }).ended, 'the editor');
    board.drop({
      'a.md': writeTask('Add A', addFile('a.txt')),
      'b.md': writeTask('Ask', ['write b.txt half', 'ask Which?']),
      'c.md': writeTask('Later', addFile('c.txt'), { depends_on: 'b' }),
    });
    await board.runUntilIdle();
    const tip = board.git('rev-parse', 'task/a');
    expect(existsSync(board.worktree('a'))).toBe(false);
    const shown = await open('a');
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining(`in ${board.worktree('a')}\n`) as string });
    expect(shown.stdout).toContain(`a: its worktree is ${board.worktree('a')}\n`);
    // Its branch is left to merge, restack and discard, which keep off one that is checked out.
    expect(shown.stdout).toContain('## HEAD (no branch)\n');
    expect((await open('a', { VISUAL: editor, EDITOR: 'false' })).stdout).toMatch(/^\S.* in .*\/a\n## HEAD/);
    // One that waits keeps its worktree, with what is not committed.
    expect((await open('b')).stdout).toContain('?? b.txt\n');
    expect(await open('c')).toMatchObject({
      code: 2,
      stderr: 'error: c has no worktree: no agent was at work on it yet\nTo see why it waits: branchboard status\n',
    });
    board.write('local.yaml', `open_with: ${makeEditor(board, 'mine', 'test "$1" = -n && echo "mine: $2"')} -n\n`);
    expect((await open('a')).stdout).toBe(`mine: ${board.worktree('a')}\n`);
    board.write('local.yaml', 'open_with: /nowhere/editor\n');
    const missing = await open('a');
    expect([missing.code, missing.stderr]).toEqual([
      2,
      expect.stringMatching(/\/nowhere\/editor, by open_with, did not open it/),
    ]);
    board.write('local.yaml', '');
    await board.succeed('discard', 'a', '--commit', tip);
    expect(board.git('for-each-ref', 'refs/heads/task/a')).toBe('');

    // A board at work makes it as well, and what the user commits there is the task's, when it goes on.
    const running = await board.start();
    board.drop({ 'd.md': writeTask('Add D', addFile('d.txt')) });
    await board.arrive('done', 'd');
    const commit = 'cd "$1" && echo mine >mine.txt && git add mine.txt && git commit -qm Mine';
    expect((await open('d', { EDITOR: makeEditor(board, 'worker', commit) })).code).toBe(0);
    await board.succeed('retry', 'd');
    await board.arrive('done', 'd');
    expect(board.git('ls-tree', '--name-only', 'task/d')).toContain('mine.txt');
    expect((await board.stop(running)).code).toBe(0);
  }),
);
