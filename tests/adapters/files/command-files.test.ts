/** The facts of commands on disk. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listCommands, readCommand, removeCommand, writeCommand } from '../../../src/adapters/files/command-files.ts';
import { makeCommandId, type CommandRequest } from '../../../src/domain/command.ts';
import { limits } from '../../../src/domain/limits.ts';
import { parseTaskId, type TaskId } from '../../../src/domain/task.ts';
import { ScratchFolder } from './scratch.ts';

let scratch: ScratchFolder;
beforeEach(() => {
  scratch = new ScratchFolder();
});
afterEach(() => scratch.remove());

const id = makeCommandId(7, '01234567-0000');
const request: CommandRequest = {
  ...{ version: 1, id, by: 'cli', at: 7, seen: { column: 'attention', run: 2 } },
  command: { kind: 'retry', task: parseTaskId('add-auth') as TaskId },
};

test('a command is read as it was laid down, until it is removed', async () => {
  await writeCommand(scratch.layout, request);
  expect(await listCommands(scratch.layout)).toEqual([id]);
  expect(await readCommand(scratch.layout, id)).toEqual({ kind: 'known', request });
  await removeCommand(scratch.layout, id);
  expect(await readCommand(scratch.layout, id)).toEqual({ kind: 'gone' });
  expect(await listCommands(scratch.layout)).toEqual([]);
  await removeCommand(scratch.layout, id);
});

test('an id is taken once', async () => {
  await writeCommand(scratch.layout, request);
  const other = { ...request, command: { kind: 'pause' } } as const;
  await expect(writeCommand(scratch.layout, other)).rejects.toMatchObject({ code: 'EEXIST' });
  expect(await readCommand(scratch.layout, id)).toEqual({ kind: 'known', request });
});

test.each([
  ['no JSON', 'retry it'],
  ['another kind', JSON.stringify({ ...request, command: { kind: 'explode', task: 'a' } })],
  ['an id that can be no task', JSON.stringify({ ...request, command: { kind: 'retry', task: '../x' } })],
  ['the id of another one', JSON.stringify({ ...request, id: makeCommandId(8, '01234567-0000') })],
  ['a newer version', JSON.stringify({ ...request, version: 2 })],
  ['too much', JSON.stringify(request).padEnd(limits.maxCommandBytes + 1)],
])('%s is put aside, whole', async (_, text) => {
  scratch.write(`commands/${id}.json`, text);
  expect(await readCommand(scratch.layout, id)).toEqual({
    ...{ kind: 'put-aside', path: `commands/${id}.json.damaged` },
  });
  expect(readFileSync(join(scratch.layout.commands, `${id}.json.damaged`), 'utf8')).toBe(text);
  expect(await listCommands(scratch.layout)).toEqual([]);
});

test.each(['a folder', 'no JSON'])('%s is put aside beside what was put aside before it', async (kind) => {
  const path = join(scratch.layout.commands, `${id}.json`);
  mkdirSync(`${path}.damaged`);
  scratch.write(`commands/${id}.json.damaged/kept`, 'earlier');
  if (kind === 'a folder') mkdirSync(path);
  else scratch.write(`commands/${id}.json`, 'retry it');
  expect(await readCommand(scratch.layout, id)).toEqual({
    ...{ kind: 'put-aside', path: `commands/${id}.json.damaged-2` },
  });
  expect(readFileSync(join(`${path}.damaged`, 'kept'), 'utf8')).toBe('earlier');
  expect(await listCommands(scratch.layout)).toEqual([]);
});

test('one that can neither be read nor put aside stays, and says why', async () => {
  await writeCommand(scratch.layout, request);
  const { root, commands } = scratch.layout;
  for (const [path, mode] of [
    [scratch.root, 0o755],
    [root, 0o755],
    [commands, 0o555],
  ] as const)
    chmodSync(path, mode);
  chmodSync(join(commands, `${id}.json`), 0);
  // The superuser may do all.
  const user = process.geteuid?.() ?? 1;
  if (user === 0) process.seteuid?.(65_534);
  try {
    const path = `commands/${id}.json`;
    expect(await readCommand(scratch.layout, id)).toEqual({
      ...{ kind: 'unreadable', path, why: expect.stringContaining('permission denied') as string },
    });
  } finally {
    if (user === 0) process.seteuid?.(0);
    chmodSync(commands, 0o755);
  }
  expect(await listCommands(scratch.layout)).toEqual([id]);
});

test('a link in the place of a command is not followed, nor is one in the place of the folder', async () => {
  symlinkSync('/etc/passwd', join(scratch.layout.commands, `${id}.json`));
  expect((await readCommand(scratch.layout, id)).kind).toBe('put-aside');
  const elsewhere = join(scratch.root, 'elsewhere');
  mkdirSync(elsewhere);
  rmSync(scratch.layout.commands, { recursive: true });
  symlinkSync(elsewhere, scratch.layout.commands);
  await expect(writeCommand(scratch.layout, request)).rejects.toThrow('commands');
  expect(readdirSync(elsewhere)).toEqual([]);
});
