/** The host of the control channel: what it costs the board to be read, and commands under ids that were used before. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { layOut } from '../../src/adapters/files/layout.ts';
import { writeCommand } from '../../src/adapters/files/command-files.ts';
import { composeControl, type BoardControl } from '../../src/cli/compose-control.ts';
import { emptyBoard } from '../../src/core/step.ts';
import type { Board } from '../../src/domain/board.ts';
import { makeCommandId, type CommandId, type CommandRequest, type SettledCommand } from '../../src/domain/command.ts';
import { limits } from '../../src/domain/limits.ts';
import type { OpenPlace } from '../../src/cli/place.ts';

const id = makeCommandId(1, '0123456789');
const pause = { kind: 'pause' } as const;
const done = { kind: 'done', said: 'no new starts' } as const;

let root: string;
let place: OpenPlace;
let board: Board;
let settled: Map<CommandId, SettledCommand>;
let control: BoardControl;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bb-host-'));
  const repository = { topLevel: root } as OpenPlace['repository'];
  place = { topLevel: root, layout: layOut(join(root, '.orchestrator')), repository };
  board = emptyBoard;
  settled = new Map();
  control = composeControl(place, {
    board: () => board,
    look: () => undefined,
    findSettled: (asked) => Promise.resolve(settled.get(asked) ?? null),
  });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const ask = (command: CommandRequest['command'], own: CommandId | undefined = id) =>
  control.host.ask({ id: own, command, by: 'web', seen: undefined });

test('the board is described once after each change, however often it is read', () => {
  const first = control.host.board();
  board = { ...board };
  expect(control.host.board()).toBe(first);
  board = { ...board, revision: { facts: 1, progress: 0 } };
  const second = control.host.board();
  expect(second.revision).toBe(1);
  expect(control.host.board()).toBe(second);
});

test.each([
  ['waits', () => ask(pause)],
  [
    'was laid down by somebody else',
    () => writeCommand(place.layout, { version: 1, id, by: 'cli', at: 1, seen: null, command: pause }),
  ],
  ['was settled under an earlier board', () => settled.set(id, { command: pause, answer: done })],
  [
    'was settled',
    async () => {
      await ask(pause);
      control.onAnswer(id, done);
    },
  ],
])('an id under which a command %s gives its answer to that command, and is refused to another', async (_, before) => {
  await before();
  expect(await ask({ kind: 'resume' })).toEqual({ kind: 'other', command: pause });
  const again = await ask(pause);
  if (again.kind !== 'taken') throw new Error('it was not taken');
  control.onAnswer(id, done);
  expect(await again.answer).toEqual(done);
  expect(await ask({ kind: 'resume' })).toEqual({ kind: 'other', command: pause });
});

test('two who ask for different commands under one id at once: the first is taken, and one command is laid down', async () => {
  const both = await Promise.all([ask(pause), ask({ kind: 'resume' })]);
  expect(both.map(({ kind }) => kind)).toEqual(['taken', 'other']);
  expect(readdirSync(place.layout.commands)).toHaveLength(1);
});

test('a command that could not be laid down may be asked for again under its id', async () => {
  writeFileSync(place.layout.root, 'in the way');
  await expect(ask(pause)).rejects.toThrow();
  rmSync(place.layout.root);
  expect((await ask(pause)).kind).toBe('taken');
});

test('what an earlier version or a newer one asked for under an id is answered to whoever asks', async () => {
  settled.set(id, { command: null, answer: done });
  const taken = await ask(pause);
  expect(taken.kind === 'taken' && (await taken.answer)).toEqual(done);
});

test('where enough commands wait no more are taken, but for those that are there', async () => {
  await ask(pause);
  const waiting = Array.from({ length: limits.maxPendingCommands }, (_, at) => makeCommandId(at, '89abcdef'));
  board = { ...board, commands: new Map(waiting.map((each) => [each, { stage: 'unread' }])) };
  expect((await ask(pause, makeCommandId(2, '0123456789'))).kind).toBe('too-many');
  expect((await ask(pause)).kind).toBe('taken');
});
