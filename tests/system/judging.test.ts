/** An agent that reviews work before its user does: what it says, what it may not do, and a board that dies meanwhile. */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, withPatience, writeTask } from './board.ts';

const config = 'max_parallel: 5\nreview: backend-reviewer\nverify: [test -f README.md]\n';

test.concurrent(
  'green work is reviewed by an agent before it is done: changes go back to the author, and a review that edits or may write counts for nothing',
  { timeout: boardTestTimeoutMs },
  () =>
    withBoard({ config }, async (board) => {
      const grow = ['append work.txt one', 'commit Add a line', 'summary The author says that it is perfect.'];
      const wait = [
        `as judge: say begun`,
        `as judge: wait-for ${board.gate('judge')}`,
        'as judge: approve All is well.',
      ];
      board.drop({
        'grown.md': writeTask('Grown', [...grow, 'as judge: require work.txt one\\none']),
        'edited.md': writeTask('Edited', [
          ...addFile('e.txt'),
          'as judge: write judge.txt x',
          'as judge: approve Fine.',
        ]),
        'writer.md': writeTask('Writer', addFile('w.txt'), { review: 'developer' }),
        'alone.md': writeTask('Alone', addFile('a.txt'), { review: 'none' }),
        'waiting.md': writeTask('Waiting', [...addFile('g.txt'), ...wait]),
      });
      const running = await board.start();
      await waitUntil('the work is being judged', () =>
        board.read('runs', 'waiting', '2', 'stream.jsonl').includes('"begun"'),
      );
      await board.arrive('done', 'grown', 'edited', 'writer', 'alone');
      expect(board.task('waiting')).toMatchObject({ column: 'active', stage: 'reviewing' });
      expect(board.dashboard).toContain('being reviewed by an agent');
      running.signal('SIGKILL');
      await running.ended;
      const next = await board.start('--until-idle');
      board.open('judge');
      expect((await withPatience(next.ended, 'the end of the board')).code).toBe(0);

      expect(board.task('waiting').judgements).toMatchObject([
        { run: 2, role: 'backend-reviewer', result: 'approved', commit: board.git('rev-parse', 'task/waiting') },
      ]);
      expect(board.task('grown').judgements.map(({ result }) => result)).toEqual(['changes', 'approved']);
      expect(board.git('show', 'task/grown:work.txt')).toBe('one\none');
      const edited = { result: 'failed', summary: 'It changed what it was to judge: judge.txt.' };
      expect(board.task('edited').judgements).toMatchObject([edited, edited]);
      expect(board.task('writer').judgements).toMatchObject([{ result: 'failed' }]);
      expect(board.task('alone').judgements).toEqual([]);
      expect(['grown', 'edited', 'writer', 'alone', 'waiting'].map((id) => board.countRuns(id))).toEqual([
        4, 3, 1, 1, 2,
      ]);

      // Who judges is told of the work and its checks, and nothing of what its author says.
      const prompt = board.prompt('grown', 2);
      expect(prompt).toContain('- passed: `test -f README.md`');
      expect(prompt).toMatch(/`git diff [0-9a-f]{40}\.\.[0-9a-f]{40}`/);
      expect(prompt).not.toContain('perfect.\n\n#');
      expect(board.prompt('grown', 3)).toContain('work.txt:1: lacks: one');

      expect(board.dashboard).toContain('backend-reviewer approves it');
      expect(board.dashboard).toContain('The review by backend-reviewer failed');
      expect((await board.succeed('show', 'writer')).replaceAll('\n', ' ')).toContain('The role developer may write.');
      expect(board.read('done', 'grown.md')).toContain('work.txt:1: lacks: one');
      // What they were not to write is kept as long as the task is.
      expect(readdirSync(board.worktree())).toEqual(['edited-2', 'edited-3']);
      expect(board.git('branch', '--list', 'task/*', '--format=%(refname:short)').split('\n')).toHaveLength(5);
    }),
);
