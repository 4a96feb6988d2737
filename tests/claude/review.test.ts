/** A review with comments: the real agent's session goes on with them, and its answers stand beside them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withBoard } from './board.ts';
import { boardTestTimeoutMs } from '../patience.ts';
import { byPrompt, castParts, commit, deliver, inTurns, report, write } from './task-script.ts';

test(
  'work that is sent back with two comments comes back with an answer to each',
  { timeout: boardTestTimeoutMs },
  async () => {
    const answers = [
      { comment: 1, answer: 'Named it in full.' },
      { comment: 2, answer: 'Left it: the file is new.' },
    ];
    const script = castParts({
      a: byPrompt(
        deliver('a.txt', 'one\ntwo\n'),
        inTurns(write('b.txt', 'three\n'), commit('mend'), () => ({
          say: 'Mended.',
          tools: [report('done', 'Mended it.', { answers })],
        })),
      ),
    });
    await withBoard({ script }, async (board) => {
      await board.add({ a: 'Write a.txt.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect((await board.cli('review', 'a')).code).toBe(0);
      const path = board.path('runs', 'a', 'review.md');
      const page = readFileSync(path, 'utf8');
      writeFileSync(
        path,
        page.replace('+one\n', '+one\nSay it in full.\n').replace('+two\n', '+two\nWhy not before?\n'),
      );
      const sent = await board.cli('send-back', 'a', 'Nearly there.');
      expect(sent.output).toContain('a: sent back with 2 comments');
      expect((await board.runUntilIdle()).code).toBe(0);

      const asked = board.api.requests.at(-1)?.text ?? '';
      expect(asked).toMatch(/<review-(\w+)>\nNearly there\.\n<\/review-\1>/);
      expect(asked).toMatch(/1\. a\.txt:1\n {3}> one\nSay it in full\.\n\n2\. a\.txt:2\n {3}> two\nWhy not before\?\n/);
      expect((await board.cli('review', 'a')).code).toBe(0);
      const [since = '', own = ''] = readFileSync(path, 'utf8').split('## All changes');
      expect(since).toContain('### b.txt +1 −0');
      expect(since).not.toContain('### a.txt');
      expect(own).toContain('+one\n│ 1. You, round 1: Say it in full.\n│    Its agent: Named it in full.\n');
      expect(own).toContain('+two\n│ 2. You, round 1: Why not before?\n│    Its agent: Left it: the file is new.\n');
    });
  },
);
