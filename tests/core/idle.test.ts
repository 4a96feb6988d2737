import { describe, expect, it } from 'vitest';
import { findNextWake } from '../../src/core/due.ts';
import { isIdle } from '../../src/core/schedule.ts';
import type { PauseReason } from '../../src/domain/run.ts';
import { fileIn, id, ids, makeSpec, meetWall, scanOf, Scene, start } from './scene.ts';

describe('the next wake', () => {
  it('is the first deadline, and at once for one that another event came before', () => {
    const scene = new Scene({ timeoutMs: 60_000, stallAfterMs: 10_000 }).queue({ id: 'a' });
    scene.run('a');
    expect(findNextWake(scene.board, start)).toBe(start + 10_000);
    expect(findNextWake(scene.board, start + 10_000)).toBe(start + 10_001);
    scene.wait(10_000);
    expect(scene.effects).toMatchObject([{ type: 'stop-run', cause: 'stalled' }]);
    expect(findNextWake(scene.board, scene.at)).toBe(Infinity);
  });
});

describe('idle', () => {
  it('is a board on which nothing can go on without the user', () => {
    const scene = new Scene();
    expect(isIdle(scene.board, start)).toBe(false);
    scene.queue({ id: 'a', dependsOn: ids('ghost') });
    expect(isIdle(scene.board, start)).toBe(true);
  });

  it('is not one with a file that was changed while it was read', () => {
    const { identity } = fileIn('queued', 'a');
    const inbox = new Map([['a.md', identity]]);
    const scene = new Scene().tell({ type: 'scanned', scan: scanOf({}, { inbox }) });
    expect(scene.asked).toEqual(['take-in']);
    scene.tell({ type: 'taken-in', path: 'a.md', identity, outcome: { kind: 'changed' } });
    expect(isIdle(scene.board, start)).toBe(false);
    scene.tell({ type: 'scanned', scan: scanOf({}) });
    expect(isIdle(scene.board, start)).toBe(true);
  });

  it('is not one with a task that could not be read, until it is read or gone', () => {
    const scene = new Scene().tell({ type: 'scanned', scan: scanOf({ queued: ['a'] }) });
    scene.tell({ type: 'task-vanished', file: fileIn('queued', 'a') });
    expect(scene.board.loading.size).toBe(0);
    expect(isIdle(scene.board, start)).toBe(false);
    scene.tell({ type: 'scanned', scan: scanOf({ queued: ['a'] }) });
    expect(scene.asked).toEqual(['load-task']);
    scene.tell({ type: 'task-vanished', file: fileIn('queued', 'a') });
    scene.tell({ type: 'scanned', scan: scanOf({}) });
    expect(isIdle(scene.board, start)).toBe(true);
  });

  it('is one that a missing login holds, but not one that waits for a limit', () => {
    const hold = (reason: PauseReason) => {
      const scene = new Scene().queue({ id: 'a' });
      return scene.exit(scene.run('a'), meetWall(reason)).settle('a');
    };
    expect(isIdle(hold('auth').board, start)).toBe(true);
    expect(isIdle(hold('overload').board, start)).toBe(false);
  });
});

describe('nothing starts', () => {
  it('while files are being read for the first time', () => {
    const scene = new Scene().tell({ type: 'scanned', scan: scanOf({ queued: ['a', 'b'] }) });
    scene.tell({ type: 'task-vanished', file: fileIn('queued', 'a') });
    expect(scene.states).toEqual({});
    expect(scene.board.loading.size).toBe(1);
  });

  it('while the user paused the board, or it is shutting down', () => {
    const paused = new Scene().tell({ type: 'scanned', scan: scanOf({}) }).ask({ kind: 'pause' });
    const file = fileIn('queued', 'a');
    const spec = makeSpec({ id: id('a') });
    const outcome = { kind: 'accepted', file, spec, grant: null, warnings: [] } as const;
    paused.tell({ type: 'taken-in', path: 'a.md', identity: file.identity, outcome });
    expect(paused.states).toEqual({ a: 'queued' });
    expect(new Scene().tell({ type: 'shutdown-asked' }).queue({ id: 'a' }).states).toEqual({ a: 'queued' });
  });
});
