/** Completion in real shells, as far as the machine has them: a user types a line and a tab. */
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { boardTestTimeoutMs, cliMain, withBoard, withPatience, type ScratchBoard } from './board.ts';

const timeout = boardTestTimeoutMs;

/** Shells, how each is started, and what has it complete and list all candidates at the first tab. */
const shells = [
  ['bash', '--norc -i', `bind 'set show-all-if-ambiguous on'; eval "$(branchboard completion bash)"`],
  ['zsh', '-f -i', 'autoload -U compinit; compinit -uD; eval "$(branchboard completion zsh)"; bindkey -e'],
] as const;

function hasProgram(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

/** Names of files that a shell would run, split, or take for options and patterns. */
const hostile = ['$(touch pwned)', '`touch pwned`', "a b'", 'd;touch pwned', 'd\ntouch pwned', '-rf', '*'];

/** Gives the board tasks, and files with hostile names beside them; gives the folder where `branchboard` is. */
function prepare(board: ScratchBoard): string {
  for (const column of ['queued', 'attention', 'done']) {
    for (const name of [`${column}-1`, ...hostile]) board.write(`${column}/${name}.md`, '');
  }
  const bin = join(board.root, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'branchboard'), `#!/bin/sh\nexec '${process.execPath}' '${cliMain}' "$@"\n`);
  chmodSync(join(bin, 'branchboard'), 0o755);
  return bin;
}

test.concurrent.each(shells.filter(([shell]) => hasProgram(shell)))(
  '%s completes verbs, options and the ids that fit, leaves files to itself, and runs no word and no name',
  { timeout },
  (shell, args, setup) =>
    withBoard({}, async (board) => {
      const bin = prepare(board);
      const typed = [
        'branchboard ret\t',
        'branchboard retry \t',
        'branchboard retry att\t',
        'branchboard cancel d\t',
        'branchboard add --prio\t',
        'branchboard add --priority=h\t',
        'branchboard add READ\t',
        'branchboard retry $(touch pwned) `touch pwned` \t',
        `branchboard retry --repo ${board.root} d\t`,
      ];
      // Quotes around the line as it is then have it printed, and nothing of it run.
      const lines = typed.map((line) => `${line}\x01printf '<%s>\\n' '\x05'\n`);
      const input = [`${setup}\n`, ...lines, 'exit\n'].join('');
      const start = () => `PATH='${bin}':"$PATH" HISTFILE=/dev/null exec ${shell} ${args}`;
      const { stdout } = await withPatience(board.launchInTerminal([], start, input).ended, shell);
      const made = [...stdout.matchAll(/<(branchboard .*?) ?>\r$/gm)].map(([, line]) => line);
      expect(made).toEqual([
        'branchboard retry',
        'branchboard retry',
        'branchboard retry attention-1',
        'branchboard cancel d',
        'branchboard add --priority',
        'branchboard add --priority=high',
        'branchboard add README.md',
        'branchboard retry $(touch pwned) `touch pwned`',
        `branchboard retry --repo ${board.root} d`,
      ]);
      expect(stdout).toMatch(/attention-1\s[^<]*done-1\s/);
      expect(stdout).not.toMatch(/queued-1|a b'/);
      expect(existsSync(join(board.repo, 'pwned'))).toBe(false);
    }),
);

test.concurrent.each(['fish'].filter(hasProgram))(
  '%s completes verbs, options and the ids that fit, leaves files to itself, and runs no word and no name',
  { timeout },
  (shell) =>
    withBoard({}, async (board) => {
      const bin = prepare(board);
      const complete = async (line: string): Promise<readonly string[]> => {
        const command = `PATH='${bin}':"$PATH" exec ${shell} --no-config -c 'branchboard completion fish | source; complete -C "$argv"' -- '${line}'`;
        const { stdout } = await withPatience(board.launchInTerminal([], () => command).ended, shell);
        return stdout.split('\r\n').filter((text) => text !== '');
      };
      expect(await complete('branchboard resu')).toEqual([
        'resume\tstart tasks again, also where a limit or a missing login held them',
      ]);
      expect(await complete('branchboard retry ')).toEqual(['attention-1\tattention', 'done-1\tdone']);
      expect(await complete('branchboard add --priority=h')).toEqual(['--priority=high']);
      expect(await complete('branchboard add READ')).toEqual(['README.md']);
      expect(await complete('branchboard retry $(touch pwned) ')).toEqual([]);
      expect(existsSync(join(board.repo, 'pwned'))).toBe(false);
    }),
);

test.concurrent('without a board nothing is printed, whatever is asked', { timeout }, () =>
  withBoard({ init: false }, async (board) => {
    for (const words of [
      ['retry', ''],
      ['retry', '--repo', '/nonexistent', ''],
      ['nonsense', ''],
      ['retry', '\n'],
    ]) {
      expect(await board.cli('complete', '--', ...words)).toEqual({ code: 0, stdout: '', stderr: '' });
    }
    expect((await board.cli('complete', '--', 'paus')).stdout).toMatch(/^pause\t/);
  }),
);
