/** A file that kills the process that parses it does so twice; then the board goes on without it. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, cliMain, waitUntil, withBoard, withPatience, writeTask } from './board.ts';
import type { Ended, Running, ScratchBoard } from './board.ts';

/** Loaded into the board's process: the real YAML library then ends it at a certain word, as a bad fault of it would. */
const preload = `
import { createRequire } from 'node:module';
const { Lexer } = createRequire(${JSON.stringify(cliMain)})('yaml');
const { lex } = Lexer.prototype;
Lexer.prototype.lex = function (source, ...rest) {
  if (source.includes('poison')) process.kill(process.pid, 'SIGKILL');
  return lex.call(this, source, ...rest);
};
`;

const poison = writeTask('Bad', ['nothing'], { title: 'poison' });

test.concurrent(
  'one in the inbox is set aside after two boots, and tried again when it is saved',
  {
    timeout: boardTestTimeoutMs,
  },
  () =>
    withBoard({}, async (board) => {
      await board.succeed('pause');
      const first = await launch(board);
      board.drop({ 'bad.md': poison, 'queued.md': writeTask('Was queued', addFile('q.txt')) });
      await expectDeath(first);
      await expectDeath(await launch(board));
      await board.succeed('resume');
      const third = await launch(board);
      board.drop({ 'good.md': writeTask('Good', addFile('good.txt')) });
      await board.arrive('done', 'good', 'queued');
      await waitUntil('the dashboard tells of it', () => board.dashboard.includes('.orchestrator/inbox/bad.md'));
      expect(board.dashboard).toContain('it is not read any more');
      expect(board.read('inbox', 'bad.md')).toBe(poison);
      expect((await board.stop(third)).code).toBe(0);
      // It is passed over as well when nobody saved it, by commands that only look, too.
      const look = await board.launch(['status'], { env: environment(board) }).ended;
      expect({ code: look.code, signal: look.stderr }).toEqual({ code: 0, signal: '' });
      const fourth = await launch(board);
      await waitUntil('it is refused again', () => board.happened('inbox-rejected').length === 2);
      writeFileSync(board.path('inbox', 'bad.md'), poison);
      await expectDeath(fourth);
      // Mended, it is a task like any other.
      writeFileSync(board.path('inbox', 'bad.md'), writeTask('Mended', ['nothing It is mended.']));
      const fifth = await launch(board);
      await board.arrive('done', 'bad');
      await board.stop(fifth);
      expect(
        board
          .happened('task-accepted')
          .map(({ task }) => task as string)
          .sort(),
      ).toEqual(['bad', 'good', 'queued']);
    }),
);

test.concurrent('one in queued/ is kept with that problem and not started', { timeout: boardTestTimeoutMs }, () =>
  withBoard({}, async (board) => {
    writeFileSync(board.path('queued', 'bad.md'), poison);
    board.drop({ 'good.md': writeTask('Good', addFile('good.txt')) });
    await expectDeath(await launch(board));
    await expectDeath(await launch(board));
    const third = await launch(board);
    await board.arrive('done', 'good');
    await waitUntil('the dashboard tells of it', () => board.dashboard.includes('it is not read any more'));
    expect([board.has('queued', 'bad'), board.countRuns('bad')]).toEqual([true, 0]);
    writeFileSync(board.path('queued', 'bad.md'), writeTask('Mended', ['nothing It is mended.']));
    await board.arrive('done', 'bad');
    await board.stop(third);
  }),
);

test.concurrent('settings that do are an error that says what to do', { timeout: boardTestTimeoutMs }, () =>
  withBoard({}, async (board) => {
    const good = board.read('config.yaml');
    board.write('config.yaml', `${good}\nbase: poison\n`);
    for (let boot = 1; boot <= 2; boot++) {
      expect((await board.launch(['start'], { env: environment(board) }).ended).code).toBe(null);
    }
    const { code, stderr } = await withPatience(board.launch(['start'], { env: environment(board) }).ended, 'start');
    expect(code).toBe(2);
    expect(stderr).toContain('.orchestrator/config.yaml: the board ended while it read this file');
    board.write('config.yaml', good);
    await board.stop(await launch(board));
  }),
);

function environment(board: ScratchBoard): Readonly<Record<string, string>> {
  const path = join(board.root, 'poison.mjs');
  if (!existsSync(path)) writeFileSync(path, preload);
  return { NODE_OPTIONS: `--import=${pathToFileURL(path).href}` };
}

async function launch(board: ScratchBoard): Promise<Running> {
  const running = board.launch(['start'], { env: environment(board) });
  await waitUntil('the board is up', () => running.output().includes('board started'));
  return running;
}

async function expectDeath(running: Running): Promise<void> {
  const { code }: Ended = await withPatience(running.ended, 'the death of the board');
  expect(code).toBe(null);
}
