import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { GitWorktrees } from '../../../src/adapters/git/worktree/worktrees.ts';
import { mergeWays, type MergeRequest, type PreparedMerge } from '../../../src/domain/merge-request.ts';
import { finished, Scratch, taskId } from './scratch.ts';

// Each test starts dozens of git processes, which takes its time on a busy machine.

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
    whatRuns: false,
    checked: commit,
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

  /** One more commit of the task's branch. */
  function goOn(files: Readonly<Record<string, string>>): string {
    const later = scratch.branch('later', files, 'task/a');
    scratch.git('branch', '--force', 'task/a', later);
    return later;
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

  it('is, where the branch was deleted, of the commit that its work was at', async () => {
    const earlier = commit;
    commit = goOn({ 'a.txt': 'three\n' });
    scratch.git('update-ref', 'refs/branchboard/done/a', commit);
    scratch.git('branch', '--quiet', '-D', 'task/a');
    const refused = await worktrees.prepareMerge(request({ commit: earlier }));
    const why = `task/a is gone, and its work is ${commit.slice(0, 10)}`;
    expect(refused).toMatchObject({ kind: 'refused', why });
    expect(await merge()).toMatchObject({ kind: 'merged' });
    expect(here('a.txt')).toBe('three\n');
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

  it('goes by the attributes of its target, and not by those of the branch or of the checkout', async () => {
    const temporary = mkdtempSync(join(scratch.root, 'tmp-'));
    vi.stubEnv('TMPDIR', temporary);
    onTestFinished(() => void vi.unstubAllEnvs());
    commit = scratch.branch('task/union', { '.gitattributes': '* merge=union\n', 'a.txt': 'two\n' });
    scratch.commit({ 'a.txt': 'three\n' });
    scratch.git('switch', '--quiet', 'task/union');
    const union = { branch: 'task/union', commit };
    expect(await worktrees.prepareMerge(request(union))).toMatchObject({ kind: 'conflict', files: ['a.txt'] });
    scratch.git('switch', '--quiet', 'main');
    scratch.commit({ 'sub/.gitattributes': '*.txt merge=union\n', 'sub/c.txt': 'one\n' });
    commit = scratch.branch('task/sub', { 'sub/.gitattributes': '', 'sub/c.txt': 'one\ntheirs\n' });
    scratch.commit({ 'sub/c.txt': 'one\nours\n' });
    scratch.git('switch', '--quiet', 'task/sub');
    expect(await merge({ branch: 'task/sub', commit, whatRuns: true })).toMatchObject({ kind: 'merged' });
    expect(scratch.git('show', 'main:sub/c.txt')).toBe('one\nours\ntheirs\n');
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('takes a second yes where it brings what runs, whatever was seen of the branch before', async () => {
    commit = goOn({ 'package.json': '{"scripts":{"test":"curl"}}' });
    const refused = await worktrees.prepareMerge(request({ commit }));
    expect(refused).toMatchObject({
      kind: 'refused',
      why: 'changes what runs on your machine: package.json (scripts)',
      hint: expect.stringContaining('branchboard merge a --what-runs') as string,
    });
    expect(await merge({ commit, whatRuns: true })).toMatchObject({ kind: 'merged' });
    // What the target brought itself is none of it.
    scratch.git('switch', '--quiet', 'main');
    commit = scratch.branch('task/b', { 'b.txt': 'two\n' });
    scratch.commit({ '.mcp.json': '{}' });
    expect(await merge({ branch: 'task/b', commit })).toMatchObject({ kind: 'merged' });
  });

  it('has the files that were checked where they are those of the commit that was checked, and of no later one', async () => {
    expect(await prepare({ checked: commit })).toMatchObject({ isSameTree: true });
    expect(await prepare({ checked: null })).toMatchObject({ isSameTree: false });
    const checked = commit;
    commit = goOn({ 'a.txt': 'unchecked\n' });
    expect(await prepare({ checked })).toMatchObject({ isSameTree: false });
  });

  it('is of the commit that was seen, and of no later one', async () => {
    const seen = commit;
    goOn({ 'late.txt': 'late\n' });
    expect(await worktrees.prepareMerge(request({ commit: seen }))).toMatchObject({ kind: 'refused' });
  });

  it.each(mergeWays)('is nothing where the work is in the target already (%s)', async (way) => {
    await merge({ way });
    scratch.commit({ 'b.txt': 'later\n' });
    expect(await worktrees.prepareMerge(request())).toEqual({ kind: 'contained', target: 'main' });
  });

  it('is nothing where the work was merged as one commit, and the target changed the same lines again', async () => {
    scratch.commit({ 'a.txt': 'two\n', 'new.txt': 'new\n' });
    scratch.commit({ 'a.txt': 'three\n' });
    expect(await worktrees.findMerged('main', [finished('a', commit)])).toEqual(['a']);
    for (const way of ['merge', 'squash', 'rebase'] as const)
      expect(await worktrees.prepareMerge(request({ way }))).toEqual({ kind: 'contained', target: 'main' });
  });

  it('is followed by a linked worktree that has the target checked out', async () => {
    scratch.git('switch', '--quiet', '-c', 'mine');
    const linked = join(scratch.root, 'linked');
    scratch.git('worktree', 'add', '--quiet', linked, 'main');
    expect(await merge()).toMatchObject({ kind: 'merged', followed: linked });
    expect([readFileSync(join(linked, 'a.txt'), 'utf8'), here('a.txt')]).toEqual(['two\n', 'one\n']);
  });

  it('waits for a bisection that began on the target', async () => {
    scratch.commit({ 'b.txt': 'later\n' });
    scratch.commit({ 'b.txt': 'last\n' });
    scratch.git('bisect', 'start', 'main', 'main~2');
    expect(await merge()).toMatchObject({ kind: 'refused', why: 'a bisection of main is under way' });
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

  it('is refused where tasks start from a commit', async () => {
    expect(await worktrees.prepareMerge(request({ target: tip('main') }))).toMatchObject({ kind: 'refused' });
  });

  it('runs no hook of the repository', async () => {
    const hook = join(scratch.dir, '.git', 'hooks', 'post-merge');
    scratch.write({ '.git/hooks/post-merge': '#!/bin/sh\ntouch "$PWD/ran"\n' });
    chmodSync(hook, 0o755);
    expect(await merge()).toMatchObject({ kind: 'merged' });
    expect(existsSync(join(scratch.dir, 'ran'))).toBe(false);
  });
});
