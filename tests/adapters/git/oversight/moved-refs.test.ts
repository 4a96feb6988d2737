/** What moved while an agent ran, on real git: what an agent does from its worktree, and what a user does meanwhile. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitWorktrees } from '../../../../src/adapters/git/worktree/worktrees.ts';
import { traceVariables } from '../../../../src/adapters/machine/git-trace.ts';
import type { MovedRef } from '../../../../src/domain/moved-ref.ts';
import type { RunPlan } from '../../../../src/domain/run.ts';
import { Scratch, start } from '../scratch.ts';

let scratch: Scratch;
let worktrees: GitWorktrees;
let plan: RunPlan;
let first: string;
/** The agent's commit. */
let made: string;

/** Keeps a run's plan as the board does, and takes its notes. */
async function begin(id: string): Promise<RunPlan> {
  const begun = await start(worktrees, id);
  const folder = join(scratch.dir, '.orchestrator', 'runs', id, '1');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(begun));
  await worktrees.noteRefs(begun);
  return begun;
}

/** A command of the agent's, in its worktree. */
function agent(...args: string[]): string {
  return agentIn(plan.workspace.path, ...args);
}

/** A command of the agent's, with what every process of its run has in its environment. */
function agentIn(cwd: string, ...args: string[]): string {
  const env = {
    ...scratch.env,
    ...traceVariables(join(scratch.dir, '.orchestrator', 'runs', plan.task, String(plan.n))),
  };
  return execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

async function moved(): Promise<readonly Omit<MovedRef, 'checkout'>[]> {
  return (await worktrees.listMoved(plan)).map(({ ref, from, to }) => ({ ref, from, to }));
}

/** A log of git's knows the second alone. */
async function waitForNextSecond(): Promise<void> {
  await setTimeout(1000 - (Date.now() % 1000) + 5);
}

beforeEach(async () => {
  scratch = new Scratch();
  first = scratch.commit({ 'a.txt': 'a\n', '.gitignore': '.orchestrator/\n' });
  scratch.git('branch', 'old');
  scratch.git('branch', 'ahead', scratch.branch('made', { 'm.txt': 'm\n' }));
  scratch.git('tag', '-a', 'v1', '-m', 'one');
  worktrees = await scratch.worktrees();
  plan = await begin('x');
  made = scratch.commit({ 'x.txt': 'x\n' }, plan.workspace.path);
});
afterEach(() => scratch.remove());

describe('of what an agent does beside its own branch', () => {
  it('nothing is told where it did nothing', async () => {
    expect(await moved()).toEqual([]);
  });

  it('a branch of the user’s checkout that it moved is told, with the checkout', async () => {
    agent('update-ref', 'refs/heads/main', 'HEAD');
    const told = { ref: 'refs/heads/main', from: first, to: made, checkout: scratch.dir };
    expect(await worktrees.listMoved(plan)).toEqual([told]);
  });

  it('it is told as well where the commit is none of the agent’s', async () => {
    const ahead = agent('rev-parse', 'ahead');
    agent('update-ref', 'refs/heads/main', 'ahead');
    expect(await moved()).toEqual([{ ref: 'refs/heads/main', from: first, to: ahead }]);
  });

  it('new branches and tags that hold its commits are told', async () => {
    agent('branch', 'evil');
    agent('branch', 'task/evil');
    agent('tag', 'evil');
    agent('tag', '-a', 'noted', '-m', 'x');
    agent('update-ref', 'refs/heads/--evil', 'HEAD');
    const refs = (await moved()).map(({ ref }) => ref);
    expect(refs.sort()).toEqual(
      ['heads/--evil', 'heads/evil', 'heads/task/evil', 'tags/evil', 'tags/noted'].map((name) => `refs/${name}`),
    );
  });

  it('so are those that hold commits which it took back, or made on a HEAD of its own', async () => {
    agent('checkout', '--quiet', '--detach');
    const aside = scratch.commit({ 'y.txt': 'y\n' }, plan.workspace.path);
    agent('branch', 'hidden');
    agent('checkout', '--quiet', 'task/x');
    agent('commit', '--quiet', '--amend', '-m', 'other');
    agent('branch', 'amended', made);
    const told = await moved();
    expect(told).toContainEqual({ ref: 'refs/heads/hidden', from: null, to: aside });
    expect(told).toContainEqual({ ref: 'refs/heads/amended', from: null, to: made });
  });

  it('branches and tags that it deleted or took back are told', async () => {
    const [ahead, tag] = [agent('rev-parse', 'ahead'), agent('rev-parse', 'v1')];
    agent('branch', '-D', 'old');
    agent('tag', '-d', 'v1');
    agent('update-ref', 'refs/heads/ahead', first);
    expect(await moved()).toEqual([
      { ref: 'refs/heads/ahead', from: ahead, to: first },
      { ref: 'refs/heads/old', from: first, to: null },
      { ref: 'refs/tags/v1', from: tag, to: null },
    ]);
  });

  it('an object that it replaced is told', async () => {
    agent('replace', first, made);
    expect(await moved()).toEqual([{ ref: `refs/replace/${first}`, from: null, to: made }]);
  });

  it('a checkout of the user’s that it put on a branch of its own is told', async () => {
    agent('branch', 'evil');
    scratch.git('checkout', '--quiet', 'evil');
    expect(await moved()).toContainEqual({ ref: 'HEAD', from: 'refs/heads/main', to: 'refs/heads/evil' });
  });

  it('so is one whose HEAD changed though its log says nothing', async () => {
    scratch.git('symbolic-ref', 'HEAD', 'refs/heads/old');
    expect(await moved()).toEqual([{ ref: 'HEAD', from: 'refs/heads/main', to: 'refs/heads/old' }]);
  });

  it('a role that only reads is watched as well', async () => {
    const reader = await start(worktrees, 'r', true);
    mkdirSync(join(scratch.dir, '.orchestrator', 'runs', 'r', '1'), { recursive: true });
    await worktrees.noteRefs(reader);
    scratch.gitIn(reader.workspace.path, 'branch', '-D', 'old');
    expect(await worktrees.listMoved(reader)).toMatchObject([{ ref: 'refs/heads/old', to: null }]);
  });
});

describe('of what an agent does in a checkout of the user’s', () => {
  const empty = ['commit', '--quiet', '--allow-empty', '--message=x'];
  it.each([
    {
      ways: 'commits, amends, resets, merges or pulls',
      commands: [
        [empty],
        [['commit', '--quiet', '--amend', '--allow-empty', '--message=other']],
        [['reset', '--quiet', '--hard', 'ahead']],
        [['merge', '--quiet', 'ahead']],
        [['merge', '--quiet', '--no-ff', '--no-edit', 'task/x']],
        [['pull', '--quiet', '.', 'ahead']],
      ],
    },
    {
      ways: 'picks, reverts, rebases, sets the ref, names the folder, uses an alias or comes back',
      commands: [
        [['cherry-pick', 'ahead']],
        [['revert', '--no-edit', 'HEAD']],
        [['rebase', '--quiet', 'ahead']],
        [['update-ref', 'HEAD', 'ahead']],
        [['--git-dir=.git', '--work-tree=.', ...empty]],
        [['-c', `alias.ci=${empty.join(' ')}`, 'ci']],
        [['switch', '--quiet', 'old'], empty, ['switch', '--quiet', 'main']],
      ],
    },
  ])('it is told where it $ways', async ({ commands }) => {
    const look = (): string[] => scratch.git('for-each-ref', '--format=%(refname) %(objectname)').split('\n');
    for (const row of commands) {
      scratch.git('reset', '--quiet', '--hard', first);
      await worktrees.noteRefs(plan);
      const before = look();
      for (const args of row) agentIn(scratch.dir, ...args);
      const changed = look().filter((line) => !before.includes(line));
      const told = (await moved()).filter(({ ref }) => ref !== 'HEAD');
      expect(told.map(({ ref, to }) => `${ref} ${String(to)}`)).toEqual(changed);
      expect(changed).toHaveLength(1);
    }
  });

  it('it is told where the user went on from there', async () => {
    agentIn(scratch.dir, ...empty);
    await waitForNextSecond();
    const on = scratch.commit({ 'u.txt': 'u\n' });
    expect(await moved()).toEqual([{ ref: 'refs/heads/main', from: first, to: on }]);
  });

  it('it is told where it put the checkout on another branch, not what the user did there', async () => {
    agentIn(scratch.dir, 'switch', '--quiet', 'old');
    await waitForNextSecond();
    const own = scratch.commit({ 'u.txt': 'u\n' });
    expect(own).not.toBe('');
    expect(await moved()).toEqual([{ ref: 'HEAD', from: 'refs/heads/main', to: 'refs/heads/old' }]);
  });

  it('it is told where it resets the checkout to where it was, as over changes of the user’s', async () => {
    scratch.write({ 'a.txt': 'mine\n' });
    agentIn(scratch.dir, 'reset', '--quiet', '--hard');
    const main = 'refs/heads/main';
    expect(await worktrees.listMoved(plan)).toEqual([{ ref: 'HEAD', from: main, to: main, checkout: scratch.dir }]);
  });

  it('it is told where it stashes their changes, or drops what they stashed; a stash of theirs is not', async () => {
    const stashes = async () => (await moved()).filter(({ ref }) => ref === 'refs/stash');
    scratch.write({ 'a.txt': 'mine\n' });
    scratch.git('stash', 'push', '--quiet');
    expect(await stashes()).toEqual([]);
    await worktrees.noteRefs(plan);
    const from = scratch.git('rev-parse', 'refs/stash').trim();
    scratch.write({ 'a.txt': 'mine, too\n' });
    agentIn(scratch.dir, 'stash', 'push', '--quiet');
    expect(await stashes()).toEqual([{ ref: 'refs/stash', from, to: scratch.git('rev-parse', 'refs/stash').trim() }]);
    agentIn(scratch.dir, 'stash', 'clear');
    expect(await stashes()).toEqual([{ ref: 'refs/stash', from, to: null }]);
  });

  it('it is told of another worktree of theirs, and of the git folder that a variable names', async () => {
    const dir = join(scratch.root, 'second');
    scratch.git('worktree', 'add', '--quiet', dir, 'old');
    await worktrees.noteRefs(plan);
    agentIn(dir, ...empty);
    agent(`--git-dir=${join(scratch.dir, '.git')}`, ...empty);
    expect((await worktrees.listMoved(plan)).map(({ ref, checkout }) => [ref, checkout])).toEqual([
      ['refs/heads/main', scratch.dir],
      ['refs/heads/old', dir],
    ]);
  });

  it('nothing is told where it only looked, and the user commits in the same second', async () => {
    agentIn(scratch.dir, 'status');
    agentIn(scratch.dir, 'log', '-1');
    scratch.commit({ 'u.txt': 'u\n' });
    agentIn(scratch.dir, 'status');
    expect(await moved()).toEqual([]);
  });

  it('nothing is told where it commits in its worktree at the same time', async () => {
    scratch.commit({ 'u.txt': 'u\n' });
    agent(...empty);
    expect(await moved()).toEqual([]);
  });
});

describe('of what the user does meanwhile', () => {
  it('nothing is told of commits, switches, rebases, new branches, renames and tags', async () => {
    scratch.commit({ 'b.txt': 'b\n' });
    scratch.git('switch', '--quiet', '-c', 'feature');
    scratch.commit({ 'c.txt': 'c\n' });
    scratch.git('rebase', '--quiet', '--onto', 'ahead', 'HEAD~1');
    scratch.git('branch', '-m', 'renamed');
    scratch.git('switch', '--quiet', 'main');
    scratch.git('reset', '--quiet', '--hard', 'HEAD~1');
    scratch.git('merge', '--quiet', 'ahead');
    scratch.git('branch', 'later', 'renamed');
    scratch.git('branch', '-f', 'old', 'main');
    scratch.git('tag', 'v2');
    scratch.git('switch', '--quiet', '--detach', 'v2');
    expect(await moved()).toEqual([]);
  });

  it('nothing is told of a merge of the task’s own branch, with a merge commit and without', async () => {
    scratch.git('merge', '--quiet', 'task/x');
    expect(await moved()).toEqual([]);
    scratch.git('reset', '--quiet', '--hard', first);
    scratch.git('merge', '--quiet', '--no-ff', 'task/x');
    scratch.commit({ 'on-top.txt': 'x\n' });
    expect(await moved()).toEqual([]);
  });

  it('nothing is told where the agent took the user’s new commits into its branch', async () => {
    const user = scratch.commit({ 'u.txt': 'u\n' });
    agent('merge', '--quiet', 'main');
    agent('branch', 'copy', user);
    expect(await moved()).toEqual([]);
  });

  it('a reset of the checkout to the agent’s commits is told', async () => {
    scratch.git('reset', '--quiet', '--hard', 'task/x');
    expect(await moved()).toEqual([{ ref: 'refs/heads/main', from: first, to: made }]);
  });

  it('nothing is told of what was done in another worktree of theirs', async () => {
    const dir = join(scratch.root, 'second');
    scratch.git('worktree', 'add', '--quiet', dir, 'old');
    await worktrees.noteRefs(plan);
    scratch.commit({ 's.txt': 's\n' }, dir);
    expect(await moved()).toEqual([]);
    agent('update-ref', 'refs/heads/old', 'HEAD');
    expect(await worktrees.listMoved(plan)).toMatchObject([{ ref: 'refs/heads/old', checkout: dir }]);
  });
});

it('of the branches of other tasks, which move by their own agents, only who judges the work is told', async () => {
  const other = await begin('y');
  scratch.commit({ 'y.txt': 'y\n' }, other.workspace.path);
  const workspace = { kind: 'detached', path: join(scratch.dir, 'judged'), base: first } as const;
  const judging: RunPlan = { ...other, n: 2, purpose: 'judge', workspace };
  mkdirSync(join(scratch.dir, '.orchestrator', 'runs', 'y', '2'));
  writeFileSync(join(scratch.dir, '.orchestrator', 'runs', 'y', '2', 'plan.json'), JSON.stringify(judging));
  await worktrees.noteRefs(plan);
  await worktrees.noteRefs(judging);
  scratch.gitIn(other.workspace.path, 'commit', '--quiet', '--amend', '-m', 'rewritten');
  await worktrees.keep(other);
  await worktrees.release(other, true);
  expect(await moved()).toEqual([]);
  expect(await worktrees.listMoved(judging)).toMatchObject([{ ref: 'refs/heads/task/y' }]);
});

it('a run without notes tells nothing, and what can not be told keeps nobody', async () => {
  expect(await worktrees.listMoved({ ...plan, n: 2 })).toEqual([]);
  writeFileSync(join(scratch.dir, '.git', 'packed-refs'), 'broken');
  expect(await moved()).toEqual([]);
  expect(scratch.notices.join()).toContain('x: it can’t be told'.replace('’', "'"));
});
