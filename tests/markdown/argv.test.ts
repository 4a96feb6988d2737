import { quote } from 'shell-quote';
import { describe, expect, it } from 'vitest';

import { fc } from '../properties.ts';
import { parseArgv } from '../../src/markdown/argv.ts';
import { anyText } from './arbitrary-text.ts';

describe('a command', () => {
  it.each([
    ['npm test', ['npm', 'test']],
    ['  npm   run\ttest ', ['npm', 'run', 'test']],
    [`node -e "console.log('a b')"`, ['node', '-e', "console.log('a b')"]],
    [`grep '$HOME' "a \\"b\\""`, ['grep', '$HOME', 'a "b"']],
    [`grep '*' 'a#b' \\$x`, ['grep', '*', 'a#b', '$x']],
    [`echo '' "&&"`, ['echo', '', '&&']],
    ['env CI=1 npm test', ['env', 'CI=1', 'npm', 'test']],
    ['./check.sh a=b', ['./check.sh', 'a=b']],
    [`git diff HEAD~1 '~x'`, ['git', 'diff', 'HEAD~1', '~x']],
  ])('%j is split into words', (command, words) => {
    expect(parseArgv(command)).toEqual({ ok: true, value: words });
  });

  it.each([
    ['npm test && npm run lint', '`&&`; no shell is used: write a list of commands'],
    ['a | b', '`|`; no shell'],
    ['a; b', '`;`; no shell'],
    ['a > b', '`>`; no shell'],
    ['a &', '`&`; no shell'],
    ['(a)', '`(`; no shell'],
    ['rm *.txt', 'a glob; no shell'],
    ['echo $HOME', '`$`; no shell'],
    ['echo "${HOME}"', '`$`; no shell'],
    ["echo $'a'", '`$`; no shell'],
    ['echo `id`', 'a backtick'],
    ['echo "`id`"', 'a backtick'],
    ['echo "\\`id"', 'a backtick'],
    ['npm test # all', 'a comment'],
    ['npm run a#b', 'a comment'],
    ['CI=1 npm test', 'write `env CI=1 npm test`'],
    ['~/bin/check', 'write the whole path'],
    ['ls ~', 'write the whole path'],
    ['npm test\nnpm run lint', 'several lines'],
    ['a \\\nb', 'several lines'],
    ['echo "a', 'never ends'],
    ["echo 'a", 'never ends'],
    ['echo \\', 'ends with a backslash'],
    ['', 'is empty'],
    ['  ', 'is empty'],
    ['""', 'names no program'],
    ['a\u0000', 'control character'],
    ['a '.repeat(3000), 'script file'],
  ])('%j is refused', (command, problem) => {
    const result = parseArgv(command);
    expect(result.ok ? result.value : result.failure).toContain(problem);
    expect(result.ok).toBe(false);
  });

  it('that was quoted comes back as the words it was made of', () => {
    const word = fc.string({ maxLength: 20 });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), (args) => {
        const result = parseArgv(quote(['program', ...args]));
        if (result.ok) expect(result.value).toEqual(['program', ...args]);
      }),
    );
  });

  it('of any kind is answered', () => {
    fc.assert(fc.property(anyText(100), (text) => typeof parseArgv(text).ok === 'boolean'));
    for (const unit of ['"', "'", '\\', "a'", '"a', '$', '(', '&', 'a '])
      expect(parseArgv(unit.repeat(256 * 1024)).ok).toBe(false);
    for (const unit of ['a', '"" ', "''", '\\a']) expect(parseArgv(`x${unit.repeat(1000)}`).ok).toBe(true);
  });
});
