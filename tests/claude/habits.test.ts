/** What people really have and do, replayed with the real `claude`: a board comes to the end that its user would expect. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { withBoard } from './board.ts';
import { boardTestTimeoutMs } from '../patience.ts';
import { bash, byPrompt, castParts, commit, deliver, finish, inTurns, write } from './task-script.ts';

const may = 'sandbox: off\nallowed_tools: [Bash]';

describe.concurrent('a board', { timeout: boardTestTimeoutMs }, () => {
  test('keeps the order that other words ask for, runs what stands in queued/, and sees a squash', async () => {
    const script = castParts({
      a: deliver('a.txt', 'a\n'),
      b: deliver('b.txt', 'b\n'),
      c: deliver('c.txt', 'c\n'),
      'fix-the-login': deliver('login.txt', 'l\n'),
      spec: deliver('spec.txt', 's\n'),
    });
    await withBoard({ script }, async (board) => {
      const foreign = ['status: todo', 'assignee: me', 'labels: [x]', 'created: 2024-01-01', 'sprint: 3'];
      board.drop({
        a: '# The Base\nWrite a.txt.\n',
        b: ['---', 'dependsOn: [./a.md]', 'priority: medium', ...foreign, '---', 'Write b.txt.', ''].join('\n'),
      });
      writeFileSync(board.path('queued', 'Fix the login.md'), 'Write login.txt.\n');
      writeFileSync(board.path('queued', 'spec.markdown'), 'Write spec.txt.\n');
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.column('done')).toEqual(['a', 'b', 'fix-the-login', 'spec']);
      expect(board.git('show', 'task/b:a.txt')).toBe('a');
      expect(board.task('b')).toMatchObject({ attempt: 1, priority: 'normal' });
      expect(board.plan('a', 1).workspace.path).toBe(join(`${board.repo}.worktrees`, 'a'));
      expect(board.git('status', '--porcelain', '--untracked-files=all')).not.toContain('.txt');
      board.git('merge', '--quiet', '--squash', 'task/a');
      board.git('commit', '--quiet', '--message=squashed');
      board.git('branch', '--quiet', '-D', 'task/a');
      board.git('commit', '--quiet', '--allow-empty', '--message=on');
      board.drop({ c: '---\nafter: [[a]]\n---\nWrite c.txt.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.git('merge-base', 'main', 'task/c')).toBe(board.git('rev-parse', 'main'));
      expect(board.task('a').mergedAt).not.toBeNull();
    });
  });

  test('blames no agent for what setup left, and takes no repository inside the worktree for work', async () => {
    const nested = '(mkdir front && cd front && git init -q && echo x > x && git add x && git commit -qm x)';
    const script = castParts({
      own: inTurns(write('own.txt', 'o\n'), bash('git add own.txt && git commit -m own'), finish('Done.')),
      front: byPrompt(
        inTurns(bash(nested), bash('git add -A front && git commit -m front'), finish('Made front.')),
        // The commands that the second prompt names.
        inTurns(
          ({ prompt }) =>
            bash([...prompt.matchAll(/`((?:git|mkdir|rm) [^`]+)`/g)].map(([, line]) => line).join('\n'))(),
          commit('add front'),
          finish('Made front.'),
        ),
      ),
      on: deliver('on.txt', 'on\n'),
    });
    const files = { 'package-lock.json': '{}\n' };
    const config = `${may}\nsetup: [cp README.md package-lock.json]`;
    await withBoard({ script, files, config }, async (board) => {
      writeFileSync(join(board.home, '.gitconfig'), '[user]\n\tname = Ada\n\temail = ada@example.com\n');
      board.drop({ own: 'Write own.txt.\n', front: 'Make front.\n', on: '---\ndepends_on: [front]\n---\nGo on.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.task('own')).toMatchObject({ column: 'done', attempt: 1, commits: 1 });
      expect(board.read('done', 'own.md')).toContain(
        'package-lock.json differed from the commit before the agent came',
      );
      expect(board.git('show', 'task/own:package-lock.json')).toBe('{}');
      expect(board.task('front')).toMatchObject({ column: 'done', attempt: 2 });
      expect(board.read('runs', 'front', '2', 'prompt.md')).toContain('a repository of its own inside the worktree');
      expect(board.git('show', 'task/on:front/x')).toBe('x');
    });
  });

  test('shows what was left uncommitted, with the ways on, and a cancellation without a board ends as one with it', async () => {
    const part = inTurns(write('left.txt', 'left\n'), finish('Done.'));
    await withBoard({ script: castParts({ t: part }), config: 'retries: 0' }, async (board) => {
      board.drop({ t: 'Write left.txt.\n' });
      expect((await board.runUntilIdle()).code).toBe(3);
      expect(board.task('t').reason).toBe('uncommitted');
      const { path } = board.plan('t', 1).workspace;
      const { output } = await board.cli('diff', 't');
      for (const words of ['The branch task/t holds no commit', '+left', path]) expect(output).toContain(words);
      for (const words of [path, 'branchboard hand-back t', 'branchboard retry t']) {
        expect(board.read('attention', 't.md')).toContain(words);
      }
      expect((await board.cli('cancel', 't')).output).toContain(`its worktree stays in ${path}`);
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.column('archive')).toEqual(['t']);
    });
  });

  test('tells what only the user can mend, and starts no agent for it', async () => {
    const files = { '.gitattributes': '*.bin filter=lfs\n', 'a.bin': 'pointer\n' };
    await withBoard({ script: castParts({}), files }, async (board) => {
      for (const [name, value] of [
        ['smudge', 'no-such-lfs smudge %f'],
        ['required', 'true'],
      ] as const) {
        board.git('config', `filter.lfs.${name}`, value);
      }
      mkdirSync(board.path('inbox'), { recursive: true });
      board.drop({ t: 'Write t.txt.\n' });
      expect((await board.runUntilIdle()).code).toBe(3);
      expect(board.task('t')).toMatchObject({ reason: 'setup-failed', attempt: 1 });
      expect(board.dashboard).toContain('git lfs install');
      expect(board.api.requests).toEqual([]);
    });
  });
});
