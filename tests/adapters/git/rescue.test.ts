/** What `rescue` finds where no ref, branch or log names it. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listFindings, restoreFinding, type Finding } from '../../../src/adapters/git/rescue.ts';
import type { GitWorktrees } from '../../../src/adapters/git/worktrees.ts';
import type { RunPlan } from '../../../src/domain/run.ts';
import { Scratch, start } from './scratch.ts';

vi.setConfig({ testTimeout: 30_000 });

let scratch: Scratch;
let worktrees: GitWorktrees;
let plan: RunPlan;
let path: string;

beforeEach(async () => {
  scratch = new Scratch();
  scratch.commit({ 'a.txt': 'a\n', '.gitignore': '.orchestrator/\n' });
  worktrees = await scratch.worktrees();
  plan = await start(worktrees, 'x');
  ({ path } = plan.workspace);
});
afterEach(() => scratch.remove());

async function find(): Promise<readonly Finding[]> {
  const runs = [{ task: plan.task, n: 1, workspace: plan.workspace, tip: null, isEarlier: false }];
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
