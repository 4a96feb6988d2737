/** `send-back` and `review`: the user's words reach the session that did the work, on a board that runs and on one that doesn't. */
import { statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, writeTask } from './board.ts';

const timeout = boardTestTimeoutMs;

test.concurrent(
  'work that is sent back is gone on with by its author, who is told why; so is who builds on it',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      const lines = ['append a.txt more', 'commit More', 'summary Added a line.'];
      board.drop({ 'a.md': writeTask('A', lines), 'held.md': writeTask('Held', ['ask Now?']) });
      expect(await board.runUntilIdle()).toBe(3);

      expect((await board.cli('send-back', 'a', ' ')).code).toBe(2);
      const undone = await board.cli('send-back', 'held', 'Do it.');
      expect([undone.code, undone.stderr]).toEqual([
        2,
        expect.stringContaining('held is not done, so there is nothing'),
      ]);
      expect(board.column('done')).toEqual(['a']);

      const before = board.read('done', 'a.md').split('<!-- branchboard')[0];
      expect(await board.succeed('send-back', 'a', 'Keep', 'v1.')).toBe('a: done/ → queued/\n');
      expect(board.read('queued', 'a.md').split('<!-- branchboard')[0]).toBe(before);
      const running = await board.start();
      await board.arrive('done', 'a');
      const piped = board.launch(['retry', 'a', '-'], { input: 'And v2,\nplease.\n' });
      expect((await piped.ended).code).toBe(0);
      await board.arrive('done', 'a');
      board.drop({ 'b.md': writeTask('B', addFile('b.txt'), { depends_on: 'a' }) });
      await board.arrive('done', 'b');
      expect((await board.stop(running)).code).toBe(0);

      const sessions = [1, 2, 3].map(
        (n) => JSON.parse(board.read('runs', 'a', String(n), 'plan.json')) as { session: { id: string } },
      );
      expect(new Set(sessions.map(({ session }) => session.id)).size).toBe(1);
      const [first, second] = [2, 3].map((n) => board.read('runs', 'a', String(n), 'prompt.md'));
      expect(first).toContain('sends it back. Settle each point');
      expect(first).toMatch(/<review-(\w+)>\nKeep v1\.\n<\/review-\1>/);
      expect(first).not.toContain('The task was edited');
      expect(second).toMatch(/<review-(\w+)>\nAnd v2,\nplease\.\n<\/review-\1>/);
      expect(board.task('a').review).toEqual({ state: 'ready', round: 3 });
      expect(board.git('rev-list', '--count', 'main..task/a')).toBe('3');
      const told = board.read('runs', 'b', '1', 'prompt.md');
      for (const [round, words] of [
        [1, 'Keep v1.'],
        [2, 'And v2,\nplease.'],
      ] as const) {
        expect(told).toContain(`- Its reviewer sent it back after round ${String(round)}, because:`);
        expect(told).toContain(words);
      }
    }),
);

test.concurrent(
  'comments between the lines of a diff go in one batch, and come back with their answers',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      const lines = [
        'append a.txt more',
        'commit More',
        'answer 1 Said so.',
        'answer 7 Nobody asked.',
        'summary Done.',
      ];
      board.drop({ 'a.md': writeTask('A', lines) });
      await board.runUntilIdle();
      const path = board.path('runs/a/review.md');
      const read = () => board.read('runs', 'a', 'review.md');
      const comment = (words: string, text: string) => {
        writeFileSync(path, read().replace(words, `${words}\n${text}`));
      };

      expect((await board.cli('send-back', 'a')).stderr).toContain('a was told nothing');
      expect(await board.succeed('review', 'a')).toContain('runs/a/review.md\nWrite your comments into it');
      expect(statSync(path).mode & 0o777).toBe(0o600);
      comment('+more', 'Why `more`?');
      comment('### a.txt +1 −0', '- [x] not a box');
      const saved = read();
      expect(await board.succeed('review', 'a')).toContain(' · 2 comments not sent\n');
      expect(read()).toBe(saved);
      expect(await board.succeed('send-back', 'a')).toBe('a: sent back with 2 comments: done/ → queued/\n');
      await board.runUntilIdle();

      const prompt = board.read('runs', 'a', '2', 'prompt.md');
      expect(prompt).toMatch(
        /<comments-(\w+)>\n1\. a\.txt\n- \[x\] not a box\n\n2\. a\.txt:1\n {3}> more\nWhy `more`\?\n<\/comments-\1>/,
      );
      expect((await board.cli('send-back', 'a')).stderr).toContain('a was told nothing');
      await board.succeed('review', 'a');
      const page = read();
      expect(page).toContain('### a.txt +1 −0\n│ 1. You, round 1: - [x] not a box\n│    Its agent: Said so.\n');
      expect(page).toContain('more\n│ 2. You, round 1: Why `more`?\n│    Its agent: (no answer)\n');
      const [since = '', own = ''] = page.split('## All changes');
      expect(since).toContain(' more\n');
      expect(since).toContain('+more\n');
      expect(own.match(/^\+more$/gm)).toHaveLength(2);

      comment('### a.txt +2 −0', 'Once is enough.');
      writeFileSync(path, read().replace(/<!-- branchboard review .*/, ''));
      const { code, stderr } = await board.cli('send-back', 'a');
      expect([code, stderr]).toEqual([2, expect.stringContaining("can't be told from what the board wrote there")]);
      expect(board.column('done')).toEqual(['a']);
      expect(await board.succeed('review', 'a')).toContain('it is review-1.md beside it now');
      expect(board.read('runs', 'a', 'review-1.md')).toContain('Once is enough.');
    }),
);

test.concurrent('a tick sends back what its box names, and nothing else', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'a.md': writeTask('A', ['append a.txt more', 'commit More', 'summary Done.']) });
    const running = await board.start();
    await board.arrive('done', 'a');
    const tick = async (words: string, round: number) => {
      const commit = board.git('rev-parse', 'refs/branchboard/done/a');
      const box = `- [ ] Send back \`${commit.slice(0, 7)}\`, because: <!-- send-back a done ${String(round)} ${commit} -->`;
      await waitUntil(`the dashboard offers ${box}`, () => board.dashboard.includes(`${box}\n`));
      const ticked = box.replace('[ ]', '[x]').replace('because:', `because: ${words}`);
      writeFileSync(board.path('DASHBOARD.md'), board.dashboard.replace(box, ticked));
      await waitUntil('it is settled', () => board.happened('command').length === round);
    };
    await tick('it *lacks* `v1`', 1);
    await board.arrive('done', 'a');
    await waitUntil('it is done again', () => board.task('a').review?.round === 2);
    expect(board.read('runs', 'a', '2', 'prompt.md')).toMatch(/<review-(\w+)>\nit \*lacks\* `v1`\n<\/review-\1>/);

    const mine = board.git('commit-tree', 'task/a^{tree}', '-p', 'task/a', '-m', 'Mine');
    board.git('update-ref', 'refs/heads/task/a', mine);
    await tick('Too late.', 2);
    const refusal = `because “Too late.”: nothing was done: a was not sent back: task/a is at ${mine.slice(0, 10)} by now`;
    await waitUntil('the dashboard says why', () => board.dashboard.includes(refusal));
    expect(board.column('done')).toEqual(['a']);
    expect((await board.stop(running)).code).toBe(0);
  }),
);
