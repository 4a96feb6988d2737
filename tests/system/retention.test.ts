/** Pruning through the built command: with a short `keep`, merged and put-away tasks are old at once. */
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { addFile, waitUntil, withBoard, writeTask, type ScratchBoard } from './board.ts';

const timeout = 600_000;
const keepMs = 1_000;

/** Starts the board until what was kept of these tasks is gone. */
async function pruneAtStart(board: ScratchBoard, ...tasks: readonly string[]): Promise<void> {
  await delay(keepMs);
  const running = await board.start();
  await waitUntil(`${tasks.join(', ')} pruned`, () =>
    tasks.every((task) => board.happened('pruned').some((entry) => entry.tasks.some((each) => each === task))),
  );
  await waitUntil('what was pruned is told', () =>
    /removed what was kept of .*logs of \d+ runs? \([\d.]+ kB\)/.test(running.output()),
  );
  await board.stop(running);
}

const facts = (board: ScratchBoard, task: string): readonly string[] =>
  readdirSync(board.path('runs', task, '1')).sort();
const refsOf = (board: ScratchBoard, task: string): string =>
  board.git('for-each-ref', '--format=%(refname)', `refs/branchboard/*/${task}`, `refs/branchboard/*/${task}/*`);

test.concurrent(
  'a done task keeps its branch and no worktree, and a next round makes the worktree again',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      board.drop({ 'x.md': writeTask('X', addFile('one.txt')) });
      expect(await board.runUntilIdle()).toBe(0);
      expect(readdirSync(board.worktree())).toEqual([]);
      expect(board.git('worktree', 'list').split('\n')).toHaveLength(1);
      expect(board.git('show', 'task/x:one.txt')).toBe('one.txt');
      expect(await board.succeed('diff', 'x')).toContain('one.txt');
      expect(board.dashboard).toContain('task/x');
      board.write('done/x.md', writeTask('X', addFile('two.txt')));
      board.move('x', 'done', 'queued');
      expect(await board.runUntilIdle()).toBe(0);
      expect(board.git('diff', '--name-only', 'main...task/x').split('\n')).toEqual(['one.txt', 'two.txt']);
      expect(readdirSync(board.worktree())).toEqual([]);
    }),
);

test.concurrent(
  'what is merged or put away is pruned once it is old; what waits for its user is not',
  { timeout },
  () =>
    withBoard({ config: `keep: ${String(keepMs / 1_000)}s` }, async (board) => {
      board.drop({
        'merged.md': writeTask('Merged', addFile('merged.txt')),
        'waiting.md': writeTask('Waiting', addFile('waiting.txt')),
        'away.md': writeTask('Away', addFile('away.txt')),
        'stuck.md': writeTask('Stuck', ['write stuck.txt stuck', 'fail I am stuck'], { retries: '0' }),
      });
      expect(await board.runUntilIdle()).toBe(3);
      const [waiting, stuck] = ['waiting', 'stuck'].map((task) => [facts(board, task), refsOf(board, task)]);
      board.git('merge', '--quiet', '--no-ff', '-m', 'merge', 'task/merged');
      board.move('away', 'done', 'archive');
      await pruneAtStart(board, 'away');
      await waitUntilMerged(board, 'merged');
      await pruneAtStart(board, 'merged');

      for (const task of ['merged', 'away']) {
        expect(facts(board, task)).toEqual(['claim', 'exit.json', 'plan.json']);
        expect(refsOf(board, task)).toBe('');
        expect(board.git('show', `task/${task}:${task}.txt`)).toBe(`${task}.txt`);
        expect(await board.succeed('show', task)).toContain('attempt 1');
        expect((await board.cli('logs', task)).stderr).toContain('the output was pruned, as the setting `keep` says');
      }
      expect([facts(board, 'waiting'), refsOf(board, 'waiting')]).toEqual(waiting);
      expect([facts(board, 'stuck'), refsOf(board, 'stuck')]).toEqual(stuck);
      expect(existsSync(board.worktree('stuck', 'stuck.txt'))).toBe(true);
      expect(board.happened('pruned').flatMap((entry) => entry.tasks)).toEqual(['away', 'merged']);

      // Tasks that depend on them start from their work, and a task that was put away goes on from its own.
      board.drop({ 'next.md': writeTask('Next', addFile('next.txt'), { depends_on: '[merged, away]' }) });
      board.write('archive/away.md', writeTask('Away', addFile('again.txt')));
      board.move('stuck', 'attention', 'archive');
      expect(await board.runUntilIdle()).toBe(0);
      expect(board.git('ls-tree', '--name-only', 'task/next').split('\n')).toEqual(
        expect.arrayContaining(['away.txt', 'merged.txt', 'next.txt']),
      );
      board.move('away', 'archive', 'queued');
      expect(await board.runUntilIdle()).toBe(0);
      expect(board.git('diff', '--name-only', 'main...task/away').split('\n')).toEqual(['again.txt', 'away.txt']);
      expect(board.countRuns('away')).toBe(2);
    }),
);

/** The board looks for merges now and then. */
async function waitUntilMerged(board: ScratchBoard, task: string): Promise<void> {
  if (board.happened('task-merged').length > 0) return;
  const running = await board.start();
  await waitUntil(`${task} is found to be merged`, () => board.happened('task-merged').length > 0);
  await board.stop(running);
}
