/** Work is merged when its content is in the branch, whichever way it came there. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitWorktrees } from '../../../src/adapters/git/worktree/worktrees.ts';
import { finished, handoff, Scratch, taskId } from './scratch.ts';

let scratch: Scratch;
let worktrees: GitWorktrees;
/** Where the task began, and its work: two commits that change two files. */
let base: string;
let tip: string;

const lines = (...changed: readonly string[]): string => [...changed, 'two', 'three', 'four', 'five', ''].join('\n');

beforeEach(async () => {
  scratch = new Scratch();
  base = scratch.commit({ 'a.txt': lines('one'), 'other.txt': 'other\n' });
  scratch.git('switch', '--quiet', '-c', 'task/a');
  scratch.commit({ 'a.txt': lines('ONE') });
  tip = scratch.commit({ 'new.txt': 'new\n' });
  scratch.git('switch', '--quiet', 'main');
  worktrees = await scratch.worktrees();
});
afterEach(() => scratch.remove());

const work = (): ReturnType<typeof finished> => ({ ...finished('a', tip), base });
const isMerged = async (): Promise<boolean> => (await worktrees.findMerged('main', [work()])).length === 1;
const squash = (): void => {
  scratch.git('merge', '--quiet', '--squash', 'task/a');
  scratch.git('commit', '--quiet', '-m', 'Squashed');
};
/** The commit that a dependent starts from. */
async function startOfDependent(): Promise<string> {
  const dependencies = [{ ...handoff('a', 'task/a', tip), base }];
  const found = await worktrees.resolveBase({ task: taskId('b'), start: 'main', dependencies });
  return found.ok ? found.value.commit : 'conflict';
}
const main = (): string => scratch.git('rev-parse', 'main').trim();

describe('work is merged, and its dependents start from the branch', () => {
  const ways: readonly (readonly [string, () => void])[] = [
    ['was squashed', squash],
    ['was squashed, and its branch deleted', () => (squash(), scratch.git('branch', '-D', 'task/a'))],
    ['was squashed, and the branch goes on elsewhere', () => (squash(), scratch.commit({ 'other.txt': 'more\n' }))],
    [
      'was squashed, and the branch goes on in the same lines',
      () => (squash(), scratch.commit({ 'a.txt': lines('I') })),
    ],
    ['was squashed, and taken back', () => (squash(), scratch.git('revert', '--no-edit', 'HEAD'))],
    [
      'was merged, and taken back',
      () => {
        scratch.git('merge', '--quiet', '--no-ff', '--no-edit', 'task/a');
        scratch.git('revert', '--no-edit', '-m', '1', 'HEAD');
      },
    ],
    [
      'was rebased',
      () => {
        scratch.commit({ 'other.txt': 'more\n' });
        scratch.git('switch', '--quiet', '-c', 'rebased', 'task/a');
        scratch.git('rebase', '--quiet', 'main');
        scratch.git('switch', '--quiet', 'main');
        scratch.git('merge', '--quiet', '--ff-only', 'rebased');
      },
    ],
    [
      'was cherry-picked',
      () => (scratch.commit({ 'other.txt': 'more\n' }), scratch.git('cherry-pick', `${base}..task/a`)),
    ],
    [
      'was squashed into a branch that was merged',
      () => {
        scratch.git('switch', '--quiet', '-c', 'develop');
        squash();
        scratch.git('switch', '--quiet', 'main');
        scratch.commit({ 'other.txt': 'more\n' });
        scratch.git('merge', '--quiet', '--no-edit', 'develop');
      },
    ],
  ];
  it.each(ways)('where it %s', async (_, merge) => {
    scratch.git('update-ref', 'refs/branchboard/done/a', tip);
    expect(await isMerged()).toBe(false);
    merge();
    expect(await isMerged()).toBe(true);
    expect(await startOfDependent()).toBe(main());
    // A board that did not see it happen.
    worktrees = await scratch.worktrees();
    expect([await isMerged(), await startOfDependent()]).toEqual([true, main()]);
  });

  it('with commits that the user made on its branch by hand, on top or instead', async () => {
    scratch.git('switch', '--quiet', 'task/a');
    const more = scratch.commit({ 'by-hand.txt': 'more\n' });
    scratch.git('switch', '--quiet', 'main');
    scratch.git('cherry-pick', `${base}..${tip}`);
    // What was recorded is in main, and the commit by hand is not.
    expect(await isMerged()).toBe(false);
    scratch.git('cherry-pick', more);
    expect(await isMerged()).toBe(true);
    scratch.git('reset', '--quiet', '--hard', base);
    scratch.git('switch', '--quiet', 'task/a');
    scratch.write({ 'a.txt': lines('Uno') });
    scratch.git('commit', '--quiet', '--all', '--amend', '--no-edit');
    scratch.git('switch', '--quiet', 'main');
    scratch.git('merge', '--quiet', '--no-ff', '--no-edit', 'task/a');
    expect(await isMerged()).toBe(true);
  });
});

