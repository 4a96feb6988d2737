/** A conflict of what a task builds on: an agent resolves it first, and a board that dies meanwhile loses nothing. */
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, withPatience, writeTask } from './board.ts';

test.concurrent(
  'is resolved by an agent before the task begins, with all of both sides or what is missing named, and goes to the user otherwise',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({ config: 'max_parallel: 4\nverify: [test -f README.md]\n' }, async (board) => {
      const as = (...lines: readonly string[]) => lines.map((line) => `as integrator: ${line}`);
      for (const name of ['one', 'two', 'three']) {
        board.drop({ [`${name}.md`]: writeTask(name, [`write README.md ${name}\\n`, `commit ${name}`]) });
      }
      const both = ['say begun', `wait-for ${board.gate('both')}`, 'write README.md one\\ntwo\\n', 'commit Both'];
      board.drop({
        'sum.md': writeTask('Sum', [...as(...both, 'summary Kept both.'), ...addFile('sum.txt')], {
          depends_on: '[one, two]',
        }),
        'lossy.md': writeTask(
          'Lossy',
          [...as('write README.md one\\n', 'commit One', 'on attempt 2: drop README.md three'), ...addFile('l.txt')],
          { depends_on: '[one, three]' },
        ),
        'marked.md': writeTask('Marked', [...as('append README.md x\\n', 'commit Not yet'), ...addFile('m.txt')], {
          depends_on: '[two, three]',
        }),
      });
      const running = await board.start();
      await waitUntil('the conflict is being resolved', () =>
        board.read('runs', 'sum', '1', 'stream.jsonl').includes('"begun"'),
      );
      await board.arrive('done', 'lossy');
      await board.arrive('attention', 'marked');
      expect(board.dashboard).toContain('an agent is resolving a conflict');
      expect(board.task('sum')).toMatchObject({ stage: 'integrating' });
      running.signal('SIGKILL');
      await running.ended;
      const next = await board.start('--until-idle');
      board.open('both');
      expect((await withPatience(next.ended, 'the end of the board')).code).toBe(3);

      // Its branch begins at a merge of both, which has nothing of the marks in its history.
      expect(board.git('show', 'task/sum:README.md')).toBe('one\ntwo');
      const base = board.plan('sum', 2).workspace.base;
      expect(board.git('rev-parse', `${base}^@`)).toBe(board.git('rev-parse', 'task/one', 'task/two'));
      expect(board.git('log', '--format=%s', `${base}^..task/sum`)).toContain('Add sum.txt');
      expect(board.git('log', '-p', '-m', '--format=', 'task/sum')).not.toContain('<<<<<<<');
      expect(board.plan('sum', 1)).toMatchObject({ purpose: 'integrate', role: 'integrator' });
      expect(board.plan('sum', 2)).toMatchObject({ purpose: 'work', session: { mode: 'fresh' }, attempt: 1 });
      expect(board.record('sum', 1).evidence?.verify).toMatchObject([{ ok: true }]);
      expect(board.prompt('sum', 1)).toContain('Do nothing of it');
      expect(board.prompt('sum', 2)).not.toContain('in conflict');
      expect(board.dashboard).toContain('an agent resolved that in run 1: Kept both.');

      expect(['sum', 'lossy', 'marked'].map((id) => board.countRuns(id))).toEqual([2, 3, 2]);

      // A line that is gone must be named; then who reviews it is told.
      expect(board.prompt('lossy', 2)).toContain('README.md, of task/three: three');
      expect(board.plan('lossy', 2).session).toEqual({ ...board.plan('lossy', 1).session, mode: 'resume' });
      expect(board.git('log', '-1', '--format=%B', board.plan('lossy', 3).workspace.base)).toContain(
        'README.md: three',
      );
      expect(board.read('done', 'lossy.md')).toContain('README.md: three');
      expect(board.task('marked')).toMatchObject({ reason: 'dependency-conflict', column: 'attention' });
      for (const part of ['task/two', 'task/three', 'Marks of the conflict are left']) {
        expect(board.read('attention', 'marked.md')).toContain(part);
      }
    }),
);
