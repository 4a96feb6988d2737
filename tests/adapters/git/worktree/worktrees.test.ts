import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitWorktrees } from '../../../../src/adapters/git/worktree/worktrees.ts';
import type { RunPlan } from '../../../../src/domain/run.ts';
import { finished, handoff, planFor, Scratch, start, taskId } from '../scratch.ts';

// Each test starts dozens of git processes, which takes its time on a busy machine.

/** Lets a worktree go of its branch that stays, since it holds a file, and takes the file away again. */
async function releaseWith(files: Readonly<Record<string, string>>, plan: RunPlan): Promise<void> {
  scratch.write(files, plan.workspace.path);
  await worktrees.release(plan, false);
  for (const name of Object.keys(files)) rmSync(join(plan.workspace.path, name));
  scratch.notices.length = 0;
}

/** The next run of the same task in the same workspace. */
function nextRun(plan: RunPlan): RunPlan {
  return { ...plan, n: plan.n + 1, cause: { kind: 'interrupted' } };
}

/** The one ref that keeps what a task left elsewhere than on its branch. */
function left(id: string): string {
  return scratch.git('for-each-ref', '--format=%(refname)', `refs/branchboard/left/${id}`).trim();
}

let scratch: Scratch;
let worktrees: GitWorktrees;
let first: string;

beforeEach(async () => {
  scratch = new Scratch();
  first = scratch.commit({ 'a.txt': 'a\n', 'dir/b.txt': 'b\n', '.gitignore': '.env\nnode_modules/\n.orchestrator/\n' });
  worktrees = await scratch.worktrees();
});
afterEach(() => scratch.remove());

const setupFailed = (message: RegExp): object => ({ fault: { reason: 'setup-failed', detail: message }, message });

describe('a new worktree', () => {
  it('is whole, on a branch of its own, locked, and leaves all of the user untouched', async () => {
    scratch.write({ 'a.txt': 'edited\n', 'new.txt': 'untracked\n', 'staged.txt': 'staged\n' });
    scratch.git('add', 'staged.txt');
    const before = scratch.userState();
    const plan = await start(worktrees, 'x');
    const { path } = plan.workspace;
    expect(plan.workspace).toEqual({
      kind: 'branch',
      path: scratch.worktree('x'),
      base: first,
      branch: 'task/x',
    });
    expect(readFileSync(join(path, 'a.txt'), 'utf8')).toBe('a\n');
    expect(scratch.gitIn(path, 'status', '--porcelain', '--branch')).toBe('## task/x\n');
    expect(scratch.git('worktree', 'list', '--porcelain')).toContain('locked in use by branchboard');
    await worktrees.keep(plan);
    await worktrees.release(plan, true);
    expect(scratch.userState()).toBe(before);
  });

  it('has no branch for a role that only reads', async () => {
    const plan = await start(worktrees, 'x', true);
    expect(plan.workspace.kind).toBe('detached');
    expect(scratch.gitIn(plan.workspace.path, 'rev-parse', '--abbrev-ref', 'HEAD').trim()).toBe('HEAD');
    expect(await worktrees.inspect(plan)).toMatchObject({ tip: first, commits: 0, dirty: [] });
    await worktrees.release(plan, true);
    expect(existsSync(plan.workspace.path)).toBe(false);
  });

  it('can be made twenty times at once', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `t${String(index)}`);
    const plans = await Promise.all(ids.map((id) => start(worktrees, id)));
    for (const { workspace } of plans) expect(existsSync(join(workspace.path, 'dir', 'b.txt'))).toBe(true);
    await Promise.all(plans.map((plan) => worktrees.release(plan, true)));
    expect(scratch.git('worktree', 'list').trim().split('\n')).toHaveLength(1);
    expect(scratch.git('branch', '--list').trim()).toBe('* main');
  }, 60_000);

  it('lies where the settings say', async () => {
    scratch.settings = {
      ...scratch.settings,
      worktrees: { dir: '../elsewhere', reuse: false },
      branchPrefix: 'agents-',
    };
    const plan = await start(worktrees, 'x');
    expect(plan.workspace).toMatchObject({ path: join(scratch.root, 'elsewhere', 'x'), branch: 'agents-x' });
  });

  it('gets the setup commands run before it is ready, and fails with their last words', async () => {
    scratch.settings = { ...scratch.settings, setup: [['npm', 'ci']] };
    scratch.setupOk = false;
    await expect(start(worktrees, 'x')).rejects.toMatchObject(setupFailed(/`npm ci` failed in [^]*no such package/));
    scratch.setupOk = true;
    const plan = planFor(taskId('x'), {
      kind: 'branch',
      path: scratch.worktree('x'),
      base: first,
      branch: 'task/x',
    });
    await worktrees.prepare(plan);
    expect(scratch.commands).toEqual([
      ['npm', 'ci'],
      ['npm', 'ci'],
    ]);
  });
});

