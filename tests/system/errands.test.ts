/** Verbs where no board runs, where one does, and where one is frozen: each command is carried out once, and leaves one line. */
import { existsSync, mkdirSync, readdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { lockForErrand } from '../../src/adapters/daemon-lock/daemon-lock.ts';
import {
  addFile,
  boardTestTimeoutMs,
  isAlive,
  waitUntil,
  withBoard,
  withPatience,
  writeTask,
  type ScratchBoard,
} from './board.ts';

const timeout = boardTestTimeoutMs;

/** Tasks that wait for their user, under these ids. */
async function putInAttention(board: ScratchBoard, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) board.drop({ [`${id}.md`]: writeTask(id, ['ask Which?']) });
  await board.runUntilIdle();
  for (const id of ids) expect(board.has('attention', id)).toBe(true);
}

/** What the history says of commands, but for ids and times. */
function listCommands(board: ScratchBoard) {
  return board.happened('command').map(({ by, command, outcome, said }) => ({ by, command, outcome, said }));
}

/** The commands that are not settled. */
function listFacts(board: ScratchBoard): readonly string[] {
  const folder = board.path('commands');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
}

test('a command whose asker was killed is carried out before the next one, and not after it', { timeout }, () =>
  withBoard({}, async (board) => {
    await putInAttention(board, 'a');
    const id = '001700000000000-00000000';
    const killed = { version: 1, id, by: 'cli', at: 1, seen: null, command: { kind: 'cancel', task: 'a' } };
    mkdirSync(board.path('commands'), { recursive: true });
    writeFileSync(board.path('commands', `${id}.json`), JSON.stringify(killed));
    await board.succeed('retry', 'a');
    expect(listCommands(board).map(({ command, outcome }) => [command.kind, outcome])).toEqual([
      ['cancel', 'done'],
      ['retry', 'done'],
    ]);
    expect(listFacts(board)).toEqual([]);
    expect(board.column('queued')).toEqual(['a']);
  }),
);

const verbs: readonly (readonly string[])[] = [
  ['pause'],
  ['retry', 'again'],
  ['retry', 'again'],
  ['cancel', 'away'],
  ['set-priority', 'edited', 'high'],
  ['add-dependency', 'edited', 'again'],
  ['add-dependency', 'again', 'edited'],
  ['resume'],
];

test('each verb leaves the same line and says the same, whether or not a board runs', { timeout }, async () => {
  const lines: unknown[] = [];
  for (const isRunning of [false, true]) {
    await withBoard({}, async (board) => {
      await putInAttention(board, 'again', 'away', 'edited');
      const running = isRunning ? await board.start() : null;
      const said: unknown[] = [];
      for (const verb of verbs) {
        const { code, stdout, stderr } = await board.cli(...verb);
        said.push({ verb, code, stdout, stderr });
      }
      lines.push({ said, history: listCommands(board), left: listFacts(board) });
      expect(board.has('archive', 'away')).toBe(true);
      expect(board.read('attention', 'edited.md')).toContain('priority: high\ndepends_on: [ again ]\n');
      if (running !== null) await board.stop(running);
    });
  }
  const [stopped, running] = lines as { said: { code: number }[]; history: unknown[]; left: unknown[] }[];
  expect(stopped).toEqual(running);
  expect(stopped?.said.map(({ code }) => code)).toEqual([0, 0, 2, 0, 0, 0, 2, 0]);
  expect(stopped?.history).toHaveLength(verbs.length);
  expect(stopped?.left).toEqual([]);
});

test('a move by hand leaves the same line as its verb, but for who asked', { timeout }, () =>
  withBoard({}, async (board) => {
    await putInAttention(board, 'one', 'two', 'three', 'four');
    await board.succeed('pause');
    const running = await board.start();
    for (const [verb, moved, column] of [
      ['retry one', 'two', 'queued'],
      ['cancel three', 'four', 'archive'],
    ] as const) {
      await board.succeed(...verb.split(' '));
      board.move(moved, 'attention', column);
      await waitUntil('the move is met', () => listCommands(board).at(-1)?.by === 'file-move');
      const [asked, byHand] = listCommands(board).slice(-2);
      expect(byHand).toEqual({ ...asked, by: 'file-move', command: { ...asked?.command, task: moved } });
    }
    await board.stop(running);
  }),
);