describe('work is not merged', () => {
  const ways: readonly (readonly [string, () => void])[] = [
    ['only a part of it was cherry-picked', () => scratch.git('cherry-pick', 'task/a')],
    ['the branch changed the same lines otherwise', () => scratch.commit({ 'a.txt': lines('I') })],
    ['its branch was deleted', () => scratch.git('branch', '-D', 'task/a')],
    ['its branch was set to the other one', () => scratch.git('branch', '--force', 'task/a', 'main')],
    [
      'it has no commit in common with the branch',
      () => {
        scratch.git('checkout', '--quiet', '--orphan', 'fresh');
        scratch.commit({ 'a.txt': lines('ONE'), 'new.txt': 'new\n' });
        scratch.git('branch', '--force', 'main', 'fresh');
      },
    ],
  ];
  it.each(ways)('where %s', async (_, change) => {
    change();
    expect(await isMerged()).toBe(false);
  });

  it('where it changes nothing, though the branch went on', async () => {
    scratch.git('switch', '--quiet', 'task/a');
    scratch.git('revert', '--no-edit', 'HEAD', 'HEAD~1');
    tip = scratch.git('rev-parse', 'HEAD').trim();
    scratch.git('switch', '--quiet', 'main');
    scratch.commit({ 'a.txt': lines('I') });
    expect(await isMerged()).toBe(false);
  });
});

describe('a dependent', () => {
  it('starts from what the user committed on the branch by hand', async () => {
    scratch.git('switch', '--quiet', 'task/a');
    const more = scratch.commit({ 'by-hand.txt': 'more\n' });
    expect(await startOfDependent()).toBe(more);
    expect(scratch.notices).toEqual([]);
  });

  it('starts from a branch that was rewritten, and that is told', async () => {
    scratch.git('switch', '--quiet', 'task/a');
    scratch.git('reset', '--quiet', '--hard', 'HEAD~1');
    expect(await startOfDependent()).toBe(scratch.git('rev-parse', 'task/a').trim());
    expect(scratch.notices).toEqual([expect.stringMatching(/^b starts from task\/a as it is now.*no longer holds/)]);
  });

  it('of one that was squashed and one that was not gets both', async () => {
    const c = scratch.branch('task/c', { 'c.txt': 'c\n' });
    squash();
    const dependencies = [
      { ...handoff('a', 'task/a', tip), base },
      { ...handoff('c', 'task/c', c), base },
    ];
    const found = await worktrees.resolveBase({ task: taskId('b'), start: 'main', dependencies });
    const commit = found.ok ? found.value.commit : '';
    expect(scratch.git('ls-tree', '--name-only', commit).trim().split('\n')).toEqual([
      'a.txt',
      'c.txt',
      'new.txt',
      'other.txt',
    ]);
    expect(scratch.git('merge-base', '--is-ancestor', 'main', commit)).toBe('');
  });
});
