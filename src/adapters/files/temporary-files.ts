/**
 * Removes leftovers of a killed board: temporary files, which will never become real, and grants to files that left the
 * inbox before they were taken in.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isTemporary } from '../machine/durable.ts';
import { notesFolderOf } from '../machine/note-script.ts';
import { removeInboxGrants } from './grants.ts';
import type { Layout } from './layout.ts';

/** Where the tasks are that a board may have been at work on. What it writes of finished ones stands in `runs/` until it is whole. */
const liveColumns = ['queued', 'active', 'attention'] as const;

/**
 * Removes temporary files of the board's folder, of the columns and of their tasks' runs. Only for who holds the board's lock: another
 * daemon's would be removed under its hands. Never throws; what can't be removed is in nobody's way.
 */
export async function removeTemporaryFiles(layout: Layout): Promise<void> {
  await clean(layout.root);
  await clean(layout.grants);
  await clean(layout.runs);
  await removeInboxGrants(layout).catch(() => undefined);
  await Promise.all(
    liveColumns.map(async (column) => {
      const names = await clean(layout.column(column));
      const tasks = names.filter((name) => name.endsWith('.md')).map((name) => name.slice(0, -'.md'.length));
      for (const task of tasks) {
        const folder = join(layout.runs, task);
        const inner = (await clean(folder)).filter(
          (name) => /^\d+$/.test(name) || join(folder, name) === notesFolderOf(folder),
        );
        await Promise.all(inner.map((name) => clean(join(folder, name))));
      }
    }),
  );
}

/** Removes the temporary files in a folder; gives the names of the others. */
async function clean(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const temporary = names.filter(isTemporary);
  await Promise.all(temporary.map((name) => rm(join(folder, name), { force: true }).catch(() => undefined)));
  return names.filter((name) => !isTemporary(name));
}
