/** Verbs where no board runs, where one does, and where one is frozen: each command is carried out once, and leaves one line. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  watch,
  writeFileSync,
} from 'node:fs';
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

test(
  'an errand that cancels a task ends its agent, which outlived its board; one that only tells it something does not',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      board.drop({ 'job.md': writeTask('Job', ['say begun', `wait-for ${board.gate('never')}`, ...addFile('a.txt')]) });
      const running = await board.start();
      await waitUntil('the agent is at work', () => board.read('runs', 'job', '1', 'stream.jsonl').includes('"begun"'));
      running.signal('SIGKILL');
      await running.ended;
      const agent = board.agentOf('job');
      expect(isAlive(agent)).toBe(true);
      expect(await board.succeed('note', 'job', 'More.')).toContain('its agent is told');
      expect(isAlive(agent)).toBe(true);
      expect(await board.succeed('cancel', 'job')).toContain('job: ');
      expect(board.has('archive', 'job')).toBe(true);
      expect(board.findAgentProcesses()).toEqual([]);
    }),
);

test('what a verb does shows at once, with what the user ticked and typed before', { timeout }, () =>
  withBoard({}, async (board) => {
    await putInAttention(board, 'again', 'away');
    const { dashboard } = board;
    const box = '- [ ] Cancel <!-- cancel away attention 1 -->';
    expect(dashboard).toContain(box);
    const ticked = dashboard.replace(box, box.replace('[ ]', '[x]'));
    writeFileSync(board.path('DASHBOARD.md'), `${ticked}\nMy own note.\n`);
    await board.succeed('retry', 'again');
    expect([board.task('again').column, board.task('away').column]).toEqual(['queued', 'archive']);
    expect(
      listCommands(board)
        .map(({ by, command, outcome }) => `${by} ${command.kind} ${outcome}`)
        .sort(),
    ).toEqual(['cli retry done', 'dashboard cancel done']);
    expect(board.read('archive', 'away.md')).toContain('You cancelled it.');
    expect(board.dashboard).toMatch(/^_Stopped ·/m);
    expect(board.dashboard).toMatch(/^\| again \(`again`\) .*PAUSED/m);
    expect(board.dashboard).toContain('- `away`, Cancel: attention/ → archive/ (');
    expect(board.dashboard).toContain('\nMy own note.\n');
    expect(board.dashboard).not.toContain('[x]');
    expect(board.data.daemon).toEqual({ running: false, pid: null });

    for (const [verb, reason] of [
      ['pause', 'user'],
      ['resume', undefined],
    ] as const) {
      await board.succeed(verb);
      expect(board.data.paused?.reason).toBe(reason);
    }
    await board.succeed('set-priority', 'again', 'high');
    expect(board.task('again').priority).toBe('high');
    expect(board.dashboard).toContain('\nMy own note.\n');
  }),
);

test('files in the inbox hold no verb up, and what is wrong with them stays on the dashboard', { timeout }, () =>
  withBoard({}, async (board) => {
    await putInAttention(board, 'job');
    board.drop({ 'bad.md': '---\npriority: 7\n---\n# Bad\n', 'job.md': writeTask('A namesake', ['ask Which?']) });
    const long = new Date(Date.now() - 60_000);
    for (const name of ['bad.md', 'job.md']) utimesSync(board.path('inbox', name), long, long);
    await board.succeed('add-dependency', 'job', 'other');
    expect(board.read('attention', 'job.md')).toContain('depends_on: [ other ]');
    expect(board.dashboard).toContain('.orchestrator/inbox/bad.md:2:');
    expect(await board.succeed('status')).toContain('1 file waits');
    expect(readdirSync(board.path('inbox')).sort()).toEqual(['bad.md', 'job.md']);
  }),
);

/** Puts a link where the history is, which is not followed, so that no line can be written; gives what ends that. */
function blockHistory(board: ScratchBoard): () => void {
  const [history, kept] = [board.path('history.jsonl'), join(board.root, 'history')];
  renameSync(history, kept);
  symlinkSync('nowhere', history);
  return () => renameSync(kept, history);
}

