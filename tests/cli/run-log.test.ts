/** A run's lines from its file: which run is meant, how long it is followed, and from where. */
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chooseRun, readRun } from '../../src/cli/run-log.ts';
import { ScratchFolder, taskId } from '../adapters/files/scratch.ts';

const id = taskId('a');
const first = { task: id, n: 1 };

let scratch: ScratchFolder;

function write(name: 'stream.jsonl' | 'exit.json', text: string, n = 1): void {
  const path = join(scratch.layout.run({ task: id, n }), name);
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, text);
}

function put(column: 'queued' | 'active' | 'archive'): string {
  const path = join(scratch.layout.column(column), 'a.md');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '# A\n');
  return path;
}

beforeEach(() => {
  scratch = new ScratchFolder();
});
afterEach(() => scratch.remove());

test('a run that is followed gives what is added, says when there is nothing new, and ends with its record', async () => {
  write('stream.jsonl', 'one\ntwo\nthr');
  const seen: string[] = [];
  for await (const lines of readRun(scratch.layout, first, { follows: true, skip: 1 })) {
    seen.push(...lines);
    if (lines.length > 0) continue;
    if (seen.length === 1) write('stream.jsonl', 'ee\n');
    else write('exit.json', '{}');
  }
  expect(seen).toEqual(['two', 'three']);
});

test('a run that is not followed gives what is there', async () => {
  write('stream.jsonl', 'one\n'.repeat(100_000));
  let count = 0;
  for await (const lines of readRun(scratch.layout, first, { follows: false, skip: 40_000 })) count += lines.length;
  expect(count).toBe(60_000);
});

test('a run that never begins is waited for as long as its task is at work', async () => {
  const path = put('queued');
  put('archive');
  let silences = 0;
  for await (const lines of readRun(scratch.layout, first, { follows: true })) {
    expect(lines).toEqual([]);
    silences += 1;
    if (silences === 2) renameSync(path, join(scratch.layout.column('archive'), 'a.md'));
  }
  expect(silences).toBe(2);
});

test('who is not there any more is told nothing more', async () => {
  put('active');
  write('stream.jsonl', 'one\n');
  const left = new AbortController();
  const seen: (readonly string[])[] = [];
  for await (const lines of readRun(scratch.layout, first, { follows: true, signal: left.signal })) {
    seen.push(lines);
    left.abort();
  }
  expect(seen).toEqual([['one']]);
});

test('a run that there is not, and will not be, is said with what there is', async () => {
  const choose = (run: number | null, follows: boolean) => chooseRun(scratch.layout, id, { run, follows });
  expect(await choose(null, false)).toMatchObject({ failure: { hint: 'Type: branchboard logs a -f' } });
  expect(await choose(null, true)).toMatchObject({ failure: { hint: 'To see why: branchboard show a' } });
  const path = put('queued');
  expect(await choose(null, true)).toMatchObject({ value: 1 });
  rmSync(path);
  write('stream.jsonl', 'one\n', 2);
  expect(await choose(null, false)).toMatchObject({ value: 2 });
  expect(await choose(3, true)).toMatchObject({ failure: { said: 'a has no run 3', hint: 'Its last one is run 2.' } });
  // It was pruned.
  expect(await choose(1, true)).toMatchObject({ failure: { said: 'there is no output of run 1 of a' } });
});
