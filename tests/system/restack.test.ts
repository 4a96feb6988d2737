/** `restack`: a task that was cut from work which changed since says so, and its own commits are made again on it. */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, writeTask, type ScratchBoard } from './board.ts';

const timeout = boardTestTimeoutMs;
const append = (file: string): readonly string[] => [`append ${file} more`, 'commit More', 'summary Added a line.'];
const tip = (board: ScratchBoard, name: string): string => board.git('rev-parse', name);
/** What a branch changes beside the one that it builds on, and how many commits that takes. */
const own = (board: ScratchBoard, on: string, branch: string): readonly string[] => [
  board.git('diff', '--name-only', on, branch),
  board.git('rev-list', '--count', `${on}..${branch}`),
];

test.concurrent('on a board that does not run, and what is done later is done on the new base', { timeout }, () =>
  withBoard({ config: 'verify: [git diff --exit-code]\nsandbox: { mode: "off" }' }, async (board) => {
    board.drop({
      'a.md': writeTask('A', append('a.txt')),
      'b.md': writeTask('B', append('b.txt'), { depends_on: 'a' }),
    });
    await board.runUntilIdle();
    const before = tip(board, 'task/b');
    expect((await board.cli('restack', 'b')).stdout).toBe('b: it is on the newest of what it builds on already\n');
    await board.succeed('send-back', 'a', 'Once more.');
    const early = await board.cli('restack', 'b');
    expect([early.code, early.stderr]).toEqual([2, expect.stringContaining('b builds on a, which is not done')]);
    await board.runUntilIdle();
    expect(board.task('b').review).toEqual({ state: 'ready', round: 1, behind: ['a'] });
    expect(board.dashboard).toContain('a changed since this was cut: restack');
    const shown = await board.succeed('show', 'b');
    expect(shown).toContain('a changed since this was cut: restack. Type: branchboard restack b\n');

    const held = `${board.repo}-held`;
    board.git('worktree', 'add', '--quiet', held, 'task/b');
    const busy = await board.cli('restack', 'b');
    expect([busy.code, busy.stderr]).toEqual([2, expect.stringContaining(`git -C ${held} switch --detach`)]);
    board.git('worktree', 'remove', held);
    expect(tip(board, 'task/b')).toBe(before);

    const [base, was] = [tip(board, 'task/a').slice(0, 10), before.slice(0, 10)];
    expect(await board.succeed('restack', 'b')).toMatch(
      new RegExp(`^b: restacked on ${base}: task/b is at [0-9a-f]{10}; it was at ${was}\n$`),
    );
    expect(own(board, 'task/a', 'task/b')).toEqual(['b.txt', '1']);
    expect(tip(board, 'task/b^')).toBe(tip(board, 'task/a'));
    expect(board.task('b')).toMatchObject({ base: tip(board, 'task/a'), commits: 1, diffstat: { files: 1 } });
    expect(board.task('b').review).toEqual({ state: 'ready', round: 1 });
    expect(await board.succeed('rescue', 'b')).toContain(before.slice(0, 12));
    expect(board.git('worktree', 'list', '--porcelain').match(/^worktree /gm)).toHaveLength(1);

    await board.succeed('send-back', 'b', 'Once more.');
    await board.runUntilIdle();
    expect(own(board, 'task/a', 'task/b')).toEqual(['b.txt', '2']);
    expect(board.task('b')).toMatchObject({ base: tip(board, 'task/a'), commits: 2, review: { round: 2 } });
  }),
);

test.concurrent(
  'by a tick while the board runs; a conflict is told with the way on, and changes nothing',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      board.drop({
        'a.md': writeTask('A', append('a.txt')),
        'x.md': writeTask('X', addFile('x.txt')),
        'b.md': writeTask('B', append('b.txt'), { depends_on: '[a, x]' }),
        'c.md': writeTask('C', ['write a.txt mine', 'commit Mine', 'summary Wrote it.'], { depends_on: 'a' }),
      });
      const running = await board.start();
      for (const id of ['a', 'x', 'b', 'c']) await board.arrive('done', id);
      await board.succeed('send-back', 'a', 'Once more.');
      await waitUntil('a is done again', () => board.task('a').review?.round === 2);
      const [before, other] = [tip(board, 'task/b'), tip(board, 'task/c')];
      const box = `- [ ] Restack \`${before.slice(0, 7)}\` on \`a\` as it is now <!-- restack b done 1 ${before} -->`;
      await waitUntil(`the dashboard offers ${box}`, () => board.dashboard.includes(`${box}\n`));
      writeFileSync(board.path('DASHBOARD.md'), board.dashboard.replace(box, box.replace('[ ]', '[x]')));
      await waitUntil('it is restacked', () => board.happened('command').some(({ by }) => by === 'dashboard'));
      await waitUntil('the dashboard says so', () => /Restack: restacked on [0-9a-f]{10}/.test(board.dashboard));
      const files = ['a.txt', 'b.txt', 'x.txt'].map((name) => board.git('show', `task/b:${name}`));
      expect(files).toEqual(['more\nmore', 'more', 'x.txt']);
      expect(own(board, board.task('b').base ?? '', 'task/b')).toEqual(['b.txt', '1']);
      for (const id of ['a', 'x']) board.git('merge-base', '--is-ancestor', `task/${id}`, 'task/b');

      const refused = await board.cli('restack', 'c');
      expect([refused.code, refused.stderr]).toEqual([
        2,
        expect.stringMatching(
          /c was not restacked: its commit [0-9a-f]{10} \(Mine\) changes the same places as task\/a: a\.txt[^]*send-back c "restack: merge task\/a into your branch/,
        ),
      ]);
      expect(tip(board, 'task/c')).toBe(other);
      expect((await board.stop(running)).code).toBe(0);
      expect(board.happened('command').filter(({ command }) => command.kind === 'restack')).toMatchObject([
        { by: 'dashboard', outcome: 'done' },
        { by: 'cli', outcome: 'not-now' },
      ]);
    }),
);
