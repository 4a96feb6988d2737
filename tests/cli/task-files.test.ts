import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CliError } from '../../src/cli/exit-code.ts';
import type { Place } from '../../src/cli/place.ts';
import { findTask } from '../../src/cli/task-files.ts';
import { ScratchFolder } from '../adapters/files/scratch.ts';

let scratch: ScratchFolder;
let place: Place;
beforeEach(() => {
  scratch = new ScratchFolder();
  // These two only look at the folders.
  place = { layout: scratch.layout } as Place;
});
afterEach(() => scratch.remove());

test('a task is found in whatever column, by its id in any case, with or without .md', async () => {
  scratch.write('attention/Add-Auth.md', '');
  for (const text of ['Add-Auth', 'add-auth', 'ADD-AUTH.md']) {
    expect(await findTask(place, text)).toEqual({
      id: 'Add-Auth',
      column: 'attention',
      path: join(scratch.layout.column('attention'), 'Add-Auth.md'),
    });
  }
});

test('of two files with one id the live one is found', async () => {
  scratch.write('archive/a.md', '');
  scratch.write('queued/a.md', '');
  expect((await findTask(place, 'a')).column).toBe('queued');
});

test.each(['add-aut', '../../etc/passwd', '', '-x'])(
  'a task that is not there is answered with the nearest one: %j',
  async (text) => {
    scratch.write('done/add-auth.md', '');
    scratch.write('done/zzzzzzzzzzzzzzzzzzzzzzzzzzzzz.md', '');
    scratch.write('done/.hidden.md', '');
    const found = findTask(place, text);
    await expect(found).rejects.toBeInstanceOf(CliError);
    await expect(found).rejects.toMatchObject({
      exitCode: 2,
      hint: 'The nearest is add-auth. Type: branchboard status',
    });
  },
);

test('an empty or missing board says that it has no tasks', async () => {
  rmSync(scratch.layout.column('queued'), { recursive: true });
  await expect(findTask(place, 'a')).rejects.toMatchObject({ hint: 'The board has no tasks.' });
});
