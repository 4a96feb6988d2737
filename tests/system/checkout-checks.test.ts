/** What `doctor`, `start` and `init` tell of a repository's checkouts. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { boardTestTimeoutMs as timeout, withBoard } from './board.ts';

const files = {
  '.gitattributes': '*.bin filter=lfs\n',
  'a.bin': 'pointer\n',
  '.husky/pre-commit': 'npm test\n',
  'svc-a/a.txt': 'a\n',
};

test.concurrent(
  'doctor and start name filters, hooks, a base that is a commit and files not committed',
  { timeout },
  () =>
    withBoard({ files }, async (board) => {
      const commit = board.git('rev-parse', 'HEAD');
      board.write('config.yaml', `agent: { kind: scripted }\nbase: ${commit}\n`);
      for (const key of ['smudge', 'clean']) board.git('config', `filter.lfs.${key}`, `no-such-lfs ${key} %f`);
      board.git('config', 'filter.lfs.required', 'true');
      writeFileSync(join(board.repo, 'new.txt'), '');
      const told = [
        'no-such-lfs is not installed, and files need it (filter lfs)',
        'the hooks of husky are not installed',
        `tasks start from ${commit}, which is no branch`,
      ];
      const doctor = (await board.cli('doctor')).stdout;
      for (const each of told) expect(doctor).toContain(each);
      const started = await board.succeed('start', '--until-idle');
      for (const each of told) expect(started).toContain(each);
      board.write('config.yaml', 'agent: { kind: scripted }\nbase: mian\n');
      expect((await board.cli('doctor')).stdout).toMatch(
        /✗ base .*no branch, tag or commit of that name\n.*such as main\./,
      );
      board.write('config.yaml', `agent: { kind: scripted }\nbase: ${commit}\n`);
      board.git('config', '--remove-section', 'filter.lfs');
      const unset = (await board.cli('doctor')).stdout;
      // Where a filter can't run, git can't tell which files are changed.
      for (const each of ['git knows no filter lfs', "1 file is not committed; agents don't see it"]) {
        expect(unset).toContain(each);
        expect(await board.succeed('start', '--until-idle')).toContain(each);
      }
    }),
);

test.concurrent('a sparse checkout that would take the board with it is told before', { timeout }, () =>
  withBoard({ files: { 'svc-a/a.txt': 'a\n' } }, async (board) => {
    board.git('add', '.orchestrator');
    board.git('commit', '--quiet', '--message=Board');
    board.drop({ 'later.md': '---\ndepends_on: [absent]\n---\nLater.\n' });
    const words = 'git sparse-checkout set` deletes .orchestrator/';
    expect((await board.cli('doctor')).stdout).toContain(words);
    expect(await board.succeed('init')).toContain(words);
    board.git('sparse-checkout', 'set', 'svc-a', '.orchestrator');
    expect((await board.cli('doctor')).stdout).not.toContain('git may delete');
    // As another program may write them, so that git has not deleted it yet.
    writeFileSync(join(board.repo, '.git', 'info', 'sparse-checkout'), '/*\n!/*/\n/svc-a/\n');
    for (const verb of ['doctor', 'init'] as const) expect((await board.cli(verb)).stdout).toContain('git may delete');
    expect((await board.cli('start', '--until-idle')).stdout).toContain('git sparse-checkout add .orchestrator');
    expect(board.column('queued')).toEqual(['later']);
    board.git('sparse-checkout', 'add', '.orchestrator');
    // What git does is what is said of it: of patterns it takes tracked files alone, of folders all.
    board.git('sparse-checkout', 'set', '--no-cone', '/svc-a');
    expect(board.column('queued')).toEqual(['later']);
    expect((await board.cli('doctor')).stdout).toContain('leaves out tracked files of .orchestrator/, so they do not');
    board.git('sparse-checkout', 'set', '--no-cone', '/*', '!/svc-a');
    expect((await board.cli('doctor')).stdout).toContain('worktrees hold what your checkout holds');
    board.git('sparse-checkout', 'set', '--cone', 'svc-a');
    expect(existsSync(board.path())).toBe(false);
  }),
);

test.concurrent(
  'doctor ends with the next thing to type, and looks at all the rest outside of a repository',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      expect(await board.succeed('doctor')).toMatch(
        /\nReady\. Type: branchboard add "A sentence", or: branchboard add TASK\.md\n$/,
      );
      const outside = join(board.root, 'outside');
      mkdirSync(outside);
      const { code, stdout } = await board.launch(['doctor'], { cwd: outside }).ended;
      expect(code).toBe(5);
      expect(stdout).toMatch(/✗ git [^]* agent [^]* sandbox /);
    }),
);

test.concurrent(
  'init on a detached HEAD says that tasks start from that commit, and how to change it',
  { timeout },
  () =>
    withBoard({ init: false }, async (board) => {
      board.git('checkout', '--quiet', '--detach');
      expect(await board.succeed('init')).toContain(
        `tasks start from the commit ${board.git('rev-parse', 'HEAD').slice(0, 12)}, now and later`,
      );
      expect(await board.succeed('init')).not.toContain('now and later');
    }),
);