test('two errands at once wait for each other, and both are done', { timeout }, () =>
  withBoard({}, async (board) => {
    await putInAttention(board, 'one', 'two', 'three');
    const all = ['one', 'two', 'three'].map((id) => board.cli('retry', id));
    expect((await Promise.all(all)).map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(board.column('queued')).toEqual(['one', 'three', 'two']);
    expect(listCommands(board)).toHaveLength(3);
  }),
);

/** Resolves once somebody tries to take the board's lock. */
function seeAttempt(board: ScratchBoard): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(board.path('lock'), (_, name) => {
      if (name?.endsWith('.new') !== true) return;
      watcher.close();
      resolve();
    });
  });
}

test('a board that starts waits for an errand', { timeout }, () =>
  withBoard({}, async (board) => {
    await board.succeed('pause');
    const lock = await lockForErrand(board.path());
    if (!lock.ok) throw new Error('the lock is taken');
    const attempt = seeAttempt(board);
    const running = board.launch(['board']);
    await withPatience(attempt, 'an attempt to take the lock');
    const releasedAt = Date.now();
    await lock.value.release();
    await waitUntil('the board is up', () => board.happened('board-started').length > 0);
    expect(board.happened('board-started').at(-1)?.at).toBeGreaterThanOrEqual(releasedAt);
    await board.stop(running);
  }),
);

test('a command that a frozen board is asked is said to wait, and is carried out once when it wakes', { timeout }, () =>
  withBoard({}, async (board) => {
    await putInAttention(board, 'job');
    await board.succeed('pause');
    const running = await board.start();
    running.signal('SIGSTOP');
    const { code, stdout } = await board.cli('retry', 'job');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        new RegExp(`^The board \\(pid ${String(running.pid)}\\) is busy\\. .*commands/\\S+\\.json\n$`),
      ) as string,
    });
    expect(board.has('attention', 'job')).toBe(true);
    running.signal('SIGCONT');
    await board.arrive('queued', 'job');
    await waitUntil('the command is settled', () => listFacts(board).length === 0);
    await board.stop(running);
    expect(listCommands(board).filter(({ by, command }) => by === 'cli' && command.kind === 'retry')).toEqual([
      { by: 'cli', command: { kind: 'retry', task: 'job' }, outcome: 'done', said: 'attention/ → queued/' },
    ]);
  }),
);

test('an errand that cancels a task ends its agent, which outlived its board', { timeout }, () =>
  withBoard({}, async (board) => {
    board.drop({ 'job.md': writeTask('Job', ['say begun', `wait-for ${board.gate('never')}`, ...addFile('a.txt')]) });
    const running = await board.start();
    await waitUntil('the agent is at work', () => board.findAgentProcesses().length > 0);
    await board.arrive('active', 'job');
    running.signal('SIGKILL');
    await running.ended;
    const agents = board.findAgentProcesses();
    expect(agents.length).toBeGreaterThan(0);
    expect(await board.succeed('cancel', 'job')).toContain('job: ');
    expect(board.has('archive', 'job')).toBe(true);
    expect(agents.filter(isAlive)).toEqual([]);
  }),
);

/** Kills a process just before one of its durable calls, or just after it. */
const preload = fileURLToPath(new URL('../crash/fault-point.mjs', import.meta.url));
/** Steps of an errand: what is done to its fact, the task's file, and the history. */
const steps = ['write', 'link', 'rename', 'append', 'rm'];

test('an errand that is killed at any step is done, or is done by the next start, and never twice', { timeout }, () =>
  withBoard({ config: 'retries: 0' }, async (board) => {
    await putInAttention(board, 'job');
    const log = join(board.root, 'calls');
    let killed = 0;
    for (const op of steps) {
      for (const kind of ['kill', 'torn']) {
        for (let at = 1; ; at++) {
          const runs = board.countRuns('job');
          const { code } = await board.launch(['retry', 'job'], {
            env: {
              NODE_OPTIONS: `--import ${preload}`,
              ...{ FAULT_KIND: kind, FAULT_OP: op, FAULT_AT: String(at), FAULT_LOG: log },
            },
          }).ended;
          if (code === null) killed += 1;
          const wasTaken = !board.has('attention', 'job') || listFacts(board).length > 0;
          expect(await board.runUntilIdle(), board.printed).toBe(3);
          expect(board.has('attention', 'job')).toBe(true);
          expect(board.countRuns('job'), `${kind} at ${op} ${String(at)}`).toBe(runs + (wasTaken ? 1 : 0));
          expect(listFacts(board)).toEqual([]);
          if (code !== null) break;
        }
      }
    }
    expect(killed).toBeGreaterThan(10);
    const ids = board.happened('command').map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(existsSync(log) && readFileSync(log, 'utf8')).toContain('/commands/');
  }),
);
