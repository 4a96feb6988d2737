/** The branch of work that is not wanted goes, its commit is kept, and the branch comes back. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listKept } from '../../../src/adapters/git/worktree/kept-work.ts';
import type { GitWorktrees } from '../../../src/adapters/git/worktree/worktrees.ts';
import { finished, Scratch, taskId } from './scratch.ts';

// Each test starts dozens of git processes, which takes its time on a busy machine.

let scratch: Scratch;
let worktrees: GitWorktrees;
let tip: string;

beforeEach(async () => {
  scratch = new Scratch();
  scratch.commit({ 'a.txt': 'one\n' });
  tip = scratch.branch('task/a', { 'a.txt': 'two\n' });
  worktrees = await scratch.worktrees();
});
afterEach(() => scratch.remove());

const ref = 'refs/branchboard/rescue/a';
const work = (at = tip) => ({ id: taskId('a'), branch: 'task/a', tip: at });
/** Where the branch and the ref are. */
const places = (): readonly string[] =>
  scratch.git('for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads/task', ref).trim().split('\n');

it('takes the branch away, keeps its commit where retention leaves it, and undoes that, each as often as it is asked', async () => {
  for (let times = 0; times < 2; times += 1) {
    expect(await worktrees.discard(work())).toEqual({ kind: 'discarded' });
    expect(places()).toEqual([`${ref} ${tip}`]);
  }
  await worktrees.prune({ task: taskId('a'), plan: null, putAwayAt: Date.now() + 60_000 });
  const kept = await listKept(worktrees.git, await scratch.open(), taskId('a'), []);
  expect(kept).toMatchObject([{ name: 'discarded', place: ref, commit: tip, isOnBranch: false }]);
  for (let times = 0; times < 2; times += 1) {
    await worktrees.restore(work());
    expect(places()).toEqual([`refs/heads/task/a ${tip}`]);
  }
  expect(scratch.notices).toEqual([]);
});

it.each([
  ['at another commit than the one that was seen', () => void scratch.git('branch', '--force', 'task/a', 'main')],
  ['checked out', () => void scratch.git('switch', '--quiet', 'task/a')],
  [
    'in the middle of a rebase',
    () => {
      scratch.commit({ 'a.txt': 'three\n' });
      scratch.git('switch', '--quiet', 'task/a');
      expect(() => scratch.git('rebase', 'main')).toThrow();
    },
  ],
])('leaves a branch that is %s', async (_, change) => {
  change();
  const before = places();
  expect(await worktrees.discard(work())).toMatchObject({ kind: 'refused' });
  expect(places()).toEqual(before);
});

it('keeps what was discarded of an earlier task of the same id as well', async () => {
  await worktrees.discard(work());
  const later = scratch.branch('task/a', { 'a.txt': 'four\n' });
  expect(await worktrees.discard(work(later))).toEqual({ kind: 'discarded' });
  expect(scratch.git('for-each-ref', '--format=%(objectname)', 'refs/branchboard').trim().split('\n').sort()).toEqual(
    [tip, later].sort(),
  );
});

it('makes nothing of a branch that has the name by now, and says so', async () => {
  await worktrees.discard(work());
  const other = scratch.branch('task/a', { 'a.txt': 'mine\n' });
  await worktrees.restore(work());
  expect(places()).toEqual([`refs/heads/task/a ${other}`, `${ref} ${tip}`].sort());
  expect(scratch.notices.join()).toContain('branchboard rescue a');
});

it('brings back what its user had made of it: that is merged, and no longer what was recorded', async () => {
  scratch.git('switch', '--quiet', 'task/a');
  scratch.write({ 'a.txt': 'mine\n' });
  scratch.git('commit', '--quiet', '--all', '--amend', '--no-edit');
  const mine = scratch.git('rev-parse', 'HEAD').trim();
  scratch.git('switch', '--quiet', 'main');
  await worktrees.discard(work(mine));
  await worktrees.restore(work(mine));
  scratch.git('merge', '--quiet', '--squash', mine);
  scratch.git('commit', '--quiet', '-m', 'Squashed');
  expect(await worktrees.findMerged('main', [finished('a', tip)])).toEqual(['a']);
});
