/** What the board does all the time may fail: that is told once, holds no task up, and ends by itself. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, writeTask } from './board.ts';

test(
  'a dashboard that can not be written is told once, tasks go on, and it is written as soon as it can be',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      writeFileSync(board.path('DASHBOARD.md'), '# Dashboard\n\n## User Notes\nTabs, please.\n');
      const running = await board.start();
      // A write that is under way when its folder goes would tell of that in words of its own.
      await waitUntil('the first one is written', () => board.dashboard.includes('Running'));
      // A file where its folder should be. The board may write into the folder while it goes.
      renameSync(board.path('.dashboard'), board.path('.dashboard-before'));
      writeFileSync(board.path('.dashboard'), '');
      board.drop({ 'a.md': writeTask('A', addFile('a.txt')) });
      await board.arrive('done', 'a');
      await waitUntil('scripts are told', () => board.task('a').column === 'done');
      await waitUntil('it is told', () => board.happened('trouble').length > 0);
      expect(running.output()).toContain("can't write the dashboard: ");
      expect(board.prompt('a', 1)).toContain('Tabs, please.');
      board.drop({ 'b.md': writeTask('B', addFile('b.txt')) });
      await board.arrive('done', 'b');
      rmSync(board.path('.dashboard'));
      await waitUntil('it is written', () => board.dashboard.includes('`b`'));
      expect(board.dashboard).toContain('Tabs, please.');
      await waitUntil('that is told', () => board.happened('trouble').length > 1);
      expect(running.output()).toContain('can write the dashboard again');
      await board.stop(running);
      expect(board.happened('trouble').map(({ message }) => message === null)).toEqual([false, true]);
    }),
);
