/** `rescue`: whatever a run had is found again and can be made a branch, whatever was deleted since. */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, writeTask, type ScratchBoard } from './board.ts';

const timeout = boardTestTimeoutMs;

/** What `rescue --json` tells, as far as these tests look. */
interface Rescued {
  readonly findings: readonly {
    readonly name: string;
    readonly commit: string;
    readonly isOnBranch: boolean;
    readonly uncommitted: readonly string[];
  }[];
}

const list = async (board: ScratchBoard, id: string): Promise<Rescued['findings']> =>
  (await board.json<Rescued>('rescue', id)).findings;

const gitsOwn = 'What the board did not keep, git may still have: git reflog --all; git fsck --lost-found';
const failing = ['write half.txt half done', 'fail I am stuck'];

test.concurrent('what a failed run left without committing is listed and becomes a branch', { timeout }, () =>
  withBoard({ config: 'retries: 0' }, async (board) => {
    board.drop({ 'x.md': writeTask('X', failing) });
    expect(await board.runUntilIdle()).toBe(3);
    const found = await list(board, 'X');
    expect(found).toMatchObject([
      { name: 'worktree', uncommitted: ['half.txt'] },
      { name: 'run-1', isOnBranch: false },
    ]);
    const text = await board.succeed('rescue', 'x');
    expect(text).toContain('run-1 · on no branch · refs/branchboard/kept/x/1');
    expect(text).toMatch(
      /Make a branch of one: branchboard rescue x NAME\n.*git reflog --all; git fsck --lost-found\n$/,
    );
    const before = board.git('status', '--porcelain', '--branch');
    const restored = await board.succeed('rescue', 'x', 'run-1');
    expect(restored).toMatch(
      /^rescue\/x-run-1 is [0-9a-f]{12} \(run-1\)\. Look at it:\n {2}git log -p .*\n {2}git switch rescue\/x-run-1\n$/,
    );
    expect(board.git('show', 'rescue/x-run-1:half.txt')).toBe('half done');
    expect(board.git('status', '--porcelain', '--branch')).toBe(before);
    // Once more never overwrites; a name of the user's own is taken as it is.
    expect(await board.succeed('rescue', 'x', 'run-1')).toContain('rescue/x-run-1-2 is ');
    const { commit = '' } = (await list(board, 'x')).find(({ name }) => name === 'run-1') ?? {};
    await board.succeed('rescue', 'x', commit.slice(0, 8), '--branch', 'mine');
    expect(await board.cli('rescue', 'x', 'run-1', '--branch', 'mine')).toMatchObject({
      code: 2,
      stderr: 'error: There is a branch mine already. Choose another name: --branch NAME\n',
    });
    expect((await board.cli('rescue', 'x', 'run-1', '--branch', '-x..y')).code).toBe(2);
    expect((await list(board, 'x')).find(({ name }) => name === 'run-1')?.isOnBranch).toBe(true);
  }),
);

test.concurrent('nothing to restore ends with 2, and so does a name that is not there', { timeout }, () =>
  withBoard({}, async (board) => {
    expect(await board.cli('rescue', 'nobody')).toMatchObject({
      code: 2,
      stderr: `error: nothing was kept of nobody\n${gitsOwn}\n`,
    });
    expect((await board.cli('rescue', '../x')).code).toBe(2);
    board.drop({ 'x.md': writeTask('X', addFile('x.txt')) });
    expect(await board.runUntilIdle()).toBe(0);
    const { code, stderr } = await board.cli('rescue', 'x', 'nothing');
    expect(code).toBe(2);
    expect(stderr).toBe(`error: x has nothing of the name nothing\nThere is: run-1. ${gitsOwn}\n`);
  }),
);

test.concurrent('work is found though its file, its runs, its worktree and its branch were deleted', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'x.md': writeTask('X', addFile('x.txt')) });
    expect(await board.runUntilIdle()).toBe(0);
    const tip = board.git('rev-parse', 'task/x');
    rmSync(board.path('done', 'x.md'));
    rmSync(board.path('runs', 'x'), { recursive: true });
    rmSync(board.worktree('x'), { recursive: true, force: true });
    rmSync(join(board.repo, '.git', 'worktrees'), { recursive: true, force: true });
    board.git('branch', '-D', 'task/x');
    expect(await list(board, 'x')).toMatchObject([{ name: 'run-1', commit: tip, isOnBranch: false }]);
    await board.succeed('rescue', 'x', 'run-1', '--branch', 'back');
    expect(board.git('rev-parse', 'back')).toBe(tip);
  }),
);

