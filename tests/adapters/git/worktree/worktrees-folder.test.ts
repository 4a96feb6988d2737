/** Where new worktrees are made, in the places that people's checkouts really are in. */
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findWorktreesFolder } from '../../../../src/adapters/git/worktree/worktrees-folder.ts';
import { Scratch, start, taskId } from '../scratch.ts';

const isRoot = process.getuid?.() === 0;
let scratch: Scratch;

beforeEach(() => {
  scratch = new Scratch();
  scratch.commit({ 'a.txt': 'a\n', '.gitignore': '.orchestrator/\n' });
});
afterEach(() => scratch.remove());

/** The folder for a board in that checkout, asked as the board asks. */
async function folderFor(dir: string): Promise<{ readonly path: string; readonly whyInside: string | null }> {
  const { topLevel } = await scratch.open(dir);
  return findWorktreesFolder({ topLevel, boardDir: join(topLevel, '.orchestrator'), dir: null });
}

describe('a worktree', () => {
  it('stands outside of the checkout, closed to other users, and nothing of it is found from there', async () => {
    mkdirSync(scratch.worktree(), { mode: 0o755 });
    const plan = await start(await scratch.worktrees(), 'x');
    expect(plan.workspace.path).toBe(scratch.worktree('x'));
    expect(statSync(plan.workspace.path).mode & 0o777).toBe(0o700);
    expect(readdirSync(scratch.dir).sort()).toEqual(['.git', '.gitignore', 'a.txt']);
    expect(scratch.git('status', '--porcelain')).toBe('');
    expect(scratch.notices).toEqual([]);
  });

  it('of an earlier version stays where its plan says, and where new ones are made is told once', async () => {
    const inside = join(scratch.dir, '.orchestrator', 'worktrees');
    scratch.settings = { ...scratch.settings, worktrees: { dir: inside, reuse: false } };
    const plan = await start(await scratch.worktrees(), 'old');
    scratch.settings = { ...scratch.settings, worktrees: { dir: null, reuse: false } };
    const now = await scratch.worktrees();
    const next = { ...plan, n: 2, cause: { kind: 'retried', fault: null } } as const;
    await now.prepare(next);
    expect((await start(now, 'new')).workspace.path).toBe(scratch.worktree('new'));
    await start(now, 'newer');
    expect(scratch.notices).toHaveLength(1);
    expect(scratch.notices[0]).toContain(`stay in ${inside}, and each goes`);
    await now.release(next, true);
    expect(existsSync(plan.workspace.path)).toBe(false);
  });

  it('of another repository in a shared folder is passed over, and never put aside', async () => {
    const other = new Scratch();
    try {
      other.commit({ 'b.txt': 'b\n' });
      const shared = join(scratch.root, 'shared');
      for (const each of [scratch, other]) {
        each.settings = { ...each.settings, worktrees: { dir: shared, reuse: false } };
      }
      const [ours, theirs] = [await scratch.worktrees(), await other.worktrees()];
      const planned = await ours.choose(taskId('x'), scratch.git('rev-parse', 'HEAD').trim(), false);
      const plan = await start(theirs, 'x');
      other.write({ 'half.txt': 'not committed\n' }, plan.workspace.path);
      // Both were planned at once.
      await expect(ours.prepare({ ...plan, task: taskId('x'), workspace: planned })).rejects.toThrow(
        /is a worktree of another repository/,
      );
      expect(readFileSync(join(shared, 'x', 'half.txt'), 'utf8')).toBe('not committed\n');
      expect((await start(await scratch.worktrees(), 'x')).workspace.path).toBe(join(shared, 'x-2'));
      await theirs.keep(plan);
      await theirs.release(plan, true);
      expect(readdirSync(shared).filter((name) => name.includes('removed'))).toEqual([]);
    } finally {
      other.remove();
    }
  });
});

