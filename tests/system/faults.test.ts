/** A fault of the board's own: everybody is told, agents go on, and the board is started again, but not for ever. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { addFile, boardTestTimeoutMs, isAlive, waitUntil, withBoard, withPatience, writeTask } from './board.ts';
import type { ScratchBoard } from './board.ts';
import { faultMessage, injectFault } from './faults.ts';

const timeout = boardTestTimeoutMs;

/** Lets `notify` write what it is told; gives what it wrote. */
function noteNotices(board: ScratchBoard): () => string {
  const [notified, script] = [board.gate('notified'), board.gate('notify')];
  writeFileSync(script, `echo "$BRANCHBOARD_EVENT: $BRANCHBOARD_DETAIL" >> ${notified}\n`);
  board.write('local.yaml', `notify: sh ${script}\n`);
  return () => (existsSync(notified) ? readFileSync(notified, 'utf8') : '');
}

test.concurrent('a fault is told by the dashboard, the history, queue.json and notify', { timeout }, () =>
  withBoard({}, async (board) => {
    const notices = noteNotices(board);
    board.drop({ 'broken.md': writeTask('Broken', addFile('a.txt')) });
    const running = board.launch(['board'], { env: injectFault(board) });
    const { code, stderr } = await withPatience(running.ended, 'the end of the board');
    expect(code).toBe(1);
    expect(stderr).toContain(faultMessage);
    expect(board.dashboard).toContain(`_Stopped by a fault: ${faultMessage} · `);
    expect(board.data.daemon).toEqual({ running: false, pid: null });
    expect(board.happened('board-stopped').map(({ fault }) => fault)).toEqual([faultMessage]);
    expect(notices()).toBe(`stopped: ${faultMessage}\n`);
  }),
);

test.concurrent('a board that is killed is started again, and goes on with its agents', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'job.md': writeTask('Job', [`wait-for ${board.gate('go')}`, ...addFile('a.txt')]) });
    const running = await board.startSupervised();
    await waitUntil('its agent runs', () => board.happened('run-started').length === 1);
    const first = board.data.daemon.pid ?? 0;
    expect(first).not.toBe(running.pid);
    process.kill(first, 'SIGKILL');
    await waitUntil('it runs again', () => ![first, null].includes(board.data.daemon.pid));
    expect(running.output()).toContain('the board was ended by SIGKILL; its agents go on');
    board.open('go');
    await board.arrive('done', 'job');
    expect(board.countRuns('job')).toBe(1);
    expect((await board.stop(running)).code).toBe(0);
  }),
);

test.concurrent('a board whose supervisor is killed ends at once, and its agents go on', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'job.md': writeTask('Job', [`wait-for ${board.gate('go')}`, ...addFile('a.txt')]) });
    const running = await board.startSupervised();
    await waitUntil('its agent runs', () => board.happened('run-started').length === 1);
    const { pid } = board.data.daemon;
    running.signal('SIGKILL');
    await withPatience(running.ended, 'the end of the supervisor');
    await waitUntil('the board is gone', () => !isAlive(pid ?? 0));
    expect(board.findAgentProcesses()).not.toEqual([]);
    board.open('go');
    expect(await board.runUntilIdle()).toBe(0);
    expect(board.countRuns('job')).toBe(1);
  }),
);

test.concurrent('a board that crashes again and again is given up, loudly, and work is there', { timeout }, () =>
  withBoard({}, async (board) => {
    const notices = noteNotices(board);
    board.drop({ 'broken.md': writeTask('Broken', addFile('a.txt')) });
    const running = board.launch(['start'], { env: injectFault(board) });
    const { code, stderr } = await running.ended;
    expect(code).toBe(1);
    expect(stderr.match(/it is started again/g)).toHaveLength(4);
    expect(stderr).toContain('it is not started again');
    expect(board.dashboard).toContain(`_Stopped by a fault: it ended by a fault: ${faultMessage}, and crashed 5 times`);
    expect(board.data.daemon).toEqual({ running: false, pid: null });
    expect(notices().trim().split('\n')).toHaveLength(2);
    expect(await board.succeed('stop')).toContain('No board runs here.');
    // The fault is mended, and nothing was lost.
    expect(await board.runUntilIdle()).toBe(0);
    expect(board.has('done', 'broken')).toBe(true);
  }),
);

test.concurrent('stop ends a board that waits to be started again', { timeout }, () =>
  withBoard({}, async (board) => {
    const running = await board.startSupervised();
    process.kill(board.data.daemon.pid ?? 0, 'SIGKILL');
    await waitUntil('it waits', () => existsSync(board.path('supervisor')));
    expect(await board.succeed('stop')).toContain('Stopped');
    expect((await withPatience(running.ended, 'its end')).code).toBe(0);
    expect(existsSync(board.path('supervisor'))).toBe(false);
  }),
);
