/** Counts the bytes of prompts. A prompt names the work of other tasks by branch and commit, so it must stay short with many. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cliMain, printTable, run } from './scratch.mjs';

const dependencies = ['dep-1', 'dep-2', 'dep-3', 'dep-4', 'dep-5'];
const notes = Array.from({ length: 10 }, (_, n) => `- Rule ${n + 1}: prices are in cents, and times in UTC.\n`).join(
  '',
);

/** Prints the bytes of prompts with 0, 1 and 5 dependencies, with notes, and of a session that is resumed. */
export function benchContext(scratch) {
  const board = scratch.makeBoard(4);
  const cli = (...args) => run(process.execPath, [cliMain, ...args], { cwd: board.repo, env: scratch.env });
  const drop = (id, needs) =>
    writeFileSync(
      board.path('inbox', `${id}.md`),
      `---\nid: ${id}\ndepends_on: [${needs.join(', ')}]\n---\n# Task ${id}\n\nWrite a file.\n`,
    );
  for (const id of [...dependencies, 'alone']) drop(id, []);
  drop('one', dependencies.slice(0, 1));
  drop('five', dependencies);
  cli('start', '--until-idle');
  const dashboard = board.path('DASHBOARD.md');
  writeFileSync(dashboard, `${readFileSync(dashboard, 'utf8')}\n${notes}`);
  drop('noted', []);
  cli('start', '--until-idle');
  cli('send-back', 'alone', 'Name the file in capital letters.');
  cli('start', '--until-idle');

  const bytesOf = (id, number) => readFileSync(board.path('runs', id, String(number), 'prompt.md')).length;
  const row = (what, id, number) => [what, `${bytesOf(id, number)}`];
  printTable('What a run is told', [
    ['', 'bytes'],
    row('no dependency', 'alone', 1),
    row('1 dependency', 'one', 1),
    row('5 dependencies', 'five', 1),
    row(`with ${notes.length} bytes of notes`, 'noted', 1),
    row('sent back, resumed', 'alone', 2),
  ]);
}