describe('the folder of worktrees', () => {
  it('is beside the real checkout where it was reached through a link', async () => {
    symlinkSync(scratch.dir, join(scratch.root, 'link'));
    expect(await folderFor(join(scratch.root, 'link'))).toEqual({ path: scratch.worktree(), whyInside: null });
  });

  it('is beside a worktree of the user’s, and beside checkouts of a bare repository', async () => {
    const linked = join(scratch.root, 'linked');
    scratch.git('worktree', 'add', '--quiet', linked);
    expect((await folderFor(linked)).path).toBe(`${linked}.worktrees`);
    for (const bare of ['.bare', '.git']) {
      const project = join(scratch.root, `project${bare}`);
      mkdirSync(project);
      scratch.gitIn(project, 'clone', '--quiet', '--bare', scratch.dir, bare);
      if (bare === '.bare') writeFileSync(join(project, '.git'), 'gitdir: ./.bare\n');
      scratch.gitIn(project, 'worktree', 'add', '--quiet', '--detach', join(project, 'feature'));
      expect((await folderFor(join(project, 'feature'))).path).toBe(join(project, 'feature.worktrees'));
    }
  });

  it('is outside of every checkout that a submodule, a nested clone or a nested worktree lies in', async () => {
    const library = new Scratch();
    try {
      library.commit({ 'lib.txt': 'lib\n' });
      scratch.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library.dir, 'libs/lib');
      scratch.git('clone', '--quiet', library.dir, 'vendor/lib');
      scratch.git('worktree', 'add', '--quiet', '.claude/worktrees/mine');
      const places = ['libs/lib', 'vendor/lib', '.claude/worktrees/mine'];
      expect(await Promise.all(places.map(async (place) => (await folderFor(join(scratch.dir, place))).path))).toEqual([
        join(scratch.root, 'repo.libs-lib.worktrees'),
        join(scratch.root, 'repo.vendor-lib.worktrees'),
        join(scratch.root, 'repo..claude-worktrees-mine.worktrees'),
      ]);
    } finally {
      library.remove();
    }
  });

  const spoils: readonly (readonly [string, () => void])[] = [
    ['is a link', () => symlinkSync(join(scratch.root, 'home'), scratch.worktree())],
    ['is no folder', () => writeFileSync(scratch.worktree(), '')],
    ['is a repository itself', () => scratch.git('init', '--quiet', scratch.worktree())],
    isRoot
      ? [
          "is another user's",
          () => {
            mkdirSync(scratch.worktree());
            chownSync(scratch.worktree(), 65_534, 65_534);
          },
        ]
      : ["can't be written to", () => chmodSync(scratch.root, 0o500)],
  ];
  it.each(spoils)(
    'is inside the board’s where the place beside the checkout %s, which is told once',
    async (why, spoil) => {
      const inside = join(scratch.dir, '.orchestrator', 'worktrees');
      spoil();
      try {
        const found = await folderFor(scratch.dir);
        expect([found.path, found.whyInside]).toEqual([inside, expect.stringContaining(why)]);
        const worktrees = await scratch.worktrees();
        for (const id of ['x', 'y']) expect((await start(worktrees, id)).workspace.path).toBe(join(inside, id));
        expect(scratch.notices).toEqual([expect.stringContaining('`worktrees.dir` in config.yaml')]);
      } finally {
        chmodSync(scratch.root, 0o700);
      }
    },
  );

  it('is inside the board’s of a repository in the root folder', () => {
    expect(findWorktreesFolder({ topLevel: '/', boardDir: '/.orchestrator', dir: null })).toEqual({
      path: '/.orchestrator/worktrees',
      whyInside: '/ has no folder beside it',
    });
  });

  it('is where the user says', () => {
    const request = { topLevel: scratch.dir, boardDir: join(scratch.dir, '.orchestrator') };
    expect(findWorktreesFolder({ ...request, dir: '../trees' }).path).toBe(join(scratch.root, 'trees'));
    expect(findWorktreesFolder({ ...request, dir: '/trees' }).path).toBe('/trees');
  });
});
