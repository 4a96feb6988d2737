/** What must be so before a worktree is removed, and what a removal that is cut off leaves. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitWorktrees } from '../../../../src/adapters/git/worktree/worktrees.ts';
import type { RunPlan } from '../../../../src/domain/run.ts';
import { fakeGit } from '../fake-git.ts';
import { planFor, Scratch, start, taskId } from '../scratch.ts';

let scratch: Scratch;
let worktrees: GitWorktrees;

beforeEach(async () => {
  scratch = new Scratch();
  scratch.commit({ 'a.txt': 'a\n', 'dir/b.txt': 'b\n', '.gitignore': '.env\nvendor/\n.orchestrator/\n' });
  worktrees = await scratch.worktrees();
});
afterEach(() => scratch.remove());

const nextRun = (plan: RunPlan): RunPlan => ({ ...plan, n: plan.n + 1, cause: { kind: 'retried', fault: null } });
const record = (...parts: readonly string[]): string => join(scratch.dir, '.git', 'worktrees', 'x', ...parts);
const told = (): string => scratch.notices.join('\n');
const status = (path: string): string => scratch.gitIn(path, 'status', '--porcelain', '--branch').trimEnd();

/** A repository of its own, with a commit, in a folder that git ignores. */
function nest(path: string): string {
  mkdirSync(join(path, 'vendor', 'lib'), { recursive: true });
  scratch.gitIn(join(path, 'vendor', 'lib'), 'init', '--quiet');
  return scratch.commit({ 'lib.txt': 'lib\n' }, join(path, 'vendor', 'lib'));
}

/** The worktree of a plan whose checkout was cut off. */
async function cutOff(): Promise<RunPlan> {
  const plan = await start(worktrees, 'x');
  for (const name of ['branchboard-ready', 'index']) rmSync(record(name));
  rmSync(join(plan.workspace.path, 'dir'), { recursive: true });
  return plan;
}

describe('a worktree is not removed, and that is told, where it holds', () => {
  it.each<[string, (path: string) => void, RegExp]>([
    ['an ignored repository with commits', (path) => void nest(path), /vendor\/lib\/ \(a repository of its own\)/],
    [
      'what a rebase put aside',
      (path) => {
        scratch.branch('other', { 'dir/b.txt': 'other\n' });
        scratch.commit({ 'c.txt': 'mine\n' }, path);
        scratch.commit({ 'dir/b.txt': 'mine\n' }, path);
        scratch.write({ 'a.txt': 'not committed\n' }, path);
        expect(() => scratch.gitIn(path, 'rebase', '--autostash', 'other')).toThrow();
        scratch.gitIn(path, 'checkout', '--quiet', '--force', 'HEAD');
      },
      /worktrees\/x\/rebase-merge/,
    ],
    [
      'a ref of its own',
      (path) => scratch.gitIn(path, 'update-ref', 'refs/worktree/mine', 'HEAD'),
      /worktrees\/x\/refs/,
    ],
    [
      'files that are not committed',
      (path) => scratch.write({ 'new.txt': 'new\n' }, path),
      /new\.txt \(not committed\)/,
    ],
    [
      "somebody else's lock",
      (path) => {
        scratch.git('worktree', 'unlock', path);
        scratch.git('worktree', 'lock', '--reason', 'mine', path);
      },
      /not locked by the board/,
    ],
    [
      'nothing, but is a link to another place',
      (path) => {
        renameSync(path, join(scratch.root, 'elsewhere'));
        symlinkSync(join(scratch.root, 'elsewhere'), path);
      },
      /a link/,
    ],
  ])('%s', async (_, leave, words) => {
    const plan = await start(worktrees, 'x');
    const { path } = plan.workspace;
    leave(path);
    await worktrees.release(plan, true);
    expect(existsSync(join(path, 'a.txt'))).toBe(true);
    expect(existsSync(record('HEAD'))).toBe(true);
    expect(told()).toMatch(words);
    expect(told()).toContain(`worktree remove --force --force ${path}`);
  });
});

