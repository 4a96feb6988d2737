/** What `rescue` finds in folders, whether or not git still takes them for worktrees. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listKept, restoreKept, type KeptWork } from '../../../../src/adapters/git/worktree/kept-work.ts';
import { path, plan, scratch, useTask, worktrees } from '../started-task.ts';

useTask({ 'a.txt': 'a\n', '.gitignore': '.orchestrator/\n' });

async function find(): Promise<readonly KeptWork[]> {
  return listKept(worktrees.git, await scratch.open(), plan.task, [path]);
}

async function restore(found: KeptWork | undefined): Promise<string> {
  if (found === undefined) throw new Error('nothing was found');
  return (await restoreKept(worktrees.git, await scratch.open(), plan.task, found, null)).branch;
}

it('a folder that was put aside is listed with what it holds, also what was added since', async () => {
  scratch.commit({ 'one.txt': 'one\n' }, path);
  scratch.write({ 'two.txt': 'two\n' }, path);
  rmSync(join(path, '.git'));
  scratch.gitIn(path, 'init', '--quiet');
  await worktrees.prepare({ ...plan, n: 2, cause: { kind: 'interrupted' } });
  scratch.write({ 'later.txt': 'written after it was put aside\n' }, `${path}.aside-1`);
  const aside = (await find()).find(({ name }) => name === 'aside-1');
  expect(aside).toMatchObject({ place: `${path}.aside-1`, uncommitted: ['later.txt'], isOnBranch: false });
  const branch = await restore(aside);
  expect(branch).toBe('rescue/x-aside-1');
  expect(scratch.git('ls-tree', '-r', '--name-only', branch)).toBe('.gitignore\na.txt\nlater.txt\none.txt\ntwo.txt\n');
});

it('a worktree that lost its record is listed with what it holds', async () => {
  scratch.write({ 'two.txt': 'two\n' }, path);
  rmSync(join(scratch.dir, '.git', 'worktrees'), { recursive: true });
  const found = await find();
  expect(found).toMatchObject([{ name: 'worktree', uncommitted: ['two.txt'] }]);
  expect(scratch.git('show', `${await restore(found[0])}:two.txt`)).toBe('two\n');
});

it('a worktree with commits that nothing else names is listed, and one that its branch holds is not', async () => {
  scratch.commit({ 'one.txt': 'one\n' }, path);
  expect(await find()).toEqual([]);
  scratch.gitIn(path, 'checkout', '--quiet', '--detach');
  const tip = scratch.commit({ 'two.txt': 'two\n' }, path);
  const found = await find();
  expect(found).toMatchObject([{ name: 'worktree', commit: tip, uncommitted: [], isOnBranch: false }]);
  expect(scratch.git('rev-parse', await restore(found[0])).trim()).toBe(tip);
});
