import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { cutLine } from '../../../src/cli/view/cut-line.ts';

test('a line that fits stays as it is, with its colours', async () => {
  const line = '✓ \u001B[1mtask-a\u001B[22m  done  Über 3 − 1 …';
  expect(await cutLine(line, stripVTControlCharacters(line).length)).toBe(line);
});

test('a line that is too long is cut, and its colours end with it', async () => {
  expect(await cutLine('\u001B[1mnext\u001B[22m', 3)).toBe('\u001B[1mne…\u001B[22m');
  const cut = await cutLine('\u001B[1mlong words\u001B[22m', 6);
  expect(stripVTControlCharacters(cut)).toBe('long…');
  expect(cut.endsWith('\u001B[22m')).toBe(true);
});

test('it is cut at a word, within one only where that is long or nothing tells words apart', async () => {
  const line = '· next   queued     Make the login page say why it refuses';
  expect(await cutLine(line, 33)).toBe('· next   queued     Make the…');
  expect(await cutLine(line, line.length - 1)).toBe('· next   queued     Make the login page say why it…');
  const address = `See https://example.org/${'a'.repeat(80)}`;
  expect(await cutLine(address, 40)).toBe(`${address.slice(0, 39)}…`);
  expect(await cutLine(`· 漢字 ${'漢'.repeat(40)}`, 60)).toBe(`· 漢字 ${'漢'.repeat(26)}…`);
});

test('a line that ends with an ellipsis and fits keeps its last word', async () => {
  const line = '漢字 Make the login page…';
  expect(await cutLine(line, 40)).toBe(line);
});

test('characters that are two columns wide count as two, and those that are joined to others as none', async () => {
  expect(await cutLine('漢字漢字', 8)).toBe('漢字漢字');
  expect(await cutLine('漢字漢字', 5)).toBe('漢字…');
  expect(await cutLine('⌚ ok', 3)).toBe('⌚…');
  expect(await cutLine('e\u0301e\u0301', 2)).toBe('e\u0301e\u0301');
});