describe('ignored files', () => {
  it('come along where `copy` or .worktreeinclude names them, and only these', async () => {
    scratch.write({
      '.env': 'SECRET=1\n',
      'dir/.env': 'SECRET=2\n',
      'untracked.txt': 'not ignored\n',
      'node_modules/x/index.js': 'x',
      'node_modules/y/index.js': 'y',
      '.worktreeinclude': '# the rest\nnode_modules/x/\nuntracked.txt\n',
      '.orchestrator/inbox/.env': 'the board itself',
    });
    symlinkSync('/etc/passwd', join(scratch.dir, 'node_modules', 'x', 'link'));
    scratch.settings = { ...scratch.settings, copy: ['.env'] };
    const { path } = (await start(worktrees, 'x')).workspace;
    expect(readFileSync(join(path, '.env'), 'utf8')).toBe('SECRET=1\n');
    expect(readFileSync(join(path, 'dir', '.env'), 'utf8')).toBe('SECRET=2\n');
    expect(existsSync(join(path, 'node_modules', 'x', 'index.js'))).toBe(true);
    for (const absent of ['untracked.txt', 'node_modules/y', 'node_modules/x/link', '.orchestrator']) {
      expect(existsSync(join(path, absent))).toBe(false);
    }
  });

  it('are never written through a symbolic link that a commit holds', async () => {
    const outside = join(scratch.root, 'outside');
    mkdirSync(outside);
    const dir = join(scratch.root, 'make');
    scratch.git('worktree', 'add', '--quiet', '-b', 'linked', dir);
    symlinkSync(outside, join(dir, 'conf'));
    scratch.commit({}, dir);
    scratch.write({ 'conf/.env': 'SECRET\n' });
    scratch.settings = { ...scratch.settings, copy: ['.env'] };
    const base = scratch.git('rev-parse', 'linked').trim();
    await worktrees.prepare(planFor(taskId('x'), await worktrees.choose(taskId('x'), base, false)));
    expect(existsSync(join(outside, '.env'))).toBe(false);
  });
});

describe('a free name', () => {
  it('avoids branches, their parents and children, in any case, and folders', async () => {
    for (const branch of ['task/x', 'TASK/Y', 'task/z/deeper']) scratch.git('branch', branch);
    mkdirSync(scratch.worktree('X-2'), { recursive: true });
    const branchFor = async (id: string): Promise<unknown> => worktrees.choose(taskId(id), first, false);
    expect(await branchFor('x')).toMatchObject({ branch: 'task/x-3', path: expect.stringMatching(/\/x-3$/) as string });
    expect(await branchFor('y')).toMatchObject({ branch: 'task/y-2' });
    expect(await branchFor('z')).toMatchObject({ branch: 'task/z-2' });
  });

  it('does without the slash where the prefix is a branch itself', async () => {
    scratch.git('branch', 'task');
    expect((await start(worktrees, 'x')).workspace).toMatchObject({ branch: 'task-x' });
  });

  it('is promised to one task only', async () => {
    scratch.git('branch', 'task/x');
    expect(await worktrees.choose(taskId('x'), first, false)).toMatchObject({ branch: 'task/x-2' });
    expect(await worktrees.choose(taskId('x-2'), first, false)).toMatchObject({ branch: 'task/x-2-2' });
    expect(await worktrees.choose(taskId('x'), first, false)).toMatchObject({ branch: 'task/x-2' });
  });
});

