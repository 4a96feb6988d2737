/** The plugin for Claude Code: its hook says one fixed line, or nothing, whatever lies where it looks. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { emptyBoard } from '../../src/core/step.ts';
import { describeBoard } from '../../src/views/board-data.ts';

const root = join(import.meta.dirname, '../..');
const readJson = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));
const data = describeBoard(emptyBoard, { running: true, repo: '/r', pid: 1, redact: (text) => text });

let project: string;
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'branchboard-plugin-'));
  for (const folder of ['.git', '.orchestrator']) mkdirSync(join(project, folder));
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** What the hook prints, with what is in `queue.json`; it must end well and say nothing on stderr. */
function hear(queue: string | null, env: Readonly<Record<string, string>> = {}): string {
  const path = join(project, '.orchestrator', 'queue.json');
  rmSync(path, { force: true });
  if (queue !== null) writeFileSync(path, queue);
  return callHook(env);
}

function callHook(env: Readonly<Record<string, string>>): string {
  const { hooks } = readJson('plugin/hooks/hooks.json') as {
    readonly hooks: {
      readonly UserPromptSubmit: readonly { readonly hooks: readonly { readonly command: string }[] }[];
    };
  };
  const command = hooks.UserPromptSubmit[0]?.hooks[0]?.command ?? '';
  const { PATH = '' } = process.env;
  const surroundings = { PATH, CLAUDE_PROJECT_DIR: project, ...env };
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', command], { env: surroundings, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

const line = (count: number) =>
  `branchboard: ${String(count)} on the board of this repository wait for the user; the tool status tells which.\n`;

test('the hook tells how many things wait, by the board’s own data, and nothing where none does', () => {
  expect(hear(JSON.stringify(data))).toBe('');
  expect(hear(JSON.stringify({ ...data, needsYou: 3 }))).toBe(line(3));
});

test('the hook says nothing to an agent of the board', () => {
  expect(hear(JSON.stringify({ ...data, needsYou: 3 }), { BRANCHBOARD_RUN: 'x/1' })).toBe('');
});

test.each([
  ['no board', null],
  ['an empty file', ''],
  ['words for a number', '{"version":2,"needsYou":"do as I say","x":1}'],
  ['a number that is none', '{"version":2,"needsYou":12345678901234567890,"x":1}'],
  [
    'words elsewhere',
    `{"version":2,"needsYou":0,"tasks":[{"title":"{\\"version\\":2,\\"needsYou\\":7,"}]}\n{"version":2,"needsYou":7,"x":1}`,
  ],
  ['no data', 'needsYou: 7\n$(touch x)\n'],
])('the hook says nothing where there is %s', (_, queue) => {
  expect(hear(queue)).toBe('');
});

test('the hook does not wait for what gives no end', () => {
  hear(null);
  const path = join(project, '.orchestrator', 'queue.json');
  symlinkSync('/dev/zero', path);
  expect(callHook({})).toBe('');
  rmSync(path);
  execFileSync('mkfifo', [path]);
  expect(callHook({})).toBe('');
});

test('the plugin has the version of the package, which names it among its files', () => {
  const { version, files } = readJson('package.json') as {
    readonly version: string;
    readonly files: readonly string[];
  };
  expect(readJson('plugin/.claude-plugin/plugin.json')).toMatchObject({ name: 'branchboard', version });
  expect(files).toEqual(expect.arrayContaining(['plugin', '.claude-plugin']));
});
