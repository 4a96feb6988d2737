import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BaseConflict } from '../../../src/domain/base-conflict.ts';
import type { RunPlan } from '../../../src/domain/run.ts';
import type { GitWorktrees } from '../../../src/adapters/git/worktree/worktrees.ts';
import { handoff, planFor, Scratch, taskId } from './scratch.ts';

describe('a conflict of what a task builds on', () => {
  let scratch: Scratch;
  let worktrees: GitWorktrees;

  beforeEach(async () => {
    scratch = new Scratch();
    scratch.commit({ 'a.txt': 'one\ntwo\nthree\n', 'old.txt': 'old\n', 'other.txt': 'other\n' });
    scratch.branch('task/a', { 'a.txt': 'one\nTWO of a\nthree\n', 'new.txt': 'a\n', 'old.txt': 'old, as a has it\n' });
    scratch.branch('task/b', { 'a.txt': 'one\nTWO of b\nthree\n' });
    worktrees = await scratch.worktrees();
  });
  afterEach(() => scratch.remove());

  const find = (task: string, ...of: readonly string[]) =>
    worktrees.resolveBase({
      task: taskId(task),
      start: null,
      dependencies: of.map((id) => handoff(id, `task/${id}`, null)),
    });

  async function meet(task: string): Promise<BaseConflict> {
    const found = await find(task, 'a', 'b');
    if (found.ok) throw new Error('there is no conflict');
    return found.failure;
  }

  /** Its worktree, as for an agent that is to resolve it. */
  async function open(task: string): Promise<RunPlan & { readonly conflict: BaseConflict }> {
    const conflict = await meet(task);
    const workspace = await worktrees.choose(taskId(task), conflict.commit, true);
    const plan = { ...planFor(taskId(task), workspace, { purpose: 'integrate' }), conflict };
    await worktrees.prepare(plan);
    return plan;
  }

  it('is a merge with marks, the same each time and for every task, and touches nothing of the user', async () => {
    const before = scratch.userState();
    const conflict = await meet('sum');
    expect(conflict).toMatchObject({ sides: ['task/a', 'task/b'], files: ['a.txt'] });
    expect(await meet('other')).toEqual(conflict);
    expect(scratch.git('rev-parse', `${conflict.commit}^@`)).toBe(scratch.git('rev-parse', 'task/a', 'task/b'));
    expect(scratch.git('show', `${conflict.commit}:a.txt`)).toMatch(/<<<<<<<.*\nTWO of a\n=======\nTWO of b\n>>>>>>>/);
    expect(scratch.userState()).toBe(before);
  });

  it('is found unresolved by its marks, by lines that are gone, and by files that were changed beside it', async () => {
    const plan = await open('sum');
    const { path } = plan.workspace;
    expect(await worktrees.inspect(plan)).toMatchObject({ commits: 0, merge: { marked: ['a.txt'], losses: [] } });
    scratch.commit({ 'a.txt': 'one\n=======\nTWO of a\nthree\n', 'new.txt': '' }, path);
    expect((await worktrees.inspect(plan)).merge).toEqual({
      marked: ['a.txt'],
      losses: [
        { side: 'task/b', path: 'a.txt', line: 'TWO of b' },
        { side: 'task/a', path: 'new.txt', line: 'a' },
      ],
      beside: ['new.txt'],
    });
    scratch.commit({ 'a.txt': 'one\nTWO of a\nTWO of b\nthree\n', 'new.txt': 'a\n' }, path);
    expect((await worktrees.inspect(plan)).merge).toEqual({ marked: [], losses: [], beside: [] });
  });

  it('has one resolution, a merge of both sides that all tasks on them start from, whatever becomes of the worktree', async () => {
    const plan = await open('sum');
    const { conflict } = plan;
    const tip = scratch.commit({ 'a.txt': 'one\nTWO of a\nTWO of b\nthree\n' }, plan.workspace.path);
    const other = scratch
      .git('commit-tree', '-m', 'another', '-p', conflict.commit, `${conflict.commit}^{tree}`)
      .trim();
    await worktrees.keepResolution({ task: taskId('sum'), conflict, tip, message: 'Merged both' });
    await worktrees.keepResolution({ task: taskId('late'), conflict, tip: other, message: 'Merged them otherwise' });
    await worktrees.release(plan, false);
    scratch.git('reflog', 'expire', '--expire=now', '--all');
    scratch.git('gc', '--quiet', '--prune=now');
    for (const task of ['sum', 'late']) {
      const found = await find(task, 'a', 'b');
      if (!found.ok) throw new Error('it is not resolved');
      const { commit } = found.value;
      expect(scratch.git('show', `${commit}:a.txt`)).toBe('one\nTWO of a\nTWO of b\nthree\n');
      expect(scratch.git('log', '-1', '--format=%s|%P', commit).trim()).toBe(
        `Merged both|${scratch.git('rev-parse', 'task/a', 'task/b').trim().replace('\n', ' ')}`,
      );
      expect(scratch.git('rev-parse', `refs/branchboard/base/${task}`).trim()).toBe(commit);
    }
  });

  it('is another one once a side has changed, and a third work is merged into what was made of it', async () => {
    const plan = await open('sum');
    const tip = scratch.commit({ 'a.txt': 'one\nTWO of a\nTWO of b\nthree\n' }, plan.workspace.path);
    await worktrees.keepResolution({ task: plan.task, conflict: plan.conflict, tip, message: 'Merged both' });
    scratch.branch('task/c', { 'other.txt': 'other, as c has it\n' });
    const all = await find('sum', 'a', 'b', 'c');
    if (!all.ok) throw new Error('it is not resolved');
    expect(scratch.git('show', `${all.value.commit}:a.txt`)).toContain('TWO of a\nTWO of b');
    expect(scratch.git('show', `${all.value.commit}:other.txt`)).toContain('as c has it');
    scratch.branch('more', { 'a.txt': 'one\nTWO of b, again\nthree\n' }, 'task/b');
    scratch.git('branch', '--force', 'task/b', 'more');
    expect((await meet('sum')).commit).not.toBe(plan.conflict.commit);
  });
});
