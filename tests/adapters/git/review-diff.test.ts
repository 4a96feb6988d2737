/** The diff that is commented on, and what changed since a review: from real git. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGit, type Git } from '../../../src/adapters/git/git.ts';
import { findOwnChanges, findSinceReview, keepReviewed } from '../../../src/adapters/git/own-changes.ts';
import { openRepository, type Repository } from '../../../src/adapters/git/repository.ts';
import { readDiff } from '../../../src/adapters/git/review-diff.ts';
import { limits } from '../../../src/domain/limits.ts';
import { Scratch, taskId } from './scratch.ts';

let scratch: Scratch;
let git: Git;
let repository: Repository;

beforeEach(async () => {
  scratch = new Scratch();
  commit({ 'README.md': 'hello\n' });
  const opened = await openRepository(scratch.dir);
  if (!opened.ok) throw new Error(opened.failure.message);
  repository = opened.value;
  git = createGit(scratch.dir, { repository, env: scratch.env });
});
afterEach(() => {
  scratch.remove();
});

function commit(files: Readonly<Record<string, string>>): string {
  scratch.write(files);
  scratch.git('add', '--all');
  scratch.git('commit', '--quiet', '--message=more');
  return scratch.git('rev-parse', 'HEAD').trim();
}

test('has each line with its numbers and its path, whatever both are called', async () => {
  const odd = ['diff --git a b', 'with\ttab', 'a\nb', '"quoted"', ':(top)x', '-option', 'ü'];
  const before = commit({ 'a.txt': '1\n2\n3\n', 'moved.txt': 'one\ntwo\nthree\nfour\n', 'cr.txt': 'x\n' });
  scratch.git('mv', 'moved.txt', 'there.txt');
  const after = commit({
    'a.txt': '1\n--- a/b.txt\n+++ b/c.txt\n3',
    'there.txt': 'one\ntwo\nthree\nfour\nfive\n',
    'cr.txt': 'x\rdiff --git a/x b/x\n@@ -1 +1 @@\n',
    'blob.bin': 'a\0b',
    ...Object.fromEntries(odd.map((name) => [name, `in ${name.replace('\n', ' ')}\n`])),
  });
  const { files, omitted } = await readDiff(git, before, after);
  const of = (path: string) => files.find((file) => file.path === path);
  expect(omitted).toBe(0);
  expect(of('a.txt')?.lines.slice(1)).toEqual([
    { text: ' 1', old: 1, new: 1 },
    { text: '-2', old: 2, new: null },
    { text: '-3', old: 3, new: null },
    { text: '+--- a/b.txt', old: null, new: 2 },
    { text: '++++ b/c.txt', old: null, new: 3 },
    { text: '+3', old: null, new: 4 },
    { text: '\\ No newline at end of file', old: null, new: null },
  ]);
  expect(of('there.txt')).toMatchObject({ about: '+1 −0, was "moved.txt"' });
  expect(
    of('cr.txt')
      ?.lines.map(({ text }) => text)
      .slice(1),
  ).toEqual(['-x', '+x\rdiff --git a/x b/x', '+@@ -1 +1 @@']);
  expect(of('blob.bin')).toEqual({ path: 'blob.bin', about: '(no text)', lines: [] });
  for (const name of odd) expect(of(name)?.lines.at(-1)?.text).toBe(`+in ${name.replace('\n', ' ')}`);
});

test('leaves out what nobody reads, and says so', async () => {
  const before = scratch.git('rev-parse', 'HEAD').trim();
  const many = Object.fromEntries(
    Array.from({ length: limits.maxReviewFiles + 3 }, (_, i) => [`many/${String(i)}`, 'x\n']),
  );
  const after = commit({ ...many, 'a-long': 'x\n'.repeat(limits.maxReviewFileLines + 1) });
  const { files, omitted } = await readDiff(git, before, after);
  expect([files.length, omitted]).toEqual([limits.maxReviewFiles, 4]);
  expect(files.find(({ path }) => path === 'a-long')).toMatchObject({
    about: `+${String(limits.maxReviewFileLines + 1)} −0, too long to be shown here`,
    lines: [],
  });
});

test('what changed since a review leaves out what the base brought', async () => {
  const base = commit({ 'shared.txt': '1\n2\n3\n4\n5\n' });
  scratch.git('switch', '--quiet', '--create', 'task/x');
  const reviewed = commit({ 'own.txt': 'mine\n' });
  const work = { id: taskId('x'), branch: 'task/x', base, tip: reviewed };
  expect(await keepReviewed(git, repository, work, 'main')).toEqual({ kind: 'kept', base });
  expect(scratch.git('rev-parse', 'refs/branchboard/reviewed/x').trim()).toBe(reviewed);
  scratch.git('switch', '--quiet', 'main');
  commit({ 'shared.txt': '1\n2\n3\n4\nFIVE\n', 'theirs.txt': 'theirs\n' });
  scratch.git('switch', '--quiet', 'task/x');
  scratch.git('merge', '--quiet', '--no-edit', 'main');
  const tip = commit({ 'own.txt': 'mended\n' });
  expect(await keepReviewed(git, repository, work, 'main')).toEqual({ kind: 'elsewhere', tip });
  const own = await findOwnChanges(git, repository, { ...work, tip }, 'main');
  if (own === null) throw new Error('it is gone');
  const listed = async (from: string) => (await readDiff(git, from, own.tip)).files.map(({ path }) => path);
  expect(await listed(own.from)).toEqual(['own.txt']);
  expect(await listed(reviewed)).toEqual(['own.txt', 'shared.txt', 'theirs.txt']);
  const since = await findSinceReview(git, { commit: reviewed, base }, own);
  expect(since?.isWithBase).toBe(false);
  expect(await listed(since?.from ?? '')).toEqual(['own.txt']);
  const gone = 'a'.repeat(40);
  expect(await findSinceReview(git, { commit: gone, base }, own)).toBeNull();
});
