/** What `rescue` finds where no ref, branch or log names it. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listFindings, restoreFinding, type Finding } from '../../../../src/adapters/git/rescue/branch-rescue.ts';
import type { GitWorktrees } from '../../../../src/adapters/git/worktree/worktrees.ts';
import type { RunPlan } from '../../../../src/domain/run.ts';
import { Scratch, start } from '../scratch.ts';

vi.setConfig({ testTimeout: 30_000 });

let scratch: Scratch;
let worktrees: GitWorktrees;
let plan: RunPlan;
let path: string;
let plannedAt: number;

beforeEach(async () => {
  scratch = new Scratch();
  scratch.commit({ 'a.txt': 'a\n', '.gitignore': '.orchestrator/\n' });
  worktrees = await scratch.worktrees();
  plannedAt = Date.now();
  plan = await start(worktrees, 'x');
  ({ path } = plan.workspace);
});
afterEach(() => scratch.remove());

async function find(): Promise<readonly Finding[]> {
  const { task, n, workspace } = plan;
  const runs = [{ task, n, plannedAt, workspace, tip: null, isEarlier: false }];
  const request = { task: plan.task, runs, branch: 'task/x', path, since: null };
  return listFindings(worktrees.git, await scratch.open(), request);
}

async function restore(finding: Finding): Promise<string> {
  return (await restoreFinding(worktrees.git, await scratch.open(), plan.task, finding, null)).branch;
}

describe('folders', () => {
  it('that were put aside are listed with what they hold, and become a branch', async () => {
    scratch.commit({ 'one.txt': 'one\n' }, path);
    scratch.write({ 'two.txt': 'two\n' }, path);
    rmSync(join(path, '.git'));
    scratch.gitIn(path, 'init', '--quiet');
    await worktrees.prepare({ ...plan, n: 2, cause: { kind: 'interrupted' } });
    scratch.write({ 'later.txt': 'written after it was put aside\n' }, `${path}.aside-1`);
    const aside = (await find()).filter(({ kind }) => kind === 'aside');
    expect(aside).toMatchObject([
      { name: 'aside-1', folder: `${path}.aside-1`, uncommitted: ['later.txt', 'two.txt'] },
    ]);
    for (const finding of aside) {
      const branch = await restore(finding);
      expect(branch).toBe('rescue/x-aside-1');
      expect(scratch.git('ls-tree', '-r', '--name-only', branch)).toBe(
        '.gitignore\na.txt\nlater.txt\none.txt\ntwo.txt\n',
      );
    }
  });

  it('that have lost their record are listed with what they hold', async () => {
    scratch.write({ 'two.txt': 'two\n' }, path);
    rmSync(join(scratch.dir, '.git', 'worktrees'), { recursive: true });
    const found = await find();
    expect(found).toMatchObject([{ kind: 'worktree', uncommitted: ['two.txt'] }]);
    for (const finding of found) expect(scratch.git('show', `${await restore(finding)}:two.txt`)).toBe('two\n');
  });
});

describe('commits that nothing names any more', () => {
  /** As a kill in the middle of a run leaves them, once the user has deleted branch and worktree. */
  function forget(): void {
    scratch.git('worktree', 'remove', '--force', '--force', path);
    scratch.git('branch', '--quiet', '-D', 'task/x');
  }

  it('are listed last if they are built on what a run started from, and become a branch', async () => {
    scratch.commit({ 'one.txt': 'one\n' }, path);
    const tip = scratch.commit({ 'two.txt': 'two\n' }, path);
    scratch.git('update-ref', 'refs/branchboard/left/x/1-other', scratch.branch('other', { 'b.txt': 'b\n' }));
    forget();
    const found = await find();
    expect(found.map(({ kind }) => kind)).toEqual(['left', 'unreachable']);
    expect(found[1]).toMatchObject({ commit: tip, isOnBranch: false, changes: { files: 2 } });
    for (const finding of found.slice(1)) {
      const branch = await restore(finding);
      expect(branch).toBe(`rescue/x-lost-${tip.slice(0, 7)}`);
      expect(scratch.git('rev-parse', branch).trim()).toBe(tip);
    }
    expect((await find()).map(({ kind }) => kind)).toEqual(['left']);
  });

  it('are left out if all they hold is held elsewhere, too', async () => {
    scratch.write({ 'one.txt': 'one\n' }, path);
    await worktrees.keep(plan);
    const tree = 'refs/branchboard/kept/x/1^{tree}';
    scratch.git('commit-tree', '-p', plan.workspace.base, '-m', 'kept once more', tree);
    forget();
    expect((await find()).map(({ kind }) => kind)).toEqual(['run']);
  });

  it('are left out if they are older than the task, or built on something else', async () => {
    scratch.commit({ 'one.txt': 'one\n' }, path);
    forget();
    plannedAt = Date.now() + 60_000;
    expect(await find()).toEqual([]);
    plannedAt = 0;
    expect(await find()).toHaveLength(1);
    plan = { ...plan, workspace: { ...plan.workspace, base: scratch.commit({ 'c.txt': 'c\n' }) } };
    expect(await find()).toEqual([]);
  });
});
