import { appendFileSync, chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunPlan } from '../../../../src/domain/run.ts';
import { Scratch, start } from '../scratch.ts';

let scratch: Scratch;

beforeEach(() => {
  scratch = new Scratch();
  scratch.commit({ 'a.txt': 'a\n', 'package-lock.json': '{}\n', '.gitignore': '.orchestrator/\n' });
  scratch.settings = { ...scratch.settings, setup: [['npm', 'install']] };
});
afterEach(() => scratch.remove());

/** Prepares the task `x`; its setup is `setUp`, in the worktree. */
async function begin(setUp: (path: string) => void) {
  const runCommand = {
    run: (argv: readonly [string, ...string[]], { cwd }: { readonly cwd: string }) => {
      setUp(cwd);
      return Promise.resolve({ argv, ok: true, outputTail: '' });
    },
  };
  const worktrees = await scratch.worktrees({ runCommand });
  const plan = await start(worktrees, 'x');
  return { worktrees, plan, path: plan.workspace.path };
}

const rewrite = (path: string) => {
  writeFileSync(join(path, 'package-lock.json'), '{ "rewritten": true }\n');
  writeFileSync(join(path, 'made.txt'), 'by setup\n');
};

describe('what setup leaves', () => {
  it('is not the agent’s as long as it stays as it is, and is told', async () => {
    const { worktrees, plan, path } = await begin(rewrite);
    scratch.write({ 'b.txt': 'b\n' }, path);
    scratch.gitIn(path, 'add', 'b.txt');
    scratch.gitIn(path, 'commit', '--quiet', '-m', 'b');
    expect(await worktrees.inspect(plan)).toMatchObject({
      commits: 1,
      dirty: [],
      asGiven: ['package-lock.json', 'made.txt'],
    });
    expect(scratch.notices.join()).toContain('package-lock.json, made.txt differed from the commit before');
    expect(scratch.notices.join()).toContain('npm ci');
  });

  it('is the agent’s once that changes it: its content, its mode, or that it is there', async () => {
    const { worktrees, plan, path } = await begin(rewrite);
    appendFileSync(join(path, 'package-lock.json'), '\n');
    expect((await worktrees.inspect(plan)).dirty).toEqual(['package-lock.json']);
    chmodSync(join(path, 'made.txt'), 0o755);
    rmSync(join(path, 'package-lock.json'));
    expect((await worktrees.inspect(plan)).dirty).toEqual(['package-lock.json', 'made.txt']);
  });

  it('is committed by an agent that wants to, and then no difference any more', async () => {
    const { worktrees, plan, path } = await begin(rewrite);
    scratch.commit({}, path);
    expect(await worktrees.inspect(plan)).toMatchObject({ commits: 1, dirty: [], asGiven: [] });
  });

  it('stays what it was for the next attempt', async () => {
    const { worktrees, plan, path } = await begin(rewrite);
    scratch.write({ 'package-lock.json': 'an agent\n' }, path);
    const next: RunPlan = { ...plan, n: 2, cause: { kind: 'interrupted' } };
    await worktrees.prepare(next);
    expect((await worktrees.inspect(next)).dirty).toEqual(['package-lock.json']);
  });

  it('does not hold the worktree of a task that is done', async () => {
    const { worktrees, plan, path } = await begin(rewrite);
    await worktrees.release(plan, false);
    expect(existsSync(path)).toBe(false);
  });

  it('is parted from what an earlier run had not committed where the worktree has to be made again', async () => {
    const { worktrees, plan, path } = await begin(rewrite);
    scratch.write({ 'b.txt': 'an agent\n' }, path);
    await worktrees.keep(plan);
    rmSync(path, { recursive: true });
    const next: RunPlan = { ...plan, n: 2, cause: { kind: 'interrupted' } };
    await worktrees.prepare(next);
    expect(await worktrees.inspect(next)).toMatchObject({
      dirty: ['b.txt'],
      asGiven: ['package-lock.json', 'made.txt'],
    });
  });
});

it('line ends that the repository’s attributes would change are not the agent’s', async () => {
  scratch.commit({ 'crlf.txt': 'one\r\ntwo\r\n' });
  scratch.write({ '.gitattributes': '*.txt text eol=lf\n' });
  scratch.git('add', '.gitattributes');
  scratch.git('commit', '--quiet', '-m', 'attributes');
  // Git looks at the content of a file only where its time says that it may have changed.
  const touch = (path: string) => writeFileSync(join(path, 'crlf.txt'), 'one\r\ntwo\r\n');
  const { worktrees, plan, path } = await begin(touch);
  touch(path);
  scratch.write({ 'b.txt': 'b\n' }, path);
  scratch.gitIn(path, 'add', 'b.txt');
  scratch.gitIn(path, 'commit', '--quiet', '-m', 'b');
  expect((await worktrees.inspect(plan)).dirty).toEqual([]);
});
