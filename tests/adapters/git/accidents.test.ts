/** Git's own accidents: kills, power cuts, stale locks, things deleted by hand. A task goes on, or says what mends it; nothing is lost. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunPlan } from '../../../src/domain/run.ts';
import type { GitWorktrees } from '../../../src/adapters/git/worktree/worktrees.ts';
import { fakeGit } from './fake-git.ts';
import { finished, planFor, Scratch, start, taskId } from './scratch.ts';

let scratch: Scratch;
let worktrees: GitWorktrees;
let first: string;

beforeEach(async () => {
  scratch = new Scratch();
  first = scratch.commit({ 'a.txt': 'a\n', 'dir/b.txt': 'b\n', '.gitignore': '.orchestrator/\n' });
  worktrees = await scratch.worktrees();
});
afterEach(() => scratch.remove());

const nextRun = (plan: RunPlan): RunPlan => ({ ...plan, n: plan.n + 1, cause: { kind: 'interrupted' } });
const gitDir = (...parts: readonly string[]): string => join(scratch.dir, '.git', ...parts);
const record = (...parts: readonly string[]): string => gitDir('worktrees', 'x', ...parts);
const status = (plan: RunPlan): string =>
  scratch.gitIn(plan.workspace.path, 'status', '--porcelain', '--branch').trimEnd();

/** A task that committed, and left a file that is not. */
async function work(): Promise<{ readonly plan: RunPlan; readonly tip: string }> {
  const plan = await start(worktrees, 'x');
  const tip = scratch.commit({ 'c.txt': 'c\n' }, plan.workspace.path);
  scratch.write({ 'new.txt': 'not committed\n' }, plan.workspace.path);
  return { plan, tip };
}

/** What is whole again after the next run was prepared. */
function expectAllThere(plan: RunPlan, tip: string): void {
  expect(status(plan)).toBe('## task/x\n?? new.txt');
  expect(scratch.git('rev-parse', 'task/x').trim()).toBe(tip);
}

/** Finds a child process of this one by its command line. */
function findChild(pattern: RegExp): number | null {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
      if (Number(parent) !== process.pid) continue;
      if (pattern.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))) return Number(pid);
    } catch {
      // It ended meanwhile.
    }
  }
  return null;
}

/** The task went on in a new worktree: what the old folder held that was not committed is there, aside and under a ref. */
function expectPutAside(plan: RunPlan, tip: string): void {
  const aside = `${plan.workspace.path}.aside-1`;
  expect(status(plan)).toBe('## task/x');
  expect(scratch.git('rev-parse', 'task/x').trim()).toBe(tip);
  expect(readFileSync(join(aside, 'new.txt'), 'utf8')).toBe('not committed\n');
  const refs = ['for-each-ref', '--format=%(refname)', `--no-merged=${tip}`, 'refs/branchboard/left/x'];
  expect(scratch.git('diff', '--name-only', tip, scratch.git(...refs).trim())).toBe('new.txt\n');
  expect(scratch.notices.join('\n')).toContain(`The old folder, with all that it held, is now ${aside}.`);
}

describe('git killed in the middle of 4000 files', () => {
  it('fails with what was killed, and the next preparation makes the worktree whole', async () => {
    scratch.commit(
      Object.fromEntries(Array.from({ length: 4_000 }, (_, n) => [`d${String(n % 40)}/f${String(n)}`, 'x\n'])),
    );
    const base = scratch.git('rev-parse', 'main').trim();
    const plan = planFor(taskId('x'), await worktrees.choose(taskId('x'), base, false));
    const preparing = worktrees.prepare(plan).then(
      () => 'whole',
      (error: unknown) => error,
    );
    const { path } = plan.workspace;
    while (!existsSync(join(path, 'd0')) || readdirSync(path).length < 5) await delay(1);
    const pid = findChild(/ reset --hard/);
    expect(pid).not.toBeNull();
    process.kill(pid ?? 0, 'SIGKILL');
    expect(await preparing).toMatchObject({
      fault: null,
      message: expect.stringMatching(/git reset failed in .*killed/s) as string,
    });
    expect(existsSync(record('index.lock'))).toBe(true);
    // What is half there is never taken for the agent's work.
    await worktrees.keep(plan);
    expect(scratch.git('for-each-ref', 'refs/branchboard')).toBe('');
    await worktrees.prepare(plan);
    expect(status(plan)).toBe('## task/x');
    expect(execFileSync('sh', ['-c', 'find . -type f | wc -l'], { cwd: path, encoding: 'utf8' }).trim()).toBe('4004');
  });

  // The files that `git worktree add` writes, in its order.
  const steps = ['locked', 'gitdir', '.git', 'commondir', 'HEAD'];
  it.each(steps.map((step, index) => [step, index] as const))(
    'a record that was cut off after `%s` was written is made again',
    async (_, index) => {
      const plan = await start(worktrees, 'x');
      const { path } = plan.workspace;
      const written = new Set(steps.slice(0, index + 1));
      for (const name of readdirSync(record())) if (!written.has(name)) rmSync(record(name), { recursive: true });
      for (const name of readdirSync(path)) if (!written.has(name)) rmSync(join(path, name), { recursive: true });
      if (index === steps.length - 1) writeFileSync(record('HEAD'), `${'0'.repeat(40)}\n`);
      await worktrees.prepare(plan);
      expect(status(plan)).toBe('## task/x');
      await start(worktrees, 'y');
    },
  );
});

