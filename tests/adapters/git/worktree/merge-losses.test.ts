import { describe, expect, it } from 'vitest';
import {
  findLosses,
  findMarked,
  type FileState,
  type MergedFile,
} from '../../../../src/adapters/git/worktree/merge-losses.ts';
import { findUnnamed } from '../../../../src/domain/base-conflict.ts';

const sides = ['task/a', 'task/b'] as const;
const file = (text: string | null): FileState | null =>
  text === null ? null : { object: text, lines: text.includes('\0') ? null : text.split('\n') };

interface Texts {
  readonly path?: string;
  readonly base?: string | null;
  readonly ours: string | null;
  readonly theirs: string | null;
  readonly marked?: string | null;
  readonly result: string | null;
}

function merged({ path = 'a.txt', base = 'start', ours, theirs, marked = null, result }: Texts): MergedFile {
  const [before, a, b, between, after] = [base, ours, theirs, marked, result].map(file);
  return { path, base: before ?? null, sides: [a ?? null, b ?? null], marked: between ?? null, result: after ?? null };
}

describe('what a resolution lacks of the two sides', () => {
  it('is nothing where the lines of both are there, however they are indented, or moved to another file', () => {
    const both = merged({ ours: 'start\none', theirs: 'start\ntwo', result: 'start\n  one\ntwo' });
    const moved = [
      merged({ ours: 'start\none', theirs: 'start\ntwo', result: 'start\ntwo' }),
      merged({ path: 'new.txt', base: null, ours: null, theirs: null, result: 'one' }),
    ];
    expect(findLosses([both], sides)).toEqual([]);
    expect(findLosses(moved, sides)).toEqual([]);
  });

  it('is each line that a side added, by its side, and none that was there before or says nothing', () => {
    const one = merged({
      base: 'start\nold',
      ours: 'start\nold\none\n}',
      theirs: 'start\nold\ntwo',
      result: 'start\ntwo',
    });
    expect(findLosses([one], sides)).toEqual([{ side: 'task/a', path: 'a.txt', line: 'one' }]);
  });

  it('does not count a line as moved that stood in the other file all along', () => {
    const files = [
      merged({ ours: 'start\none', theirs: 'start\ntwo', result: 'start\ntwo' }),
      merged({ path: 'other.txt', base: 'one', ours: 'one', theirs: 'one', marked: 'one', result: 'one\nmore' }),
    ];
    expect(findLosses(files, sides)).toEqual([{ side: 'task/a', path: 'a.txt', line: 'one' }]);
  });

  it('is the file where it was deleted, is no text, or lacks very many lines', () => {
    const many = Array.from({ length: 50 }, (_, index) => `line ${String(index)}`).join('\n');
    const files = [
      merged({ path: 'deleted.txt', ours: null, theirs: 'start\nthree', result: null }),
      merged({ path: 'image.png', base: '\0', ours: '\0a', theirs: '\0b', result: '\0a' }),
      merged({ path: 'long.txt', ours: many, theirs: 'start\ntwo', result: 'two' }),
    ];
    expect(findLosses(files, sides)).toEqual([
      { side: 'task/b', path: 'deleted.txt', line: null },
      { side: 'task/b', path: 'image.png', line: null },
      { side: 'task/a', path: 'long.txt', line: null },
    ]);
  });

  it('is named by file and line, whatever the spaces, and a file as a whole by no line of it', () => {
    const losses = [
      { side: 'task/a', path: 'a.txt', line: 'call(one, two)' },
      { side: 'task/b', path: 'a.txt', line: 'call(one, three)' },
      { side: 'task/b', path: 'b.txt', line: null },
    ];
    const reason = 'one call with all three';
    expect(findUnnamed(losses, [{ path: './a.txt', line: '  call(one,  two)\ncall(one, three)', reason }])).toEqual([
      losses[2],
    ]);
    expect(
      findUnnamed(losses, [
        { path: 'a.txt', line: null, reason },
        { path: 'b.txt', line: null, reason },
      ]),
    ).toEqual(losses.slice(0, 2));
  });
});

describe('marks of a conflict', () => {
  const marked = 'start\n<<<<<<< 0a1b\none\n=======\ntwo\n>>>>>>> 2c3d';

  it('are found one by one, also in a file under another name', () => {
    const left = (result: string, path = 'a.txt') => [
      merged({ ours: 'start\none', theirs: 'start\ntwo', marked, result: path === 'a.txt' ? result : null }),
      ...(path === 'a.txt' ? [] : [merged({ path, base: null, ours: null, theirs: null, result })]),
    ];
    expect(findMarked(left('start\none\n=======\ntwo'))).toEqual(['a.txt']);
    expect(findMarked(left('start\none\ntwo\n>>>>>>> 2c3d'))).toEqual(['a.txt']);
    expect(findMarked(left('<<<<<<< 0a1b\none', 'b.txt'))).toEqual(['b.txt']);
    expect(findMarked(left('start\none\ntwo'))).toEqual([]);
  });

  it('are none where a side has such a line of its own, or a line below a heading is meant', () => {
    const heading = merged({
      ours: 'Title\n=======\none',
      theirs: 'Title\n=======\ntwo',
      marked: `Title\n=======\n${marked}`,
      result: 'Title\n=======\none\ntwo',
    });
    const other = merged({ path: 'b.md', base: null, ours: null, theirs: null, result: 'New\n=======' });
    expect(findMarked([heading, other])).toEqual([]);
  });
});
