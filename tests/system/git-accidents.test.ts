/** Git's own accidents under a whole board: other tasks go on, the task's file says what mends it, and after that it is done. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  addFile,
  boardTestTimeoutMs,
  isAlive,
  waitUntil,
  withBoard,
  withPatience,
  writeTask,
  type ScratchBoard,
} from './board.ts';

const timeout = boardTestTimeoutMs;

/** Commits one file, leaves another that is not committed, and fails. */
const fails = ['write one.txt one', 'commit Add one.txt', 'write two.txt two', 'fail I am stuck'];
/** Only with what the first run left there is something to commit. */
const goesOn = ['commit Add two.txt', 'summary Added both.'];

async function failOnce(board: ScratchBoard): Promise<void> {
  board.drop({ 'x.md': writeTask('X', fails) });
  expect(await board.runUntilIdle()).toBe(3);
  expect(board.column('attention')).toEqual(['x']);
}

/** After mending: the task is done with all it had, and another one beside it. */
async function retryToDone(board: ScratchBoard): Promise<void> {
  writeFileSync(board.path('attention', 'x.md'), writeTask('X', goesOn));
  await board.succeed('retry', 'x');
  board.drop({ 'other.md': writeTask('Other', addFile('other.txt')) });
  expect(await board.runUntilIdle()).toBe(0);
  expect(board.column('done')).toEqual(['other', 'x']);
  expect(board.git('log', '--format=%s', 'task/x')).toBe('Add two.txt\nAdd one.txt\nfirst');
}

const setup = { config: 'retries: 0' } as const;
const record = (board: ScratchBoard, name: string): string => join(board.repo, '.git', 'worktrees', 'x', name);

test.concurrent('a power cut that emptied a worktree’s record and its branch costs nothing', { timeout }, () =>
  withBoard(setup, async (board) => {
    await failOnce(board);
    for (const name of ['commondir', 'HEAD', 'gitdir', 'index']) truncateSync(record(board, name), 0);
    truncateSync(join(board.repo, '.git', 'refs', 'heads', 'task', 'x'), 0);
    await retryToDone(board);
  }),
);

test.concurrent('locks of an agent that was killed, and the user’s own, hold nothing up', { timeout }, () =>
  withBoard(setup, async (board) => {
    await failOnce(board);
    const users = ['config.lock', 'packed-refs.lock'].map((name) => join(board.repo, '.git', name));
    for (const lock of [record(board, 'index.lock'), record(board, 'HEAD.lock'), ...users]) writeFileSync(lock, '');
    await retryToDone(board);
    for (const lock of users) expect(existsSync(lock)).toBe(true);
  }),
);

test.concurrent(
  'a worktree, its record and its branch deleted by hand: the task goes on from what was kept',
  { timeout },
  () =>
    withBoard(setup, async (board) => {
      await failOnce(board);
      board.git('worktree', 'remove', '--force', '--force', board.worktree('x'));
      board.git('branch', '-D', 'task/x');
      expect(await board.succeed('rescue', 'x')).toContain('run-1 · on no branch · refs/branchboard/kept/x/1');
      await board.succeed('retry', 'x');
      await board.runUntilIdle();
      expect(board.git('show', 'task/x:one.txt')).toBe('one');
      expect(board.git('show', 'task/x:two.txt')).toBe('two');
    }),
);

test.concurrent('a branch that the user checked out is named with the command that frees it', { timeout }, () =>
  withBoard(setup, async (board) => {
    await failOnce(board);
    board.git('worktree', 'remove', '--force', '--force', board.worktree('x'));
    board.git('switch', '--quiet', 'task/x');
    await board.succeed('retry', 'x');
    board.drop({ 'other.md': writeTask('Other', addFile('other.txt')) });
    expect(await board.runUntilIdle()).toBe(3);
    expect(board.column('done')).toEqual(['other']);
    const told = board.read('attention', 'x.md');
    const command = /Switch that to another branch \((git -C '.+' switch -)\), then: branchboard retry x/.exec(
      told,
    )?.[1];
    expect(command).toBeDefined();
    execFileSync('sh', ['-c', command ?? 'false'], { env: board.environment, stdio: 'pipe' });
    await board.succeed('retry', 'x');
    await board.runUntilIdle();
    expect(board.git('log', '--format=%s', 'task/x')).toContain('Add one.txt');
  }),
);

test.concurrent("a hook that refuses every ref stops the agent's commit and none of the board's own", { timeout }, () =>
  withBoard({ config: 'retries: 0\nsandbox: off' }, async (board) => {
    const hook = join(board.repo, '.git', 'hooks', 'reference-transaction');
    mkdirSync(join(hook, '..'), { recursive: true });
    writeFileSync(hook, '#!/bin/sh\necho "no refs today" >&2\nexit 1\n', { mode: 0o755 });
    board.drop({ 'x.md': writeTask('X', addFile('x.txt')) });
    expect(await board.runUntilIdle()).toBe(3);
    expect(board.read('attention', 'x.md')).toMatch(/no refs today|ref updates aborted by hook/);
    const kept = board.git('for-each-ref', '--format=%(refname)', 'refs/branchboard/kept/x');
    expect(board.git('show', `${kept}:x.txt`)).toBe('x.txt');
    rmSync(hook);
    await board.succeed('retry', 'x');
    await board.runUntilIdle();
    expect(board.git('show', 'task/x:x.txt')).toBe('x.txt');
  }),
);