describe('after a power cut', () => {
  it.each([
    ['an empty commondir', () => truncateSync(record('commondir'), 0)],
    ['an empty branch', () => truncateSync(gitDir('refs', 'heads', 'task', 'x'), 0)],
    ['a branch of zeros', () => writeFileSync(gitDir('refs', 'heads', 'task', 'x'), '\0'.repeat(41))],
  ])('%s is mended, the work is there, and other tasks go on', async (_, spoil) => {
    const { plan, tip } = await work();
    spoil();
    await start(worktrees, 'y');
    await worktrees.prepare(nextRun(plan));
    expectAllThere(plan, tip);
    expect(scratch.notices).not.toEqual([]);
  });

  const broken: readonly (readonly [string, () => void])[] = [
    ['HEAD', () => truncateSync(record('HEAD'), 0)],
    ['HEAD of zeros', () => writeFileSync(record('HEAD'), `${'0'.repeat(40)}\n`)],
    ['gitdir', () => truncateSync(record('gitdir'), 0)],
    ['index', () => truncateSync(record('index'), 0)],
    ['index that was cut off', () => truncateSync(record('index'), 100)],
    ['index of zeros', () => writeFileSync(record('index'), Buffer.alloc(100))],
    [
      'commondir, HEAD, gitdir, index and branch',
      () => {
        for (const name of ['commondir', 'HEAD', 'gitdir', 'index']) truncateSync(record(name), 0);
        truncateSync(gitDir('refs', 'heads', 'task', 'x'), 0);
      },
    ],
  ];

  it.each(broken)(
    'a worktree with an empty %s is put aside with all it holds, and the task goes on',
    async (_, spoil) => {
      const { plan, tip } = await work();
      spoil();
      await start(worktrees, 'y');
      await worktrees.prepare(nextRun(plan));
      expectPutAside(plan, tip);
      expect(readdirSync(gitDir('worktrees')).sort()).toEqual([expect.stringMatching(/^x/), 'y']);
    },
  );

  it.each(broken)(
    'what was kept of a worktree with an empty %s is in the next one, not committed',
    async (_, spoil) => {
      const { plan, tip } = await work();
      spoil();
      await worktrees.keep(plan);
      await worktrees.prepare(nextRun(plan));
      expectAllThere(plan, tip);
    },
  );

  it('commits that only the HEAD of a broken worktree was on are kept', async () => {
    const { plan, tip } = await work();
    scratch.gitIn(plan.workspace.path, 'checkout', '--quiet', '--detach');
    const stray = scratch.commit({ 'd.txt': 'd\n' }, plan.workspace.path);
    truncateSync(record('HEAD'), 0);
    await worktrees.prepare(nextRun(plan));
    expect(status(plan)).toMatch(/^## task\/x/);
    expect(scratch.git('for-each-ref', '--format=%(refname)', `--contains=${stray}`)).toContain(
      'refs/branchboard/left/x/',
    );
    expect(scratch.git('rev-parse', 'task/x').trim()).toBe(tip);
  });

  it.each([
    ['an empty HEAD', () => truncateSync(record('HEAD'), 0)],
    ['an empty index', () => truncateSync(record('index'), 0)],
    ['an empty branch', () => truncateSync(gitDir('refs', 'heads', 'task', 'x'), 0)],
  ])('%s does not keep a finished run from being looked at, kept and released', async (_, spoil) => {
    const { plan, tip } = await work();
    spoil();
    expect(await worktrees.inspect(plan)).toMatchObject({ tip, commits: 1, dirty: ['new.txt'] });
    spoil();
    await worktrees.keep(plan);
    expect(scratch.git('show', 'refs/branchboard/kept/x/1:new.txt')).toBe('not committed\n');
    spoil();
    await worktrees.release(plan, false);
    expect(scratch.git('rev-parse', 'task/x', 'refs/branchboard/done/x')).toBe(`${tip}\n${tip}\n`);
    scratch.git('switch', '--quiet', 'task/x');
  });

  it('a damaged commit stops its own task only, with a message that says how to mend it', async () => {
    const { plan, tip } = await work();
    scratch.git('update-ref', 'refs/branchboard/done/x', tip);
    scratch.branch('task/y', { 'y.txt': 'y' }, 'main');
    scratch.git('update-ref', 'refs/branchboard/done/y', 'task/y');
    scratch.git('merge', '--quiet', '--ff-only', 'task/y');
    const object = gitDir('objects', tip.slice(0, 2), tip.slice(2));
    rmSync(object);
    writeFileSync(object, '');
    await expect(worktrees.inspect(plan)).rejects.toThrow(/damaged[^]*git fsck --full[^]*branchboard rescue/);
    const y = finished('y', scratch.git('rev-parse', 'task/y').trim());
    expect(await worktrees.findMerged('main', [finished('x', tip), y])).toEqual(['y']);
    const other = await start(worktrees, 'z');
    await worktrees.release(other, true);
  });
});

describe('locks of git commands that were killed', () => {
  it('in a worktree or on its branch are removed before a run and at its end', async () => {
    const { plan, tip } = await work();
    const locks = [record('index.lock'), record('HEAD.lock'), gitDir('refs', 'heads', 'task', 'x.lock')];
    const lock = (): void => locks.forEach((each) => writeFileSync(each, ''));
    lock();
    await worktrees.prepare(nextRun(plan));
    expectAllThere(plan, tip);
    scratch.commit({}, plan.workspace.path);
    lock();
    await worktrees.keep(nextRun(plan));
    await worktrees.release(nextRun(plan), true);
    expect(existsSync(plan.workspace.path)).toBe(false);
  });

  it('on refs that only the board writes are removed once git has waited for them', async () => {
    const plan = await start(worktrees, 'x');
    scratch.commit({ 'c.txt': 'c\n' }, plan.workspace.path);
    for (const ref of ['kept/x/1', 'done/x']) {
      mkdirSync(join(gitDir('refs', 'branchboard', ref), '..'), { recursive: true });
      writeFileSync(gitDir('refs', 'branchboard', `${ref}.lock`), '');
    }
    await worktrees.keep(plan);
    await worktrees.release(plan, true);
    expect(existsSync(plan.workspace.path)).toBe(false);
    expect(scratch.notices).toEqual([expect.stringContaining('kept/x/1.lock'), expect.stringContaining('done/x.lock')]);
  });

  it.each(['index.lock', 'config.lock', 'HEAD.lock', 'packed-refs.lock', 'refs/heads/main.lock'])(
    "the user's own %s holds no task up and stays",
    async (name) => {
      writeFileSync(gitDir(name), '');
      const { plan } = await work();
      await worktrees.keep(plan);
      await worktrees.release(plan, false);
      await worktrees.prepare(nextRun(plan));
      expect(existsSync(gitDir(name))).toBe(true);
    },
  );

  it("on another's ref that is in the way are named with the command that removes them", async () => {
    const plan = planFor(taskId('x'), await worktrees.choose(taskId('x'), first, false));
    mkdirSync(gitDir('refs', 'heads', 'task'), { recursive: true });
    mkdirSync(gitDir('worktrees'), { recursive: true });
    const script = `case "$*" in *"worktree add"*) echo "fatal: Unable to create '$PWD/.git/packed-refs.lock': File exists." >&2; exit 128;; esac; exec "$REAL" "$@"`;
    const board = await scratch.worktrees({ env: fakeGit(scratch, script).env });
    await expect(board.prepare(plan)).rejects.toMatchObject({
      fault: null,
      message: expect.stringContaining(`rm '${gitDir('packed-refs.lock')}'`) as string,
      code: 'EEXIST',
    });
  });
});

describe('deleted by hand', () => {
  it('the branch that a worktree is on comes back where it was', async () => {
    const { plan, tip } = await work();
    scratch.git('update-ref', '-d', 'refs/heads/task/x');
    await worktrees.prepare(nextRun(plan));
    expectAllThere(plan, tip);
  });

  it('the branch and all that is known of it but what was kept', async () => {
    const { plan, tip } = await work();
    await worktrees.keep(plan);
    const kept = scratch.git('rev-parse', 'refs/branchboard/kept/x/1').trim();
    scratch.git('update-ref', '-d', 'refs/heads/task/x');
    rmSync(record(), { recursive: true });
    rmSync(plan.workspace.path, { recursive: true });
    await worktrees.prepare(nextRun(plan));
    expect(scratch.git('rev-parse', 'task/x').trim()).toBe(kept);
    expect(scratch.git('rev-parse', 'task/x^').trim()).toBe(tip);
  });

  it('the folder, with its record pruned or not', async () => {
    for (const prune of [false, true]) {
      const { plan, tip } = await work();
      rmSync(plan.workspace.path, { recursive: true });
      if (prune) {
        scratch.git('worktree', 'unlock', plan.workspace.path);
        scratch.git('worktree', 'prune');
      }
      await worktrees.prepare(nextRun(plan));
      expect(status(plan)).toBe('## task/x');
      expect(scratch.git('rev-parse', 'task/x').trim()).toBe(tip);
      scratch.git('worktree', 'remove', '--force', '--force', plan.workspace.path);
      scratch.git('branch', '--quiet', '-D', 'task/x');
    }
  });

  it('the record alone: the folder is put aside, and what it held is under a ref', async () => {
    const { plan, tip } = await work();
    rmSync(record(), { recursive: true });
    await worktrees.prepare(nextRun(plan));
    expect(status(plan)).toBe('## task/x');
    expect(scratch.git('rev-parse', 'task/x').trim()).toBe(tip);
    expect(readFileSync(`${plan.workspace.path}.aside-1/new.txt`, 'utf8')).toBe('not committed\n');
    const left = scratch.git('for-each-ref', '--format=%(refname)', 'refs/branchboard/left/x').trim();
    expect(scratch.git('show', `${left}:new.txt`)).toBe('not committed\n');
    expect(scratch.git('diff', '--name-only', tip, left)).toBe('new.txt\n');
  });

  it('a branch that the user has checked out elsewhere is named with the command that frees it', async () => {
    const { plan } = await work();
    rmSync(plan.workspace.path, { recursive: true });
    scratch.git('worktree', 'unlock', plan.workspace.path);
    scratch.git('worktree', 'prune');
    scratch.git('switch', '--quiet', 'task/x');
    await expect(worktrees.prepare(nextRun(plan))).rejects.toThrow(/git -C '.*' switch -\), then: branchboard retry x/);
    scratch.git('switch', '--quiet', '-');
    await worktrees.prepare(nextRun(plan));
  });
});

