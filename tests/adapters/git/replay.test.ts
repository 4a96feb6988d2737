/** A branch's own commits, made again on another commit: with their authors, and without what is there already. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { replayCommits } from '../../../src/adapters/git/replay.ts';
import type { GitWorktrees } from '../../../src/adapters/git/worktree/worktrees.ts';
import { Scratch, taskId } from './scratch.ts';

let scratch: Scratch;
let worktrees: GitWorktrees;
/** Where the task began: the tip of another task's branch, which is not in main. */
let base: string;

const tip = (name: string): string => scratch.git('rev-parse', name).trim();
const lines = (first: string, last = 'nine'): string => [first, 2, 3, 4, 5, 6, 7, 8, last, ''].join('\n');

beforeEach(async () => {
  scratch = new Scratch();
  scratch.commit({ 'a.txt': lines('one') });
  base = scratch.branch('task/dep', { 'dep.txt': 'dep\n' });
  scratch.git('switch', '--quiet', '-c', 'task/a', base);
  worktrees = await scratch.worktrees();
});
afterEach(() => scratch.remove());

/** A commit of its own author on the branch that is checked out. */
function commit(files: Readonly<Record<string, string>>, message: string, name = 'Bob Ünal'): string {
  scratch.write(files);
  scratch.git('add', '-A');
  const date = '--date=@1600000000 +0530';
  scratch.git('commit', '--quiet', `--author=${name} <bob@example.com>`, date, '-m', message);
  return tip('HEAD');
}

/** The user merges the other task as one commit, and goes on in a file that the task changes, too. */
function mergeDependency(first = 'ONE'): void {
  scratch.git('switch', '--quiet', 'main');
  scratch.git('merge', '--quiet', '--squash', 'task/dep');
  scratch.git('commit', '--quiet', '-m', 'Squashed');
  scratch.commit({ 'a.txt': lines(first) });
}

const rebase = () =>
  worktrees.prepareMerge({
    ...{ task: taskId('a'), branch: 'task/a', commit: tip('task/a'), base, target: 'main', way: 'rebase' },
    ...{ whatRuns: false, checked: null, message: 'not used' },
  });

async function rebased(): Promise<string> {
  const prepared = await rebase();
  if (prepared.kind !== 'prepared') throw new Error(JSON.stringify(prepared));
  expect(await worktrees.finishMerge(prepared)).toMatchObject({ kind: 'merged', followed: scratch.dir });
  expect(scratch.git('status', '--porcelain')).toBe('');
  return prepared.before;
}

it('goes by the attributes of the target, and not by those that an earlier commit brings', async () => {
  commit({ '.gitattributes': '* merge=union\n' }, 'Union');
  commit({ 'a.txt': lines('mine') }, 'Change the beginning');
  mergeDependency();
  expect(await rebase()).toMatchObject({ kind: 'conflict', commit: { subject: 'Change the beginning' } });
});

it('each keeps its author, date and message, and names its task', async () => {
  commit({ 'a.txt': lines('one', 'NINE') }, 'Change the end\n\nSince it was wrong.');
  commit({ 'b.txt': 'b\n' }, 'Add B\n\nReviewed-by: Ada <ada@example.com>');
  mergeDependency();
  const before = await rebased();
  const told = scratch.git('log', '--reverse', '--format=%an %ae %ad %cn%n%B', '--date=raw', `${before}..main`);
  expect(told.trim()).toBe(
    [
      'Bob Ünal bob@example.com 1600000000 +0530 Ada\nChange the end\n\nSince it was wrong.\n\nTask: a\n',
      'Bob Ünal bob@example.com 1600000000 +0530 Ada\nAdd B\n\nReviewed-by: Ada <ada@example.com>\nTask: a',
    ].join('\n'),
  );
  expect(scratch.git('show', 'main:a.txt')).toBe(lines('ONE', 'NINE'));
  expect(await rebase()).toEqual({ kind: 'contained', target: 'main' });
});

it('one that is there already is left out, and a merge is one commit of what it brought', async () => {
  const picked = commit({ 'a.txt': lines('one', 'NINE') }, 'Picked');
  commit({ 'b.txt': 'b\n' }, 'Add B');
  scratch.branch('side', { 'side.txt': 'side\n' }, 'task/a^');
  scratch.git('merge', '--quiet', '--no-ff', '-m', 'Merge side', 'side');
  mergeDependency();
  scratch.git('cherry-pick', picked);
  const before = await rebased();
  expect(scratch.git('log', '--reverse', '--format=%s %P', `${before}..main`).trim().split('\n')).toEqual([
    `Add B ${before}`,
    `Merge side ${tip('main^')}`,
  ]);
  expect(scratch.git('show', 'main:side.txt')).toBe('side\n');
});

it('a conflict names the commit and the files, and nothing is made', async () => {
  commit({ 'b.txt': 'b\n' }, 'Add B');
  const id = commit({ 'a.txt': lines('mine') }, 'Change the beginning');
  mergeDependency();
  const before = scratch.git('for-each-ref');
  expect(await rebase()).toEqual({
    ...{ kind: 'conflict', target: 'main', files: ['a.txt'] },
    commit: { id, subject: 'Change the beginning' },
  });
  expect(scratch.git('for-each-ref')).toBe(before);
});

it('is refused where the branch builds on what the target does not have', async () => {
  commit({ 'b.txt': 'b\n' }, 'Add B');
  expect(await rebase()).toMatchObject({
    ...{ kind: 'refused', why: expect.stringContaining(`it builds on ${base.slice(0, 10)}`) as string },
    hint: expect.stringContaining('branchboard merge a') as string,
  });
});

it('is of the author alone where the machine has no identity, and of no commit without one before it', async () => {
  const from = commit({ 'b.txt': 'b\n' }, 'Add B');
  scratch.git('config', '--global', '--unset', 'user.name');
  const replayed = await replayCommits(worktrees.git, { from: base, tip: from, onto: tip('main'), trailer: null });
  if (replayed.kind !== 'replayed') throw new Error(replayed.kind);
  expect(scratch.git('log', '-1', '--format=%an %cn %s', replayed.tip).trim()).toBe('Bob Ünal branchboard Add B');
  const orphan = scratch.git('-c', 'user.name=Ada', 'commit-tree', '-m', 'Orphan', `${from}^{tree}`).trim();
  const impossible = await replayCommits(worktrees.git, { from: base, tip: orphan, onto: from, trailer: null });
  expect(impossible).toMatchObject({ kind: 'impossible', why: `its commit ${orphan.slice(0, 10)} has none before it` });
});
