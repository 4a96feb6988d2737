/** Filters that files need as they are checked out, and that can't run. */
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs as timeout, withBoard, writeTask } from './board.ts';

test('a required filter without its program is told within a minute, with what to type', { timeout }, () =>
  withBoard({ files: { '.gitattributes': '*.bin filter=lfs\n', 'a.bin': 'pointer\n' } }, async (board) => {
    for (const [name, value] of [
      ['smudge', 'no-such-lfs smudge %f'],
      ['clean', 'cat'],
      ['required', 'true'],
    ] as const) {
      board.git('config', `filter.lfs.${name}`, value);
    }
    board.drop({ 'x.md': writeTask('X', addFile('one.txt')) });
    expect(await board.runUntilIdle()).toBe(3);
    expect(board.task('x')).toMatchObject({ column: 'attention', reason: 'setup-failed', attempt: 1 });
    expect(board.read('attention', 'x.md')).toContain('git lfs install');
    expect(board.happened('effect-failed').filter(({ task }) => task === 'x').length).toBeLessThan(4);
  }),
);
