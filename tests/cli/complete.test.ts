import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listCandidates } from '../../src/cli/complete.ts';
import { nameOf, verbs } from '../../src/cli/verbs.ts';
import { listFittingColumns } from '../../src/core/commands/offers.ts';
import { columns } from '../../src/domain/task.ts';
import { ScratchFolder } from '../adapters/files/scratch.ts';

/** A repository with a task in each column, named as that, which looks plain enough to need no git. */
let scratch: ScratchFolder;
beforeEach(() => {
  scratch = new ScratchFolder();
  for (const folder of ['objects', 'refs']) mkdirSync(join(scratch.root, '.git', folder), { recursive: true });
  for (const file of ['HEAD', 'config']) writeFileSync(join(scratch.root, '.git', file), '');
  for (const column of columns) scratch.write(`${column}/${column}-1.md`, '');
});
afterEach(() => scratch.remove());

/** What the last word can become; the words before it stand as they do in a command line. */
async function texts(...words: readonly string[]): Promise<unknown> {
  const found = await listCandidates(words);
  return found === 'files' ? found : found.map(({ text }) => text);
}

/** The same for the board above. */
const ids = (verb: string, ...words: readonly string[]) => texts(verb, '--repo', scratch.root, ...words);
const named = (among: readonly string[]) => among.map((column) => `${column}-1`);

test('a verb is completed, with what the help says of it', async () => {
  expect(await texts('ret')).toEqual(['retry']);
  expect(await texts('')).toEqual([...verbs.map(nameOf), '--help', '--version']);
  expect(await listCandidates(['paus'])).toEqual([
    { text: 'pause', description: 'start no more tasks; those that run go on' },
  ]);
});

test.each(['retry', 'cancel', 'set-priority', 'add-dependency'])(
  '%s gets the ids that the table of commands says fit',
  async (verb) => {
    expect(listFittingColumns(verb).length).toBeLessThan(columns.length);
    expect(await ids(verb, '')).toEqual(named(listFittingColumns(verb)));
  },
);

test.each(['show', 'logs', 'diff', 'rescue'])('%s gets all ids', async (verb) => {
  expect(await ids(verb, '')).toEqual(named(columns));
});

test('an id is told by its column, begins with what was typed, and is not offered twice', async () => {
  expect(await listCandidates(['show', '--repo', scratch.root, 'act'])).toEqual([
    { text: 'active-1', description: 'active' },
  ]);
  expect(await ids('grant', '')).toEqual(named(columns.filter((column) => column !== 'archive')));
  expect(await ids('add-dependency', 'queued-1', '')).toEqual(named(columns.filter((column) => column !== 'queued')));
  expect(await ids('add', '--after', 'done-1', 'a')).toEqual(named(['active', 'attention', 'archive']));
});

test('where no further argument fits, nothing is offered', async () => {
  expect(await ids('retry', 'done-1', '')).toEqual([]);
  expect(await texts('logs', '--run', '')).toEqual([]);
  expect(await texts('nonsense', '')).toEqual([]);
});

test('options are those of the verb, without those that are there', async () => {
  expect(await texts('logs', '-')).toEqual(['--follow', '--raw', '--run', '--repo', '--help']);
  expect(await texts('logs', 'a', '--raw', '--r')).toEqual(['--run', '--repo']);
});

test.each([
  ['set-priority a', ['set-priority', 'a', ''], ['high', 'normal', 'low']],
  ['add --priority', ['add', '--priority', 'h'], ['high']],
  ['add --priority=h, whole', ['add', '--priority=h'], ['--priority=high']],
  ['add --priority=h, as bash breaks it', ['add', '--priority', '=', 'h'], ['high']],
  ['completion', ['completion', ''], ['bash', 'zsh', 'fish']],
])('words to choose from are offered: %s', async (_, words, expected) => {
  expect(await texts(...words)).toEqual(expected);
});

test.each([[['add', '']], [['add', 'a.md', 'b']], [['retry', '--repo', '']], [['add', '--repo=x']]])(
  'paths are left to the shell: %j',
  async (words) => {
    expect(await texts(...words)).toBe('files');
  },
);

test('a file whose name is no id is not offered, so that no name reaches a shell as code', async () => {
  for (const name of ['$(touch x)', '`id`', "a b'", 'a;b', 'a\nb', 'a\tb', '-rf', '~', '"', '*']) {
    scratch.write(`done/${name}.md`, '');
  }
  expect(await ids('retry', '')).toEqual(named(listFittingColumns('retry')));
});

test('a folder is understood with the quotes that it was typed with', async () => {
  expect(await texts('show', '--repo', `"${scratch.root}"`, 'd')).toEqual(['done-1']);
  expect(await texts('show', `--repo=\\${scratch.root}`, 'd')).toEqual(['done-1']);
});
