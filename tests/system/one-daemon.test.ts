/** One daemon for a board: whoever comes second exits with 4 and says who has it, however the owner is doing. */
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
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

function gated(board: ScratchBoard): string {
  return writeTask('Gated', ['say begun', `wait-for ${board.gate('go')}`, ...addFile('work.txt')]);
}

/** The folder of the board's socket, as its lock names it. */
function socketFolderOf(board: ScratchBoard): string {
  const number = Math.max(...readdirSync(board.path('lock')).map(Number).filter(Number.isInteger));
  return dirname(board.read('lock', String(number)).split('\n')[5] ?? '');
}

/** Starts eight at once; gives the one that runs after the others gave up and named it. */
async function startEight(board: ScratchBoard): Promise<Running> {
  const all = Array.from({ length: 8 }, () => board.launch(['board']));
  const ended = new Map<number, number | null>();
  for (const each of all) void each.ended.then(({ code }) => ended.set(each.pid, code));
  await waitUntil('seven gave up', () => ended.size === 7);
  const owner = all.find(({ pid }) => !ended.has(pid));
  if (owner === undefined) throw new Error('nobody runs');
  await waitUntil('one is up', () => owner.output().includes('board started'));
  expect([...ended.values()]).toEqual(Array(7).fill(4));
  for (const each of all) {
    if (each !== owner) expect(each.output()).toContain(`another board runs here (pid ${String(owner.pid)})`);
  }
  return owner;
}

async function expectTaken(board: ScratchBoard, owner: Running): Promise<void> {
  const { code, stderr } = await board.cli('start');
  expect({ code, stderr }).toEqual({
    code: 4,
    stderr: `error: another board runs here (pid ${String(owner.pid)})\nTo see it: branchboard status. To end it, type: branchboard stop\n`,
  });
}

test(
  'of eight that start in the same moment one runs and adopts the orphan, whoever was killed before, again and again',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      board.drop({ 'job.md': gated(board) });
      let owner = await startEight(board);
      await waitUntil('the agent works', () => board.read('runs', 'job', '1', 'stream.jsonl').includes('"begun"'));
      const agent = board.agentOf('job');
      for (let round = 0; round < 2; round += 1) {
        owner.signal('SIGKILL');
        await owner.ended;
        owner = await startEight(board);
        expect(board.findAgentProcesses()).toContain(agent);
      }
      board.open('go');
      await board.arrive('done', 'job');
      expect(board.countRuns('job')).toBe(1);
      expect(board.happened('run-ended')).toHaveLength(1);
      expect((await board.stop(owner)).code).toBe(0);
    }),
);

test.concurrent('an owner that is stopped (SIGSTOP) keeps its board and is named', { timeout }, () =>
  withBoard({}, async (board) => {
    const owner = await board.start();
    owner.signal('SIGSTOP');
    await expectTaken(board, owner);
    owner.signal('SIGCONT');
    expect((await board.json<BoardData>('status')).daemon).toEqual({ running: true, pid: owner.pid });
    expect((await board.stop(owner)).code).toBe(0);
  }),
);

test.concurrent('a cleaner that removes the socket takes no board away, and stop still reaches it', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'job.md': gated(board) });
    const owner = await board.start();
    rmSync(socketFolderOf(board), { recursive: true });
    await expectTaken(board, owner);
    expect((await board.json<BoardData>('status')).daemon).toEqual({ running: true, pid: owner.pid });
    expect(await board.succeed('stop')).toBe(`Stopped (pid ${String(owner.pid)}).\n`);
    expect((await withPatience(owner.ended, 'the end of the board')).code).toBe(0);
    expect(isAlive(owner.pid)).toBe(false);
    expect(board.column('queued')).toEqual(['job']);
  }),
);

test.concurrent('a board is found and stopped by who has another environment', { timeout }, () =>
  withBoard({}, async (board) => {
    const runtimeDir = join(board.root, 'run');
    mkdirSync(runtimeDir, { mode: 0o700 });
    const owner = board.launch(['board'], { env: { XDG_RUNTIME_DIR: runtimeDir } });
    await waitUntil('the board is up', () => owner.output().includes('board started'));
    expect(dirname(socketFolderOf(board))).toBe(runtimeDir);
    expect((await board.json<BoardData>('status')).daemon).toEqual({ running: true, pid: owner.pid });
    await expectTaken(board, owner);
    await board.succeed('stop');
    expect((await owner.ended).code).toBe(0);
    expect(readdirSync(runtimeDir)).toEqual([]);
  }),
);

test.concurrent('start --detach says who has the board as well', { timeout }, () =>
  withBoard({}, async (board) => {
    const owner = await board.start();
    const { code, stderr } = await board.cli('start', '--detach');
    expect(code).toBe(4);
    expect(stderr).toContain(`another board runs here (pid ${String(owner.pid)})`);
    await board.stop(owner);
  }),
);

test.concurrent(
  'a board that another machine or container has is left to it while its beat is seen, and taken over after',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      const first = await board.start();
      await board.stop(first);
      // As the same folder looks from a machine whose boot, pids and clock are others.
      const number = Math.max(...readdirSync(board.path('lock')).map(Number).filter(Number.isInteger));
      const file = board.path('lock', String(number));
      writeFileSync(file, ['4242', '17', 'another-boot', 'pid:[1]', 'far-away', ''].join('\n'));
      let beats = 1;
      const beat = setInterval(() => utimesSync(file, beats, (beats += 1)), 200);
      try {
        const { code, stderr } = await board.cli('start');
        expect(code).toBe(4);
        expect(stderr).toBe(
          'error: another board runs here (pid 4242 on far-away)\nTo see it: branchboard status. To end it, type there: branchboard stop\n',
        );
      } finally {
        clearInterval(beat);
      }
      const next = await board.start();
      // Now it is the other one's turn: it wakes after a long sleep, and this one stops.
      writeFileSync(board.path('lock', '99'), ['4242', '17', 'another-boot', 'pid:[1]', 'far-away', ''].join('\n'));
      expect((await withPatience(next.ended, 'the end of the board')).code).toBe(0);
      expect(next.output()).toContain('another machine took this board over');
    }),
);

const refusals = [
  ['ENOSPC', 'The disk is full: make room'],
  ['EROFS', 'The file system is mounted read-only'],
] as const;

test.concurrent.each(refusals)('a board that can not take its lock (%s) says what to do', { timeout }, (code, advice) =>
  withBoard({}, async (board) => {
    const preload = fileURLToPath(new URL('../crash/fault-point.mjs', import.meta.url));
    const fault = { FAULT_KIND: 'fail', FAULT_CODE: code, FAULT_AT: '1', FAULT_UNTIL: board.gate('never') };
    const start = board.launch(['board'], { env: { NODE_OPTIONS: `--import ${preload}`, ...fault } });
    const ended = await withPatience(start.ended, 'the start');
    expect([ended.code, ended.stderr]).toEqual([5, expect.stringContaining(advice)]);
  }),
);
