/** How a board ends and begins again: nothing is left running, nothing is lost, and only one runs at a time. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { BoardData } from '../../src/views/board-data.ts';
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

function gated(board: ScratchBoard, first: readonly string[] = []): string {
  return writeTask('Gated', [...first, 'say begun', `wait-for ${board.gate('go')}`, ...addFile('work.txt')]);
}

async function waitUntilSaid(board: ScratchBoard, id: string, text: string, run = 1): Promise<void> {
  await waitUntil(`${id} says ${text}`, () => board.read('runs', id, String(run), 'stream.jsonl').includes(text));
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test.concurrent(
    `${signal} leaves no process behind, and the next start goes on with the same session`,
    { timeout },
    () =>
      withBoard({}, async (board) => {
        board.drop({ 'job.md': gated(board, ['spawn-orphan']) });
        const running = await board.start();
        await waitUntilSaid(board, 'job', '"begun"');
        // A hook of the agent's may live for a moment.
        await waitUntil('two processes live', () => board.findAgentProcesses().length === 2);
        running.signal(signal);
        expect((await withPatience(running.ended, 'the end of the board')).code).toBe(0);
        expect(board.findAgentProcesses()).toEqual([]);
        expect(board.column('queued')).toEqual(['job']);
        expect(board.data.daemon).toEqual({ running: false, pid: null });
        expect(board.dashboard).toContain('Stopped');
        board.open('go');
        expect(await board.runUntilIdle()).toBe(0);
        const [first, second] = [board.plan('job', 1), board.plan('job', 2)];
        expect(second).toMatchObject({ attempt: 1, session: { mode: 'resume', id: first.session.id } });
        expect(board.column('done')).toEqual(['job']);
      }),
  );
}

test.concurrent(
  'a terminal that is closed ends the board that it shows, and leaves its agents resumable',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      board.drop({ 'job.md': gated(board) });
      // As a user's shell does, this one passes the hang-up on, and here it tells how the board ended.
      const terminal = board.launchInTerminal(
        ['start'],
        (words) =>
          `trap 'kill -HUP $pid' HUP; ${words} & pid=$!; wait $pid; wait $pid; echo $? > ${board.gate('code')}`,
      );
      await waitUntilSaid(board, 'job', '"begun"');
      terminal.signal('SIGKILL');
      await waitUntil('the board ended', () => readFileSync(board.gate('code'), 'utf8') !== '');
      const diedOfHangUp = 128 + constants.signals.SIGHUP;
      expect(Number(readFileSync(board.gate('code'), 'utf8'))).toBe(diedOfHangUp);
      expect(board.happened('board-stopped')).toHaveLength(1);
      expect(board.findAgentProcesses()).toEqual([]);
      expect(board.column('queued')).toEqual(['job']);
      board.open('go');
      expect(await board.runUntilIdle()).toBe(0);
      expect(board.plan('job', 2)).toMatchObject({ attempt: 1, session: { mode: 'resume' } });
    }),
);

test.concurrent('a board whose output goes elsewhere outlives its terminal, as under nohup', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'job.md': gated(board) });
    const running = await board.start('--until-idle');
    await waitUntilSaid(board, 'job', '"begun"');
    running.signal('SIGHUP');
    board.open('go');
    expect((await withPatience(running.ended, 'the end of the board')).code).toBe(0);
    expect(board.column('done')).toEqual(['job']);
    expect(board.countRuns('job')).toBe(1);
  }),
);

test.concurrent(
  'a checkout that a filter of the user’s holds up does not hold up the end of the board',
  { timeout },
  () =>
    withBoard({ files: { '.gitattributes': 'slow.txt filter=slow\n', 'slow.txt': 'slow\n' } }, async (board) => {
      const script = board.gate('filter');
      writeFileSync(script, `[ -e ${board.gate('quick')} ] || exec sleep 300\ncat\n`);
      board.git('config', 'filter.slow.smudge', `sh ${script}`);
      board.drop({ 'job.md': writeTask('Job', addFile('work.txt')) });
      const running = await board.start();
      await waitUntil('git is at it', () => existsSync(board.worktree('job', '.gitattributes')));
      expect((await board.stop(running)).code).toBe(0);
      expect(board.column('queued')).toEqual(['job']);
      expect(board.findAgentProcesses()).toEqual([]);
      board.open('quick');
      expect(await board.runUntilIdle()).toBe(0);
      expect(board.task('job')).toMatchObject({ column: 'done', attempt: 1 });
      expect(board.git('show', 'task/job:slow.txt')).toBe('slow');
    }),
);

/** A board that was asked to stop while its agent, which takes no notice of that, was at work. */
type How = 'alone' | 'in a terminal';

