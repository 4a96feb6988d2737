/** Facts that the board did not write, or can't read: no board and no other task is held up by them. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, writeTask } from './board.ts';

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
    expect(await board.succeed('show', 'b')).toContain("runs/b/verdict.json can't be understood");
    expect(await board.runUntilIdle()).toBe(3);
    expect(board.column('done')).toEqual(['a', 'b']);
    const notes = board.happened('task-found').map(({ note }) => note);
    expect(notes.sort()).toEqual([
      "runs/a/1/exit.json can't be understood and counts as missing",
      "runs/a/1/plan.json can't be understood and counts as missing",
      "runs/b/verdict.json can't be understood, and its last run does not tell what became of it",
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
      const running = await board.start();
      board.drop({ 'b.md': writeTask('B', addFile('b.txt')) });
      await board.arrive('done', 'b');
      await waitUntil('it is told', () => board.happened('effect-failed').length > 0);
      rmSync(board.path('runs', 'a'));
      await board.arrive('done', 'a');
      await board.stop(running);
      expect(board.happened('effect-failed')).toMatchObject([{ effect: 'load-task' }]);
    }),
);

test.concurrent.each([
  ['was emptied', () => ''],
  ['was cut in half', (text: string) => text.slice(0, text.length / 2)],
  ['lacks a field', (text: string) => text.replace('"title"', '"name"')],
] as const)(
  'a verdict that %s is made again from its run, and a dependent has its work',
  { timeout: boardTestTimeoutMs },
  (_, damage) =>
    withBoard({}, async (board) => {
      const [verdict, kept] = [board.path('runs', 'page', 'verdict.json'), 'verdict.json.damaged'];
      board.drop({ 'page.md': writeTask('Page', addFile('page.txt')) });
      expect(await board.runUntilIdle()).toBe(0);
      const tip = board.git('rev-parse', 'task/page');
      const written = board.read('runs', 'page', 'verdict.json');
      writeFileSync(verdict, damage(written));
      expect(await board.succeed('status')).toMatch(/page +done +task\/page +Added page.txt/);
      board.drop({ 'next.md': writeTask('Next', addFile('next.txt'), { depends_on: '[page]' }) });
      expect(await board.runUntilIdle()).toBe(0);
      expect(board.git('merge-base', 'task/next', tip)).toBe(tip);
      expect(board.dashboard).toContain('Branch `task/page`');
      const [was, is] = [written, board.read('runs', 'page', 'verdict.json')].map(withoutTime);
      expect(is).toEqual(was);
      expect(board.read('runs', 'page', kept)).toBe(damage(written));
      expect(board.happened('task-found').map(({ note }) => note)).toEqual([
        "runs/page/verdict.json can't be understood and was made again from run 1; the old file is kept beside it",
      ]);
    }),
);

/** The time of a verdict that was made again is that of its run's end. */
function withoutTime(verdict: string): object {
  return { ...(JSON.parse(verdict) as object), at: 0 };
}

test.concurrent(
  'dependents of a task whose verdict and record are damaged wait and say for what, and what is advised helps',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      board.drop({ 'page.md': writeTask('Page', addFile('page.txt')) });
      expect(await board.runUntilIdle()).toBe(0);
      const tip = board.git('rev-parse', 'task/page');
      const verdict = board.path('runs', 'page', 'verdict.json');
      for (const path of [verdict, board.path('runs', 'page', '1', 'exit.json')]) writeFileSync(path, '{');
      board.drop({ 'next.md': writeTask('Next', addFile('next.txt'), { depends_on: '[page]' }) });
      expect(await board.runUntilIdle()).toBe(3);
      expect(board.column('queued')).toEqual(['next']);
      expect(board.countRuns('next')).toBe(0);
      expect(board.dashboard).toMatch(
        /\(`next`\): waits for `page`, whose `\.orchestrator\/runs\/page\/verdict\.json` can't/,
      );
      expect(board.dashboard).toMatch(/### .*`page`.*: is done, and its verdict is not known/);
      const advised = `mv .orchestrator/runs/page/verdict.json .orchestrator/runs/page/verdict.json.damaged`;
      expect(board.dashboard).toContain(advised);
      expect(await board.succeed('status')).toMatch(
        /page +done +\.orchestrator\/runs\/page\/verdict\.json can't be understood/,
      );
      renameSync(verdict, `${verdict}.damaged`);
      expect(await board.runUntilIdle()).toBe(0);
      expect(board.git('merge-base', 'task/next', tip)).toBe(tip);
    }),
);

test.concurrent(
  'a task that waits for its user tells why though its verdict is damaged',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      board.drop({ 'ask.md': writeTask('Ask', ['ask Which port?']) });
      expect(await board.runUntilIdle()).toBe(3);
      writeFileSync(board.path('runs', 'ask', 'verdict.json'), '');
      expect(await board.runUntilIdle()).toBe(3);
      expect(board.task('ask')).toMatchObject({ column: 'attention', reason: 'question', question: 'Which port?' });
      expect(board.read('runs', 'ask', 'verdict.json')).toContain('Which port?');
    }),
);

test.concurrent(
  'what a newer version of the board wrote is told, left as it is, and holds only its own tasks up',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({}, async (board) => {
      board.drop({
        'page.md': writeTask('Page', addFile('page.txt')),
        'ask.md': writeTask('Ask', ['ask Which?']),
      });
      expect(await board.runUntilIdle()).toBe(3);
      const paths = [board.path('runs', 'page', 'verdict.json'), board.path('runs', 'ask', '1', 'plan.json')];
      const written = paths.map((path) => readFileSync(path, 'utf8').replace('"version": 1', '"version": 2'));
      for (const [index, path] of paths.entries()) writeFileSync(path, written[index] ?? '');
      board.drop({
        'next.md': writeTask('Next', addFile('next.txt'), { depends_on: '[page]' }),
        'other.md': writeTask('Other', addFile('other.txt')),
      });
      expect(await board.runUntilIdle()).toBe(3);
      expect(board.column('done')).toEqual(['other', 'page']);
      expect(board.column('queued')).toEqual(['next']);
      expect(board.dashboard).toContain(
        'whose `.orchestrator/runs/page/verdict.json` was written by a newer branchboard',
      );
      expect(board.dashboard).toMatch(
        /Can't read `attention\/ask\.md` \(.*newer branchboard \(version 2\).*Update branchboard/,
      );
      expect(paths.map((path) => readFileSync(path, 'utf8'))).toEqual(written);
    }),
);