describe('a worktree that was cut off while it was made', () => {
  it('is made again, never used', async () => {
    const plan = await start(worktrees, 'x');
    const { path } = plan.workspace;
    const record = join(scratch.dir, '.git', 'worktrees', 'x');
    rmSync(join(record, 'branchboard-ready'));
    rmSync(join(record, 'index'));
    writeFileSync(join(record, 'index.lock'), '');
    rmSync(join(path, 'dir'), { recursive: true });
    await worktrees.prepare(plan);
    expect(readFileSync(join(path, 'dir', 'b.txt'), 'utf8')).toBe('b\n');
    expect(scratch.gitIn(path, 'status', '--porcelain', '--branch')).toBe('## task/x\n');
    expect(scratch.git('for-each-ref', 'refs/branchboard/left')).toBe('');
  });

  it('is cleared away only after what else it holds is kept', async () => {
    const plan = await start(worktrees, 'x');
    rmSync(join(scratch.dir, '.git', 'worktrees', 'x', 'branchboard-ready'));
    scratch.write({ 'found.txt': 'by hand\n' }, plan.workspace.path);
    await worktrees.prepare(plan);
    expect(existsSync(join(plan.workspace.path, 'found.txt'))).toBe(false);
    expect(scratch.git('show', `${left('x')}:found.txt`)).toBe('by hand\n');
  });

  it('is made after all where only its branch or its folder came to be', async () => {
    const plan = planFor(taskId('x'), await worktrees.choose(taskId('x'), first, false));
    scratch.git('branch', 'task/x');
    scratch.write({ 'rest.txt': 'rest\n' }, plan.workspace.path);
    await worktrees.prepare(plan);
    expect(scratch.gitIn(plan.workspace.path, 'status', '--porcelain', '--branch')).toBe('## task/x\n');
    expect(readFileSync(`${plan.workspace.path}.aside-1/rest.txt`, 'utf8')).toBe('rest\n');
    expect(scratch.notices).toHaveLength(1);
  });

  it('is refused where somebody else made a branch of its name meanwhile', async () => {
    const plan = planFor(taskId('x'), await worktrees.choose(taskId('x'), first, false));
    const theirs = scratch.branch('task/x', { 'c.txt': 'c' });
    await expect(worktrees.prepare(plan)).rejects.toMatchObject(setupFailed(/git branch -m task\/x/));
    expect(scratch.git('rev-parse', 'task/x').trim()).toBe(theirs);
  });
});

