/** What goes of a finished task in git, and what stays. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { handoff, taskId } from '../scratch.ts';
import { path, plan, scratch, useTask, worktrees } from '../started-task.ts';

let tip: string;
const task = taskId('x');
const longAfter = Date.now() + 60_000;

useTask({ 'a.txt': 'a\n', '.gitignore': '.env\nvendor/\n.orchestrator/\n' });
beforeEach(() => {
  tip = scratch.commit({ 'c.txt': 'c\n' }, path);
});

const refs = (): readonly string[] =>
  scratch.git('for-each-ref', '--format=%(refname)', 'refs/branchboard').split('\n').filter(Boolean);

/** The task ends with a file that was not committed, which a ref keeps, and the worktree is clean again. */
async function endWithLeftFile(): Promise<void> {
  scratch.write({ 'left.txt': 'left\n' }, plan.workspace.path);
  await worktrees.keep(plan);
  await worktrees.release(plan, false);
  rmSync(join(plan.workspace.path, 'left.txt'));
  expect(refs()).toEqual(['refs/branchboard/done/x', 'refs/branchboard/kept/x/1']);
}

describe('of a merged task', () => {
  it('the worktree and the refs go whose commits a branch contains; what only a ref holds stays, and so do branches', async () => {
    await endWithLeftFile();
    scratch.git('merge', '--quiet', '--no-ff', '-m', 'merge', 'task/x');
    expect(await worktrees.prune({ task, plan, putAwayAt: null })).toEqual({ worktrees: 1, refs: 1 });
    expect(existsSync(plan.workspace.path)).toBe(false);
    expect(refs()).toEqual(['refs/branchboard/kept/x/1']);
    expect(scratch.git('show', 'refs/branchboard/kept/x/1:left.txt')).toBe('left\n');
    expect(scratch.git('rev-parse', 'task/x').trim()).toBe(tip);
    expect(await worktrees.prune({ task, plan, putAwayAt: null })).toEqual({ worktrees: 0, refs: 0 });
  });

  it('a dependent still starts from its work, though its branch is gone as well', async () => {
    await worktrees.release(plan, false);
    scratch.git('merge', '--quiet', '--no-ff', '-m', 'merge', 'task/x');
    await worktrees.prune({ task, plan, putAwayAt: null });
    scratch.git('branch', '-D', 'task/x');
    const request = { task: taskId('y'), start: 'main', dependencies: [handoff('x', 'task/x', tip)] };
    expect(await worktrees.resolveBase(request)).toEqual({
      ok: true,
      value: { commit: scratch.git('rev-parse', 'main').trim() },
    });
  });

  it('and reset away since, the last ref to its work stays', async () => {
    await worktrees.release(plan, false);
    scratch.git('branch', '-D', 'task/x');
    expect(await worktrees.prune({ task, plan, putAwayAt: null })).toEqual({ worktrees: 0, refs: 0 });
    expect(scratch.git('rev-parse', 'refs/branchboard/done/x').trim()).toBe(tip);
  });
});

describe('of a task that was put away', () => {
  it('all refs of before that go, and its branch stays', async () => {
    await endWithLeftFile();
    expect(await worktrees.prune({ task, plan, putAwayAt: longAfter })).toEqual({ worktrees: 1, refs: 2 });
    expect([refs(), existsSync(plan.workspace.path)]).toEqual([[], false]);
    expect(scratch.git('rev-parse', 'task/x').trim()).toBe(tip);
  });

  it('refs of later commits stay, which may be of another board', async () => {
    await endWithLeftFile();
    scratch.git('branch', '-D', 'task/x');
    expect((await worktrees.prune({ task, plan, putAwayAt: 1_000 })).refs).toBe(0);
    expect(refs()).toHaveLength(2);
  });

  it('and of no other task, whatever its name begins with', async () => {
    for (const id of ['x-2', 'x.y', 'y']) scratch.git('update-ref', `refs/branchboard/done/${id}`, tip);
    await worktrees.release(plan, true);
    await worktrees.prune({ task, plan: null, putAwayAt: longAfter });
    expect(refs()).toEqual(['x-2', 'x.y', 'y'].map((id) => `refs/branchboard/done/${id}`));
  });
});

describe('the worktree stays', () => {
  it.each<[string, (path: string) => void]>([
    ['with a file that is not committed', (path) => scratch.write({ 'mine.txt': 'mine\n' }, path)],
    ['with a commit that no branch has', (path) => void scratch.commit({ 'mine.txt': 'mine\n' }, path)],
    [
      'with a repository that git ignores',
      (path) => {
        scratch.write({ 'vendor/lib/a.txt': 'a\n' }, path);
        scratch.gitIn(join(path, 'vendor', 'lib'), 'init', '--quiet');
      },
    ],
  ])('%s', async (_, leave) => {
    await endWithLeftFile();
    leave(plan.workspace.path);
    expect((await worktrees.prune({ task, plan, putAwayAt: longAfter })).worktrees).toBe(0);
    expect(existsSync(join(plan.workspace.path, 'c.txt'))).toBe(true);
  });

  it('where it is another task’s by now', async () => {
    await worktrees.release(plan, false);
    const other = { ...plan, task: taskId('other'), cause: { kind: 'retried', fault: null } as const };
    await worktrees.prepare(other);
    expect((await worktrees.prune({ task, plan, putAwayAt: longAfter })).worktrees).toBe(0);
    expect(existsSync(join(plan.workspace.path, 'c.txt'))).toBe(true);
  });
});
