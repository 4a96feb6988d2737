import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { layOut, type Layout } from '../../../src/adapters/files/layout.ts';
import { createOnlookerGuard, createParseGuard } from '../../../src/adapters/files/parse-guard.ts';
import type { ParseGuard } from '../../../src/ports.ts';

let root: string;
let layout: Layout;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'branchboard-guard-'));
  layout = layOut(root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const version = { inode: 7, size: 12, mtimeMs: 1_700_000_000_123.456 };
const file = { file: '.orchestrator/inbox/a.md', identity: version };
const parsed = { value: 'parsed', diagnostics: [] };

const marker = () => join(layout.parsing, String(process.pid));
const strikes = () => join(layout.parsing, 'strikes.json');

/** A process that ends while it parses leaves what was on disk at that moment. */
function die(guard: ParseGuard, dying = file): void {
  let left = { marker: '', strikes: '' };
  guard.parse(dying, () => {
    left = {
      marker: readFileSync(marker(), 'utf8'),
      strikes: existsSync(strikes()) ? readFileSync(strikes(), 'utf8') : '',
    };
    return parsed;
  });
  writeFileSync(marker(), left.marker);
  writeFileSync(strikes(), left.strikes);
}

test('a file is parsed, and nothing is left behind', () => {
  const guard = createParseGuard(layout);
  expect(guard.parse(file, () => parsed)).toBe(parsed);
  expect(readdirSync(layout.parsing)).toEqual([String(process.pid)]);
  expect(readFileSync(marker(), 'utf8')).toBe('');
  expect(statSync(layout.parsing).mode & 0o777).toBe(0o700);
});

test('after the second death the file is refused, and others are not', () => {
  die(createParseGuard(layout));
  expect(createOnlookerGuard(layout).parse(file, () => parsed).value).toBe(undefined);
  const second = createParseGuard(layout);
  // The strike is counted once, however many look.
  createParseGuard(layout);
  die(second);
  const third = createParseGuard(layout);
  const refused = third.parse(file, () => {
    throw new Error('it must not be parsed');
  });
  expect(refused.diagnostics[0]).toMatchObject({ severity: 'error', file: file.file });
  expect(refused.diagnostics[0]?.hint).toContain('saving it again tries again');
  for (const other of [{ inode: 8 }, { size: 13 }, { mtimeMs: 1_700_000_000_124 }]) {
    expect(third.parse({ ...file, identity: { ...version, ...other } }, () => parsed)).toBe(parsed);
  }
  expect(createParseGuard(layout).parse(file, () => parsed).value).toBe(undefined);
  expect(createOnlookerGuard(layout).parse(file, () => parsed).value).toBe(undefined);
});

test('a file that is parsed after all loses its strike', () => {
  die(createParseGuard(layout));
  const guard = createParseGuard(layout);
  expect(readFileSync(strikes(), 'utf8')).toContain('7:12:1700000000123.456');
  guard.parse(file, () => parsed);
  expect(readFileSync(strikes(), 'utf8')).toBe('{}\n');
});

test('an error that can be caught is no strike', () => {
  const guard = createParseGuard(layout);
  expect(() =>
    guard.parse(file, () => {
      throw new RangeError('Maximum call stack size exceeded');
    }),
  ).toThrow(RangeError);
  expect(readdirSync(layout.parsing)).toEqual([String(process.pid)]);
  expect(readFileSync(marker(), 'utf8')).toBe('');
});

test('what a living process is parsing is no strike, so that many may start at once', () => {
  const parent = join(layout.parsing, String(process.ppid));
  mkdirSync(layout.parsing);
  writeFileSync(parent, '7:12:1700000000123.456');
  for (let start = 1; start <= 3; start++) expect(createParseGuard(layout).parse(file, () => parsed)).toBe(parsed);
  expect(createOnlookerGuard(layout).parse(file, () => parsed)).toBe(parsed);
  expect(existsSync(parent)).toBe(true);
});

test.each(['', 'x', '{', '[1]', '{"a":"b"}', '7:12', '\0\0\0'])('facts that say %j say nothing', (text) => {
  mkdirSync(layout.parsing);
  writeFileSync(marker(), text);
  writeFileSync(strikes(), text);
  for (const create of [createOnlookerGuard, createParseGuard]) {
    expect(create(layout).parse(file, () => parsed)).toBe(parsed);
  }
});

test('where nothing can be written files are parsed all the same', () => {
  writeFileSync(layout.parsing, 'no folder');
  expect(createParseGuard(layout).parse(file, () => parsed)).toBe(parsed);
  chmodSync(root, 0o500);
  expect(createParseGuard(layOut(join(root, 'gone'))).parse(file, () => parsed)).toBe(parsed);
  chmodSync(root, 0o700);
});

test('a thousand files cost little', () => {
  const guard = createParseGuard(layout);
  const before = performance.now();
  for (let index = 0; index < 1_000; index++) {
    guard.parse({ ...file, identity: { ...version, inode: index } }, () => parsed);
  }
  expect(performance.now() - before).toBeLessThan(1_000);
});
