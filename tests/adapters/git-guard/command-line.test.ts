/** The words that the guard judges are those that bash gives to the program: both read the same random command lines. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fc, runs } from '../../properties.ts';
import { readCommandLine } from '../../../src/adapters/git-guard/command-line.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'branchboard-words-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Pieces that mean something to a shell, alone or with what stands beside them. */
const piece = fc.constantFrom(
  ...[
    'a',
    'b c',
    '-x',
    '--o=',
    '..',
    '/',
    '=',
    '~',
    ':',
    '@',
    '^',
    '!',
    ',',
    '%',
    '+',
    '1',
    '#',
    ' #',
    ' ',
    '  ',
    '\t',
  ],
  ...["'", '"', '\\', '\\\n', '\\\\', "\\'", '\\"', "''", '""', "'a b'", '"a b"', `"a'b"`, `'a"b'`, "'$x'", '"\\$x"'],
  ...['"\\a"', '"\\\n"', "'\\'", "$'a'", '$"a"', '$x', '"$x"', '${x}', '$', '$(echo a)', '`echo a`', '*', '?', '[a]'],
  ...[
    '{a,b}',
    '{1..2}',
    '{a}',
    '@{u}',
    'é',
    '\u00a0',
    '(',
    ')',
    '&&',
    ';',
    '|',
    '\n',
    ' && git ',
    '; git ',
    ' | git ',
    ' & git ',
    '"$(cat <<\'E\'\nx $y\n\nE\n)"',
  ],
);
const commandLine = fc.array(piece, { maxLength: 8 }).map((pieces) => `git ${pieces.join('')}`);

/** Runs each line with a function in the place of git; gives the words of each call. */
function runInBash(lines: readonly string[]): readonly (readonly string[][])[] {
  const script = `
    git() { local call=$'call\\1'; for word; do call+=$word$'\\1'; done; printf '%s\\2' "\${call//$'\\n'/$'\\4'}" >&9; }
    exec 9>&1 >/dev/null 2>&1 </dev/null
    for line; do ( eval "$line"; wait ); printf '\\3' >&9; done`;
  const printed = execFileSync('bash', ['-c', script, 'bash', ...lines], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: '/home/me', LC_ALL: 'C.UTF-8' },
    encoding: 'utf8',
  });
  return printed
    .split('\u0003')
    .slice(0, -1)
    .map((calls) =>
      calls
        .split('\u0002')
        .slice(0, -1)
        .map((call) => call.replaceAll('\u0004', '\n').split('\u0001').slice(1, -1)),
    );
}

test('every git command that bash runs is among those that were read, with the same words', () => {
  const times = runs(20);
  let compared = 0;
  fc.assert(
    fc.property(fc.array(commandLine, { minLength: 100, maxLength: 100 }), (lines) => {
      const calls = runInBash(lines);
      for (const [index, line] of lines.entries()) {
        const read = readCommandLine(line);
        if (!read.ok) continue;
        if (read.value.commands.some(({ words: [program] }) => program === null)) continue;
        const gits = read.value.commands.filter(({ runsGit }) => runsGit).map(({ words: [, ...args] }) => args);
        // What is not known for certain is refused, and of no interest here.
        if (gits.flat().includes(null)) continue;
        for (const words of calls[index] ?? []) {
          compared += 1;
          expect(gits, line).toContainEqual(words);
        }
      }
    }),
    { ...times, endOnFailure: true },
  );
  expect(compared).toBeGreaterThan(10 * times.numRuns);
});
