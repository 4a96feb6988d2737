/** The words behind a plan's box: who is left out, and what is said to whom. */
import { expect, test } from 'vitest';
import { readAcceptWords } from '../../src/domain/accept-words.ts';

test.each([
  ['', [], []],
  [' docs, 4  `x`', ['docs', '4', '`x`'], []],
  [
    'docs\nschema: Use SQLite.\n  And no ORM: none.\n- `4`: Later',
    ['docs'],
    [
      ['schema', 'Use SQLite.\n  And no ORM: none.'],
      ['4', 'Later'],
    ],
  ],
  ['schema: https://x.y/z', [], [['schema', 'https://x.y/z']]],
  ['schema:\n\nUse SQLite.\n', [], [['schema', 'Use SQLite.']]],
])('%j', (text, without, said) => {
  expect(readAcceptWords(text)).toEqual({ without, said: said.map(([name, words]) => ({ name, text: words })) });
});