test.concurrent(
  'files in the worktree of an agent at work are listed and committed to a branch beside it',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      const gate = board.gate('go');
      board.drop({
        'x.md': writeTask('X', ['write new.txt in work', `wait-for ${gate}`, 'commit Add new.txt', 'summary Done.']),
      });
      const running = await board.start();
      const file = board.worktree('x', 'new.txt');
      await waitUntil('the agent wrote its file', () => existsSync(file));
      expect(await list(board, 'x')).toMatchObject([{ name: 'worktree', uncommitted: ['new.txt'] }]);
      expect(await board.succeed('rescue', 'x', 'worktree')).toContain('rescue/x-worktree is ');
      expect(board.git('show', 'rescue/x-worktree:new.txt')).toBe('in work');
      board.open('go');
      await board.arrive('done', 'x');
      expect(board.git('log', '-1', '--format=%s', 'task/x')).toBe('Add new.txt');
      await board.stop(running);
    }),
);

test.concurrent('what nobody kept is git’s to find, with the commands that rescue names', { timeout }, () =>
  withBoard({ config: 'retries: 0' }, async (board) => {
    board.drop({ 'x.md': writeTask('X', [...addFile('x.txt').slice(0, 2), 'fail I give up']) });
    expect(await board.runUntilIdle()).toBe(3);
    const tip = board.git('rev-parse', 'task/x');
    const git = ['-C', board.worktree('x')];
    board.git(...git, 'commit', '--quiet', '--allow-empty', '--message=by hand');
    const byHand = board.git('rev-parse', 'task/x');
    board.git(...git, 'reset', '--quiet', '--hard', 'main');
    expect(await list(board, 'x')).toMatchObject([{ name: 'run-1', commit: tip, isOnBranch: false }]);
    expect(board.git('reflog', '--all', '--format=%H')).toContain(byHand);
    board.git('worktree', 'remove', '--force', '--force', board.worktree('x'));
    board.git('branch', '-D', 'task/x');
    const [, commands = ''] = /may still have: (.+)$/m.exec(await board.succeed('rescue', 'x')) ?? [];
    expect(commands).toContain('git fsck --lost-found');
    expect(board.git('fsck', '--lost-found')).toContain(`dangling commit ${byHand}`);
  }),
);

test.concurrent('the work of an earlier task of the same id is still there', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'x.md': writeTask('X', addFile('first.txt')) });
    expect(await board.runUntilIdle()).toBe(0);
    const first = board.git('rev-parse', 'task/x');
    rmSync(board.path('done', 'x.md'));
    board.git('branch', '-D', 'task/x');
    board.drop({ 'x.md': writeTask('X', addFile('second.txt')) });
    expect(await board.runUntilIdle()).toBe(0);
    const second = board.git('rev-parse', 'task/x');
    const found = await list(board, 'x');
    expect(found.find(({ commit }) => commit === first)).toMatchObject({ isOnBranch: false });
    expect(found.find(({ commit }) => commit === second)).toMatchObject({ name: 'run-1', isOnBranch: true });
  }),
);

test.concurrent('a damaged commit hides itself only, and the files that it held become a branch', { timeout }, () =>
  withBoard({ config: 'retries: 0' }, async (board) => {
    const script = [...addFile('one.txt').slice(0, 2), ...addFile('two.txt').slice(0, 2), 'fail I give up'];
    board.drop({ 'x.md': writeTask('X', script) });
    expect(await board.runUntilIdle()).toBe(3);
    const two = board.git('rev-parse', 'task/x');
    const object = join(board.repo, '.git', 'objects', two.slice(0, 2), two.slice(2));
    rmSync(object);
    appendFileSync(object, '');
    expect(readFileSync(object)).toHaveLength(0);
    expect(await list(board, 'x')).toMatchObject([{ name: 'worktree', uncommitted: ['one.txt', 'two.txt'] }]);
    await board.succeed('rescue', 'x', 'worktree', '--branch', 'back');
    expect(board.git('show', 'back:one.txt', 'back:two.txt')).toBe('one.txt\ntwo.txt');
  }),
);