describe('a later run', () => {
  it('takes the worktree as it is, with what is not committed', async () => {
    const plan = await start(worktrees, 'x');
    scratch.write({ 'a.txt': 'half done\n' }, plan.workspace.path);
    await worktrees.prepare(nextRun(plan));
    expect(scratch.gitIn(plan.workspace.path, 'status', '--porcelain', '--branch')).toBe('## task/x\n M a.txt\n');
  });

  it('takes the branch back that the worktree had let go of', async () => {
    const plan = await start(worktrees, 'x');
    const tip = scratch.commit({ 'c.txt': 'c' }, plan.workspace.path);
    scratch.write({ 'a.txt': 'half done\n' }, plan.workspace.path);
    await worktrees.release(plan, false);
    scratch.git('switch', '--quiet', 'task/x');
    await expect(worktrees.prepare(nextRun(plan))).rejects.toMatchObject(setupFailed(/checked out in .*\/repo/));
    scratch.git('switch', '--quiet', 'main');
    await worktrees.prepare(nextRun(plan));
    expect(scratch.gitIn(plan.workspace.path, 'status', '--porcelain', '--branch')).toBe('## task/x\n M a.txt\n');
    expect(scratch.git('rev-parse', 'task/x').trim()).toBe(tip);
  });

  it('follows a branch on which the user committed, unless that would lose something', async () => {
    const plan = await start(worktrees, 'x');
    scratch.write({ 'a.txt': 'half done\n' }, plan.workspace.path);
    await worktrees.release(plan, false);
    scratch.git('switch', '--quiet', 'task/x');
    scratch.commit({ 'by-user.txt': 'u\n' });
    scratch.git('switch', '--quiet', 'main');
    await expect(worktrees.prepare(nextRun(plan))).rejects.toMatchObject(setupFailed(/not committed \(a\.txt\)/));
    scratch.write({ 'a.txt': 'a\n' }, plan.workspace.path);
    await worktrees.prepare(nextRun(plan));
    expect(readFileSync(join(plan.workspace.path, 'by-user.txt'), 'utf8')).toBe('u\n');
    expect(scratch.gitIn(plan.workspace.path, 'status', '--porcelain', '--branch')).toBe('## task/x\n');
  });

  it('has what the user committed in the worktree since', async () => {
    const plan = await start(worktrees, 'x');
    scratch.write({ 'fix.txt': 'fix\n' }, plan.workspace.path);
    await worktrees.release(plan, false);
    const tip = scratch.commit({}, plan.workspace.path);
    scratch.write({ 'a.txt': 'half done\n' }, plan.workspace.path);
    await worktrees.prepare(nextRun(plan));
    expect(scratch.git('rev-parse', 'task/x').trim()).toBe(tip);
    expect(scratch.gitIn(plan.workspace.path, 'status', '--porcelain', '--branch')).toBe('## task/x\n M a.txt\n');
  });

  it.each([
    ['went another way than the worktree', true],
    ['was moved back', false],
  ])('follows a branch that %s, and the user is told where the commits are', async (_, both) => {
    const plan = await start(worktrees, 'x');
    const { path } = plan.workspace;
    if (!both) scratch.commit({ 'bad.txt': 'bad\n' }, path);
    await releaseWith({ 'left.txt': 'left\n' }, plan);
    const head = both ? scratch.commit({ 'fix.txt': 'fix\n' }, path) : scratch.git('rev-parse', 'task/x').trim();
    scratch.git('branch', '--force', 'task/x', 'main');
    if (both) {
      scratch.git('switch', '--quiet', 'task/x');
      scratch.commit({ 'by-user.txt': 'u\n' });
      scratch.git('switch', '--quiet', 'main');
    }
    const tip = scratch.git('rev-parse', 'task/x').trim();
    await worktrees.prepare(nextRun(plan));
    expect(scratch.gitIn(path, 'rev-parse', 'HEAD', 'task/x')).toBe(`${tip}\n${tip}\n`);
    expect(scratch.git('rev-parse', left('x')).trim()).toBe(head);
    expect(scratch.notices).toEqual([expect.stringContaining(`git log task/x..${left('x')}`)]);
  });

  it('rebuilds a worktree that was deleted by hand on the branch that is there', async () => {
    const plan = await start(worktrees, 'x');
    scratch.commit({ 'c.txt': 'c' }, plan.workspace.path);
    rmSync(plan.workspace.path, { recursive: true });
    await worktrees.prepare(nextRun(plan));
    expect(scratch.gitIn(plan.workspace.path, 'status', '--porcelain', '--branch')).toBe('## task/x\n');
    expect(existsSync(join(plan.workspace.path, 'c.txt'))).toBe(true);
  });

  it('keeps commits that only a worktree deleted by hand knew of, and frees its branch', async () => {
    const plan = await start(worktrees, 'x');
    scratch.gitIn(plan.workspace.path, 'switch', '--quiet', '--detach');
    const tip = scratch.commit({ 'c.txt': 'c' }, plan.workspace.path);
    rmSync(plan.workspace.path, { recursive: true });
    await worktrees.prepare(nextRun(plan));
    expect(scratch.git('rev-parse', left('x')).trim()).toBe(tip);
    rmSync(plan.workspace.path, { recursive: true });
    await worktrees.release(nextRun(plan), false);
    scratch.git('switch', '--quiet', 'task/x');
  });

  it('is not held up by the lock of a git command that was killed with its agent', async () => {
    const plan = await start(worktrees, 'x');
    writeFileSync(join(scratch.dir, '.git', 'worktrees', 'x', 'index.lock'), '');
    await worktrees.prepare(nextRun(plan));
    scratch.commit({ 'c.txt': 'c' }, plan.workspace.path);
  });

  it('makes a deleted branch again from what was kept of it', async () => {
    const plan = await start(worktrees, 'x');
    const tip = scratch.commit({ 'c.txt': 'c' }, plan.workspace.path);
    await worktrees.keep(plan);
    await worktrees.release(plan, true);
    scratch.git('branch', '-D', 'task/x');
    await worktrees.prepare(nextRun(plan));
    expect(scratch.git('rev-parse', 'task/x').trim()).toBe(tip);
    await worktrees.release(nextRun(plan), false);
    scratch.git('branch', '-D', 'task/x');
    await worktrees.prepare({ ...nextRun(plan), n: 3 });
    expect(scratch.git('rev-parse', 'task/x').trim()).toBe(tip);
  });
});

