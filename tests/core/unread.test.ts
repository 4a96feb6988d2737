/** A task whose file or facts can't be read: nobody else waits for it, and nothing starts on it. */
import { describe, expect, it } from 'vitest';
import { isIdle, needsAttention } from '../../src/core/schedule.ts';
import { limits } from '../../src/domain/limits.ts';
import { fileIn, id, loadedIn, scanOf, Scene } from './scene.ts';

const why = 'EIO: i/o error, read';

/** `a` is in `active/` and can't be read; `b` and `c` are queued. */
function meetUnread(): Scene {
  const scene = new Scene({ maxParallel: 2 }).tell({ type: 'agents-found', runs: [{ task: id('a'), n: 1 }] });
  scene.tell({ type: 'scanned', scan: scanOf({ active: ['a'], queued: ['b', 'c'] }) });
  for (const name of ['b', 'c']) scene.tell({ type: 'task-loaded', loaded: loadedIn('queued', name) });
  return scene.tell({ type: 'task-unread', file: fileIn('active', 'a'), why });
}

describe('a task that can not be read', () => {
  it('holds nobody up, takes a slot, and its agent is left alone', () => {
    const scene = meetUnread();
    expect(scene.states).toEqual({ b: 'planning', c: 'queued' });
    expect(scene.asked).toEqual(['plan-run']);
    expect([...scene.board.unread.values()]).toEqual([{ file: fileIn('active', 'a'), why, failures: 1 }]);
    expect(isIdle(scene.board, scene.at)).toBe(false);
  });

  it('is read again at the next look, and then is as if nothing had been', () => {
    const scene = meetUnread();
    scene.tell({ type: 'scanned', scan: scanOf({ active: ['a'], queued: ['b', 'c'] }) });
    expect(scene.effects).toMatchObject([{ type: 'load-task', file: { name: 'a.md' } }]);
    scene.tell({ type: 'task-loaded', loaded: loadedIn('active', 'a') });
    expect(scene.board.unread.size).toBe(0);
    expect(scene.states).toMatchObject({ a: 'settling' });
    // Nobody follows the agent that was found, now that this is known.
    expect(scene.asked).toContain('end-stray');
  });

  it("is the user's to mend once it failed again and again", () => {
    const scene = new Scene();
    for (let failures = 1; failures <= limits.maxQuickRetries; failures++) {
      expect(isIdle(scene.board, scene.at)).toBe(false);
      scene.tell({ type: 'scanned', scan: scanOf({ queued: ['a'] }) });
      expect(scene.asked).toEqual(['load-task']);
      scene.tell({ type: 'task-unread', file: fileIn('queued', 'a'), why });
    }
    expect(isIdle(scene.board, scene.at)).toBe(true);
    expect(needsAttention(scene.board)).toBe(true);
    scene.tell({ type: 'scanned', scan: scanOf({ queued: ['a'] }) });
    expect(scene.asked).toEqual(['load-task']);
  });

  it('is forgotten once its file is gone', () => {
    const scene = meetUnread();
    scene.tell({ type: 'scanned', scan: scanOf({ queued: ['b', 'c'] }) });
    expect(scene.board.unread.size).toBe(0);
    expect(scene.states).toEqual({ b: 'planning', c: 'planning' });
  });
});