/** Starts a board whose agent does not listen. */
async function startDeaf(board: ScratchBoard, how: How = 'alone'): Promise<Running> {
  writeFileSync(
    join(board.repo, 'deaf.sh'),
    '#!/bin/sh\ntrap "" INT TERM\necho \'{"type":"system","subtype":"init","session_id":"x"}\'\nwhile :; do sleep 0.1; done\n',
    { mode: 0o755 },
  );
  board.drop({ 'deaf.md': '# Deaf\n' });
  const running = how === 'alone' ? await board.start() : await board.startSupervised();
  await waitUntil('it runs', () => board.happened('run-started').length === 1);
  return running;
}

/** Asks it to stop; it waits for its agent then. */
async function askToStop(board: ScratchBoard, running: Running, how: How = 'alone'): Promise<void> {
  running.signal('SIGINT');
  // A terminal signals all processes that it shows.
  if (how === 'in a terminal') process.kill(board.data.daemon.pid ?? 0, 'SIGINT');
  await waitUntil('it is being stopped', () => board.happened('run-stopping').length === 1);
  expect(isAlive(running.pid)).toBe(true);
}

test.concurrent('a second signal hurries an agent that does not listen', { timeout }, () =>
  withBoard({ config: 'agent: { command: ./deaf.sh }' }, (hurried) =>
    withBoard({ config: 'agent: { command: ./deaf.sh }' }, async (patient) => {
      const [first, second] = await Promise.all([startDeaf(hurried), startDeaf(patient)]);
      await Promise.all([askToStop(hurried, first), askToStop(patient, second)]);
      first.signal('SIGINT');
      expect((await withPatience(first.ended, 'the end of the board')).code).toBe(0);
      // The other one was asked at the same time, and waits ten times as long for its agent.
      expect(isAlive(second.pid)).toBe(true);
      expect(hurried.findAgentProcesses()).toEqual([]);
      expect(hurried.column('queued')).toEqual(['deaf']);
    }),
  ),
);

test.concurrent('Ctrl-C reaches the board and its supervisor, and counts once', { timeout }, () =>
  withBoard({ config: 'agent: { command: ./deaf.sh }' }, (hurried) =>
    withBoard({ config: 'agent: { command: ./deaf.sh }' }, async (patient) => {
      const [first, second] = await Promise.all([startDeaf(hurried), startDeaf(patient, 'in a terminal')]);
      await Promise.all([askToStop(hurried, first), askToStop(patient, second, 'in a terminal')]);
      first.signal('SIGINT');
      await withPatience(first.ended, 'the end of the board that was hurried');
      // Hurried as well, and asked before, it would have ended.
      expect(isAlive(second.pid)).toBe(true);
      expect((await withPatience(second.ended, 'the end of the board')).code).toBe(0);
      expect(patient.findAgentProcesses()).toEqual([]);
    }),
  ),
);

test.concurrent(
  'a daemon that is killed leaves its agent at work; the next one adopts it and counts its result once',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      board.drop({ 'job.md': gated(board) });
      const running = await board.start();
      await waitUntilSaid(board, 'job', '"begun"');
      const agent = board.agentOf('job');
      running.signal('SIGKILL');
      await running.ended;
      expect(board.findAgentProcesses()).toContain(agent);
      const next = await board.start('--until-idle');
      board.open('go');
      expect((await withPatience(next.ended, 'the end of the board')).code).toBe(0);
      expect(board.column('done')).toEqual(['job']);
      expect(board.countRuns('job')).toBe(1);
      expect(board.happened('run-ended')).toHaveLength(1);
      expect(board.git('log', '--format=%s', 'task/job')).toBe('Add work.txt\nfirst');
    }),
);