describe('what a run left', () => {
  it('is counted in commits, lines and uncommitted paths', async () => {
    const plan = await start(worktrees, 'x');
    const { path } = plan.workspace;
    expect(await worktrees.inspect(plan)).toEqual({
      tip: first,
      commits: 0,
      diffstat: { files: 0, insertions: 0, deletions: 0 },
      changesWhatRuns: [],
      dirty: [],
      ...{ asGiven: [], ignored: [], repositories: [], elsewhere: [], merge: null },
    });
    scratch.write({ '.env': 'new\n' }, path);
    expect((await worktrees.inspect(plan)).ignored).toEqual([expect.stringMatching(/^\.env \(.*:\d+: \.env\)$/)]);
    scratch.commit({ 'c.txt': 'c\nc\n' }, path);
    const tip = scratch.commit({ 'a.txt': 'A\n' }, path);
    scratch.write({ 'dir/b.txt': 'B\n', 'sp ace/ü.txt': 'new\n', '.env': 'ignored\n' }, path);
    expect(await worktrees.inspect(plan)).toEqual({
      tip,
      ...{ asGiven: [], ignored: [], merge: null },
      elsewhere: [],
      repositories: [],
      commits: 2,
      diffstat: { files: 2, insertions: 3, deletions: 1 },
      changesWhatRuns: [],
      dirty: ['dir/b.txt', 'sp ace/'],
    });
  });

  it('is told as far as it decides what runs for whoever merges it', async () => {
    const plan = await start(worktrees, 'x');
    const { path } = plan.workspace;
    const files = {
      'package.json': '{ "version": "2", "scripts": { "test": "evil" } }',
      'web/package.json': '{ "version": "2" }',
      'sub/.mcp.json': '{}',
      'src/claude.md.txt': '',
      'docs/makefile.txt': '',
      '.GitHub/workflows/ci.yml': '',
      Makefile: '',
      '.claude/skills/x/SKILL.md': '',
    };
    scratch.commit(files, path);
    expect((await worktrees.inspect(plan)).changesWhatRuns).toEqual([
      ...[
        '.GitHub/workflows/ci.yml',
        '.claude/skills/x/SKILL.md',
        'Makefile',
        'package.json (scripts)',
        'sub/.mcp.json',
      ],
    ]);
    scratch.commit({ 'package.json': 'no JSON' }, path);
    expect((await worktrees.inspect(plan)).changesWhatRuns).toContain('package.json');
  });

  it('is bounded in the paths it names, and names those in conflict', async () => {
    const plan = await start(worktrees, 'x');
    const { path } = plan.workspace;
    scratch.branch('other', { 'a.txt': 'other\n' });
    scratch.commit({ 'a.txt': 'mine\n' }, path);
    expect(() => scratch.gitIn(path, 'merge', 'other')).toThrow();
    expect((await worktrees.inspect(plan)).dirty).toEqual(['a.txt']);
    scratch.write(Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`n${String(index)}`, 'n'])), path);
    expect((await worktrees.inspect(plan)).dirty).toHaveLength(20);
  });

  it('counts where the agent went ahead on another branch, and the branch catches up', async () => {
    const plan = await start(worktrees, 'x');
    const { path } = plan.workspace;
    scratch.gitIn(path, 'switch', '--quiet', '-c', 'feature');
    const tip = scratch.commit({ 'c.txt': 'c' }, path);
    expect(await worktrees.inspect(plan)).toMatchObject({ tip, commits: 1, dirty: [] });
    await worktrees.release(plan, false);
    expect(scratch.git('rev-parse', 'task/x').trim()).toBe(tip);
  });

  it('names commits that went elsewhere than the branch', async () => {
    const plan = await start(worktrees, 'x');
    const { path } = plan.workspace;
    const tip = scratch.commit({ 'c.txt': 'c' }, path);
    scratch.gitIn(path, 'switch', '--quiet', '--detach', first);
    const strayed = scratch.commit({ 'd.txt': 'd' }, path);
    expect(await worktrees.inspect(plan)).toMatchObject({
      tip,
      commits: 1,
      dirty: ["(commits on a detached HEAD that are not on the task's branch)"],
    });
    await worktrees.release(plan, false);
    expect(scratch.git('rev-parse', 'task/x', 'refs/branchboard/done/x', left('x'))).toBe(
      `${tip}\n${tip}\n${strayed}\n`,
    );
  });

  it('is found though the agent deleted or renamed its branch', async () => {
    const plan = await start(worktrees, 'x');
    const tip = scratch.commit({ 'c.txt': 'c' }, plan.workspace.path);
    scratch.gitIn(plan.workspace.path, 'branch', '-m', 'feature');
    expect(await worktrees.inspect(plan)).toMatchObject({ tip, commits: 1 });
    await worktrees.release(plan, false);
    expect(scratch.git('rev-parse', 'task/x').trim()).toBe(tip);
  });

  it("never makes git take the user's checkout for a worktree that lost its link", async () => {
    const plan = await start(worktrees, 'x');
    scratch.write({ 'a.txt': 'half done\n' }, plan.workspace.path);
    const before = scratch.userState();
    writeFileSync(join(plan.workspace.path, '.git'), `gitdir: ${join(scratch.dir, '.git')}\n`);
    await worktrees.keep(plan);
    await worktrees.release(plan, true);
    rmSync(join(plan.workspace.path, '.git'));
    await worktrees.keep(plan);
    await worktrees.release(plan, true);
    expect(scratch.userState()).toBe(before);
    expect(existsSync(join(plan.workspace.path, 'a.txt'))).toBe(true);
  });
});

