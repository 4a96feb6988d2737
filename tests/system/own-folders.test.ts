/** The board's folder is the user's own: no link leads into or out of it, and nobody else gets at what it holds. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { layOut } from '../../src/adapters/files/layout.ts';
import {
  addFile,
  boardTestTimeoutMs,
  cliMain,
  waitUntil,
  withBoard,
  withPatience,
  writeTask,
  type ScratchBoard,
} from './board.ts';

const timeout = boardTestTimeoutMs;

/** A folder of the user's that has nothing to do with the board. */
function makeNotes(board: ScratchBoard): string {
  const notes = join(board.root, 'notes');
  mkdirSync(notes);
  writeFileSync(join(notes, 'note.md'), '# Mine\n');
  return notes;
}

/** Verbs that write into the board's folder, and one that lists it. */
const verbs = [['init'], ['start'], ['start', '--detach'], ['add', 'README.md'], ['retry', 'a'], ['pause'], ['status']];

/** All that is in a folder, and the folder, that others may read, write or enter, each with its mode. */
function listOpen(folder: string): readonly string[] {
  return ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })].flatMap((name) => {
    const { mode } = lstatSync(join(folder, name));
    return (mode & 0o077) === 0 ? [] : [`${name} ${(mode & 0o777).toString(8)}`];
  });
}

test.concurrent(
  'no verb but stop goes on where a link is in the place of a folder, and each says what to type',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      const notes = makeNotes(board);
      for (const folder of layOut(board.path()).folders) {
        const kept = join(board.root, 'kept');
        mkdirSync(join(folder, '..'), { recursive: true });
        const wasThere = readdirSync(join(folder, '..')).includes(folder.slice(folder.lastIndexOf('/') + 1));
        if (wasThere) renameSync(folder, kept);
        symlinkSync(notes, folder);
        for (const verb of folder.endsWith('done') ? verbs : [['start']]) {
          const { code, stderr } = await board.cli(...verb);
          expect({ verb, code, stderr }).toEqual({
            verb,
            code: 5,
            stderr: `error: ${folder} is a symbolic link to ${notes}, and the board follows none; what it leads to stays as it is when you type: rm ${folder}\n`,
          });
        }
        if (folder.endsWith('done')) {
          expect((await board.cli('doctor')).stdout).toContain(`✗ folder       ${folder} is a symbolic link`);
          expect((await board.cli('stop')).code).toBe(0);
        }
        expect([readdirSync(notes), readFileSync(join(notes, 'note.md'), 'utf8')]).toEqual([['note.md'], '# Mine\n']);
        rmSync(folder);
        if (wasThere) renameSync(kept, folder);
      }
      board.drop({ 'a.md': writeTask('A', addFile('a.txt')) });
      expect(await board.runUntilIdle()).toBe(0);
    }),
);

test.concurrent(
  'a link that takes the place of done/ while the board runs is not gone through, told, and lost is nothing',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      const notes = makeNotes(board);
      const running = await board.start();
      board.drop({ 'early.md': writeTask('Early', addFile('early.txt')) });
      await board.arrive('done', 'early');
      board.drop({ 'late.md': writeTask('Late', [`wait-for ${board.gate('go')}`, ...addFile('late.txt')]) });
      await waitUntil('it works', () => board.happened('run-started').length === 2);
      renameSync(board.path('done'), board.path('done.kept'));
      symlinkSync(notes, board.path('done'));
      board.open('go');
      await waitUntil('the dashboard tells of it', () =>
        board.dashboard.includes(
          `The board can't list the folders (${board.path('done')} is a symbolic link to ${notes}`,
        ),
      );
      await waitUntil('the move was tried', () =>
        board.happened('effect-failed').some(({ message }) => message.includes('is a symbolic link')),
      );
      expect(readdirSync(notes)).toEqual(['note.md']);
      expect(board.has('active', 'late')).toBe(true);
      rmSync(board.path('done'));
      renameSync(board.path('done.kept'), board.path('done'));
      await board.arrive('done', 'early', 'late');
      await waitUntil('it is over', () => !board.dashboard.includes("The board can't list the folders"));
      expect((await board.stop(running)).code).toBe(0);
      expect(board.countRuns('late')).toBe(1);
      expect(board.git('show', 'task/late:late.txt')).toBe('late.txt');
    }),
);

test.concurrent.each(['000', '002'])(
  'under umask %s all that the board makes is for the user alone',
  { timeout },
  (umask) =>
    withBoard({ init: false }, (board) => {
      const cli = (...args: readonly string[]): string =>
        execFileSync('sh', ['-c', `umask ${umask}; exec "$@"`, 'sh', process.execPath, cliMain, ...args], {
          cwd: board.repo,
          env: board.environment,
          encoding: 'utf8',
        });
      cli('init');
      board.write('config.yaml', 'agent: { kind: scripted }\n');
      expect(listOpen(board.path())).toEqual([]);
      writeFileSync(join(board.root, 'a.md'), writeTask('A', addFile('a.txt')));
      cli('add', '../a.md');
      cli('pause');
      cli('resume');
      cli('start', '--until-idle');
      expect(board.column('done')).toEqual(['a']);
      expect(listOpen(board.path())).toEqual([]);
      return Promise.resolve();
    }),
);

test.concurrent(
  'a board that others could read or write is closed to them by start, which says so once',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      execFileSync('chmod', ['-R', 'a+rwX', board.path()]);
      const { stdout, code } = await board.cli('start', '--until-idle');
      expect(code).toBe(0);
      expect(stdout).toMatch(/Other users could get at \d+ files and folders of \.orchestrator\/; now only you can/);
      expect(listOpen(board.path())).toEqual([]);
      expect((await board.cli('start', '--until-idle')).stdout).not.toContain('Other users');
    }),
);

test.concurrent.each(['daemon.log', 'paused', '.watch-probe', '.queue.json.tmp'])(
  'a link in the place of %s leaves what it leads to as it is',
  { timeout },
  (name) =>
    withBoard({}, async (board) => {
      const target = join(board.root, 'bashrc');
      writeFileSync(target, 'alias ll=ls\n', { mode: 0o644 });
      symlinkSync(target, board.path(name));
      const { code, stderr } = await board.cli('start', '--detach');
      if (name === 'daemon.log') {
        expect({ code, stderr }).toEqual({
          code: 5,
          stderr: `error: ${board.path(name)} is a symbolic link; move it away\n`,
        });
      } else {
        expect(code).toBe(0);
        await board.succeed('pause');
        await board.succeed('stop');
        expect((lstatSync(board.path('daemon.log')).mode & 0o777).toString(8)).toBe('600');
      }
      expect(readFileSync(target, 'utf8')).toBe('alias ll=ls\n');
      expect((lstatSync(target).mode & 0o777).toString(8)).toBe('644');
    }),
);

test.concurrent('a log that others could read is closed to them', { timeout }, () =>
  withBoard({}, async (board) => {
    writeFileSync(board.path('daemon.log'), 'before\n');
    chmodSync(board.path('daemon.log'), 0o644);
    await board.succeed('start', '--detach');
    await withPatience(board.succeed('stop'), 'the end of the board');
    expect((lstatSync(board.path('daemon.log')).mode & 0o777).toString(8)).toBe('600');
    expect(board.read('daemon.log')).toMatch(/^before\n/);
  }),
);
