/** What User Notes say to tasks becomes a command once, whoever is killed when, as long as it stands there. */
import { describe, expect, it } from 'vitest';
import type { AskedLine } from '../../src/domain/agent-note.ts';
import type { CommandRequest } from '../../src/domain/command.ts';
import { limits } from '../../src/domain/limits.ts';
import { emptyBoard } from '../../src/core/step.ts';
import { NoteWatch } from '../../src/daemon/note-watch.ts';
import type { BoardFiles } from '../../src/ports.ts';
import { scanOf } from '../core/scene.ts';

/** A board's files in memory that outlive the watch; `dies` says at which of its calls it is killed. */
function makeWorld() {
  const scan = scanOf({ queued: ['a'], active: ['b'], done: ['c'] });
  const world = {
    notes: '',
    lines: [] as readonly AskedLine[],
    commands: new Map<string, CommandRequest>(),
    now: 0,
    dies: Infinity,
  };
  let [uuids, calls] = [0, 0];
  const call = <Value>(work: () => Value): Promise<Value> => {
    calls += 1;
    if (calls > world.dies) return Promise.reject(new Error('killed'));
    return Promise.resolve(work());
  };
  const files = {
    scan: () => Promise.resolve(scan),
    readLines: () => Promise.resolve(world.lines),
    writeLines: (lines: readonly AskedLine[]) => call(() => void (world.lines = lines)),
    writeCommand: (request: CommandRequest) => call(() => void world.commands.set(request.id, request)),
  } as unknown as BoardFiles;
  const clock = {
    now: () => world.now,
    monotonic: () => world.now,
    uuid: () => `${String(uuids++).padStart(8, '0')}-x`,
  };
  const open = () =>
    new NoteWatch({
      clock: clock as never,
      files,
      dashboard: { readNotes: () => Promise.resolve(world.notes) },
    });
  const board = { ...emptyBoard, scan };
  const asked = () =>
    [...world.commands.values()].map(({ by, seen, command }) => ({ by, in: seen?.column, ...command }));
  /** Looks, and once more when what was typed was left alone. */
  const settle = async (watch: NoteWatch) => {
    await watch.look(board);
    world.now += limits.lineQuietMs;
    return watch.look(board);
  };
  const kill = (at: number) => {
    calls = 0;
    world.dies = at;
  };
  return { world, open, board, asked, settle, kill };
}

const typed = 'For all.\n\n@a: priority high\n\n@B: use v2\n\n@nobody: x\n';
const commands = [
  { by: 'dashboard', in: 'queued', kind: 'set-priority', task: 'a', priority: 'high' },
  { by: 'dashboard', in: 'active', kind: 'note', task: 'b', text: 'use v2' },
];

describe('lines of User Notes to tasks', () => {
  it('become commands once they were left alone, once, and those to nobody don’t', async () => {
    const { world, open, board, asked, settle } = makeWorld();
    const watch = open();
    world.notes = typed.slice(0, -20);
    await watch.look(board);
    world.now += limits.lineQuietMs - 1;
    world.notes = typed;
    expect(await watch.look(board)).toBe(false);
    expect(asked()).toEqual([]);
    expect(await settle(watch)).toBe(true);
    expect(asked()).toEqual(commands);
    expect(await settle(watch)).toBe(false);
    await open().lookFirst(board);
    expect(asked()).toEqual(commands);
  });

  it('ask again when they are typed again', async () => {
    const { world, open, asked, settle } = makeWorld();
    const watch = open();
    for (const notes of ['@c: retry', '', '@c: retry']) {
      world.notes = notes;
      await settle(watch);
    }
    expect(asked()).toEqual(Array(2).fill({ by: 'dashboard', in: 'done', kind: 'retry', task: 'c' }));
  });

  it('that were typed while no board ran count at its start', async () => {
    const { world, open, board, asked } = makeWorld();
    world.notes = typed;
    await open().lookFirst(board);
    expect(asked()).toEqual(commands);
  });

  it('are asked under one id, whichever step the board is killed at', async () => {
    for (let at = 0; at <= 4; at += 1) {
      const { world, open, board, asked, kill } = makeWorld();
      world.notes = typed;
      kill(at);
      await open()
        .lookFirst(board)
        .catch(() => undefined);
      kill(Infinity);
      await open().lookFirst(board);
      expect(asked()).toEqual(commands);
      expect(world.lines.map(({ isAsked }) => isAsked)).toEqual([true, true]);
    }
  });
});
