/** Unusual repositories: the main path holds, and nothing of the user's own is touched. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, initBoard, withBoard, writeTask, type ScratchBoard } from './board.ts';

const timeout = boardTestTimeoutMs;

/** All of the user's that no task may change, as one text. */
function readUserState(board: ScratchBoard): string {
  const refs = board
    .git('for-each-ref', '--format=%(refname) %(objectname)')
    .split('\n')
    .filter((line) => !/^refs\/(?:branchboard|heads\/task)\//.test(line));
  const index = readFileSync(board.git('rev-parse', '--path-format=absolute', '--git-path', 'index')).toString('hex');
  return [
    board.git('status', '--porcelain=v2', '--branch'),
    board.git('reflog', 'show', 'HEAD'),
    board.git('stash', 'list'),
    board.git('config', '--local', '--list'),
    index,
    ...refs,
  ].join('\n');
}

async function runTwo(board: ScratchBoard): Promise<void> {
  board.drop({
    'one.md': writeTask('One', addFile('one.txt')),
    'two.md': writeTask('Two', addFile('two.txt'), { depends_on: 'one' }),
  });
  expect(await board.runUntilIdle()).toBe(0);
  expect(board.column('done')).toEqual(['one', 'two']);
  expect(board.git('log', '--format=%s', 'task/two')).toBe('Add two.txt\nAdd one.txt\nfirst');
}

test.concurrent("a whole run leaves the user's checkout, index, branches and settings as they were", { timeout }, () =>
  withBoard({ init: false, files: { 'a.txt': 'a\n', 'b.txt': 'b\n' } }, async (board) => {
    await initBoard(board);
    writeFileSync(join(board.repo, 'a.txt'), 'changed, staged\n');
    board.git('add', 'a.txt');
    writeFileSync(join(board.repo, 'b.txt'), 'changed, not staged\n');
    writeFileSync(join(board.repo, 'untracked.txt'), 'mine\n');
    board.git('branch', 'mine');
    const before = readUserState(board);
    await runTwo(board);
    expect(readUserState(board)).toBe(before);
    // The finished branches are free to be checked out.
    rmSync(join(board.repo, 'untracked.txt'));
    board.git('switch', '--quiet', '--merge', 'task/two');
    expect(existsSync(join(board.repo, 'one.txt'))).toBe(true);
  }),
);

test.concurrent('a path with spaces, quotes and letters of all kinds', { timeout }, () =>
  withBoard({ folder: "my 'projects'/Größe 日本 $HOME" }, (board) => runTwo(board)),
);

test.concurrent('a detached HEAD', { timeout }, () =>
  withBoard({ init: false }, async (board) => {
    board.git('checkout', '--quiet', '--detach');
    await initBoard(board);
    await runTwo(board);
    expect(board.git('rev-parse', '--abbrev-ref', 'HEAD')).toBe('HEAD');
  }),
);

test.concurrent('a board in a linked worktree', { timeout }, () =>
  withBoard({ init: false }, async (board) => {
    const linked = join(board.root, 'linked');
    board.git('worktree', 'add', '--quiet', '-b', 'side', linked);
    board.repo = linked;
    await initBoard(board);
    expect(board.read('config.yaml')).toContain('base: side');
    await runTwo(board);
    expect(board.git('rev-parse', '--abbrev-ref', 'HEAD')).toBe('side');
  }),
);

test.concurrent('no identity: commits are by branchboard, and doctor says so', { timeout }, () =>
  withBoard({ identity: false }, async (board) => {
    await runTwo(board);
    expect(board.git('log', '-1', '--format=%an <%ae>', 'task/one')).toBe('branchboard <branchboard@localhost>');
    expect(await board.succeed('doctor')).toMatch(/^! identity .*commits will be by branchboard$/m);
  }),
);

test.concurrent("a hook of the user's that refuses the agent's commit is shown to the user", { timeout }, () =>
  withBoard({ config: 'retries: 0\nsandbox: off' }, async (board) => {
    writeFileSync(join(board.repo, '.git', 'hooks', 'pre-commit'), '#!/bin/sh\necho "no tabs allowed" >&2\nexit 1\n', {
      mode: 0o755,
    });
    board.drop({ 'hooked.md': writeTask('Hooked', addFile('h.txt')) });
    expect(await board.runUntilIdle()).toBe(3);
    expect(board.task('hooked').reason).toBe('agent-error');
    expect(board.dashboard).toContain('no tabs allowed');
    expect(board.read('attention', 'hooked.md')).toContain('no tabs allowed');
    // What it wrote is kept all the same.
    const kept = board.git('for-each-ref', '--format=%(refname)', 'refs/branchboard/kept/').split('\n');
    expect(kept.some((ref) => ref !== '' && board.git('ls-tree', '--name-only', ref).includes('h.txt'))).toBe(true);
  }),
);
