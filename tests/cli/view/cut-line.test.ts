import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { cutLine } from '../../../src/cli/view/cut-line.ts';

test('a line that fits stays as it is, with its colours', async () => {
  const line = '✓ \u001B[1mtask-a\u001B[22m  done  Über 3 − 1 …';
  expect(await cutLine(line, stripVTControlCharacters(line).length)).toBe(line);
});

test('a line that is too long is cut, and its colours end with it', async () => {
  expect(await cutLine('· next   queued     Title of next', 12)).toBe('· next   qu…');
  const cut = await cutLine('\u001B[1mlong words\u001B[22m', 6);
  expect(stripVTControlCharacters(cut)).toBe('long …');
  expect(cut.endsWith('\u001B[22m')).toBe(true);
});

test('characters that are two columns wide count as two, and those that are joined to others as none', async () => {
  expect(await cutLine('漢字漢字', 8)).toBe('漢字漢字');
  expect(await cutLine('漢字漢字', 5)).toBe('漢字…');
  expect(await cutLine('⌚ ok', 3)).toBe('⌚…');
  expect(await cutLine('e\u0301e\u0301', 2)).toBe('e\u0301e\u0301');
});
