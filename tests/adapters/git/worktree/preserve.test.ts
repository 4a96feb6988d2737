/** What keeping holds on to, whatever agents and users do to a worktree. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunPlan } from '../../../../src/domain/run.ts';
import { countCalls, fakeGit } from '../fake-git.ts';
import { path, plan, scratch, useTask, worktrees } from '../started-task.ts';

useTask({ 'a.txt': 'a\n', 'dir/b.txt': 'b\n' });

const nextRun = (): RunPlan => ({ ...plan, n: plan.n + 1, cause: { kind: 'interrupted' } });
const read = (ref: string): string => scratch.git('rev-parse', ref).trim();
const kept = (n = 1): string => read(`refs/branchboard/kept/x/${String(n)}`);
const left = (): readonly string[] =>
  scratch.git('for-each-ref', '--format=%(objectname)', 'refs/branchboard/left/x').split('\n').filter(Boolean);

describe('every run', () => {
  it('that ended well keeps its tip under its own number, so that the next one does not overwrite it', async () => {
    const first = scratch.commit({ 'c.txt': 'c' }, path);
    await worktrees.release(plan, false);
    await worktrees.prepare(nextRun());
    const second = scratch.commit({ 'd.txt': 'd' }, path);
    await worktrees.release(nextRun(), false);
    expect([kept(1), kept(2), read('refs/branchboard/done/x')]).toEqual([first, second, second]);
  });

  it('that was kept with uncommitted files keeps them when its worktree lets go of the branch', async () => {
    scratch.write({ 'new.txt': 'not committed\n' }, path);
    await worktrees.keep(plan);
    await worktrees.release(plan, true);
    expect(scratch.git('show', 'refs/branchboard/kept/x/1:new.txt')).toBe('not committed\n');
  });

  it('keeps what an earlier task of the same id had kept under the same number', async () => {
    scratch.write({ 'new.txt': 'one\n' }, path);
    await worktrees.keep(plan);
    const before = kept();
    await worktrees.keep(plan);
    expect([kept(), left()]).toEqual([before, []]);
    scratch.write({ 'new.txt': 'two\n' }, path);
    await worktrees.keep(plan);
    expect(scratch.git('show', `${kept()}:new.txt`)).toBe('two\n');
    expect(left()).toEqual([before]);
  });

  it('takes two git processes at most where all is committed, two to let go, and two to remove the worktree', async () => {
    scratch.commit({ 'c.txt': 'c' }, path);
    const fake = fakeGit(scratch, 'exec "$REAL" "$@"');
    const board = await scratch.worktrees({ env: fake.env });
    await board.keep(plan);
    expect(countCalls(fake)).toBe(2);
    await board.keep({ ...plan, n: 2 });
    expect(countCalls(fake)).toBe(4);
    await board.release({ ...plan, n: 3 }, false);
    expect(countCalls(fake)).toBe(8);
    expect(existsSync(path)).toBe(false);
  });
});

describe('a worktree that is gone', () => {
  it('leaves the tip of its branch to be kept', async () => {
    const tip = scratch.commit({ 'c.txt': 'c' }, path);
    rmSync(path, { recursive: true });
    await worktrees.keep(plan);
    expect(kept()).toBe(tip);
  });

  it('leaves what only its record knew of', async () => {
    const tip = scratch.commit({ 'c.txt': 'c' }, path);
    scratch.gitIn(path, 'checkout', '--quiet', '--detach', 'main');
    const strayed = scratch.commit({ 'd.txt': 'd' }, path);
    rmSync(path, { recursive: true });
    await worktrees.keep(plan);
    expect([kept(), left()]).toEqual([tip, [strayed]]);
  });

  it('does not take what was kept before from under its ref', async () => {
    scratch.write({ 'new.txt': 'not committed\n' }, path);
    await worktrees.keep(plan);
    const before = kept();
    rmSync(path, { recursive: true });
    await worktrees.keep(plan);
    expect([kept(), ...left()]).toContain(before);
  });
});

describe('commits that the agent went away from', () => {
  it.each([
    ['reset', ['reset', '--quiet', '--hard', 'HEAD~1']],
    ['amended', ['commit', '--quiet', '--amend', '-m', 'other words']],
    ['left for another branch', ['checkout', '--quiet', '--detach', 'main']],
    ['left for a history without commits', ['checkout', '--quiet', '--orphan', 'unborn']],
  ])('are kept: %s', async (_, command) => {
    const tip = scratch.commit({ 'c.txt': 'c' }, path);
    scratch.gitIn(path, ...command);
    await worktrees.keep(plan);
    const refs = scratch.git('for-each-ref', '--format=%(refname)', '--contains', tip, 'refs/branchboard').trim();
    expect(refs).not.toBe('');
  });

  it('cost nothing where there are none', async () => {
    scratch.commit({ 'c.txt': 'c' }, path);
    scratch.commit({ 'd.txt': 'd' }, path);
    await worktrees.keep(plan);
    expect(left()).toEqual([]);
  });
});

describe('garbage of an agent never fails the keeping', () => {
  /** The files of what was kept, with git's own quoting. */
  const files = (): readonly string[] => scratch.git('ls-tree', '-r', '--name-only', kept()).trim().split('\n');

  it('sockets, pipes, dangling links, repositories without and with commits, odd names', async () => {
    execFileSync('mkfifo', [join(path, 'pipe')]);
    rmSync(join(path, 'a.txt'));
    execFileSync('mkfifo', [join(path, 'a.txt')]);
    symlinkSync('/nowhere', join(path, 'dangling'));
    scratch.gitIn(path, 'init', '--quiet', 'empty-repository');
    scratch.gitIn(path, 'init', '--quiet', 'repository');
    scratch.commit({ 'inner.txt': 'i' }, join(path, 'repository'));
    writeFileSync(join(path, 'new\nline "quoted" *[?'), 'n');
    writeFileSync(Buffer.concat([Buffer.from(`${path}/b`), Buffer.from([0xff]), Buffer.from('d')]), 'not UTF-8');
    const odd = Buffer.concat([Buffer.from(`${path}/repo`), Buffer.from([0xfe])]);
    mkdirSync(odd);
    execFileSync('sh', ['-c', 'cd "$1"/repo?[!a-z]* 2>/dev/null || cd "$1"/repo?; git init --quiet', 'sh', path], {
      env: scratch.env,
    });
    scratch.write({ 'plain.txt': 'p\n' }, path);
    await worktrees.keep(plan);
    expect(files()).toEqual(
      expect.arrayContaining(['dangling', 'plain.txt', '"b\\377d"', '"new\\nline \\"quoted\\" *[?"']) as string[],
    );
  });

  it('a file too large for the repository stays where it is, and the user is told', async () => {
    writeFileSync(join(path, 'huge.bin'), '');
    truncateSync(join(path, 'huge.bin'), 2 * 1024 ** 3);
    scratch.write({ 'plain.txt': 'p\n' }, path);
    await worktrees.keep(plan);
    expect(files()).toContain('plain.txt');
    expect(files()).not.toContain('huge.bin');
    expect(scratch.notices).toEqual([expect.stringMatching(/huge\.bin is larger than 100 MiB/)]);
  });

  it('a rebase in the middle, and the locks of git commands that were killed', async () => {
    scratch.branch('other', { 'a.txt': 'other\n' });
    const tip = scratch.commit({ 'a.txt': 'mine\n' }, path);
    expect(() => scratch.gitIn(path, 'rebase', 'other')).toThrow();
    for (const lock of ['index.lock', 'HEAD.lock']) writeFileSync(join(scratch.dir, '.git/worktrees/x', lock), '');
    await worktrees.keep(plan);
    expect(scratch.git('show', `${kept()}:a.txt`)).toContain('<<<<<<<');
    expect(scratch.git('for-each-ref', '--contains', tip, 'refs/branchboard')).not.toBe('');
  });

  it('an index that is empty, cut off or gone', async () => {
    const index = join(scratch.dir, '.git', 'worktrees', 'x', 'index');
    scratch.write({ 'a.txt': 'changed\n' }, path);
    for (const [n, spoil] of [
      () => truncateSync(index, 0),
      () => truncateSync(index, 60),
      () => rmSync(index),
    ].entries()) {
      spoil();
      await worktrees.keep({ ...plan, n: n + 1 });
      expect(scratch.git('diff', '--name-only', 'main', `refs/branchboard/kept/x/${String(n + 1)}`)).toBe('a.txt\n');
    }
  });

  it('files that git may not read', async () => {
    scratch.write({ 'secret.txt': 's\n', 'plain.txt': 'p\n' }, path);
    const script = `case "$*" in *" add "*) "$REAL" "$@"; echo 'error: open("secret.txt"): Permission denied' >&2; exit 1;; esac; exec "$REAL" "$@"`;
    const board = await scratch.worktrees({ env: fakeGit(scratch, script).env });
    await board.keep(plan);
    expect(scratch.notices.join()).toContain('secret.txt');
  });
});
