import { WriteStream } from 'node:tty';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLiveView } from '../../../src/cli/view/live-view.ts';
import { createPlainView } from '../../../src/cli/view/plain-view.ts';
import { emptyBoard } from '../../../src/core/step.ts';
import { keyOf } from '../../../src/domain/task.ts';
import { active, idOf } from '../../core/boards.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const [titleMark, bell] = ['\x1b]2;', '\x07'];
const surroundings = { running: true, repo: '/repo', pid: 1, redact: (text: string) => text };

/** A terminal that keeps what was written to it. */
function makeTerminal() {
  const stream = new PassThrough();
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  const terminal = Object.assign(Object.create(WriteStream.prototype) as WriteStream, {
    columns: 80,
    rows: 20,
    isTTY: true,
  });
  Object.defineProperty(terminal, 'write', { value: (chunk: string) => stream.write(chunk) });
  return { terminal, read: () => stripVTControlCharacters(text), readRaw: () => text };
}

test('many changes in a moment are one picture, and the last one stays', () => {
  const { terminal, read } = makeTerminal();
  const view = createLiveView(terminal, surroundings);
  for (let change = 0; change < 50; change++) view.showBoard(emptyBoard);
  expect(read()).toBe('');
  vi.advanceTimersByTime(100);
  expect(read().match(/running · \$0\.00 today/g)).toHaveLength(1);
  view.showHistory({ at: 0, type: 'board-started' });
  view.showNotice('a notice');
  view.end();
  expect(read()).toContain('board started');
  expect(read()).toContain('a notice');
  expect(read().trimEnd().endsWith('\nstopped · $0.00 today')).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('the time that an agent is at work goes on though nothing happens, and long lines go on below at spaces', () => {
  const { terminal, read } = makeTerminal();
  const view = createLiveView(terminal, surroundings);
  view.showBoard({ ...emptyBoard, live: new Map([[keyOf(idOf('a')), active('a')]]) });
  vi.advanceTimersByTime(100);
  const drawn = vi.getTimerCount();
  expect(drawn).toBe(1);
  view.showHistory({ at: 0, type: 'task-settled', task: idOf('a'), column: 'attention', detail: 'word '.repeat(30) });
  const lines = read()
    .split('\n')
    .filter((line) => line.includes('word'));
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect(line.replace(/^.*\(/, '').trim()).toMatch(/^(?:word ?)+\)?$/);
  expect(lines.at(-1)).toMatch(/^ {9}word/);
  view.end();
  expect(vi.getTimerCount()).toBe(0);
  expect(read().trimEnd()).toMatch(/\nstopped · a goes on at the next start · \$0\.00 today$/);
});

test('the title counts what needs the user, the bell rings once for each such task, and the end gives the title back', () => {
  const { terminal, readRaw } = makeTerminal();
  const view = createLiveView(terminal, surroundings);
  const parts = () => readRaw().split(bell);
  const titleIn = (part: string) => part.split(titleMark)[1];
  const titles = () => parts().flatMap((part) => titleIn(part) ?? []);
  const rings = () =>
    parts()
      .slice(0, -1)
      .filter((part) => titleIn(part) === undefined).length;
  view.showBoard(emptyBoard);
  vi.advanceTimersByTime(100);
  view.showBoard({ ...emptyBoard, live: new Map([[keyOf(idOf('a')), active('a')]]) });
  vi.advanceTimersByTime(3_000);
  view.showHistory({ at: 0, type: 'task-settled', task: idOf('a'), column: 'done', detail: '' });
  expect([titles(), rings()]).toEqual([['repo: nothing to do', 'repo: 1 at work'], 0]);
  view.showHistory({ at: 0, type: 'task-settled', task: idOf('a'), column: 'attention', detail: '' });
  view.end();
  expect([titles().at(-1), rings()]).toEqual(['', 1]);
});

test('where there is no terminal, each thing that happens is a plain line', () => {
  const stream = new PassThrough();
  const view = createPlainView(stream);
  view.showBoard(emptyBoard);
  view.showHistory({ at: 0, type: 'board-started' });
  view.showNotice('a notice');
  view.end();
  expect(String(stream.read())).toMatch(/^\d\d:\d\d:\d\d board started\na notice\n$/);
});