describe('a link that leads elsewhere', () => {
  it('to the worktree of another task or of another repository, is not followed', async () => {
    const mine = await start(worktrees, 'x');
    const other = await start(worktrees, 'y');
    const link = join(mine.workspace.path, '.git');
    writeFileSync(link, readFileSync(join(other.workspace.path, '.git')));
    await worktrees.release(mine, true);
    expect(scratch.gitIn(other.workspace.path, 'status', '--branch', '--porcelain')).toBe('## task/y\n');

    const foreign = new Scratch();
    try {
      foreign.commit({ 'a.txt': 'a' });
      rmSync(mine.workspace.path, { recursive: true });
      foreign.git('worktree', 'add', '--quiet', '-b', 'task/x', mine.workspace.path);
      await worktrees.release(mine, true);
      expect(foreign.gitIn(mine.workspace.path, 'status', '--branch', '--porcelain')).toBe('## task/x\n');
    } finally {
      foreign.remove();
    }
  });
});

describe('keeping', () => {
  it('puts all that is not ignored under a ref and touches nothing', async () => {
    const plan = await start(worktrees, 'x');
    const { path } = plan.workspace;
    scratch.write({ 'staged.txt': 's\n', 'dir/b.txt': 'B\n', 'new/ü .txt': 'n\n', '.env': 'ignored\n' }, path);
    rmSync(join(path, 'a.txt'));
    scratch.gitIn(path, 'add', 'staged.txt');
    scratch.gitIn(path, 'init', '--quiet', 'nested');
    const before = scratch.gitIn(path, 'status', '--porcelain');
    await worktrees.keep(plan);
    expect(scratch.gitIn(path, 'status', '--porcelain')).toBe(before);
    const ref = 'refs/branchboard/kept/x/1';
    expect(scratch.git('ls-tree', '-r', '--name-only', '-z', ref).split('\0')).toEqual([
      '.gitignore',
      'dir/b.txt',
      'new/ü .txt',
      'staged.txt',
      '',
    ]);
    expect(scratch.git('show', `${ref}:dir/b.txt`)).toBe('B\n');
    expect(scratch.git('rev-parse', `${ref}^`).trim()).toBe(first);
  });

  it('needs only a ref where all is committed', async () => {
    const plan = await start(worktrees, 'x');
    const tip = scratch.commit({ 'c.txt': 'c' }, plan.workspace.path);
    await worktrees.keep(plan);
    expect(scratch.git('rev-parse', 'refs/branchboard/kept/x/1').trim()).toBe(tip);
  });

  it('works where the agent left no index, or a merge in the middle', async () => {
    const plan = await start(worktrees, 'x');
    scratch.branch('other', { 'a.txt': 'other\n' });
    scratch.commit({ 'a.txt': 'mine\n' }, plan.workspace.path);
    expect(() => scratch.gitIn(plan.workspace.path, 'merge', 'other')).toThrow();
    await worktrees.keep(plan);
    expect(scratch.git('show', 'refs/branchboard/kept/x/1:a.txt')).toContain('<<<<<<<');
    rmSync(join(scratch.dir, '.git', 'worktrees', 'x', 'index'));
    await worktrees.keep({ ...plan, n: 2 });
    expect(scratch.git('show', 'refs/branchboard/kept/x/2:a.txt')).toContain('<<<<<<<');
  });
});

