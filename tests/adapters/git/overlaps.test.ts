import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGit, type Git } from '../../../src/adapters/git/git.ts';
import { Overlaps, type OwnWork } from '../../../src/adapters/git/overlaps.ts';
import { Scratch, taskId } from './scratch.ts';

describe('works that change the same lines', () => {
  let scratch: Scratch;
  let base: string;
  let git: Git;
  let overlaps: Overlaps;
  const lines = (...changed: readonly string[]) => ['1', '2', '3', '4', '5', ...changed].join('\n');

  beforeEach(() => {
    scratch = new Scratch();
    base = scratch.commit({ 'a.txt': lines(), 'b.txt': lines(), 'long.txt': lines('6', '7', '8', '9') });
    git = createGit(scratch.dir, { env: scratch.env });
    overlaps = new Overlaps(git);
  });
  afterEach(() => scratch.remove());

  const work = (id: string, files: Readonly<Record<string, string>>, from = base): OwnWork => ({
    id: taskId(id),
    tip: scratch.branch(`task/${id}`, files, from),
    base: from,
  });
  const find = async (works: readonly OwnWork[]) =>
    (await overlaps.find(base, works, null))?.map(({ between, files }) => [...between, ...files].join(' '));

  it('are named with the files, and neither what changes other lines nor what only builds on one of them', async () => {
    const a = work('a', { 'a.txt': lines('a'), 'new.txt': 'a\n' });
    const b = work('b', { 'a.txt': lines('b'), 'b.txt': lines('b') });
    const other = work('other', { 'a.txt': `0\n${lines()}` });
    // It conflicts with `b` in what `a` changed alone.
    const onA = work('on-a', { 'b.txt': `0\n${lines()}` }, a.tip);
    const gone = { id: taskId('gone'), tip: '1'.repeat(40), base };
    expect(await find([a, b, other, onA, gone, { ...a, id: taskId('unknown'), base: null }])).toEqual(['a b a.txt']);
  });

  it('are told where one moved the file', async () => {
    scratch.git('switch', '--quiet', '--create', 'task/moved');
    scratch.git('mv', 'long.txt', 'moved.txt');
    const tip = scratch.commit({ 'moved.txt': lines('6', '7', '8', 'moved') });
    scratch.git('switch', '--quiet', 'main');
    const found = await find([
      { id: taskId('moved'), tip, base },
      work('here', { 'long.txt': lines('6', '7', '8', 'here') }),
    ]);
    expect(found).toHaveLength(1);
    expect(found?.[0]).toMatch(/^moved here .*(moved|long)\.txt/);
  });

  it('are merged to see once for each pair of commits that share a file, and only so many at a time', async () => {
    const all = ['a', 'b', 'c'].map((id) => work(id, { 'a.txt': lines(id) }));
    const apart = work('apart', { 'b.txt': lines('apart') });
    overlaps = new Overlaps(git, 2);
    const attempt = vi.spyOn(git, 'attempt');
    const merges = () => attempt.mock.calls.filter(([args]) => args[0] === 'merge-tree').length;
    expect([await find([...all, apart]), merges()]).toEqual([undefined, 2]);
    expect([await find([...all, apart]), merges()]).toEqual([['a b a.txt', 'a c a.txt', 'b c a.txt'], 3]);
    const amended = work('again', { 'a.txt': lines('again') });
    while ((await find([...all, apart, amended])) === undefined);
    expect(merges()).toBe(6);
    expect(await overlaps.find(base, [...all, apart], taskId('b'))).toHaveLength(2);
    expect(merges()).toBe(6);
  });
});
