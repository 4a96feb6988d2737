/** An agent that reviews work before its user does, on the real Claude Code. */
import { expect, test } from 'vitest';
import { withBoard } from './board.ts';
import { boardTestTimeoutMs } from '../patience.ts';
import { bash, byPrompt, castParts, commit, deliver, finish, inTurns, report, write } from './task-script.ts';

test(
  'a reviewer reads the diff in a session of its own, can write nothing, and has its changes made before the work is done',
  { timeout: boardTestTimeoutMs },
  async () => {
    let reviews = 0;
    const script = castParts({
      a: byPrompt(deliver('a.txt', 'one\n'), inTurns(write('b.txt', 'two\n'), commit('mend'), finish('Mended it.'))),
      'a judged': inTurns(
        (ask) => ({
          tools: [
            { name: 'Bash', input: { command: /`(git diff [0-9a-f]+\.\.[0-9a-f]+)`/.exec(ask.text)?.[1] ?? 'none' } },
            { name: 'Write', input: { file_path: `${ask.worktree}/a.txt`, content: 'mine\n' } },
          ],
        }),
        bash('git commit --allow-empty -m mine'),
        () => {
          reviews += 1;
          const comments = [{ file: 'a.txt', line: 1, reason: 'Say two as well.' }];
          const verdict = reviews === 1 ? { verdict: 'changes', comments } : { verdict: 'approve' };
          return { tools: [report('done', `Review ${String(reviews)}.`, verdict)] };
        },
      ),
    });
    const config = 'sandbox: off\nreview: backend-reviewer\n';
    await withBoard({ script, config }, async (board) => {
      await board.add({ a: 'Write a.txt.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.task('a')).toMatchObject({ column: 'done', commits: 2 });
      expect(board.task('a').judgements).toMatchObject([
        { run: 2, result: 'changes', summary: 'Review 1.', comments: [{ path: 'a.txt', line: 1 }] },
        { run: 4, result: 'approved', summary: 'Review 2.' },
      ]);
      expect(board.git('show', 'task/a:a.txt')).toBe('one');
      expect(board.git('log', '--format=%s', 'task/a', '^main')).toBe('mend\nadd a.txt');
      expect(board.plan('a', 3).session).toEqual({ mode: 'resume', id: board.plan('a', 1).session.id });
      expect(new Set([1, 2, 4].map((run) => board.plan('a', run).session.id)).size).toBe(3);
      const asked = board.api.requests.map(({ text }) => text);
      expect(asked.filter((text) => text.includes('a.txt:1: Say two as well.'))).not.toEqual([]);
      const judges = asked.filter((text) => text.includes('You review the work of another agent'));
      expect(judges.filter((text) => text.includes('Added a.txt.'))).toEqual([]);
    });
  },
);
