/** What a run goes on from where its worktree or its branch is gone: the work of its own task, and all of it. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunPlan } from '../../../../src/domain/run.ts';
import { path, plan, scratch, useTask, worktrees } from '../started-task.ts';

useTask({ 'a.txt': 'a\n', 'dir/b.txt': 'b\n', '.gitignore': '.orchestrator/\n' });

const run = (n: number): RunPlan => ({ ...plan, n, cause: { kind: 'retried', fault: null } });
const status = (): string => scratch.gitIn(path, 'status', '--porcelain', '--branch').trimEnd();

describe('what a run had not committed, where its worktree was deleted by hand', () => {
  /** A run that committed, left changes that it did not commit, and was kept. */
  async function leave(): Promise<void> {
    scratch.commit({ 'one.txt': 'one\n' }, path);
    scratch.write({ 'two.txt': 'two\n', 'a.txt': 'edited\n' }, path);
    rmSync(join(path, 'dir'), { recursive: true });
    await worktrees.keep(plan);
    rmSync(path, { recursive: true });
  }
  const asItWas = '## task/x\n M a.txt\n D dir/b.txt\n?? two.txt';

  it('is there again in the next run, not committed', async () => {
    await leave();
    await worktrees.prepare(run(2));
    expect(status()).toBe(asItWas);
    expect(readFileSync(join(path, 'two.txt'), 'utf8')).toBe('two\n');
    expect(scratch.notices).toEqual([expect.stringContaining('with the files that the run before had not committed')]);
  });

  it('is there again also after runs that had no worktree', async () => {
    await leave();
    await worktrees.keep(run(2));
    await worktrees.keep(run(3));
    await worktrees.prepare(run(4));
    expect(status()).toBe(asItWas);
  });

  it('is named where the branch has moved on since, and changes nothing', async () => {
    await leave();
    scratch.git('worktree', 'remove', '--force', '--force', path);
    scratch.git('switch', '--quiet', 'task/x');
    scratch.commit({ 'by-user.txt': 'u\n' });
    scratch.git('switch', '--quiet', 'main');
    await worktrees.prepare(run(2));
    expect(status()).toBe('## task/x');
    expect(scratch.notices).toEqual([
      expect.stringMatching(/under refs\/branchboard\/kept\/x\/1: branchboard rescue x/),
    ]);
  });

  it('is not what the user took off the branch', async () => {
    scratch.commit({ 'bad.txt': 'bad\n' }, path);
    await worktrees.keep(plan);
    scratch.git('worktree', 'remove', '--force', '--force', path);
    scratch.git('branch', '--force', 'task/x', 'main');
    await worktrees.prepare(run(2));
    expect([status(), scratch.notices]).toEqual(['## task/x', []]);
  });
});

describe('a new task of an old id', () => {
  it('never goes on from the work of the old one, which stays under refs of its own', async () => {
    const bad = scratch.commit({ 'bad-idea.txt': 'bad\n' }, path);
    await worktrees.keep(plan);
    await worktrees.release(plan, true);
    scratch.write({ 'more.txt': 'more\n' });
    scratch.git('branch', '-D', 'task/x');
    scratch.settings = { ...scratch.settings, worktrees: { dir: 'more.txt/worktrees', reuse: false } };
    const first = { ...plan, workspace: { ...plan.workspace, path: join(scratch.dir, 'more.txt', 'worktrees', 'x') } };
    await expect(worktrees.prepare(first)).rejects.toThrow(/folder for worktrees can't be made/);
    await worktrees.prepare(run(2));
    expect(existsSync(join(path, 'bad-idea.txt'))).toBe(false);
    expect(scratch.git('rev-parse', 'task/x')).toBe(scratch.git('rev-parse', 'main'));
    const refs = scratch.git('for-each-ref', '--format=%(refname) %(objectname)', 'refs/branchboard').trim();
    expect(refs).toBe(`refs/branchboard/left/x/1-${bad.slice(0, 12)} ${bad}`);
  });
});