describe('a worktree is removed', () => {
  it('with its ignored files, and with files that git was told not to look at', async () => {
    const plan = await start(worktrees, 'x');
    const { path } = plan.workspace;
    scratch.write({ '.env': 'SECRET\n', 'vendor/built.js': 'built\n' }, path);
    scratch.gitIn(path, 'update-index', '--skip-worktree', 'a.txt', 'dir/b.txt');
    scratch.write({ 'a.txt': 'edited\n' }, path);
    rmSync(join(path, 'dir'), { recursive: true });
    await worktrees.release(plan, true);
    expect(readdirSync(dirname(path))).toEqual([]);
    expect([existsSync(record()), told()]).toEqual([false, '']);
  });

  it('or is whole and in its place where git fails in the middle', async () => {
    const plan = await start(worktrees, 'x');
    const { path } = plan.workspace;
    const script = `case "$*" in *"worktree remove"*) for last; do :; done; rm -rf "$last/dir"; kill -9 $$;; esac; exec "$REAL" "$@"`;
    const board = await scratch.worktrees({ env: fakeGit(scratch, script).env });
    await board.release(plan, true);
    expect(told()).toMatch(/its worktree stays in .*, since it can't be removed/);
    await worktrees.prepare(nextRun(plan));
    expect(status(path)).toBe('## task/x');
  });

  it('and what a kill left of a removal is finished later', async () => {
    const plan = await start(worktrees, 'x');
    const { path } = plan.workspace;
    scratch.gitIn(path, 'checkout', '--quiet', '--detach');
    const removed = join(dirname(path), '.branchboard-removed-1-x');
    renameSync(path, removed);
    rmSync(join(removed, 'dir'), { recursive: true });
    await start(worktrees, 'y');
    expect([existsSync(removed), existsSync(record())]).toEqual([false, false]);
    await worktrees.prepare(nextRun(plan));
    expect(status(path)).toBe('## task/x');
  });
});

describe('what stands where a run is to work', () => {
  it("somebody else's locked worktree is left alone, with what to do", async () => {
    const plan = await start(worktrees, 'x');
    const { path } = plan.workspace;
    scratch.git('worktree', 'remove', '--force', '--force', path);
    scratch.git('worktree', 'add', '--quiet', '--lock', '--reason', 'MINE, hands off', path, 'task/x');
    const tip = nest(path);
    scratch.write({ '.env': 'SECRET\n', 'two.txt': 'two\n' }, path);
    await expect(worktrees.prepare(nextRun(plan))).rejects.toMatchObject({
      fault: {
        reason: 'setup-failed',
        detail: expect.stringMatching(/"MINE, hands off"[^]*unlock[^]*retry x/) as string,
      },
    });
    expect(scratch.gitIn(join(path, 'vendor', 'lib'), 'rev-parse', 'HEAD').trim()).toBe(tip);
    expect(status(path)).toBe('## task/x\n?? two.txt');
  });

  it.each<[string, (path: string) => void]>([
    ['an ignored file', (path) => scratch.write({ '.env': 'SECRET\n' }, path)],
    ['a file', (path) => scratch.write({ 'found.txt': 'by hand\n' }, path)],
    ['an edit', (path) => scratch.write({ 'a.txt': 'edited\n' }, path)],
    ['a repository', (path) => void nest(path)],
    ['a worktree that is not locked', (path) => scratch.git('worktree', 'unlock', path)],
  ])('is put aside with its record where a half checkout holds %s', async (_, leave) => {
    const plan = await cutOff();
    const { path } = plan.workspace;
    leave(path);
    const aside = `${path}.aside-1`;
    const before = execFileSync('find', ['.', '-type', 'f'], { cwd: path, encoding: 'utf8' });
    await worktrees.prepare(nextRun(plan));
    expect(execFileSync('find', ['.', '-type', 'f'], { cwd: aside, encoding: 'utf8' })).toBe(before);
    expect(scratch.gitIn(aside, 'rev-parse', '--abbrev-ref', 'HEAD').trim()).toBe('HEAD');
    expect(scratch.git('worktree', 'list').trim().split('\n')).toHaveLength(3);
    expect(status(path)).toBe('## task/x');
    expect(told()).toContain(`it is now ${aside}`);
  });

  it('a link that leads nowhere is put aside', async () => {
    const plan = planFor(
      taskId('x'),
      await worktrees.choose(taskId('x'), scratch.git('rev-parse', 'main').trim(), false),
    );
    const { path } = plan.workspace;
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync('/nowhere', path);
    await worktrees.prepare(plan);
    expect(status(path)).toBe('## task/x');
    expect(readdirSync(dirname(path)).sort()).toEqual(['x', 'x.aside-1']);
  });
});

describe('a worktree whose setup failed', () => {
  it('is set up again as it is, with all that the user did there', async () => {
    scratch.settings = { ...scratch.settings, setup: [['test', '-e', '.env']] };
    const plan = planFor(
      taskId('x'),
      await worktrees.choose(taskId('x'), scratch.git('rev-parse', 'main').trim(), false),
    );
    const { path } = plan.workspace;
    scratch.setupOk = false;
    await expect(worktrees.prepare(plan)).rejects.toThrow(/setup command/);
    scratch.write({ '.env': 'SECRET\n' }, path);
    const tip = nest(path);
    await expect(worktrees.prepare(nextRun(plan))).rejects.toThrow(/setup command/);
    scratch.setupOk = true;
    await worktrees.prepare(nextRun(plan));
    expect(readFileSync(join(path, '.env'), 'utf8')).toBe('SECRET\n');
    expect(scratch.gitIn(join(path, 'vendor', 'lib'), 'rev-parse', 'HEAD').trim()).toBe(tip);
    expect([existsSync(record('branchboard-ready')), existsSync(record('branchboard-checked-out'))]).toEqual([
      true,
      false,
    ]);
  });
});
