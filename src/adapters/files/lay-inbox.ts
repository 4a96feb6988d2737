/** Puts a task that the board itself makes into the inbox, once: nothing where a task of its id is anywhere on the board. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { columns, fileNameOf, withoutNumber, type TaskId } from '../../domain/task.ts';
import { createFile, makeFolder } from '../machine/durable.ts';
import { codeOf } from '../machine/errors.ts';
import type { Layout } from './layout.ts';

/** Whether it was put there. */
export async function layInbox(layout: Layout, id: TaskId, text: string): Promise<boolean> {
  await makeFolder(layout.inbox);
  const name = fileNameOf(id).toLowerCase();
  // In the order in which a file goes through them, so that one that is on its way is met.
  for (const folder of [layout.inbox, ...columns.map((column) => layout.column(column))]) {
    const names = await readdir(folder).catch(ignoreMissing);
    if (names.some((each) => withoutNumber(each).toLowerCase() === name)) return false;
  }
  // What a kill leaves of it stands where the next board cleans, which leaves the user's inbox alone.
  await createFile(join(layout.inbox, fileNameOf(id)), text, layout.root);
  return true;
}

function ignoreMissing(error: unknown): readonly string[] {
  if (codeOf(error) === 'ENOENT') return [];
  throw error;
}
