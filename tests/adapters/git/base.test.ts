import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitWorktrees } from '../../../src/adapters/git/worktree/worktrees.ts';
import type { Handoff } from '../../../src/domain/effect.ts';
import { handoff, Scratch, taskId } from './scratch.ts';

// Each test starts dozens of git processes, which takes its time on a busy machine.

describe('the base of a task', () => {
  let scratch: Scratch;
  let worktrees: GitWorktrees;
  let first: string;

  beforeEach(async () => {
    scratch = new Scratch();
    first = scratch.commit({ 'a.txt': 'one\ntwo\nthree\n', 'shared.txt': 'start\n' });
    worktrees = await scratch.worktrees();
  });
  afterEach(() => scratch.remove());

  async function baseOf(start: string | null, ...dependencies: Handoff[]): Promise<string> {
    const result = await worktrees.resolveBase({ task: taskId('last'), start, dependencies });
    if (!result.ok) throw new Error(JSON.stringify(result.failure));
    return result.value.commit;
  }

  it('is what is checked out, or the start that is named', async () => {
    const release = scratch.branch('release', { 'r.txt': 'r' });
    expect(await baseOf(null)).toBe(first);
    expect(await baseOf('release')).toBe(release);
    expect(await baseOf(release.slice(0, 12))).toBe(release);
  });

  it('is the branch where a tag has the same name', async () => {
    const release = scratch.branch('release', { 'r.txt': 'r' });
    scratch.git('tag', 'release', first);
    expect(await baseOf('release')).toBe(release);
  });

  it.each(['nowhere', '--all', 'main\nHEAD', ''])('is refused where the start is %j', async (start) => {
    await expect(baseOf(start)).rejects.toMatchObject({ fault: { reason: 'setup-failed' } });
  });

  it('is the tip of the one dependency, also when main went on', async () => {
    const tip = scratch.branch('task/a', { 'new.txt': 'a' });
    scratch.commit({ 'later.txt': 'later' });
    expect(await baseOf(null, handoff('a', 'task/a', first))).toBe(tip);
  });

  it('is the start where the dependencies are in it already, or only reported', async () => {
    scratch.branch('task/a', { 'new.txt': 'a' });
    scratch.git('merge', '--quiet', '--no-ff', '-m', 'merge', 'task/a');
    const now = scratch.git('rev-parse', 'HEAD').trim();
    expect(await baseOf(null, handoff('a', 'task/a', null), handoff('scout', null, null))).toBe(now);
  });

  it('has the work of a dependency that is merged, also where another one began before that', async () => {
    scratch.branch('task/a', { 'new.txt': 'a' });
    const other = scratch.branch('task/b', { 'newer.txt': 'b' });
    scratch.git('merge', '--quiet', '--no-ff', '-m', 'merge', 'task/a');
    const base = await baseOf(null, handoff('a', 'task/a', null), handoff('b', 'task/b', null));
    expect(scratch.git('ls-tree', '--name-only', base).split('\n')).toEqual(
      expect.arrayContaining(['new.txt', 'newer.txt']),
    );
    scratch.git('branch', '--force', 'task/a', other);
    expect(await baseOf(null, handoff('a', 'task/a', null), handoff('b', 'task/b', null))).toBe(other);
  });

  it('is the later of two dependencies of which one builds on the other', async () => {
    scratch.branch('task/a', { 'new.txt': 'a' });
    const tip = scratch.branch('task/b', { 'newer.txt': 'b' }, 'task/a');
    expect(await baseOf(null, handoff('a', 'task/a', null), handoff('b', 'task/b', null))).toBe(tip);
  });

  it('finds the work of a deleted branch under its kept ref, or by its commit', async () => {
    const tip = scratch.branch('task/a', { 'new.txt': 'a' });
    scratch.git('branch', '-D', 'task/a');
    expect(await baseOf(null, handoff('a', 'task/a', tip))).toBe(tip);
    scratch.git('update-ref', 'refs/branchboard/done/a', tip);
    expect(await baseOf(null, handoff('a', 'task/a', null))).toBe(tip);
  });

  it('finds the work of a dependency of which nothing is known under its ref, but takes none for a report', async () => {
    const tip = scratch.branch('task/a', { 'new.txt': 'a' });
    scratch.git('update-ref', 'refs/branchboard/done/a', tip);
    expect(await baseOf(null, handoff('a', null, null))).toBe(tip);
    expect(await baseOf(null, { ...handoff('a', null, null), report: 'runs/a/1/report.md' })).toBe(first);
    expect(await baseOf(null, handoff('b', null, null))).toBe(first);
  });

  it('is refused, the dependency named, where its work is gone', async () => {
    await expect(baseOf(null, handoff('a', 'task/a', 'f'.repeat(40)))).rejects.toThrow(
      /work of a, which last depends on/,
    );
  });

  it.each([
    ['stays beside the start', () => undefined],
    ['was squashed into the start', () => scratch.commit({ 'a.txt': 'ONE\ntwo\nthree\n' })],
  ])('has both sides of a diamond and what they build on once, where that %s', async (_, change) => {
    scratch.branch('task/a', { 'a.txt': 'ONE\ntwo\nthree\n' });
    const sides = [
      scratch.branch('task/b', { 'b.txt': 'b' }, 'task/a'),
      scratch.branch('task/c', { 'c.txt': 'c' }, 'task/a'),
    ];
    change();
    const base = await baseOf('main', ...['a', 'b', 'c'].map((id) => handoff(id, `task/${id}`, null)));
    expect(scratch.git('log', '-1', '--format=%P', base).trim().split(' ')).toEqual(sides);
    expect(scratch.git('ls-tree', '--name-only', base).trim().split('\n')).toEqual([
      ...['a.txt', 'b.txt', 'c.txt', 'shared.txt'],
    ]);
    expect(scratch.git('show', `${base}:a.txt`)).toBe('ONE\ntwo\nthree\n');
  });

  it('has the work of five dependencies, of which one left no commit and one is in another', async () => {
    scratch.branch('task/a', { 'a.txt': 'ONE\ntwo\nthree\n' });
    scratch.branch('task/b', { 'b.txt': 'b' }, 'task/a');
    scratch.branch('task/c', { 'a.txt': 'one\ntwo\nTHREE\n' });
    scratch.git('branch', 'task/d', first);
    const last = scratch.branch('task/e', { 'e.txt': 'e' });
    const base = await baseOf(null, ...['a', 'b', 'c', 'd', 'e'].map((id) => handoff(id, `task/${id}`, null)));
    expect(scratch.git('show', `${base}:a.txt`)).toBe('ONE\ntwo\nTHREE\n');
    expect(scratch.git('ls-tree', '--name-only', base).trim().split('\n')).toEqual([
      ...['a.txt', 'b.txt', 'e.txt', 'shared.txt'],
    ]);
    expect(scratch.git('log', '-1', '--format=%P', base)).toContain(last);
  });

  it('merges the work of three dependencies, the same way each time, and keeps it', async () => {
    scratch.branch('task/a', { 'a.txt': 'ONE\ntwo\nthree\n' });
    scratch.branch('task/b', { 'b.txt': 'b' });
    scratch.branch('task/c', { 'a.txt': 'one\ntwo\nTHREE\n' });
    const before = scratch.userState();
    const all = ['a', 'b', 'c'].map((id) => handoff(id, `task/${id}`, null));
    const merged = await baseOf(null, ...all);
    expect(scratch.git('show', `${merged}:a.txt`)).toBe('ONE\ntwo\nTHREE\n');
    expect(scratch.git('show', `${merged}:b.txt`)).toBe('b');
    expect(scratch.git('log', '-1', '--format=%s', merged).trim()).toBe(
      'Merge work of task/a, task/b, task/c for last',
    );
    expect(scratch.git('rev-parse', 'refs/branchboard/base/last').trim()).toBe(merged);
    expect(await baseOf(null, ...all)).toBe(merged);
    expect(scratch.userState()).toBe(before);
  });

  it('is a conflict with both sides and the files, never one side alone', async () => {
    scratch.branch('task/a', { 'harmless.txt': 'a' });
    scratch.branch('task/b', { 'shared.txt': 'b\n', 'täst file.txt': 'b\n' });
    scratch.branch('task/c', { 'shared.txt': 'c\n', 'täst file.txt': 'c\n' });
    const dependencies = ['a', 'b', 'c'].map((id) => handoff(id, `task/${id}`, null));
    const result = await worktrees.resolveBase({ task: taskId('last'), start: null, dependencies });
    expect(result).toEqual({
      ok: false,
      failure: {
        sides: ['task/b', 'task/c'],
        files: ['shared.txt', 'täst file.txt'],
        commit: expect.stringMatching(/^[0-9a-f]{40}$/) as string,
      },
    });
  });

  it('is merged by the attributes of the start, and not by those of a dependency or of the checkout', async () => {
    scratch.branch('task/a', { '.gitattributes': '* merge=union\n', 'shared.txt': 'a\n' });
    scratch.branch('task/b', { 'shared.txt': 'b\n' });
    scratch.git('switch', '--quiet', 'task/a');
    const dependencies = ['a', 'b'].map((id) => handoff(id, `task/${id}`, null));
    const result = await worktrees.resolveBase({ task: taskId('last'), start: 'main', dependencies });
    expect(result).toMatchObject({ ok: false, failure: { files: ['shared.txt'] } });
  });

  it('says which dependencies have no history in common', async () => {
    scratch.branch('task/a', { 'new.txt': 'a' });
    const tree = scratch.git('rev-parse', 'HEAD^{tree}').trim();
    scratch.git('update-ref', 'refs/heads/task/orphan', scratch.git('commit-tree', '-m', 'orphan', tree).trim());
    await expect(baseOf(null, handoff('a', 'task/a', null), handoff('o', 'task/orphan', null))).rejects.toMatchObject({
      fault: { reason: 'dependency-conflict' },
    });
  });

  it('is merged under a name of our own where git knows none of the user', async () => {
    const nameless = new Scratch({ identity: false });
    try {
      nameless.commit({ 'a.txt': 'a' });
      nameless.branch('task/a', { 'b.txt': 'b' });
      nameless.branch('task/b', { 'c.txt': 'c' });
      const all = [handoff('a', 'task/a', null), handoff('b', 'task/b', null)];
      const result = await (
        await nameless.worktrees()
      ).resolveBase({ task: taskId('last'), start: null, dependencies: all });
      if (!result.ok) throw new Error('conflict');
      expect(nameless.git('log', '-1', '--format=%an <%ae>', result.value.commit).trim()).toBe(
        'branchboard <branchboard@localhost>',
      );
    } finally {
      nameless.remove();
    }
  });
});
