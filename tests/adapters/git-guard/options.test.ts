/**
 * Every option that this git knows, in each spelling, with a file outside of the worktree as its value: what the guard lets
 * through is run by git, and nothing outside was read or written then.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { judgeCommand } from '../../../src/adapters/git-guard/judge.ts';
import { gitCommands } from '../../../src/adapters/git-guard/options.ts';
import { Scratch } from '../git/scratch.ts';

/** What stands in the files outside, and in no file of the worktree. */
const marker = 'WORD-THAT-IS-OUTSIDE';
/** What a command needs beside its options to do anything. */
const usualWords: Readonly<Record<string, string>> = {
  add: '.',
  commit: '-m x --allow-empty',
  blame: 'README.md',
  'ls-tree': 'HEAD',
  'merge-base': 'HEAD HEAD~1',
  'rev-list': 'HEAD',
  shortlog: 'HEAD',
  grep: '-e hello',
  'cat-file': 'HEAD:README.md',
};
const letters = Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789');

let scratch: Scratch;
let outside: string;
let worktree: string;
beforeAll(() => {
  scratch = new Scratch();
  outside = join(scratch.root, 'outside');
  worktree = join(scratch.root, 'worktree');
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret'), `${marker}\n`);
  symlinkSync(outside, join(scratch.dir, 'linked'));
  scratch.commit({ 'README.md': 'hello\n', 'src/a.ts': 'one\n' });
  scratch.commit({ 'README.md': 'hello\nand more\n', 'src/a.ts': 'two\n' });
  scratch.git('worktree', 'add', '--quiet', worktree);
  appendFileSync(join(worktree, 'README.md'), 'changed\n');
});
afterAll(() => scratch.remove());

/** The long options of a command, as git itself lists them. */
function listLong(command: string): readonly string[] {
  try {
    const listed = execFileSync('git', [command, '--git-completion-helper-all'], {
      cwd: worktree,
      env: scratch.env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return [...listed.matchAll(/--[a-z][\w-]*/g)].map(([name]) => name);
  } catch {
    return [];
  }
}

/** Every long option of any of the commands, and those that no list of git's names. */
function listAllLong(): readonly string[] {
  const known = [...gitCommands].flatMap(([name, { options }]) => [...listLong(name), ...options.keys()]);
  const hidden = [
    '--output',
    '--no-index',
    '--stdin',
    '--ext-diff',
    '--textconv',
    '--batch',
    '--orderfile',
    '--exec-path',
  ];
  return [...new Set([...known, ...hidden])].filter((name) => name.startsWith('--'));
}

/** An option in the spellings in which git may take it: with no value, with one joined to it, with one after it. */
function spell(option: string): readonly string[] {
  const secret = join(outside, 'secret');
  const joined = [`${option}=${secret}`, `${option}=linked/secret`, `${option}=${outside}/new`];
  return [option, ...joined, `${option} ${secret}`, `${option} ../outside/secret`, `${option} linked/secret`];
}

function* listCommands(allLong: readonly string[]): Generator<string> {
  for (const [name, { options }] of gitCommands) {
    const end = usualWords[name] ?? '';
    const own = new Set([...listLong(name), ...options.keys()]);
    const cut = [...own].flatMap((option) =>
      Array.from(option, (_, at) => option.slice(0, at)).filter((part) => /^--./.test(part)),
    );
    const flag = [...options].find(([option, kind]) => kind === 'flag' && /^-[a-z]$/.test(option))?.[0] ?? '-q';
    const short = letters.flatMap((letter) => [
      ...spell(`-${letter}`),
      ...[`-${letter}${outside}/secret`, `-${letter}linked/secret`],
      ...[`${flag}${letter}`, `${flag}${letter}${outside}/secret`, `${flag}${letter} ${outside}/secret`],
    ]);
    for (const option of new Set([...allLong, ...cut]))
      for (const each of spell(option)) yield `git ${name} ${each} ${end}`;
    for (const each of short) yield `git ${name} ${each} ${end}`;
  }
}

/** Runs command lines one after another; gives what each printed. */
function runAll(lines: readonly string[]): readonly string[] {
  const script = `for line; do eval "$line" </dev/null 2>&1; printf '\\1'; done`;
  const printed = execFileSync('xargs', ['-0', 'bash', '-c', script, 'bash'], {
    cwd: worktree,
    env: { ...scratch.env, GIT_EDITOR: 'true', GIT_TERMINAL_PROMPT: '0' },
    input: lines.join('\0'),
    encoding: 'latin1',
    maxBuffer: 1 << 30,
  });
  return printed.split('\u0001').slice(0, -1);
}

/** All files outside with what is in them. */
function lookOutside(): readonly string[] {
  return readdirSync(outside, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(outside, name);
      const { mtimeMs } = lstatSync(path);
      return `${name} ${String(mtimeMs)} ${readFileSync(path, 'utf8')}`;
    });
}

test('no option that the guard allows reads or writes a file outside of the worktree', () => {
  const before = lookOutside();
  const allowed = [...listCommands(listAllLong())].filter(
    (line) => judgeCommand(line, { worktree: [worktree], cwd: worktree, rules: [] }).allowed,
  );

  expect(allowed.length).toBeGreaterThan(1000);
  const printed = runAll(allowed);
  expect(printed).toHaveLength(allowed.length);
  expect(allowed.filter((_, index) => printed[index]?.includes(marker))).toEqual([]);
  expect(lookOutside()).toEqual(before);
  expect(readdirSync(worktree).sort()).toEqual(['.git', 'README.md', 'linked', 'src']);
});

test('what it refuses does read and write there, so that the test above would notice', () => {
  const lines = [
    `git blame --conten=${outside}/secret README.md`,
    `git diff README.md ../outside/secret`,
    `git log --output=${outside}/new`,
  ];
  for (const line of lines) {
    expect(judgeCommand(line, { worktree: [worktree], cwd: worktree, rules: [] }).allowed).toBe(false);
  }
  const printed = runAll(lines);
  expect(printed.map((text) => text.includes(marker))).toEqual([true, true, false]);
  expect(lookOutside()).toHaveLength(2);
});
