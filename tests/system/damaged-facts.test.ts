/** Facts that the board did not write, or can't read: no board and no other task is held up by them. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, withPatience, writeTask } from './board.ts';

test.concurrent('facts of a wrong shape keep no board from starting', { timeout: boardTestTimeoutMs }, () =>
  withBoard({}, async (board) => {
    mkdirSync(board.path('runs', 'a', '1', 'exit.json'), { recursive: true });
    writeFileSync(board.path('runs', 'a', '1', 'plan.json'), '{"version":1}');
    writeFileSync(board.path('queued', 'a.md'), writeTask('A', addFile('a.txt')));
    mkdirSync(board.path('runs', 'b'), { recursive: true });
    writeFileSync(board.path('runs', 'b', 'verdict.json'), '{"version":1}');
    writeFileSync(board.path('done', 'b.md'), writeTask('B', []));
    writeFileSync(board.path('hold.json'), '{"version":1,"reason":"usage-limit","until":1e300}');
    writeFileSync(board.path('history.jsonl'), `{"type":"run-ended","at":${String(Date.now())}}\n`);
    expect(await board.succeed('status')).toMatch(/a +queued +A/);
    expect(await board.succeed('show', 'a')).toContain('A (a) · queued');
    expect(await board.succeed('show', 'b')).toContain('b (b) · done');
    expect(await board.runUntilIdle()).toBe(0);
    expect(board.column('done')).toEqual(['a', 'b']);
    const notes = board.happened('task-found').map(({ note }) => note);
    expect(notes.sort()).toEqual([
      "runs/a/1/exit.json can't be understood and counts as missing",
      "runs/a/1/plan.json can't be understood and counts as missing",
    ]);
  }),
);

test.concurrent(
  'facts that can not be read now are told once, and their task is loaded once they can be',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      writeFileSync(board.path('queued', 'a.md'), writeTask('A', addFile('a.txt')));
      mkdirSync(board.path('runs'), { recursive: true });
      writeFileSync(board.path('runs', 'a'), 'a file where the folder of its runs should be');
      const running = await board.start('--until-idle');
      board.drop({ 'b.md': writeTask('B', addFile('b.txt')) });
      await board.arrive('done', 'b');
      await waitUntil('it is told', () => board.happened('effect-failed').length > 0);
      rmSync(board.path('runs', 'a'));
      expect((await withPatience(running.ended, 'the end of the board')).code).toBe(0);
      expect(board.column('done')).toEqual(['a', 'b']);
      expect(board.happened('effect-failed')).toMatchObject([{ effect: 'load-task' }]);
    }),
);
