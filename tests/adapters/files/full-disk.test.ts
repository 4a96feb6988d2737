/** A disk that is full at the moment when a folder is to be made durable: what was changed in it is taken back. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createBoardFiles } from '../../../src/adapters/files/board-files.ts';
import { createFile, writeTemporary } from '../../../src/adapters/machine/durable.ts';
import { identify } from '../../../src/adapters/files/reader.ts';
import { removeTemporaryFiles } from '../../../src/adapters/files/temporary-files.ts';
import type { BoardFiles } from '../../../src/ports.ts';
import { ScratchFolder, taskId } from './scratch.ts';

let scratch: ScratchFolder;
let files: BoardFiles;

beforeEach(() => {
  scratch = new ScratchFolder();
  files = createBoardFiles(scratch.layout, scratch.clock);
});
afterEach(() => {
  vi.restoreAllMocks();
  scratch.remove();
});

const list = (folder: string) => readdirSync(join(scratch.layout.root, folder)).sort();

/** Lets every fsync of a folder fail; those of files go on. */
async function fillDisk(): Promise<void> {
  const probe = await fs.open(scratch.root, 'r');
  const handles = Object.getPrototypeOf(probe) as fs.FileHandle;
  await probe.close();
  vi.spyOn(handles, 'sync').mockImplementation(async function (this: fs.FileHandle) {
    if ((await this.stat()).isDirectory()) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    await this.datasync();
  });
}

describe('where a folder cannot be made durable', () => {
  test('a task that was moved is where it was', async () => {
    const identity = identify(statSync(scratch.write('queued/a.md', '# A\n')));
    await fillDisk();
    await expect(files.moveTask({ column: 'queued', name: 'a.md', identity }, 'active')).rejects.toMatchObject({
      code: 'ENOSPC',
    });
    expect([list('queued'), list('active')]).toEqual([['a.md'], []]);
  });

  test('a file of the inbox is in the inbox and nowhere else, and is taken in once there is room', async () => {
    const identity = identify(statSync(scratch.write('inbox/a.md', '# A\n')));
    await fillDisk();
    await expect(files.acceptInbox('inbox/a.md', identity, taskId('a'), '# A\n')).rejects.toMatchObject({
      code: 'ENOSPC',
    });
    expect([list('inbox'), list('queued')]).toEqual([['a.md'], []]);
    vi.restoreAllMocks();
    expect(await files.acceptInbox('inbox/a.md', identity, taskId('a'), '# A\n')).toMatchObject({ kind: 'accepted' });
    expect([list('inbox'), list('queued')]).toEqual([[], ['a.md']]);
  });

  test('a file that was to be created can be created again', async () => {
    const path = join(scratch.layout.root, 'plan.json');
    await fillDisk();
    await expect(createFile(path, 'one')).rejects.toMatchObject({ code: 'ENOSPC' });
    vi.restoreAllMocks();
    await createFile(path, 'two');
    expect(readFileSync(path, 'utf8')).toBe('two');
  });
});

test('what a killed board left half written goes at the next start, and nothing else', async () => {
  const { layout } = scratch;
  scratch.write('active/a.md', '# A\n');
  scratch.write('active/.notes.tmp', "somebody's own");
  await fs.mkdir(layout.run({ task: taskId('a'), n: 1 }), { recursive: true });
  scratch.write('runs/a/1/plan.json', '{}');
  await fs.mkdir(join(layout.root, 'runs/a/notes'));
  scratch.write('runs/a/notes/mark', 'of its notes');
  for (const name of ['queued/b.md', 'active/a.md', 'runs/a/verdict.json', 'runs/a/1/exit.json', 'runs/a/notes/mark']) {
    await writeTemporary(join(layout.root, name), 'half');
  }
  await writeTemporary(join(layout.root, 'runs/of-a-finished-task/verdict.json'), 'half', layout.runs);
  await removeTemporaryFiles(layout);
  expect(list('runs')).toEqual(['a']);
  expect([list('queued'), list('active'), list('runs/a'), list('runs/a/1'), list('runs/a/notes')]).toEqual([
    [],
    ['.notes.tmp', 'a.md'],
    ['1', 'notes'],
    ['plan.json'],
    ['mark'],
  ]);
});
