/** A board that has run out of file descriptors ends and is started again: no agent is lost, none is started twice. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fakeAgent, waitUntilStreamed, writeAgent } from './fake-agent.ts';
import { boardTestTimeoutMs, isAlive, waitUntil, withBoard } from './board.ts';

/** Lets a process open only so many descriptors more. */
function limit(pid: number, more: number): void {
  const count = readdirSync(`/proc/${String(pid)}/fd`).length + more;
  execFileSync('prlimit', [`--pid=${String(pid)}`, `--nofile=${String(count)}:`]);
}

test.concurrent.each([
  ['none is left', -5],
  ['too few are left to start git', 3],
] as const)('where %s another board follows all agents to their ends', { timeout: boardTestTimeoutMs }, (_, more) =>
  withBoard({ config: `${fakeAgent}\nverify: 'true'` }, async (board) => {
    writeAgent(board, `await ${board.gate('go')}\nwork "\${BRANCHBOARD_RUN%/*}.txt"\nend`);
    board.drop({ 'started.md': '# Started\n' });
    const running = await board.startSupervised();
    await waitUntilStreamed(board, 'started', '"init"');
    await waitUntil('its start is told', () => board.happened('run-started').length === 1);
    const agent = board.agentOf('started');
    const first = board.data.daemon.pid ?? 0;
    limit(first, more);
    board.drop({ 'later.md': '# Later\n' });
    await waitUntil('another board runs', () => ![first, null].includes(board.data.daemon.pid));
    expect(running.output()).toContain('its agents go on');
    expect(isAlive(agent)).toBe(true);
    board.open('go');
    await board.arrive('done', 'started', 'later');
    expect((await board.stop(running)).code).toBe(0);
    expect([board.countRuns('started'), board.task('later').attempt]).toEqual([1, 1]);
    expect(board.happened('run-ended').map(({ costUsd }) => costUsd)).toEqual([0.25, 0.25]);
  }),
);
