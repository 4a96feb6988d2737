import { expect, test } from 'vitest';
import { findHint, resolveName } from '../../src/cli/tried-words.ts';
import { nameOf, verbs } from '../../src/cli/verbs.ts';

test.each([
  [['list'], ['status']],
  [
    ['ls', '--json'],
    ['status', '--json'],
  ],
  [
    ['log', 'a', '-f'],
    ['logs', 'a', '-f'],
  ],
  [['version'], ['--version']],
  [['-v'], ['--version']],
  [['status'], ['status']],
  [[], []],
])('%j is read as %j', (words, meant) => {
  expect(resolveName(words)).toEqual(meant);
});

test.each([
  ['run', 'branchboard start'],
  ['watch', 'branchboard start'],
  ['rm', 'branchboard cancel ID'],
  ['edit', 'branchboard show ID'],
  ['approve', 'branchboard merge ID'],
  ['new', 'branchboard add'],
  ['Rm', 'branchboard cancel ID'],
])('who tries %s is told of %s', (word, hint) => {
  expect(findHint(word)).toContain(hint);
});

test('a slip of the fingers names the verb, and what is far from all of them names none', () => {
  expect(findHint('statsu')).toBe('Did you mean: branchboard status');
  expect(findHint('strat')).toBe('Did you mean: branchboard start');
  expect(findHint('ad')).toBe('Did you mean: branchboard add');
  for (const word of ['frobnicate', 'x', 'Add a login page']) {
    expect(findHint(word)).toBe('All commands: branchboard --help');
  }
});

test('verbs and options get no hint', () => {
  for (const word of [...verbs.map(nameOf), '--help', '-V']) expect(findHint(word)).toBeNull();
});
