import { describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { meetWall, Scene } from './scene.ts';

const hourMs = 60 * 60_000;

describe('a machine that slept', () => {
  it('ends no agent as stalled or for its timeout', () => {
    const scene = new Scene({ stallAfterMs: 60_000, timeoutMs: hourMs }).queue({ id: 'a' });
    scene.run('a');
    scene.at += 8 * hourMs;
    scene.tell({ type: 'clock-jumped', byMs: 8 * hourMs });
    scene.wait(59_999);
    expect(scene.asked).toEqual([]);
    scene.wait(1);
    expect(scene.effects).toMatchObject([{ type: 'stop-run', cause: 'stalled' }]);
  });

  it('finds a usage limit over that ended meanwhile', () => {
    const scene = new Scene().queue({ id: 'a' });
    scene.exit(scene.run('a'), meetWall('usage-limit', scene.at + hourMs)).settle('a');
    scene.at += 8 * hourMs;
    scene.tell({ type: 'clock-jumped', byMs: 8 * hourMs });
    expect(scene.states).toEqual({ a: 'planning' });
  });
});

describe('a clock that was set back', () => {
  it('does not make a backoff last as much longer', () => {
    const scene = new Scene();
    scene.at = 10 * hourMs;
    scene.queue({ id: 'a' });
    scene.exit(scene.run('a'), meetWall('overload')).settle('a');
    scene.at -= 8 * hourMs;
    scene.tell({ type: 'clock-jumped', byMs: -8 * hourMs });
    scene.wait(2 * limits.firstBackoffMs);
    expect(scene.states).toEqual({ a: 'planning' });
  });

  it('does not end a usage limit sooner than the service said', () => {
    const scene = new Scene();
    scene.at = 10 * hourMs;
    scene.queue({ id: 'a' });
    scene.exit(scene.run('a'), meetWall('usage-limit', 11 * hourMs)).settle('a');
    scene.at -= 8 * hourMs;
    scene.tell({ type: 'clock-jumped', byMs: -8 * hourMs });
    scene.wait(2 * hourMs);
    expect(scene.states).toEqual({ a: 'queued' });
    expect(scene.board.hold?.until).toBe(11 * hourMs);
  });

  it('still ends an agent after its timeout', () => {
    const scene = new Scene({ timeoutMs: hourMs, stallAfterMs: 10 * hourMs }).queue({ id: 'a' });
    scene.run('a');
    scene.at -= 8 * hourMs;
    scene.tell({ type: 'clock-jumped', byMs: -8 * hourMs });
    scene.wait(hourMs);
    expect(scene.effects).toMatchObject([{ type: 'stop-run', cause: 'timeout' }]);
  });
});