test.concurrent(
  'a repository that can’t be written to is named with what to do, charges nobody, and its tasks go on by themselves',
  { timeout },
  () =>
    withBoard(setup, async (board) => {
      const bin = join(board.root, 'bin');
      const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
      mkdirSync(bin);
      const words = "fatal: could not create directory of '.git/worktrees/x': Read-only file system";
      const script = `[ -e ${board.gate('mended')} ] || case "$*" in
  *"worktree add"*worktrees/x*) echo "${words}" >&2; exit 128;;
esac
exec '${real}' "$@"`;
      writeFileSync(join(bin, 'git'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      board.drop({ 'x.md': writeTask('X', addFile('x.txt')), 'other.md': writeTask('Other', addFile('other.txt')) });
      const env = { PATH: `${bin}:${board.environment['PATH'] ?? ''}` };
      const running = board.launch(['start', '--until-idle'], { env });
      await board.arrive('done', 'other');
      await waitUntil('it is told', () => board.dashboard.includes('mount -o remount,rw'));
      expect(board.dashboard).toMatch(/`x` can't start: .*No attempt was charged; the board tries again at/);
      board.open('mended');
      expect((await withPatience(running.ended, 'the board')).code).toBe(0);
      expect(board.task('x')).toMatchObject({ column: 'done', attempt: 1 });
    }),
);

test.concurrent('work that a used-up quota keeps from being kept is kept once there is room', { timeout }, () =>
  withBoard(setup, async (board) => {
    const bin = join(board.root, 'bin');
    const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
    mkdirSync(bin);
    const once = `case "$*" in *" add --all"*) mkdir '${bin}/met' 2>/dev/null && echo "error: unable to write: Disk quota exceeded" >&2 && exit 1;; esac`;
    writeFileSync(join(bin, 'git'), `#!/bin/sh\n${once}\nexec '${real}' "$@"\n`, { mode: 0o755 });
    board.drop({ 'x.md': writeTask('X', fails) });
    const env = { PATH: `${bin}:${board.environment['PATH'] ?? ''}` };
    expect((await withPatience(board.launch(['start', '--until-idle'], { env }).ended, 'the board')).code).toBe(3);
    expect(existsSync(join(bin, 'met'))).toBe(true);
    expect(board.git('show', 'refs/branchboard/kept/x/1:two.txt')).toBe('two');
  }),
);

test.concurrent(
  'the board and its git killed among 4000 files: the next start makes the worktree whole',
  { timeout },
  () =>
    withBoard(
      {
        ...setup,
        files: Object.fromEntries(Array.from({ length: 4_000 }, (_, n) => [`d${String(n % 40)}/f${String(n)}`, 'x\n'])),
      },
      async (board) => {
        board.drop({ 'x.md': writeTask('X', addFile('x.txt')) });
        const running = board.launch(['start', '--until-idle']);
        const path = board.worktree('x');
        const found: number[] = [];
        await waitUntil('git is among the files', () => {
          found.splice(0, 1, ...findGitIn(path));
          return found.length === 1 && readdirSync(path).length > 5;
        });
        running.signal('SIGKILL');
        const [git = 0] = found;
        expect(git).toBeGreaterThan(1);
        process.kill(git, 'SIGKILL');
        await withPatience(running.ended, 'the end of the board');
        await waitUntil('git is gone', () => !isAlive(git));
        expect(await board.runUntilIdle()).toBe(0);
        expect(board.git('diff', '--stat', 'main...task/x')).toMatch(/1 file changed, 1 insertion/);
        expect(board.git('ls-tree', '-r', '--name-only', 'task/x').split('\n')).toHaveLength(4_002);
      },
    ),
);

test.concurrent(
  'the board and its git killed while a worktree is removed: the task can go on without half of its files',
  { timeout },
  () =>
    withBoard({ ...setup, files: { 'd0/a.txt': 'a', 'd1/b.txt': 'b' } }, async (board) => {
      board.drop({ 'x.md': writeTask('X', ['write one.txt one', 'commit Add one.txt', 'fail I am stuck']) });
      expect(await board.runUntilIdle()).toBe(3);
      const bin = join(board.root, 'bin');
      const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
      mkdirSync(bin);
      const half = 'for last; do :; done; rm -rf "$last/d0"; kill -9 $PPID $$';
      const script = `case "$*" in *"worktree remove"*) ${half};; esac\nexec '${real}' "$@"`;
      writeFileSync(join(bin, 'git'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const running = board.launch(['board'], { env: { PATH: `${bin}:${board.environment['PATH'] ?? ''}` } });
      await waitUntil('the board knows the task', () => {
        const { daemon, tasks } = board.data;
        return daemon.pid === running.pid && tasks.some(({ column }) => column === 'attention');
      });
      await board.succeed('cancel', 'x');
      await withPatience(running.ended, 'the end of the board');
      writeFileSync(board.path('archive', 'x.md'), writeTask('X', addFile('two.txt')));
      board.move('x', 'archive', 'queued');
      expect(await board.runUntilIdle()).toBe(0);
      expect(board.column('done')).toEqual(['x']);
      expect(board.git('diff', '--name-status', 'main...task/x')).toBe('A\tone.txt\nA\ttwo.txt');
      expect(readdirSync(board.worktree())).toEqual([]);
    }),
);

/** The git process that fills a worktree's folder. */
function findGitIn(folder: string): readonly number[] {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readlinkSync(`/proc/${pid}/cwd`) !== folder) continue;
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('\0reset\0')) return [Number(pid)];
    } catch {
      // It ended meanwhile.
    }
  }
  return [];
}