describe('letting go', () => {
  it('frees the branch for the user and keeps its tip', async () => {
    const plan = await start(worktrees, 'x');
    const { path } = plan.workspace;
    const tip = scratch.commit({ 'c.txt': 'c' }, path);
    scratch.write({ 'a.txt': 'half done\n' }, path);
    await worktrees.release(plan, true);
    expect(scratch.gitIn(path, 'status', '--porcelain', '--branch')).toBe('## HEAD (no branch)\n M a.txt\n');
    expect(scratch.git('rev-parse', 'refs/branchboard/done/x').trim()).toBe(tip);
    scratch.git('switch', '--quiet', 'task/x');
    await worktrees.release(plan, false);
  });

  it('removes a clean worktree, keeps a branch with work, and deletes an empty one of a task that is given up', async () => {
    const worked = await start(worktrees, 'x');
    const idle = await start(worktrees, 'y');
    const tip = scratch.commit({ 'c.txt': 'c' }, worked.workspace.path);
    const nothingToDo = await start(worktrees, 'z');
    for (const plan of [worked, idle]) await worktrees.release(plan, true);
    await worktrees.release(nothingToDo, false);
    expect(existsSync(nothingToDo.workspace.path)).toBe(false);
    expect(await worktrees.branchExists('task/z')).toBe(true);
    expect(existsSync(worked.workspace.path)).toBe(false);
    expect(existsSync(idle.workspace.path)).toBe(false);
    expect(scratch.git('rev-parse', 'task/x').trim()).toBe(tip);
    expect(await worktrees.branchExists('task/x')).toBe(true);
    expect(await worktrees.branchExists('task/y')).toBe(false);
  });

  it('leaves a worktree alone that the user locked or that git will not remove', async () => {
    const locked = await start(worktrees, 'x');
    scratch.git('worktree', 'unlock', locked.workspace.path);
    scratch.git('worktree', 'lock', '--reason', 'mine', locked.workspace.path);
    await worktrees.release(locked, true);
    expect(existsSync(locked.workspace.path)).toBe(true);
  });

  it('tells whose work is merged, and how to look at a branch', async () => {
    const a = finished('a', scratch.branch('task/a', { 'a2.txt': 'a' }));
    const b = finished('b', scratch.branch('task/b', { 'b2.txt': 'b' }));
    scratch.git('merge', '--quiet', '--no-ff', '-m', 'merge', 'task/a');
    const none = finished('none', '0'.repeat(40));
    expect(await worktrees.findMerged('main', [a, b, none])).toEqual(['a']);
    expect(await worktrees.findMerged(null, [a, b])).toEqual(['a']);
    expect(await worktrees.findMerged('no-such-base', [a, b])).toEqual([]);
    expect(worktrees.diffCommand('main', 'task/a')).toBe('git diff main...task/a');
    expect(worktrees.diffCommand('main', 'task/$x')).toBe('git diff main...task/\\$x');
  });
});

describe('two boards in one repository', () => {
  it('with a task of the same id each keep both works, and take neither for the other', async () => {
    const linked = join(scratch.root, 'linked');
    scratch.git('worktree', 'add', '--quiet', '--detach', linked);
    const other = await scratch.worktrees({ dir: linked });
    const mine = await start(worktrees, 'x');
    const theirs = await start(other, 'x');
    const work = {
      mine: scratch.commit({ 'mine.txt': 'm' }, mine.workspace.path),
      theirs: scratch.commit({ 'theirs.txt': 't' }, theirs.workspace.path),
    };
    await worktrees.release(mine, true);
    await other.release(theirs, true);
    for (const branch of ['task/x', 'task/x-2']) scratch.git('branch', '--quiet', '-D', branch);
    for (const commit of [work.mine, work.theirs])
      expect(scratch.git('for-each-ref', '--contains', commit, 'refs/branchboard')).not.toBe('');
    const dependencies = [handoff('x', 'task/x', work.mine)];
    expect(await worktrees.resolveBase({ task: taskId('y'), start: null, dependencies })).toEqual({
      ok: true,
      value: { commit: work.mine },
    });
    scratch.git('merge', '--quiet', work.theirs);
    expect(await worktrees.findMerged('main', [finished('x', work.mine)])).toEqual([]);
    expect(await other.findMerged('main', [finished('x', work.theirs)])).toEqual(['x']);
  });
});

