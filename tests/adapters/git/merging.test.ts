import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GitWorktrees } from '../../../src/adapters/git/worktree/worktrees.ts';
import { mergeWays, type MergeRequest, type PreparedMerge } from '../../../src/domain/merge-request.ts';
import { Scratch, taskId } from './scratch.ts';

// Each test starts dozens of git processes, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

describe('the merge of a branch', () => {
  let scratch: Scratch;
  let worktrees: GitWorktrees;
  let commit: string;

  beforeEach(async () => {
    scratch = new Scratch();
    scratch.commit({ 'a.txt': 'one\n', 'b.txt': 'b\n', '.gitignore': 'secret.env\n' });
    commit = scratch.branch('task/a', { 'a.txt': 'two\n', 'new.txt': 'new\n' });
    worktrees = await scratch.worktrees();
  });
  afterEach(() => scratch.remove());

  const request = (more: Partial<MergeRequest> = {}): MergeRequest => ({
    task: taskId('a'),
    branch: 'task/a',
    commit,
    base: null,
    target: 'main',
    way: 'merge',
    message: 'Merge A\n\nTask: a\n',
    ...more,
  });

  async function prepare(more: Partial<MergeRequest> = {}): Promise<PreparedMerge> {
    const prepared = await worktrees.prepareMerge(request(more));
    if (prepared.kind !== 'prepared') throw new Error(JSON.stringify(prepared));
    return prepared;
  }

  async function merge(more: Partial<MergeRequest> = {}) {
    return worktrees.finishMerge(await prepare(more));
  }

  const tip = (name: string): string => scratch.git('rev-parse', name).trim();
  const here = (name: string): string => readFileSync(join(scratch.dir, name), 'utf8');
  const status = (): string => scratch.git('status', '--porcelain');

  it('has both sides, the task in its message, and is followed by the checkout of its target', async () => {
    const before = tip('main');
    expect(await merge()).toEqual({ kind: 'merged', target: 'main', commit: tip('main'), followed: scratch.dir });
    expect(scratch.git('log', '-1', '--format=%P %an%n%(trailers:key=Task,valueonly)', 'main').trim()).toBe(
      `${before} ${commit} Ada\na`,
    );
    expect([here('a.txt'), here('new.txt'), status()]).toEqual(['two\n', 'new\n', '']);
  });

  it('changes nothing before it is finished', async () => {
    const before = scratch.git('for-each-ref');
    await prepare();
    expect([scratch.git('for-each-ref'), status(), here('a.txt')]).toEqual([before, '', 'one\n']);
  });

  it('is one commit of the target where it is squashed', async () => {
    const before = tip('main');
    await merge({ way: 'squash' });
    expect(scratch.git('log', '--format=%H', `${before}..main`).trim().split('\n')).toEqual([tip('main')]);
    expect(scratch.git('show', 'main:new.txt')).toBe('new\n');
  });

  it('goes into the branch that is checked out where none is set', async () => {
    scratch.git('switch', '--quiet', '-c', 'develop');
    expect(await merge({ target: null })).toMatchObject({ kind: 'merged', target: 'develop' });
    expect(here('new.txt')).toBe('new\n');
  });

  it('moves a target that is checked out nowhere, and touches no checkout', async () => {
    scratch.git('switch', '--quiet', '-c', 'mine');
    expect(await merge()).toMatchObject({ kind: 'merged', followed: null });
    expect([here('a.txt'), status(), scratch.git('show', 'main:a.txt')]).toEqual(['one\n', '', 'two\n']);
  });

  it('keeps changes of the user in files that it does not touch', async () => {
    scratch.write({ 'b.txt': 'mine\n', 'mine.txt': 'mine\n' });
    scratch.git('add', 'b.txt');
    expect(await merge()).toMatchObject({ kind: 'merged' });
    expect([here('b.txt'), here('a.txt'), status()]).toEqual(['mine\n', 'two\n', 'M  b.txt\n?? mine.txt\n']);
  });

  it.each([
    ['a file that it changes was edited', { 'a.txt': 'mine\n' }],
    ['a file that it adds is there', { 'new.txt': 'mine\n' }],
  ])('is refused where %s, which stays', async (_, files: Record<string, string>) => {
    const before = tip('main');
    scratch.write(files);
    const [name = '', text] = Object.entries(files)[0] ?? [];
    const outcome = await merge();
    expect(outcome).toMatchObject({ kind: 'refused', why: expect.stringContaining(name) as string });
    expect([tip('main'), here(name)]).toEqual([before, text]);
  });

  it('is refused where it would overwrite a file that the user has git ignore', async () => {
    commit = scratch.branch('task/env', { 'secret.env': 'of the branch\n', '.gitignore': '' });
    scratch.write({ 'secret.env': 'mine\n' });
    expect(await merge({ branch: 'task/env', commit })).toMatchObject({ kind: 'refused' });
    expect(here('secret.env')).toBe('mine\n');
  });

  it('stashes nothing, whatever the settings say', async () => {
    scratch.git('config', 'merge.autoStash', 'true');
    scratch.write({ 'a.txt': 'mine\n' });
    expect(await merge()).toMatchObject({ kind: 'refused' });
    expect([here('a.txt'), scratch.git('stash', 'list')]).toEqual(['mine\n', '']);
  });

  it('names the files that both sides changed, and changes nothing', async () => {
    scratch.commit({ 'a.txt': 'three\n' });
    const before = tip('main');
    expect(await worktrees.prepareMerge(request())).toEqual({
      ...{ kind: 'conflict', target: 'main', files: ['a.txt'], commit: null },
    });
    expect([tip('main'), here('a.txt')]).toEqual([before, 'three\n']);
  });

  it('is of the commit that was seen, and of no later one', async () => {
    const seen = commit;
    scratch.git('branch', '--force', 'task/a', scratch.branch('later', { 'late.txt': 'late\n' }, 'task/a'));
    expect(await worktrees.prepareMerge(request({ commit: seen }))).toMatchObject({ kind: 'refused' });
  });

  it.each(mergeWays)('is nothing where the work is in the target already (%s)', async (way) => {
    await merge({ way });
    scratch.commit({ 'b.txt': 'later\n' });
    expect(await worktrees.prepareMerge(request())).toEqual({ kind: 'contained', target: 'main' });
  });

  it('is prepared anew where the target moved meanwhile', async () => {
    const prepared = await prepare();
    scratch.commit({ 'b.txt': 'later\n' });
    expect(await worktrees.finishMerge(prepared)).toEqual({ kind: 'moved' });
    expect(await merge()).toMatchObject({ kind: 'merged' });
    expect([here('a.txt'), here('b.txt')]).toEqual(['two\n', 'later\n']);
  });

  it('waits for a rebase of the target that is under way', async () => {
    scratch.git('switch', '--quiet', '-c', 'other', 'main');
    scratch.commit({ 'b.txt': 'theirs\n' });
    scratch.git('switch', '--quiet', 'main');
    scratch.commit({ 'b.txt': 'ours\n' });
    expect(() => scratch.git('rebase', 'other')).toThrow();
    const before = tip('main');
    expect(await merge()).toMatchObject({ kind: 'refused', why: 'a rebase of main is under way' });
    expect(tip('main')).toBe(before);
  });

  it('waits for a merge in the checkout of the target that is under way', async () => {
    scratch.branch('other', { 'b.txt': 'theirs\n' });
    scratch.commit({ 'b.txt': 'ours\n' });
    expect(() => scratch.git('merge', 'other')).toThrow();
    expect(await merge()).toMatchObject({ kind: 'refused' });
    expect(existsSync(join(scratch.dir, '.git', 'MERGE_HEAD'))).toBe(true);
  });

  it('is refused where tasks start from a commit, or the checkout is on no branch', async () => {
    const base = tip('main');
    expect(await worktrees.prepareMerge(request({ target: base }))).toMatchObject({ kind: 'refused' });
    scratch.git('checkout', '--quiet', '--detach');
    expect(await worktrees.prepareMerge(request({ target: null }))).toMatchObject({ kind: 'refused' });
  });

  it('runs no hook of the repository', async () => {
    const hook = join(scratch.dir, '.git', 'hooks', 'post-merge');
    scratch.write({ '.git/hooks/post-merge': '#!/bin/sh\ntouch "$PWD/ran"\n' });
    chmodSync(hook, 0o755);
    expect(await merge()).toMatchObject({ kind: 'merged' });
    expect(existsSync(join(scratch.dir, 'ran'))).toBe(false);
  });
});
