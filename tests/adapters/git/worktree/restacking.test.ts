/** A branch whose dependencies changed is made again on them: its own commits alone, and from the commit that was seen. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { GitWorktrees } from '../../../../src/adapters/git/worktree/worktrees.ts';
import type { RestackAttempt } from '../../../../src/domain/restack-outcome.ts';
import type { RestackRecord } from '../../../../src/domain/review.ts';
import { handoff, Scratch, taskId } from '../scratch.ts';

let scratch: Scratch;
let worktrees: GitWorktrees;
/** Where the task `d` began: the merge of `b` and `c`. */
let base: string;
let seen: string;

const tip = (name: string): string => scratch.git('rev-parse', name).trim();
const files = (name: string): string => scratch.git('ls-tree', '--name-only', name).trim().split('\n').join(' ');
const dependencies = () => ['b', 'c'].map((id) => handoff(id, `task/${id}`, tip(`task/${id}`)));
const request = () => ({ task: taskId('d'), start: 'main', dependencies: dependencies() });

beforeEach(async () => {
  scratch = new Scratch();
  scratch.commit({ 'main.txt': 'main\n' });
  scratch.branch('task/b', { 'b.txt': 'one\n' });
  scratch.branch('task/c', { 'c.txt': 'c\n' });
  worktrees = await scratch.worktrees();
  const found = await worktrees.resolveBase(request());
  if (!found.ok) throw new Error('conflict');
  base = found.value.commit;
  seen = scratch.branch('task/d', { 'd.txt': 'd\n' }, base);
});
afterEach(() => scratch.remove());

/** The work of `b` goes on, or is something else. */
const amend = (name: string, from = 'task/b', text = 'two\n'): void => {
  scratch.git('branch', '--force', 'task/b', scratch.branch(name, { 'b.txt': text }, from));
};

const prepare = (commit = seen, begun: RestackRecord | null = null): Promise<RestackAttempt> =>
  worktrees.prepareRestack({ id: taskId('d'), branch: 'task/d', base, tip: commit }, request(), begun);

async function restack(): Promise<RestackRecord> {
  const prepared = await prepare();
  if (prepared.kind !== 'prepared') throw new Error(JSON.stringify(prepared));
  expect(await worktrees.finishRestack({ task: taskId('d'), n: 1 }, prepared)).toBeNull();
  return prepared;
}

const findChanged = async () => {
  const works = ['b', 'c'].map((id) => ({ id: taskId(id), tip: tip(`task/${id}`), branch: `task/${id}`, base: null }));
  const work = { id: taskId('d'), tip: seen, branch: 'task/d', base, dependencies: works };
  return (await worktrees.findBehind([work])).flatMap(({ changed }) => changed);
};

it.each([
  ['went on', 'task/b'],
  ['was made anew', 'main'],
])('is on the work of all where one of them %s', async (_, from) => {
  expect([await prepare(), await findChanged()]).toEqual([{ kind: 'current' }, []]);
  amend('again', from);
  expect(await findChanged()).toEqual(['b']);
  const { base: now, tip: after } = await restack();
  expect([tip('task/d'), tip('refs/branchboard/done/d'), tip('task/d^')]).toEqual([after, after, now]);
  expect([files('task/d'), scratch.git('show', 'task/d:b.txt')]).toEqual(['b.txt c.txt d.txt main.txt', 'two\n']);
  expect(scratch.git('diff', '--name-only', now, 'task/d')).toBe('d.txt\n');
  expect(tip(`refs/branchboard/left/d/1-${seen.slice(0, 12)}`)).toBe(seen);
  expect(await findChanged()).toEqual([]);
});

it('that has what changed by a merge of its own keeps its commits, and begins where that does', async () => {
  amend('again');
  scratch.git('branch', '--force', 'task/c', 'task/b');
  scratch.git('switch', '--quiet', 'task/d');
  scratch.git('merge', '--quiet', '--no-edit', 'task/b');
  scratch.git('switch', '--quiet', 'main');
  seen = tip('task/d');
  expect(await prepare()).toMatchObject({ kind: 'prepared', base: tip('task/b'), tip: seen, isSameTree: true });
});

it('is known to be made where the board was killed after its branch moved', async () => {
  amend('again');
  const made = await restack();
  expect(await prepare(seen, made)).toMatchObject({ kind: 'prepared', isMoved: true, base: made.base, tip: made.tip });
  expect(await prepare()).toMatchObject({
    kind: 'refused',
    why: expect.stringContaining(`task/d is at ${made.tip.slice(0, 10)} by now`) as string,
  });
});

it('moves from the commit that was seen alone', async () => {
  amend('again');
  const prepared = await prepare();
  if (prepared.kind !== 'prepared') throw new Error(prepared.kind);
  const mine = scratch.branch('mine', { 'mine.txt': 'mine\n' }, 'task/d');
  scratch.git('branch', '--force', 'task/d', mine);
  expect(await worktrees.finishRestack({ task: taskId('d'), n: 1 }, prepared)).toMatchObject({ kind: 'refused' });
  expect(tip('task/d')).toBe(mine);
});

it('names what conflicts: its own commit, or what it builds on', async () => {
  scratch.git('branch', '--force', 'task/d', (seen = scratch.branch('mine', { 'b.txt': 'mine\n' }, 'task/d')));
  amend('again');
  expect(await prepare()).toMatchObject({ kind: 'conflict', files: ['b.txt'], commit: { id: seen, subject: 'work' } });
  scratch.git('branch', '--force', 'task/c', scratch.branch('clash', { 'b.txt': 'clash\n' }, 'task/c'));
  expect(await prepare()).toMatchObject({
    kind: 'base-conflict',
    conflict: { sides: ['task/b', 'task/c'], files: ['b.txt'] },
  });
  expect(tip('task/d')).toBe(seen);
});
