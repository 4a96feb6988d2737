/** Agents outlive their daemon: they are adopted, read on from where they were, and counted once; hangs are told from work. */
import { spawn } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { RunPlan } from '../../src/domain/run.ts';
import { fakeAgent, waitUntilStreamed, writeAgent } from './fake-agent.ts';
import {
  addFile,
  boardTestTimeoutMs,
  isAlive,
  waitUntil,
  withBoard,
  withPatience,
  writeTask,
  type Running,
  type ScratchBoard,
} from './board.ts';

const timeout = boardTestTimeoutMs;

async function kill(daemon: Running): Promise<void> {
  daemon.signal('SIGKILL');
  await daemon.ended;
}

async function waitUntilAdopted(board: ScratchBoard, times: number): Promise<void> {
  await waitUntil('it is adopted', () => {
    const found = board.happened('task-found').filter(({ note }) => note.includes('still at work'));
    return found.length === times;
  });
}

/** A board and its agent that were killed in the middle of the first run of `job`; resumed, the agent ends well. */
async function endInTheMiddle(board: ScratchBoard): Promise<void> {
  writeAgent(board, `[ -z "$resumed" ] && await ${board.gate('never')}\nwork a.txt\nend`);
  board.drop({ 'job.md': '# Job\n' });
  const first = await board.start();
  await waitUntilStreamed(board, 'job', '"init"');
  await kill(first);
  await board.killAgents();
}

/** Makes the claim of that run name another process, with its start time. */
function claimFor(board: ScratchBoard, pid: number | undefined): void {
  const start = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')[19];
  rmSync(board.path('runs', 'job', '1', 'claim'));
  writeFileSync(board.path('runs', 'job', '1', 'claim'), `${String(pid)}\n${start ?? ''}\n`);
}

test.concurrent('a daemon that is killed twice leaves one run, one end, one cost and one verdict', { timeout }, () =>
  withBoard({ config: fakeAgent }, async (board) => {
    const gate = (name: string): string =>
      `await ${board.gate(name)}; content assistant '{"type":"text","text":"after ${name}"}'`;
    writeAgent(board, `${gate('one')}\n${gate('two')}\n${gate('three')}\nwork a.txt\nend`);
    board.drop({ 'job.md': '# Job\n' });
    const first = await board.start();
    await waitUntilStreamed(board, 'job', '"init"');
    await waitUntil('its start is told', () => board.happened('run-started').length === 1);
    const agent = board.agentOf('job');
    await kill(first);
    // Written while nobody follows.
    board.open('one');
    await waitUntilStreamed(board, 'job', 'after one');
    const second = await board.start();
    await waitUntilAdopted(board, 1);
    const logs = board.launch(['logs', 'job', '-f']);
    await waitUntil('the log is read from its beginning', () => logs.output().includes('after one'));
    await kill(second);
    board.open('two');
    const third = await board.start();
    await waitUntilAdopted(board, 2);
    expect(isAlive(agent)).toBe(true);
    await waitUntil('the log goes on', () => logs.output().includes('after two'));
    board.open('three');
    await board.arrive('done', 'job');
    await waitUntil('it is told', () => board.happened('task-settled').length === 1);
    expect((await withPatience(logs.ended, 'the end of the log')).code).toBe(0);
    for (const text of ['after one', 'after two', 'after three']) expect(logs.output().split(text)).toHaveLength(2);
    expect((await board.stop(third)).code).toBe(0);
    expect(board.countRuns('job')).toBe(1);
    expect(board.happened('run-started')).toHaveLength(1);
    expect(board.happened('run-ended')).toHaveLength(1);
    expect(board.happened('task-settled')).toHaveLength(1);
    expect(board.task('job')).toMatchObject({ column: 'done', attempt: 1, commits: 1, costUsd: 0.25 });
    expect(board.dashboard).toContain('$0.25 spent today');
  }),
);

