import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { utimesSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createJournal } from '../../../src/adapters/files/journal.ts';
import { cutLongOutput } from '../../../src/adapters/files/long-file.ts';
import { sumSpending } from '../../../src/core/spending.ts';
import { makeCommandId, type CommandId } from '../../../src/domain/command.ts';
import type { HistoryEntry } from '../../../src/domain/history.ts';
import { limits } from '../../../src/domain/limits.ts';
import type { Journal } from '../../../src/ports.ts';
import { StandingClock, taskId } from './scratch.ts';

const day = Date.UTC(2026, 4, 5, 12);
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'branchboard-journal-'));
  path = join(folder, 'history.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const journal = () => createJournal(path, new StandingClock());
const lines = () => readFileSync(path, 'utf8').split('\n').slice(0, -1);

function runEnded(at: number, costUsd: number, detail = '', plannedAt = at): HistoryEntry {
  const run = { task: taskId('a'), n: 1 };
  return { at, type: 'run-ended', run, plannedAt, outcome: 'done', detail, costUsd, workedMs: 1 };
}

async function sumCosts(own: Journal, on: string): Promise<number> {
  const spending = await own.readSpending(on);
  expect(spending.day).toBe(on);
  return sumSpending(spending);
}

test('entries are lines of JSON in the order in which they were given, each with its time to read', async () => {
  const own = journal();
  await Promise.all(Array.from({ length: 500 }, (_, at) => own.append({ at, type: 'board-started' })));
  expect(lines().map((line) => (JSON.parse(line) as HistoryEntry).at)).toEqual(
    Array.from({ length: 500 }, (_, at) => at),
  );
  expect(JSON.parse(lines()[7] ?? '')).toEqual({ at: 7, type: 'board-started', time: '1970-01-01T00:00:00.007Z' });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('an entry is on disk when its promise resolves, also behind others', async () => {
  const own = journal();
  void own.append({ at: 1, type: 'board-started' });
  await own.append({ at: 2, type: 'board-stopped' });
  expect(lines()).toHaveLength(2);
  await own.append({ at: 3, type: 'board-started' });
  expect(lines()).toHaveLength(3);
});

test('what was there is kept', async () => {
  writeFileSync(path, '{"mine":true}\n');
  await journal().append({ at: 1, type: 'board-started' });
  expect(lines()[0]).toBe('{"mine":true}');
});

test('a line that a crash cut off does not swallow the next one', async () => {
  writeFileSync(path, '{"at":1,"type":"board-st');
  const own = journal();
  await own.append(runEnded(day, 2));
  expect(lines()).toHaveLength(2);
  expect(await sumCosts(own, '2026-05-05')).toBe(2);
});

test('the costs of a day are those of the runs that ended on it', async () => {
  const own = journal();
  expect(await sumCosts(own, '2026-05-05')).toBe(0);
  await own.append(runEnded(day, 0.25));
  await own.append(runEnded(day + 1, 0.5, 'it printed "run-ended" and\na line break'));
  await own.append(runEnded(day - 86_400_000, 100));
  await own.append({ at: day, type: 'board-stopped' });
  // Its end was told once more after a crash.
  await own.append(runEnded(day + 2, 0.25, '', day));
  appendFileSync(path, 'no json, but "run-ended"\n\n');
  expect(await sumCosts(own, '2026-05-05')).toBe(0.75);
  expect(await sumCosts(own, '2026-05-04')).toBe(100);
});

test('a journal that can not be written says so, and goes on once it can', async () => {
  const broken = createJournal(join(folder, 'missing', 'history.jsonl'), new StandingClock());
  await expect(broken.append({ at: 1, type: 'board-started' })).rejects.toMatchObject({ code: 'ENOENT' });
  rmSync(path, { force: true });
  const own = journal();
  await own.append({ at: 1, type: 'board-started' });
  expect(lines()).toHaveLength(1);
});

test('lines that look like the end of a run and are none cost nothing', async () => {
  const good = runEnded(day, 2);
  const bad = [
    { run: undefined },
    { run: { task: '..', n: 1 } },
    { at: 1e300 },
    { costUsd: 'much' },
    { plannedAt: null },
  ];
  const all = [...bad.map((change) => ({ ...good, ...change })), { type: 'run-ended', at: day }, good];
  writeFileSync(path, all.map((each) => `${JSON.stringify(each)}\n`).join(''));
  expect(await sumCosts(journal(), '2026-05-05')).toBe(2);
});

test('something else in its place keeps nobody waiting, and what was told goes out once it is gone', async () => {
  execFileSync('mkfifo', [path]);
  const own = journal();
  expect(await sumCosts(own, '2026-05-05')).toBe(0);
  await expect(own.append({ at: 1, type: 'board-started' })).rejects.toThrow(`${path} is not a regular file`);
  rmSync(path);
  mkdirSync(path);
  expect(await sumCosts(own, '2026-05-05')).toBe(0);
  await expect(own.append({ at: 2, type: 'board-started' })).rejects.toThrow(`${path} is not a regular file`);
  rmSync(path, { recursive: true });
  await own.append({ at: 3, type: 'board-stopped' });
  expect(lines().map((line) => (JSON.parse(line) as HistoryEntry).at)).toEqual([1, 2, 3]);
});

test('what could not be written goes out before the next entry', async () => {
  path = join(folder, 'missing', 'history.jsonl');
  const own = journal();
  const failed = own.append({ at: 1, type: 'board-started' });
  await expect(failed).rejects.toThrow('ENOENT');
  mkdirSync(join(folder, 'missing'));
  await own.append({ at: 2, type: 'board-stopped' });
  expect(lines().map((line) => (JSON.parse(line) as HistoryEntry).at)).toEqual([1, 2]);
});

describe('a history that grows', () => {
  const former = (number: number): string => join(folder, `history.${String(number)}.jsonl`);
  const fill = (text: string): void => writeFileSync(path, `${text.padEnd(limits.maxHistoryBytes, ' ')}\n`);

  test('is put aside under a number when it is long, and so many of those are kept', async () => {
    const own = journal();
    for (let at = 0; at <= limits.maxHistoryFiles + 1; at++) {
      fill(String(at));
      await own.append({ at, type: 'board-started' });
      expect(lines()).toHaveLength(1);
    }
    const kept = readdirSync(folder).filter((name) => name !== 'history.jsonl');
    expect(kept).toHaveLength(limits.maxHistoryFiles);
    expect(readFileSync(former(1), 'utf8').trim()).toBe(String(limits.maxHistoryFiles + 1));
    expect(readFileSync(former(limits.maxHistoryFiles), 'utf8').trim()).toBe('2');
  });

  test("loses nothing of a day's spending", async () => {
    const own = journal();
    await own.append(runEnded(day, 0.25));
    appendFileSync(path, `${' '.repeat(limits.maxHistoryBytes)}\n`);
    await own.append(runEnded(day + 1, 0.5));
    expect(lines()).toHaveLength(1);
    expect(await sumCosts(journal(), '2026-05-05')).toBe(0.75);
  });

  test('of which a former part was last written before a day began is not read for that day', async () => {
    writeFileSync(former(1), `${JSON.stringify(runEnded(day, 4))}\n`);
    utimesSync(former(1), day / 1_000 - 86_400, day / 1_000 - 86_400);
    expect(await sumCosts(journal(), '2026-05-05')).toBe(0);
    utimesSync(former(1), day / 1_000, day / 1_000);
    expect(await sumCosts(journal(), '2026-05-05')).toBe(4);
  });

  test('and that can not be put aside goes on', async () => {
    fill('full');
    writeFileSync(former(limits.maxHistoryFiles - 1), 'former\n');
    mkdirSync(former(limits.maxHistoryFiles));
    const own = journal();
    await own.append({ at: 1, type: 'board-started' });
    expect(lines()).toHaveLength(2);
    rmSync(former(limits.maxHistoryFiles), { recursive: true });
    await own.append({ at: 2, type: 'board-stopped' });
    expect(lines()).toHaveLength(1);
  });
});

describe('a log that a process writes to', () => {
  test('is copied aside and cut off once it is long, and only where it is that file', () => {
    const log = join(folder, 'daemon.log');
    const fd = openSync(log, 'a');
    try {
      writeSync(fd, 'early\n');
      cutLongOutput(fd, log, 10);
      expect(readFileSync(log, 'utf8')).toBe('early\n');
      writeSync(fd, 'much later\n');
      cutLongOutput(fd, join(folder, 'other.log'), 10);
      cutLongOutput(fd, log, 10);
      writeSync(fd, 'after\n');
    } finally {
      closeSync(fd);
    }
    expect(readFileSync(log, 'utf8')).toBe('after\n');
    expect(readFileSync(join(folder, 'daemon.1.log'), 'utf8')).toBe('early\nmuch later\n');
  });
});

test('what became of a command is known from its line, however the last line was cut off', async () => {
  const id = makeCommandId(1, '0123456789');
  const command = { kind: 'pause' } as const;
  const line = { type: 'command', at: 1, id, by: 'cli', command } as const;
  expect(await journal().findSettled(id)).toBeNull();
  await journal().append({ ...line, outcome: 'done', said: 'no new starts' });
  appendFileSync(path, `{"type":"command","id":"${id}`);
  expect(await journal().findSettled(id)).toEqual({ command, answer: { kind: 'done', said: 'no new starts' } });
  expect(await journal().findSettled(makeCommandId(2, '0123456789'))).toBeNull();
  const other = makeCommandId(3, '0123456789');
  await journal().append({ ...line, id: other, outcome: 'not-now', said: id });
  const refused = { kind: 'refused', why: 'not-now', said: id, hint: null };
  expect(await journal().findSettled(other)).toEqual({ command, answer: refused });
  // A newer version of the board knows more kinds.
  const newer = makeCommandId(4, '0123456789');
  appendFileSync(
    path,
    `${JSON.stringify({ ...line, id: newer, command: { kind: 'fly' }, outcome: 'done', said: '' })}\n`,
  );
  expect(await journal().findSettled(newer)).toEqual({ command: null, answer: { kind: 'done', said: '' } });
});

test('what became of commands is read from the history once, and is known of those that the board settles itself', async () => {
  const [before, own, others] = [1, 2, 3].map((at) => makeCommandId(at, '0123456789')) as [
    CommandId,
    CommandId,
    CommandId,
  ];
  const line = { type: 'command', at: 1, by: 'cli', command: { kind: 'pause' }, outcome: 'done', said: '' } as const;
  await journal().append({ ...line, id: before });
  const running = journal();
  expect(await running.findSettled(before)).not.toBeNull();
  await journal().append({ ...line, id: others });
  await running.append({ ...line, id: own });
  expect(await running.findSettled(own)).not.toBeNull();
  expect(await running.findSettled(others)).toBeNull();
  rmSync(path);
  expect(await running.findSettled(before)).not.toBeNull();
});