describe('an unusual repository', () => {
  /** A whole life of a task: made, worked in, looked at, kept, released. */
  async function live(board: GitWorktrees): Promise<void> {
    const plan = await start(board, 'life');
    scratch.write({ 'done.txt': 'done\n' }, plan.workspace.path);
    expect((await board.inspect(plan)).dirty).toEqual(['done.txt']);
    await board.keep(plan);
    scratch.gitIn(plan.workspace.path, 'add', '-A');
    scratch.gitIn(
      plan.workspace.path,
      '-c',
      'core.hooksPath=/dev/null',
      '-c',
      'commit.gpgsign=false',
      'commit',
      '-qm',
      'x',
    );
    expect(await board.inspect(plan)).toMatchObject({ commits: 1, dirty: [] });
    await board.release(plan, true);
    expect(existsSync(plan.workspace.path)).toBe(false);
  }

  it('may have a path with spaces, quotes and unicode', async () => {
    const odd = new Scratch({ name: 'spa ce "q" \'ü 日本' });
    try {
      odd.commit({ 'a.txt': 'a' });
      const board = await odd.worktrees();
      const plan = await start(board, 'x');
      expect(await board.inspect(plan)).toMatchObject({ commits: 0, dirty: [] });
      await board.prepare({ ...plan, n: 2, cause: { kind: 'interrupted' } });
      await board.release(plan, true);
      expect(existsSync(plan.workspace.path)).toBe(false);
    } finally {
      odd.remove();
    }
  });

  it('may have a detached HEAD', async () => {
    scratch.git('checkout', '--quiet', '--detach');
    await live(worktrees);
  });

  it('may be a worktree itself', async () => {
    const linked = join(scratch.root, 'linked');
    scratch.git('worktree', 'add', '--quiet', '-b', 'mine', linked);
    const tip = scratch.commit({ 'only-here.txt': 'x' }, linked);
    const board = await scratch.worktrees({ dir: linked });
    const plan = await start(board, 'x');
    expect(plan.workspace.base).toBe(tip);
    expect(plan.workspace.path).toBe(join(`${linked}.worktrees`, 'x'));
    await board.release(plan, true);
    await live(board);
  });

  it('may have hooks, husky, a signing key that asks for a passphrase, and a file system monitor', async () => {
    const hooks = join(scratch.dir, '.husky', '_');
    const ran = join(scratch.root, 'hook-ran');
    for (const name of ['post-checkout', 'reference-transaction', 'pre-commit', 'post-commit', 'post-index-change']) {
      for (const folder of [hooks, join(scratch.dir, '.git', 'hooks')]) {
        scratch.write({ [name]: `#!/bin/sh\necho ${name} >> '${ran}'\nexit 1\n` }, folder);
        chmodSync(join(folder, name), 0o755);
      }
    }
    for (const setting of [
      'core.hooksPath=.husky/_',
      'commit.gpgsign=true',
      'gpg.program=/bin/false',
      'core.fsmonitor=/bin/false',
    ]) {
      scratch.git('config', ...(setting.split('=') as [string, string]));
    }
    const plan = await start(worktrees, 'x');
    scratch.write({ 'c.txt': 'c' }, plan.workspace.path);
    await worktrees.inspect(plan);
    await worktrees.keep(plan);
    await worktrees.release(plan, true);
    expect(scratch.git('ls-tree', '--name-only', 'refs/branchboard/kept/x/1')).toContain('c.txt');
    expect(existsSync(ran)).toBe(false);
    rmSync(join(scratch.dir, '.git', 'config'));
    scratch.git('init', '--quiet');
  });

  it('may have no git identity', async () => {
    writeFileSync(join(scratch.root, 'home', '.gitconfig'), '[user]\n\tuseConfigOnly = true\n');
    const plan = await start(worktrees, 'x');
    scratch.write({ 'c.txt': 'c' }, plan.workspace.path);
    await worktrees.keep(plan);
    await worktrees.release(plan, false);
    expect(scratch.git('log', '-1', '--format=%cn', 'refs/branchboard/kept/x/1').trim()).toBe('branchboard');
  });

  it('may have submodules: the user is told once which are empty, and not where `setup` fetches them', async () => {
    const library = new Scratch();
    try {
      library.commit({ 'lib.txt': 'lib' });
      scratch.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library.dir, 'lib');
      scratch.commit({});
      const fetching = await scratch.worktrees({
        runCommand: {
          run: ([, ...args], { cwd }) => {
            const outputTail = scratch.gitIn(cwd, ...args);
            return Promise.resolve({ argv: ['git', ...args], ok: true, outputTail });
          },
        },
      });
      scratch.git('config', '--global', 'protocol.file.allow', 'always');
      scratch.settings = { ...scratch.settings, setup: [['git', 'submodule', '--quiet', 'update', '--init']] };
      await start(fetching, 'fetched');
      expect(scratch.notices).toEqual([]);
      scratch.settings = { ...scratch.settings, setup: [] };
      const plan = await start(worktrees, 'x');
      await start(worktrees, 'y');
      expect(scratch.notices).toEqual([expect.stringContaining('empty in new worktrees: lib. If agents need them')]);
      expect(await worktrees.inspect(plan)).toMatchObject({ commits: 0, dirty: [] });
      await worktrees.keep(plan);
      await worktrees.release(plan, true);
    } finally {
      library.remove();
    }
  });

  it('may hold the record of a worktree that a power cut broke', async () => {
    await start(worktrees, 'x');
    writeFileSync(join(scratch.dir, '.git', 'worktrees', 'x', 'commondir'), '');
    const plan = await start(worktrees, 'y');
    expect(existsSync(plan.workspace.path)).toBe(true);
    expect(scratch.notices).toEqual([expect.stringContaining('x/commondir was empty')]);
  });
});