describe('a worktree that git takes for none when its agent has ended', () => {
  it.each([
    ['its record is gone', () => rmSync(record(), { recursive: true })],
    ['the records of all worktrees are gone', () => rmSync(gitDir('worktrees'), { recursive: true })],
    ['its .git file is gone', (plan: RunPlan) => rmSync(join(plan.workspace.path, '.git'))],
    [
      'its .git file and files of the commit are gone',
      (plan: RunPlan) => {
        for (const name of ['.git', 'a.txt']) rmSync(join(plan.workspace.path, name));
      },
    ],
    [
      'it was made a repository of its own',
      (plan: RunPlan) => {
        rmSync(join(plan.workspace.path, '.git'));
        scratch.gitIn(plan.workspace.path, 'init', '--quiet');
      },
    ],
  ])('is not taken for clean, and what it holds is kept: %s', async (_, lose) => {
    const { plan, tip } = await work();
    lose(plan);
    const before = scratch.userState();
    const found = await worktrees.inspect(plan);
    expect(found).toMatchObject({ tip, commits: 1 });
    expect(found.dirty).toContain('new.txt');
    await worktrees.keep(plan);
    expect(scratch.git('show', 'refs/branchboard/kept/x/1:new.txt')).toBe('not committed\n');
    expect(scratch.git('rev-parse', 'refs/branchboard/kept/x/1^').trim()).toBe(tip);
    await worktrees.release(plan, true);
    expect(readFileSync(join(plan.workspace.path, 'new.txt'), 'utf8')).toBe('not committed\n');
    expect(scratch.userState()).toBe(before);
  });

  it('is put aside and made again where only its .git file is gone', async () => {
    const { plan, tip } = await work();
    rmSync(join(plan.workspace.path, '.git'));
    await worktrees.prepare(nextRun(plan));
    expectPutAside(plan, tip);
  });

  it('is named as gone, with the command that makes another, where its folder is gone', async () => {
    const { plan, tip } = await work();
    rmSync(plan.workspace.path, { recursive: true });
    await expect(worktrees.inspect(plan)).rejects.toMatchObject({
      fault: {
        reason: 'setup-failed',
        detail: expect.stringMatching(
          new RegExp(`worktrees/x is gone[^]*task/x is at ${tip.slice(0, 12)}[^]*branchboard retry x$`),
        ) as string,
      },
    });
  });
});