test.concurrent('a command that can not be noted for a moment is noted then, once', { timeout }, () =>
  withBoard({}, async (board) => {
    await putInAttention(board, 'job');
    const unblock = blockHistory(board);
    const retry = board.launch(['retry', 'job']);
    await board.arrive('queued', 'job');
    unblock();
    expect((await withPatience(retry.ended, 'the end of retry')).code).toBe(0);
    expect(listCommands(board)).toEqual([
      { by: 'cli', command: { kind: 'retry', task: 'job' }, outcome: 'done', said: 'attention/ → queued/' },
    ]);
    expect(listFacts(board)).toEqual([]);
  }),
);

test.concurrent('a command that can not be noted says so and ends, and the next start notes it', { timeout }, () =>
  withBoard({}, async (board) => {
    await putInAttention(board, 'job');
    await board.succeed('pause');
    const unblock = blockHistory(board);
    const { code, stderr } = await board.cli('cancel', 'job');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /^error: attention\/ → archive\/, and that can't be noted: .*history\.jsonl.*\n.*next branchboard start/m,
      ) as string,
    });
    expect([board.has('archive', 'job'), listFacts(board).length]).toEqual([true, 1]);
    unblock();
    expect(await board.runUntilIdle()).toBe(0);
    expect(listCommands(board).map(({ by, command, outcome }) => [by, command.kind, outcome])).toEqual([
      ['cli', 'pause', 'done'],
      ['cli', 'cancel', 'done'],
    ]);
    expect(listFacts(board)).toEqual([]);
  }),
);

/** Kills a process just before one of its durable calls, or just after it. */
const preload = fileURLToPath(new URL('../crash/fault-point.mjs', import.meta.url));
/** Steps of an errand: what is done to its fact, the task's file, and the history; those of the first may be torn. */
const steps = { torn: ['write', 'append'], whole: ['link', 'rename', 'rm'] };
const places = '/(commands|queued|attention|history)[./]';

/** Runs `retry` on a task with a fault in it; gives how it ended, and what it did with what is counted. */
async function retryWith(board: ScratchBoard, id: string, fault: Readonly<Record<string, string>>) {
  const log = join(board.root, `calls-${id}`);
  const env = { NODE_OPTIONS: `--import ${preload}`, FAULT_LOG: log, FAULT_PATH: places, ...fault };
  const { code } = await board.launch(['retry', id], { env }).ended;
  const calls = readFileSync(log, 'utf8').trim().split('\n');
  const ops = calls
    .map((line) => JSON.parse(line) as { readonly op?: string; readonly path?: string; readonly to?: string })
    .flatMap(({ op, path, to }) => (op !== undefined && new RegExp(places).test(to ?? path ?? '') ? [op] : []));
  return { code, ops };
}

test('an errand that is killed at any step is done, or is done by the next start, and never twice', { timeout }, () =>
  withBoard({}, async (board) => {
    // The board is paused, so that no agent starts: a retry is in the history, and its task in queued/.
    await board.succeed('pause');
    writeFileSync(board.path('attention', 'whole.md'), '# Whole\n\nDo it.\n');
    const { ops } = await retryWith(board, 'whole', {});
    const points = [...steps.torn, ...steps.whole].flatMap((op) => {
      const kinds = steps.torn.includes(op) ? ['kill', 'torn'] : ['kill'];
      return ops
        .filter((each) => each === op)
        .flatMap((_, index) => kinds.map((kind) => ({ kind, op, at: String(index + 1) })));
    });
    expect(new Set(points.map(({ op }) => op)).size).toBe(steps.torn.length + steps.whole.length);
    for (const { kind, op, at } of points) {
      const id = `${kind}-${op}-${at}`;
      writeFileSync(board.path('attention', `${id}.md`), '# Job\n\nDo it.\n');
      const { code } = await retryWith(board, id, { FAULT_KIND: kind, FAULT_OP: op, FAULT_AT: at });
      expect([id, code]).toEqual([id, null]);
      const wasTaken = !board.has('attention', id) || listFacts(board).length > 0;
      await board.runUntilIdle();
      expect([id, board.has('queued', id), board.has('attention', id)]).toEqual([id, wasTaken, !wasTaken]);
      const lines = listCommands(board).filter(({ command }) => 'task' in command && command.task === id);
      expect(lines.map(({ outcome }) => outcome)).toEqual(wasTaken ? ['done'] : []);
      expect(listFacts(board)).toEqual([]);
    }
    const ids = board.happened('command').map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  }),
);
