/** A file that kills the process that parses it does so twice; then the board that its supervisor starts goes on without it. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, withPatience, writeTask } from './board.ts';
import type { Running, ScratchBoard } from './board.ts';

/**
 * Loaded into the board's process: the YAML library's lexer, which is bundled with the program, then ends the process at a
 * certain word, as a bad fault of it would. It looks for line ends by `indexOf`.
 */
const preload = `
const { indexOf } = String.prototype;
String.prototype.indexOf = function (...args) {
  if (args[0] === '\\n' && this.includes('poison') && new Error().stack.includes('Lexer.')) {
    process.kill(process.pid, 'SIGKILL');
  }
  return indexOf.apply(this, args);
};
`;

const poison = writeTask('Bad', ['nothing'], { title: 'poison' });

const timeout = boardTestTimeoutMs;

test.concurrent(
  'one in the inbox ends two boards, is then refused, and tried again when it is saved',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      const running = await launch(board);
      board.drop({ 'bad.md': poison, 'good.md': writeTask('Good', addFile('good.txt')) });
      await waitUntil('the dashboard tells of it', () => board.dashboard.includes('it is not read any more'));
      await board.arrive('done', 'good');
      expect(board.dashboard).toContain('.orchestrator/inbox/bad.md');
      expect(board.read('inbox', 'bad.md')).toBe(poison);
      expect(running.output().match(/was ended by SIGKILL/g)).toHaveLength(2);
      writeFileSync(board.path('inbox', 'bad.md'), writeTask('Mended', ['nothing It is mended.']));
      await board.arrive('done', 'bad');
      expect((await board.stop(running)).code).toBe(0);
    }),
);

test.concurrent('one in queued/ is kept with that problem and not started', { timeout }, () =>
  withBoard({}, async (board) => {
    writeFileSync(board.path('queued', 'bad.md'), poison);
    board.drop({ 'good.md': writeTask('Good', addFile('good.txt')) });
    const running = await launch(board);
    await board.arrive('done', 'good');
    await waitUntil('the dashboard tells of it', () => board.dashboard.includes('it is not read any more'));
    expect([board.has('queued', 'bad'), board.countRuns('bad')]).toEqual([true, 0]);
    writeFileSync(board.path('queued', 'bad.md'), writeTask('Mended', ['nothing It is mended.']));
    await board.arrive('done', 'bad');
    await board.stop(running);
  }),
);

test.concurrent('a role that does is refused to its task, and others go on', { timeout }, () =>
  withBoard({}, async (board) => {
    mkdirSync(board.path('templates'), { recursive: true });
    board.write('templates/bad-role.md', '---\ndescription: poison\n---\nDo it.\n');
    board.drop({
      'uses.md': writeTask('Uses it', ['nothing'], { agent: 'bad-role' }),
      'good.md': writeTask('Good', addFile('good.txt')),
    });
    const running = await launch(board);
    await board.arrive('done', 'good');
    await waitUntil('the dashboard tells of it', () => board.dashboard.includes('it is not read any more'));
    expect(board.dashboard).toContain('templates/bad-role.md');
    expect(board.read('templates', 'bad-role.md')).toContain('poison');
    await board.stop(running);
  }),
);

test.concurrent('settings that do are an error that says what to do', { timeout }, () =>
  withBoard({}, async (board) => {
    board.write('config.yaml', `${board.read('config.yaml')}\nbase: poison\n`);
    const { code, stderr } = await withPatience(board.launch(['start'], { env: environment(board) }).ended, 'start');
    expect(code).toBe(2);
    expect(stderr).toContain('.orchestrator/config.yaml: the board ended while it read this file');
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
