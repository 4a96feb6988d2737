/** The reference names every key of a task's file and of the settings, and every command. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandRights } from '../../src/domain/command.ts';
import { renderDefaultSettings } from '../../src/markdown/default-settings-text.ts';
import { taskKeys } from '../../src/markdown/task-keys.ts';

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
/** The words in backticks in the first column of a table's rows. */
const listNamed = (text: string): ReadonlySet<string> =>
  new Set(
    text
      .split('\n')
      .flatMap((line) => (/^\| (.*?) \|/.exec(line)?.[1] ?? '').match(/`[a-z_.]+`/g) ?? [])
      .map((word) => word.slice(1, -1)),
  );

test('docs/task-files.md lists each key of a task file', () => {
  const named = listNamed(read('task-files.md').split('## The words of a task file')[0] ?? '');
  expect([...taskKeys, 'depends_on'].filter((key) => !named.has(key))).toEqual([]);
});

test('docs/settings.md lists each setting of the file that `init` writes', () => {
  const written = new Set(
    renderDefaultSettings(null)
      .split('\n')
      .flatMap((line) => /^#([a-z_]+):/.exec(line)?.[1] ?? []),
  );
  const named = new Set([...listNamed(read('settings.md'))].map((key) => key.split('.')[0]));
  expect([...written].filter((key) => !named.has(key))).toEqual([]);
});

test('docs/control-channel.md lists each kind of command with the right that it takes', () => {
  const rows = read('control-channel.md')
    .split('\n')
    .flatMap((line) => {
      const [, kinds = '', right = ''] = /^\| (`.*?) +\|.*\| (run|decide) +\|$/.exec(line) ?? [];
      return [...(kinds.split(':')[0] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, kind = '']) => [kind, right] as const);
    });
  expect(Object.fromEntries(rows)).toEqual(commandRights);
});
