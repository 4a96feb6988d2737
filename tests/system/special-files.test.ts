/** FIFOs in the places of files: whoever opened one would wait for its other end for ever. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, writeTask, type ScratchBoard } from './board.ts';
import { fakeAgent, writeAgent } from './fake-agent.ts';

function makeFifo(board: ScratchBoard, ...parts: readonly string[]): string {
  const path = board.path(...parts);
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  execFileSync('mkfifo', [path]);
  return path;
}

test.concurrent(
  'those that are met in a run, and among the facts of one, hold no task up and no stop',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({ config: fakeAgent }, async (board) => {
      const stderr = board.path('runs', 'a', '1', 'stderr.log');
      writeAgent(board, `rm -f '${stderr}'; mkfifo '${stderr}'\nwork "$session"\nend`);
      writeFileSync(board.path('queued', 'b.md'), writeTask('B', []));
      makeFifo(board, 'runs', 'b', '1', 'plan.json');
      makeFifo(board, '.queue.json.tmp');
      makeFifo(board, '.room.00000000.tmp');
      const running = await board.start();
      board.drop({ 'a.md': writeTask('A', []) });
      await board.arrive('done', 'a', 'b');
      expect(board.happened('task-found').map(({ note }) => note)).toContain(
        "runs/b/1/plan.json can't be understood and counts as missing",
      );
      expect((await board.stop(running)).code).toBe(0);
    }),
);

test.concurrent(
  'one in the place of the history is told, tasks go on, and all is in it once it is gone',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      const path = makeFifo(board, 'history.jsonl');
      const running = board.launch(['start']);
      await waitUntil('it is told', () =>
        running.output().includes(`can't write the history: ${path} is not a regular file`),
      );
      board.drop({ 'a.md': writeTask('A', addFile('a.txt')) });
      await board.arrive('done', 'a');
      await waitUntil('the dashboard tells of it', () => board.dashboard.includes("The board can't write the history"));
      rmSync(path);
      board.drop({ 'b.md': writeTask('B', addFile('b.txt')) });
      await board.arrive('done', 'b');
      await waitUntil('it is over', () => running.output().includes('can write the history again'));
      expect((await board.stop(running)).code).toBe(0);
      expect(board.happened('board-started')).toHaveLength(1);
      expect(board.happened('task-accepted').map(({ task }) => String(task))).toEqual(['a', 'b']);
      expect(existsSync(path)).toBe(true);
    }),
);
