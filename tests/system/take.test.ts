/** The verbs `open`, `take` and `hand-back`: the user goes into a task's worktree, to look or to go on with it. */
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Verdict } from '../../src/domain/verdict.ts';
import {
  addFile,
  boardTestTimeoutMs,
  waitUntil,
  withBoard,
  withPatience,
  writeTask,
  type ScratchBoard,
} from './board.ts';

const timeout = boardTestTimeoutMs;

/** An editor that does what `script` says to the worktree, `$1`. */
function makeEditor(board: ScratchBoard, name: string, script: string): string {
  const path = join(board.root, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

test.concurrent('open shows a worktree in the editor, and has one that is gone made again', { timeout }, () =>
  withBoard({}, async (board) => {
    const editor = makeEditor(
      board,
      'editor',
      'git -C "$1" log -1 --format="%s in $1"; git -C "$1" status --branch -s',
    );
    const open = async (id: string, env: Readonly<Record<string, string>> = { EDITOR: editor }) =>
      withPatience(board.launch(['open', id], { env }).ended, 'the editor');
    board.drop({
      'a.md': writeTask('Add A', addFile('a.txt')),
      'b.md': writeTask('Ask', ['write b.txt half', 'ask Which?']),
      'c.md': writeTask('Later', addFile('c.txt'), { depends_on: 'b' }),
    });
    await board.runUntilIdle();
    const tip = board.git('rev-parse', 'task/a');
    expect(existsSync(board.worktree('a'))).toBe(false);
    const shown = await open('a');
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining(`in ${board.worktree('a')}\n`) as string });
    expect(shown.stdout).toContain(`a: its worktree is ${board.worktree('a')}\n`);
    // Its branch is left to merge, restack and discard, which keep off one that is checked out.
    expect(shown.stdout).toContain('## HEAD (no branch)\n');
    expect((await open('a', { VISUAL: editor, EDITOR: 'false' })).stdout).toMatch(/^\S.* in .*\/a\n## HEAD/);
    // One that waits keeps its worktree, with what is not committed.
    expect((await open('b')).stdout).toContain('?? b.txt\n');
    expect(await open('c')).toMatchObject({
      code: 2,
      stderr: 'error: c has no worktree: no agent was at work on it yet\nTo see why it waits: branchboard status\n',
    });
    board.write('local.yaml', `open_with: ${makeEditor(board, 'mine', 'test "$1" = -n && echo "mine: $2"')} -n\n`);
    expect((await open('a')).stdout).toBe(`mine: ${board.worktree('a')}\n`);
    board.write('local.yaml', 'open_with: /nowhere/editor\n');
    const missing = await open('a');
    expect([missing.code, missing.stderr]).toEqual([
      2,
      expect.stringMatching(/\/nowhere\/editor, by open_with, did not open it/),
    ]);
    board.write('local.yaml', '');
    // A command that is typed in the worktree says where the board is.
    const inside = await board.launch(['status'], { cwd: board.worktree('a') }).ended;
    expect([inside.code, inside.stderr]).toEqual([2, expect.stringContaining(`command: --repo ${board.repo}\n`)]);
    await board.succeed('discard', 'a', '--commit', tip);
    expect(board.git('for-each-ref', 'refs/heads/task/a')).toBe('');

    // A board at work makes it as well, and what the user commits there is the task's, when it goes on.
    const running = await board.start();
    board.drop({ 'd.md': writeTask('Add D', addFile('d.txt')) });
    await board.arrive('done', 'd');
    const commit = 'cd "$1" && echo mine >mine.txt && git add mine.txt && git commit -qm Mine';
    expect((await open('d', { EDITOR: makeEditor(board, 'worker', commit) })).code).toBe(0);
    await board.succeed('retry', 'd');
    await board.arrive('done', 'd');
    expect(board.git('ls-tree', '--name-only', 'task/d')).toContain('mine.txt');
    expect((await board.stop(running)).code).toBe(0);
  }),
);

/** Takes a task over in a terminal, types that into the shell, and then the answer. */
const take = (board: ScratchBoard, id: string, typed: string, answer: string) =>
  withPatience(board.launchInTerminal(['take', id], undefined, `${typed}\nexit\n${answer}\n`).ended, `take ${id}`);
const commitMine = 'echo mine >mine.txt; git add mine.txt; git commit -qm Mine';
const reasonOf = (board: ScratchBoard, id: string): string | undefined =>
  (JSON.parse(board.read('runs', id, 'verdict.json')) as Verdict).fault?.reason;

test.concurrent('take ends the agent, gives its user the worktree, and asks once what becomes of it', { timeout }, () =>
  withBoard({ config: 'verify: test -f mine.txt' }, async (board) => {
    const running = await board.start();
    board.drop({
      'a.md': writeTask('Add A', ['write a.txt a', 'commit A', `wait-for ${board.gate('never')}`]),
      'q.md': writeTask('Ask', ['write q.txt half', 'ask Which?']),
    });
    await board.arrive('attention', 'q');
    await waitUntil(
      'its agent is at work',
      () => board.happened('run-started').length === 2 && existsSync(board.worktree('a', 'a.txt')),
    );
    const piped = await board.cli('take', 'a');
    expect([piped.code, piped.stderr]).toEqual([2, expect.stringContaining('is taken over in a terminal')]);

    // It is done: checked as after a run. The session is the user's, so that it bears no run's mark.
    const done = await take(board, 'a', `env | grep -c BRANCHBOARD_RUN; ${commitMine}`, 'd');
    expect(done.stdout).toMatch(/a: it is in your hands: → attention\/\r\nIn .*worktrees\/a: \/bin\/sh\r\n/);
    expect(done.stdout).toContain('# 0\r\n');
    expect(done.stdout).toContain('a: its work holds, and it is done: attention/ → done/\r\n');
    expect(board.column('done')).toEqual(['a']);
    expect(board.git('ls-tree', '--name-only', 'task/a').split('\n')).toEqual(['README.md', 'a.txt', 'mine.txt']);
    const checked = (JSON.parse(board.read('runs', 'a', 'verdict.json')) as Verdict).checks;
    expect(checked).toEqual([{ argv: ['test', '-f', 'mine.txt'], ok: true }]);
    expect([board.countRuns('a'), existsSync(board.worktree('a'))]).toEqual([1, false]);
    expect(board.findAgentProcesses()).toEqual([]);

    // Left, it stays the user's: whoever is killed, nothing starts on it, and it says how it is handed back.
    const left = await take(board, 'q', 'ls; rm q.txt', 'l');
    expect(left.stdout).toContain('It stays yours. Go on: branchboard take q.');
    await waitUntil('the dashboard says so', () => board.dashboard.includes('hand-back q attention 1'));
    expect(board.dashboard).toMatch(
      /- \[ \] It is done: check it <!-- hand-back q attention 1 -->\n- \[ \] Go on without me <!-- retry q/,
    );
    expect(board.dashboard).toContain('Its agent had asked: Which?');
    running.signal('SIGKILL');
    await running.ended;
    const shell = board.launchInTerminal(['take', 'q'], undefined, 'echo here; sleep 1000\n');
    await waitUntil('the session is open', () => shell.output().includes('here\r\n'));
    for (const verb of ['retry', 'hand-back']) {
      const beside = await board.cli(verb, 'q');
      expect([beside.code, beside.stderr]).toEqual([
        2,
        expect.stringMatching(/your session on it is open .*\nEnd that/s),
      ]);
    }
    shell.signal('SIGKILL');
    expect(await board.runUntilIdle()).toBe(3);
    expect([board.column('attention'), reasonOf(board, 'q'), board.countRuns('q')]).toEqual([['q'], 'taken', 1]);
    expect(await board.succeed('show', 'q')).toMatch(
      /you took it over: .*\n.*What you can do:\n {2}Go on there: +branchboard take q\n/s,
    );

    // What is not whole is not done, and says so where it waits.
    writeFileSync(board.worktree('q', 'left.txt'), 'left');
    const early = await board.cli('hand-back', 'q');
    expect([early.code, early.stderr]).toEqual([
      2,
      expect.stringMatching(/q is not done, it left work uncommitted: .*\nleft\.txt\n/s),
    ]);
    expect(reasonOf(board, 'q')).toBe('uncommitted');
    // Its agent goes on in its session, and is told. The same of one that is done, whose worktree is made again.
    for (const id of ['q', 'a']) {
      const went = await take(board, id, 'git status --short', 'g');
      expect(went.stdout).toContain(`${id}: attention/ → queued/\r\n`);
    }
    board.open('never');
    await board.runUntilIdle();
    for (const id of ['q', 'a']) {
      expect(board.plan(id, 2).session).toEqual({ mode: 'resume', id: board.plan(id, 1).session.id });
      expect(board.prompt(id, 2)).toContain('The user took your session over');
    }
  }),
);
