/** The verb `discard`: work that is not wanted goes with its branch, and comes back where the user thinks better of it. */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, writeTask, type ScratchBoard } from './board.ts';

const timeout = boardTestTimeoutMs;

const hasBranch = (board: ScratchBoard, id: string): boolean =>
  board.git('for-each-ref', `refs/heads/task/${id}`) !== '';
const reviewOf = (board: ScratchBoard, id: string): unknown =>
  (JSON.parse(board.read('runs', id, 'review.json')) as { readonly state: unknown }).state;

test.concurrent('is the same whether or not a board runs, and is undone by either way back', { timeout }, async () => {
  const told: unknown[] = [];
  for (const isRunning of [false, true]) {
    await withBoard({}, async (board) => {
      board.drop({ 'a.md': writeTask('Add A', addFile('a.txt')) });
      await board.runUntilIdle();
      const tip = board.git('rev-parse', 'task/a');
      const running = isRunning ? await board.start() : null;
      expect((await board.cli('discard', 'a', '--commit', '0000000')).code).toBe(2);
      const said = await board.succeed('discard', 'a', '--commit', tip);
      expect([board.column('archive'), hasBranch(board, 'a'), reviewOf(board, 'a')]).toEqual([
        ['a'],
        false,
        'discarded',
      ]);
      const again = await board.cli('discard', 'a');
      expect(again.code).toBe(2);
      expect(await board.succeed('rescue', 'a')).toContain('discarded · on no branch · refs/branchboard/rescue/a');
      expect(await board.succeed('show', 'a')).toMatch(/^.* \(a\) · archive, discarded \d\d:\d\d\n/);

      // What depends on it waits for its user.
      board.drop({ 'b.md': writeTask('Add B', addFile('b.txt'), { depends_on: 'a' }) });
      if (running === null) expect(await board.runUntilIdle()).toBe(3);
      await waitUntil('it waits', () => board.dashboard.includes('on `a`, which was discarded'));
      expect(board.column('queued')).toEqual(['b']);

      renameSync(board.path('archive', 'a.md'), board.path('done', 'a.md'));
      if (running === null) await board.runUntilIdle();
      else await board.arrive('done', 'b');
      expect([board.git('rev-parse', 'task/a'), reviewOf(board, 'a')]).toEqual([tip, 'ready']);
      expect(existsSync(board.path('done', 'b.md'))).toBe(true);
      expect(board.happened('task-found').map(({ note }) => note)).toEqual([
        'its work was discarded, and its branch is made again',
      ]);

      await board.succeed('discard', 'a');
      const retried = await board.succeed('retry', 'a');
      if (running !== null) await board.stop(running);
      await board.runUntilIdle();
      expect(board.column('done')).toEqual(['a', 'b']);
      // It went on from where it was.
      expect(board.git('merge-base', tip, 'task/a')).toBe(tip);
      told.push([said, retried, board.happened('command').map(({ command, outcome }) => [command.kind, outcome])]);
    });
  }
  expect(told[1]).toEqual(told[0]);
});

test.concurrent('a ticked box discards the commit that it names', { timeout }, () =>
  withBoard({}, async (board) => {
    const running = await board.start();
    board.drop({ 'a.md': writeTask('Add A', addFile('a.txt')) });
    await board.arrive('done', 'a');
    const tip = board.git('rev-parse', 'task/a');
    const box = `- [ ] Discard \`${tip.slice(0, 7)}\` <!-- discard a done 1 ${tip} -->`;
    await waitUntil('it is offered', () => board.dashboard.includes(`${box}\n`));
    board.git('switch', '--quiet', 'task/a');
    const tick = () =>
      writeFileSync(board.path('DASHBOARD.md'), board.dashboard.replace(box, box.replace('[ ]', '[x]')));
    tick();
    const why = /Discard: nothing was done: a was not discarded: task\/a is checked out in .*switch BRANCH/;
    await waitUntil('it says why not', () => why.test(board.dashboard) && board.dashboard.includes(`${box}\n`));
    board.git('switch', '--quiet', 'main');
    tick();
    await board.arrive('archive', 'a');
    expect(hasBranch(board, 'a')).toBe(false);
    expect((await board.stop(running)).code).toBe(0);
  }),
);