describe('a folder that is put aside', () => {
  it.each([
    [
      'lost its link and files of the commit',
      (path: string) => ['.git', 'a.txt'].forEach((n) => rmSync(join(path, n))),
    ],
    [
      'was made a repository of its own',
      (path: string) => {
        rmSync(join(path, '.git'));
        scratch.gitIn(path, 'init', '--quiet');
      },
    ],
  ])('has all it holds under a ref: it %s', async (_, lose) => {
    const { plan, tip } = await work();
    scratch.gitIn(plan.workspace.path, 'init', '--quiet', 'empty-repository');
    lose(plan.workspace.path);
    await worktrees.prepare(nextRun(plan));
    const refs = ['for-each-ref', '--format=%(refname)', `--no-merged=${tip}`, 'refs/branchboard/left/x'];
    expect(scratch.git('diff', '--name-only', tip, scratch.git(...refs).trim())).toBe('new.txt\n');
    expect(existsSync(`${plan.workspace.path}.aside-1/new.txt`)).toBe(true);
    expect(status(plan)).toBe('## task/x');
  });

  it('is none while the repository itself can not be read', async () => {
    const { plan, tip } = await work();
    renameSync(gitDir(), join(scratch.dir, 'moved'));
    await expect(worktrees.prepare(nextRun(plan))).rejects.toMatchObject({
      // The task is not to blame.
      fault: null,
      message: expect.stringContaining('not a git repository') as string,
    });
    renameSync(join(scratch.dir, 'moved'), gitDir());
    await worktrees.prepare(nextRun(plan));
    expectAllThere(plan, tip);
  });
});

