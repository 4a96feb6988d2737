/** Where nothing can be watched the board finds its files all the same, and says once why that takes a little longer. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, waitUntil, withBoard, writeTask, type ScratchBoard } from './board.ts';

const timeout = boardTestTimeoutMs;

/** Stands for a machine on which `fs.watch` does not work; loaded before the program. */
function breakWatching(board: ScratchBoard, body: string): Record<string, string> {
  const file = join(board.root, 'break-watching.mjs');
  writeFileSync(
    file,
    `import fs from 'node:fs';
import { EventEmitter } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
fs.watch = () => { ${body} };
syncBuiltinESMExports();
`,
  );
  return { NODE_OPTIONS: `--import=${pathToFileURL(file).href}` };
}

const refuse = (code: string, message: string): string =>
  `throw Object.assign(new Error('${code}: ${message}, watch'), { code: '${code}', syscall: 'watch' });`;

const sysctl = 'sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=1024';

const neverSpeaks = {
  body: 'return Object.assign(new EventEmitter(), { close() {} });',
  told: 'a network or container mount?',
};

for (const [name, body, told] of [
  ['no watch is left (ENOSPC)', refuse('ENOSPC', 'System limit for number of file watchers reached'), sysctl],
  ['no inotify instance is left (EMFILE)', refuse('EMFILE', 'too many open files'), sysctl],
  ['watchers never speak, as on some mounts', neverSpeaks.body, neverSpeaks.told],
] as const) {
  test.concurrent(`where ${name}, a dropped task is done and one warning says what to do`, { timeout }, () =>
    withBoard({}, async (board) => {
      const env = breakWatching(board, body);
      const running = board.launch(['start'], { env });
      await waitUntil('the board is up', () => running.output().includes('board started'));
      await waitUntil('the warning', () => running.output().includes(told));
      board.drop({ 'job.md': writeTask('Job', addFile('a.txt')) });
      await board.arrive('done', 'job');
      // The user's moves are found by the sweep as well.
      board.move('job', 'done', 'queued');
      await waitUntil('it ran again', () => board.countRuns('job') === 2);
      await board.stop(running);
      const warnings = running
        .output()
        .split('\n')
        .filter((line) => line.includes('Scanning every 2 s instead'));
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain(told);
      if (told === sysctl) {
        const doctor = await board.launch(['doctor'], { env }).ended;
        expect(doctor.stdout).toContain(warnings[0]?.replace(/^.*?(?=Can't watch folders)/, ''));
      }
    }),
  );
}

test.concurrent('where watching works there is no warning', { timeout }, () =>
  withBoard({}, async (board) => {
    const running = await board.start();
    board.drop({ 'job.md': writeTask('Job', addFile('a.txt')) });
    await board.arrive('done', 'job');
    // Once a board that started after this one has found out that its watchers are silent, this one would have, too.
    await withBoard({}, async (other) => {
      const silent = other.launch(['start'], { env: breakWatching(other, neverSpeaks.body) });
      await waitUntil('the other warns', () => silent.output().includes(neverSpeaks.told));
      await other.stop(silent);
    });
    await board.stop(running);
    expect(running.output()).not.toContain('Scanning every');
  }),
);
