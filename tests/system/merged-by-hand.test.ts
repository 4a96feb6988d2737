/** What the user merges by hand, as a board finds it that did not run meanwhile. */
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs as timeout, withBoard, writeTask } from './board.ts';

test('work that was merged while no board ran is found before the next one ends, and diff says so', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'x.md': writeTask('X', addFile('one.txt')) });
    expect(await board.runUntilIdle()).toBe(0);
    board.git('config', 'diff.external', '/nowhere/difft');
    board.git('config', 'diff.orderFile', '/nowhere/order');
    const unmerged = await board.cli('diff', 'x');
    board.git('config', '--remove-section', 'diff');
    expect(unmerged).toMatchObject({ code: 0, stdout: expect.stringContaining('+++ b/') as string });
    expect(unmerged.stderr).toContain("fatal: failed to read orderfile '/nowhere/order'");
    expect(unmerged.stderr).toContain("could not be shown with your git's own settings");
    expect(unmerged.stderr).not.toContain('merged into');
    board.git('merge', '--quiet', '--squash', 'task/x');
    board.git('commit', '--quiet', '--message=Squashed');
    board.git('branch', '-D', 'task/x');
    // Also what only looks tells it, and asks git again once the base moves.
    expect(await board.succeed('status')).toMatch(/✓ x +merged[^]*\n.*1 merged/);
    expect(await board.succeed('show', 'x')).toMatch(/^X \(x\) · done, merged/);
    board.git('reset', '--quiet', '--hard', 'HEAD~1');
    expect(await board.succeed('status')).toContain('1 to review');
    board.git('reset', '--quiet', '--hard', 'ORIG_HEAD');
    expect(board.happened('task-merged')).toEqual([]);
    expect(await board.runUntilIdle()).toBe(0);
    expect(board.happened('task-merged')).toMatchObject([{ task: 'x' }]);
    expect(board.task('x').mergedAt).not.toBeNull();
    const { code, stdout, stderr } = await board.cli('diff', 'x', '--stat');
    expect([code, stdout]).toEqual([0, expect.stringContaining('one.txt')]);
    expect(stderr).toContain('The work of x is merged into main. The branch task/x is gone.');
    board.drop({ 'y.md': writeTask('Y', addFile('two.txt'), { depends_on: 'x' }) });
    expect(await board.runUntilIdle()).toBe(0);
    expect(board.git('merge-base', 'main', 'task/y')).toBe(board.git('rev-parse', 'main'));
  }),
);