test.concurrent(
  'a pid that now is another process’s is neither adopted nor ended; the session is resumed',
  { timeout },
  () =>
    withBoard({ config: fakeAgent }, async (board) => {
      await endInTheMiddle(board);
      const other = spawn('sleep', ['300'], { stdio: 'ignore', detached: true });
      try {
        // The same pid and even the same start time, but not the run's tag.
        claimFor(board, other.pid);
        expect(await board.runUntilIdle()).toBe(0);
        expect(isAlive(other.pid ?? 0)).toBe(true);
      } finally {
        other.kill('SIGKILL');
      }
      const { session } = board.plan('job', 1);
      expect(board.plan('job', 2)).toMatchObject({ attempt: 1, session: { mode: 'resume', id: session.id } });
      expect(board.task('job')).toMatchObject({ column: 'done', attempt: 1, commits: 1 });
      expect(board.happened('task-found').map(({ note }) => note)).not.toContain(
        'its agent is still at work and is followed',
      );
    }),
);

test.concurrent('in a repository that was moved no second agent works beside the first one', { timeout }, () =>
  withBoard({ config: fakeAgent }, async (board) => {
    writeAgent(board, `[ -z "$resumed" ] && await ${board.gate('never')}\nwork a.txt\nend`);
    board.drop({ 'job.md': '# Job\n' });
    const first = await board.start();
    await waitUntilStreamed(board, 'job', '"init"');
    await kill(first);
    const agent = board.agentOf('job');
    expect(isAlive(agent)).toBe(true);
    const moved = `${board.repo}2`;
    renameSync(board.repo, moved);
    board.repo = moved;
    expect(await board.runUntilIdle()).toBe(0);
    expect(isAlive(agent)).toBe(false);
    expect(board.countRuns('job')).toBe(2);
    expect(board.task('job')).toMatchObject({ column: 'done', attempt: 1, commits: 1 });
  }),
);

test.concurrent('after a reboot no pid is believed, and the same session is resumed', { timeout }, () =>
  withBoard({ config: fakeAgent }, async (board) => {
    await endInTheMiddle(board);
    const plan: RunPlan = { ...board.plan('job', 1), bootId: 'the-boot-before' };
    writeFileSync(board.path('runs', 'job', '1', 'plan.json'), JSON.stringify(plan));
    // What has that pid and that start time in this boot is something else.
    const other = spawn('/bin/sleep', ['300'], { env: {}, stdio: 'ignore', detached: true });
    try {
      claimFor(board, other.pid);
      const next = await board.start();
      await board.arrive('done', 'job');
      expect(isAlive(other.pid ?? 0)).toBe(true);
      await board.stop(next);
    } finally {
      other.kill('SIGKILL');
    }
    expect(board.plan('job', 2)).toMatchObject({ attempt: 1, session: { mode: 'resume', id: plan.session.id } });
    expect(board.countRuns('job')).toBe(2);
    expect(board.task('job')).toMatchObject({ column: 'done', attempt: 1 });
  }),
);

test.concurrent(
  'a tool that runs for long is no stall, and silence after it is; then the session is resumed',
  { timeout },
  () =>
    withBoard({ config: `${fakeAgent}\nstall_after: 5s\ntimeout: 5m` }, async (board) => {
      writeAgent(
        board,
        `if [ -n "$resumed" ]; then work \${PWD##*/}.txt; end; exit; fi
case $PWD in */silent) exec sleep 300 ;; esac
tool t1
await ${board.gate('go')}
tool_end t1
exec sleep 300`,
      );
      board.drop({ 'job.md': '# Job\n' });
      const running = await board.start('--until-idle');
      await waitUntilStreamed(board, 'job', 'tool_use');
      // An agent that began after it and has no tool: once that one is stopped, a silence of that length would be a stall.
      board.drop({ 'silent.md': '# Silent\n' });
      await waitUntil('silence alone is a stall', () => board.happened('run-stopping').length > 0);
      expect(board.happened('run-stopping').map(({ run }) => run.task as string)).toEqual(['silent']);
      board.open('go');
      expect((await withPatience(running.ended, 'the end of the board')).code).toBe(0);
      expect(board.record('job', 1)).toMatchObject({
        exit: { stopped: 'stalled' },
        outcome: { fault: { reason: 'stalled' } },
      });
      expect(board.plan('job', 2)).toMatchObject({
        attempt: 2,
        session: { mode: 'resume', id: board.plan('job', 1).session.id },
      });
      expect(board.task('job')).toMatchObject({ column: 'done', attempt: 2 });
      expect(board.findAgentProcesses()).toEqual([]);
    }),
);

