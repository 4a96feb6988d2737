/** What an agent left unfinished, and what was unfinished before it came: who is told what, and how to go on. */
import { expect, test } from 'vitest';
import { boardTestTimeoutMs, withBoard, writeTask } from './board.ts';

const timeout = boardTestTimeoutMs;

test.concurrent('uncommitted work is shown by diff, with its place and both ways on', { timeout }, () =>
  withBoard({ config: 'retries: 0', files: { 'a.txt': 'a' } }, async (board) => {
    board.drop({
      'left.md': writeTask('Left', ['write a.txt committed', 'commit One', 'append a.txt more', 'write b.txt new']),
    });
    expect(await board.runUntilIdle()).toBe(3);
    const worktree = board.git('worktree', 'list', '--porcelain').match(/^worktree (.*left)$/m)?.[1] ?? '';
    const { stdout: diff, stderr } = await board.cli('diff', 'left');
    // It is not done, so that a merge would be refused.
    expect(stderr).not.toContain('branchboard merge');
    expect(diff).toContain('+committed');
    expect(diff).toContain(`Not committed when run 1 ended, in ${worktree}`);
    expect(diff.split('Not committed')[1]).toMatch(/\+more[^]*b\/b\.txt[^]*\+new/);
    const { stdout: show } = await board.cli('show', 'left');
    for (const text of [show, board.read('attention', 'left.md')]) {
      expect(text).toContain(worktree);
      expect(text).toContain('`branchboard hand-back left`; or `branchboard retry left`');
    }
  }),
);

test.concurrent('what setup rewrites is nobody’s fault, told once, and no worktree stays for it', { timeout }, () =>
  withBoard(
    { config: 'setup: [cp a.txt package-lock.json]', files: { 'a.txt': 'a', 'package-lock.json': '{}' } },
    async (board) => {
      // The scripted agent commits all that is there, so this one says that there is nothing to do.
      board.drop({ 'idle.md': writeTask('Idle', ['nothing All is there.']) });
      expect(await board.runUntilIdle()).toBe(0);
      expect(board.task('idle')).toMatchObject({ column: 'done', attempt: 1 });
      const told = 'package-lock.json differed from the commit before the agent came';
      for (const text of [board.read('done', 'idle.md'), board.dashboard]) expect(text.split(told)).toHaveLength(2);
      expect(board.git('worktree', 'list').split('\n')).toHaveLength(1);
    },
  ),
);

test.concurrent('a question is told once, with the commits before it', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'asks.md': writeTask('Asks', ['write a.txt a', 'commit One', 'ask Left or right?']) });
    expect(await board.runUntilIdle()).toBe(3);
    const story = board.read('attention', 'asks.md').split('## What happened')[1] ?? '';
    expect(story).toContain('1 commit');
    expect(story.match(/^> Left or right\?$/gm)).toHaveLength(1);
    expect(board.task('asks')).toMatchObject({ commits: 1, question: 'Left or right?' });
  }),
);
