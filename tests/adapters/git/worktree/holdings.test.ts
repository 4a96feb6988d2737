import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitWorktrees } from '../../../../src/adapters/git/worktree/worktrees.ts';
import type { RunPlan } from '../../../../src/domain/run.ts';
import { Scratch, start } from '../scratch.ts';

let scratch: Scratch;
let worktrees: GitWorktrees;
let plan: RunPlan;
let path: string;

async function begin(): Promise<void> {
  worktrees = await scratch.worktrees();
  plan = await start(worktrees, 'x');
  ({ path } = plan.workspace);
}

/** A repository of its own with one commit. */
function makeRepository(dir: string): string {
  mkdirSync(dir, { recursive: true });
  scratch.gitIn(dir, 'init', '--quiet', '--initial-branch=main');
  return scratch.commit({ 'index.js': 'x\n' }, dir);
}

beforeEach(() => {
  scratch = new Scratch();
  scratch.commit({ 'a.txt': 'a\n', '.gitignore': '.orchestrator/\n' });
});
afterEach(() => scratch.remove());

describe('a repository inside the worktree', () => {
  it('is found where it was added, as a link that holds no files', async () => {
    await begin();
    makeRepository(join(path, 'apps', 'web'));
    scratch.commit({}, path);
    expect(await worktrees.inspect(plan)).toMatchObject({ commits: 1, dirty: [], repositories: ['apps/web'] });
  });

  it('is found where it was not added', async () => {
    await begin();
    makeRepository(join(path, 'web'));
    expect(await worktrees.inspect(plan)).toMatchObject({ repositories: ['web'] });
  });

  it('is not found where the base has the link already, or setup made it', async () => {
    makeRepository(join(scratch.dir, 'old'));
    scratch.commit({});
    await begin();
    scratch.commit({ 'b.txt': 'b\n' }, path);
    expect(await worktrees.inspect(plan)).toMatchObject({ commits: 1, repositories: [] });
  });
});

describe('a submodule', () => {
  const local = ['-c', 'protocol.file.allow=always'];
  let library: string;

  beforeEach(async () => {
    library = join(scratch.root, 'library');
    makeRepository(library);
    scratch.git(...local, 'submodule', '--quiet', 'add', library, 'lib');
    scratch.commit({});
    await begin();
    scratch.gitIn(path, ...local, 'submodule', '--quiet', 'update', '--init');
  });

  it('at a commit of its remote is nothing to tell', async () => {
    const commit = scratch.commit({ 'index.js': 'y\n' }, library);
    scratch.gitIn(join(path, 'lib'), 'fetch', '--quiet');
    scratch.gitIn(join(path, 'lib'), 'checkout', '--quiet', commit);
    scratch.commit({}, path);
    expect(await worktrees.inspect(plan)).toMatchObject({ commits: 1, repositories: [], elsewhere: [] });
  });

  it.each([true, false])('at a commit that only the worktree has is told and kept (main has it: %s)', async (hasIt) => {
    if (!hasIt) scratch.git('submodule', '--quiet', 'deinit', '--force', 'lib');
    const commit = scratch.commit({ 'index.js': 'mine\n' }, join(path, 'lib'));
    scratch.commit({}, path);
    const { elsewhere, repositories } = await worktrees.inspect(plan);
    expect(repositories).toEqual([]);
    expect(elsewhere).toHaveLength(1);
    expect(elsewhere[0]).toContain(
      `The submodule lib is at ${commit.slice(0, 12)}, a commit that none of its remote's`,
    );
    const [, store = '', ref = ''] = /fetch (\S+) (\S+)`$/.exec(elsewhere[0] ?? '') ?? [];
    scratch.git('worktree', 'remove', '--force', '--force', path);
    expect(scratch.gitIn(store, 'show', `${ref}:index.js`)).toBe('mine\n');
    const clone = join(scratch.root, 'clone');
    scratch.git('clone', '--quiet', library, clone);
    scratch.gitIn(clone, 'fetch', '--quiet', store, ref);
    expect(scratch.gitIn(clone, 'rev-parse', 'FETCH_HEAD').trim()).toBe(commit);
  });
});

it('a link that leads out of the repository is told, and one that stays inside is not', async () => {
  await begin();
  mkdirSync(join(path, 'sub'));
  for (const [target, name] of [
    ['/etc/hostname', 'absolute'],
    ['../../outside', 'sub/outside'],
    ['../a.txt', 'sub/inside'],
  ] as const) {
    symlinkSync(target, join(path, name));
  }
  scratch.commit({}, path);
  const { elsewhere } = await worktrees.inspect(plan);
  expect(elsewhere.map((text) => /^The link (\S+)/.exec(text)?.[1])).toEqual(['absolute', 'sub/outside']);
});