test.concurrent(
  'output that stops in the middle of a line is a stall, and the half line does no harm',
  { timeout },
  () =>
    withBoard({ config: `${fakeAgent}\nstall_after: 5s` }, async (board) => {
      writeAgent(
        board,
        `if [ -n "$resumed" ]; then work a.txt; end; exit; fi
printf '%s' '{"type":"result","subtype":"success","is_err'
exec sleep 300`,
      );
      board.drop({ 'job.md': '# Job\n' });
      expect(await board.runUntilIdle()).toBe(0);
      expect(board.record('job', 1)).toMatchObject({
        exit: { stopped: 'stalled', view: { result: null, noiseLines: 1 } },
        outcome: { fault: { reason: 'stalled' } },
      });
      expect(board.task('job')).toMatchObject({ column: 'done', attempt: 2, commits: 1 });
    }),
);

test.concurrent('an agent that stays after its result is ended, and its result counts', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'job.md': writeTask('Job', [...addFile('a.txt'), 'linger']) });
    expect(await board.runUntilIdle()).toBe(0);
    expect(board.record('job', 1)).toMatchObject({ exit: { stopped: 'lingering' }, outcome: { kind: 'done' } });
    expect(board.task('job')).toMatchObject({ column: 'done', attempt: 1, commits: 1 });
    expect(board.findAgentProcesses()).toEqual([]);
  }),
);

test.concurrent('an agent whose task was put away while no board ran is ended, and its work kept', { timeout }, () =>
  withBoard({ config: fakeAgent }, async (board) => {
    writeAgent(board, `work kept.txt\nawait ${board.gate('never')}\nend`);
    board.drop({ 'job.md': '# Job\n' });
    const first = await board.start();
    await waitUntil('it has committed', () => board.git('log', '--format=%s', 'task/job').split('\n').length > 1);
    const agent = board.agentOf('job');
    await kill(first);
    expect(isAlive(agent)).toBe(true);
    board.move('job', 'active', 'archive');
    const second = await board.start();
    await waitUntil('the agent is ended', () => !isAlive(agent));
    await waitUntil('its work is kept', () => board.git('for-each-ref', 'refs/branchboard/kept/job').length > 0);
    expect((await board.stop(second)).code).toBe(0);
    expect(board.happened('command').map(({ by, command }) => `${by} ${command.kind}`)).toEqual(['file-move cancel']);
    expect(board.findAgentProcesses()).toEqual([]);
    expect(board.git('ls-tree', '--name-only', 'refs/branchboard/kept/job/1')).toContain('kept.txt');
  }),
);

test.concurrent('of two files of one name one counts, and the other is set aside', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'job.md': writeTask('Job', [`wait-for ${board.gate('go')}`, ...addFile('a.txt')]) });
    const running = await board.start();
    await board.arrive('active', 'job');
    writeFileSync(board.path('queued', 'job.md'), writeTask('Another job', addFile('b.txt')));
    await waitUntil('the second is set aside', () => board.column('archive').length === 1);
    board.open('go');
    await board.arrive('done', 'job');
    expect((await board.stop(running)).code).toBe(0);
    expect(board.countRuns('job')).toBe(1);
    expect(board.happened('task-found').some(({ note }) => note.startsWith('a second file of that name'))).toBe(true);
  }),
);