describe('a disk that is full or read-only', () => {
  const failing = (args: string, words: string, code = 128): string =>
    `case "$*" in *"${args}"*) echo '${words}' >&2; exit ${String(code)};; esac; exec "$REAL" "$@"`;

  it.each([
    ['worktree add', 'fatal: could not create directory of: No space left on device', 'ENOSPC', /make room/],
    ['reset --hard', 'error: unable to write file dir/b.txt', null, /unable to write file/],
    ['reset --hard', 'fatal: sha1 file write error. Out of diskspace', 'ENOSPC', /make room/],
    ['worktree add', 'fatal: could not open: Disk quota exceeded', 'EDQUOT', /quota/],
    ['worktree add', 'fatal: could not create directory: Read-only file system', 'EROFS', /mount -o remount,rw/],
    [
      'worktree add',
      'fatal: could not create directory: Permission denied',
      'EACCES',
      /chown -R "\$\(id -un\)" '\/.*\/repo'/,
    ],
    ['worktree add', 'fatal: could not create file: Operation not permitted', 'EPERM', /lsattr -d '\/.*\/repo'/],
    ['worktree add', 'error: unable to create directory for .git/refs/heads/task/x', null, /ls -ld '\/.*\/repo'/],
  ])('says so when `git %s` says: %s', async (args, words, code, hint) => {
    const board = await scratch.worktrees({ env: fakeGit(scratch, failing(args, words)).env });
    await expect(start(board, 'x')).rejects.toMatchObject({
      // The task is not to blame.
      fault: null,
      message: expect.stringMatching(hint) as string,
      code,
    });
    await start(worktrees, 'x');
  });

  it('never keeps half of what a worktree holds: keeping fails with the code, and works once there is room', async () => {
    const { plan } = await work();
    const full = fakeGit(scratch, failing(' add --', 'error: unable to write: No space left on device', 1));
    const board = await scratch.worktrees({ env: full.env });
    await expect(board.keep(plan)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(scratch.git('for-each-ref', 'refs/branchboard')).toBe('');
    await worktrees.keep(plan);
    expect(scratch.git('show', 'refs/branchboard/kept/x/1:new.txt')).toBe('not committed\n');
  });

  it('a folder for worktrees that can not be made is named, with what to do', async () => {
    writeFileSync(join(scratch.root, 'file'), '');
    scratch.settings = { ...scratch.settings, worktrees: { dir: '../file/worktrees', reuse: false } };
    await expect(start(worktrees, 'x')).rejects.toMatchObject({
      fault: { reason: 'setup-failed', detail: expect.stringMatching(/file\/worktrees[^]*worktrees\.dir/) as string },
    });
  });
});
