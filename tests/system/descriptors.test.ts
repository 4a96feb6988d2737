/** A daemon that has run out of file descriptors waits: it stays up, loses no agent and starts none twice. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fakeAgent, waitUntilStreamed, writeAgent } from './fake-agent.ts';
import { boardTestTimeoutMs, isAlive, waitUntil, withBoard, type Running } from './board.ts';

/** Lets a process open no descriptors beyond this number. */
function limit(daemon: Running, count: number): void {
  execFileSync('prlimit', [`--pid=${String(daemon.pid)}`, `--nofile=${String(count)}:`]);
}

const countDescriptors = (daemon: Running): number => readdirSync(`/proc/${String(daemon.pid)}/fd`).length;

for (const [what, free, symptom] of [
  ['none is left', -5, "can't list the folders: EMFILE"],
  ['too few are left to start git', 3, 'spawn git EMFILE'],
] as const) {
  test.concurrent(
    `where ${what} the board waits, and follows all its agents to their ends`,
    { timeout: boardTestTimeoutMs },
    () =>
      withBoard({ config: `${fakeAgent}\nverify: 'true'` }, async (board) => {
        writeAgent(board, `await ${board.gate('go')}\nwork "\${BRANCHBOARD_RUN%/*}.txt"\nend`);
        board.drop({ 'adopted.md': '# Adopted\n' });
        const first = await board.start();
        await waitUntilStreamed(board, 'adopted', '"init"');
        await waitUntil('its start is told', () => board.happened('run-started').length === 1);
        first.signal('SIGKILL');
        await first.ended;
        const daemon = await board.start();
        board.drop({ 'started.md': '# Started\n' });
        await waitUntilStreamed(board, 'started', '"init"');
        await waitUntil(
          'both are told of',
          () => board.happened('task-found').length === 1 && board.happened('run-started').length === 2,
        );
        const agents = ['adopted', 'started'].map((id) => Number(board.read('runs', id, '1', 'claim').split('\n')[0]));
        limit(daemon, countDescriptors(daemon) + free);
        board.drop({ 'later.md': '# Later\n' });
        await waitUntil('it lacks them', () => daemon.output().includes(symptom));
        expect(agents.filter(isAlive)).toEqual(agents);
        // Nobody takes it for dead.
        expect((await board.cli('start')).code).toBe(4);
        board.open('go');
        await waitUntil('the agents are gone', () => !agents.some(isAlive));
        limit(daemon, 1_024);
        await board.arrive('done', 'adopted', 'started', 'later');
        expect((await board.stop(daemon)).code).toBe(0);
        for (const id of ['adopted', 'started']) expect(board.countRuns(id)).toBe(1);
        expect(board.happened('run-ended').map(({ costUsd }) => costUsd)).toEqual([0.25, 0.25, 0.25]);
        expect(board.task('later')).toMatchObject({ column: 'done', attempt: 1 });
      }),
  );
}