test.concurrent('a killed daemon whose agent ended meanwhile: the result is taken', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'job.md': gated(board) });
    const running = await board.start();
    await waitUntilSaid(board, 'job', '"begun"');
    running.signal('SIGKILL');
    await running.ended;
    board.open('go');
    await waitUntil('the agent is gone', () => board.findAgentProcesses().length === 0);
    expect(await board.runUntilIdle()).toBe(0);
    expect(board.countRuns('job')).toBe(1);
    expect(board.task('job')).toMatchObject({ column: 'done', commits: 1 });
  }),
);

test.concurrent(
  'of eight that start in the same moment one runs, on a fresh lock and on a stale one',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      const startAll = async () => {
        const all = Array.from({ length: 8 }, () => board.launch(['board']));
        const ended = new Map<number, number | null>();
        for (const each of all) void each.ended.then(({ code }) => ended.set(each.pid, code));
        await waitUntil('seven gave up', () => ended.size === 7);
        await waitUntil('one is up', () => all.some((each) => each.output().includes('board started')));
        expect([...ended.values()]).toEqual(Array(7).fill(4));
        const owner = all.find(({ pid }) => !ended.has(pid));
        if (owner === undefined) throw new Error('nobody runs');
        for (const each of all) {
          if (each !== owner) expect(each.output()).toContain('another board runs here (pid ');
        }
        return owner;
      };
      const first = await startAll();
      const second = await board.cli('start');
      expect(second).toMatchObject({
        code: 4,
        stderr: `error: another board runs here (pid ${String(first.pid)})\nTo see it: branchboard status. To end it, type: branchboard stop\n`,
      });
      first.signal('SIGKILL');
      await first.ended;
      const owner = await startAll();
      expect((await board.stop(owner)).code).toBe(0);
      expect(readdirSync(board.path('active'))).toEqual([]);
    }),
);

test.concurrent(
  'start --detach runs in the background, status and logs look at it, and stop ends it',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      board.drop({ 'job.md': gated(board) });
      const started = await board.succeed('start', '--detach');
      const pid = Number(/pid (\d+)/.exec(started)?.[1]);
      expect(isAlive(pid)).toBe(true);
      await waitUntilSaid(board, 'job', '"begun"');
      expect(await board.succeed('status')).toMatch(/▶ job .*\nrunning · 1 active/s);
      const again = await board.cli('start', '--detach');
      expect(again.code).toBe(4);
      const follower = board.launch(['logs', 'job', '-f']);
      await waitUntil('the log is shown', () => follower.output().includes('begun'));
      board.open('go');
      expect((await withPatience(follower.ended, 'the end of the log')).code).toBe(0);
      expect(follower.output()).toContain('→ Write work.txt');
      expect(follower.output()).toContain('■ done');
      expect(await board.succeed('stop')).toBe(`Stopped (pid ${String(pid)}).\n`);
      // It lets go of the board before its process ends.
      await waitUntil('the process has ended', () => !isAlive(pid));
      expect(await board.succeed('stop')).toBe('No board runs here.\n');
      expect(board.read('daemon.log')).toContain('job: → done/');
    }),
);

test.concurrent('a board goes on when nobody reads any more what it prints', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'job.md': gated(board) });
    const running = await board.start();
    await waitUntilSaid(board, 'job', '"begun"');
    running.stopReading();
    board.open('go');
    await board.arrive('done', 'job');
    expect(isAlive(running.pid)).toBe(true);
    expect((await board.stop(running)).code).toBe(0);
  }),
);

test.concurrent('after a daemon was killed, status shows what the next one knows', { timeout }, () =>
  withBoard({}, async (board) => {
    const first = await board.start();
    await waitUntil('it wrote its data', () => board.data.daemon.pid === first.pid);
    first.signal('SIGKILL');
    await first.ended;
    expect((await board.json<BoardData>('status')).daemon).toEqual({ running: false, pid: null });
    const second = await board.start();
    expect((await board.json<BoardData>('status')).daemon).toEqual({ running: true, pid: second.pid });
    await board.stop(second);
  }),
);
