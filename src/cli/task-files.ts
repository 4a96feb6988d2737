/** Finds and moves tasks' files, as the user could by hand: a move is the command. */
import { codeOf } from '../adapters/machine/errors.ts';
import { exists } from '../adapters/machine/file-presence.ts';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { distance } from 'fastest-levenshtein';
import { makeFolder } from '../adapters/machine/durable.ts';
import { columns, fileNameOf, keyOf, parseTaskId, type Column, type TaskId } from '../domain/task.ts';
import { CliError, exitCodes } from './exit-code.ts';
import type { Place } from './place.ts';

/** A task's file as found by its id. */
export interface FoundTask {
  readonly id: TaskId;
  readonly column: Column;
  readonly path: string;
}

/** Finds a task by its id, whatever its case; throws CliError that names the nearest one where there is none. */
export async function findTask(place: Place, text: string): Promise<FoundTask> {
  const id = parseTaskId(text.replace(/\.md$/, ''));
  const all: FoundTask[] = [];
  for (const column of columns) {
    const folder = place.layout.column(column);
    for (const name of await listFolder(folder)) {
      const known = parseTaskId(name.replace(/\.md$/, ''));
      if (known === undefined || !name.endsWith('.md')) continue;
      const found = { id: known, column, path: join(folder, name) };
      if (id !== undefined && keyOf(known) === keyOf(id)) return found;
      all.push(found);
    }
  }
  const nearest = all.sort((a, b) => distance(a.id, text) - distance(b.id, text))[0];
  const hint =
    nearest === undefined ? 'The board has no tasks.' : `The nearest is ${nearest.id}. Type: branchboard status`;
  throw new CliError(exitCodes.usage, `there is no task ${text}`, hint);
}

/** Moves a task's file into a column; never overwrites. */
export async function moveTaskFile(place: Place, task: FoundTask, to: Column): Promise<void> {
  const folder = place.layout.column(to);
  await makeFolder(folder);
  for (let number = 1; ; number++) {
    const target = join(folder, number === 1 ? fileNameOf(task.id) : `${task.id}~${number}.md`);
    if (await exists(target)) {
      if (to === 'archive') continue;
      throw new CliError(exitCodes.usage, `${to}/ holds another ${task.id} already`, 'Move one of them away.');
    }
    try {
      await rename(task.path, target);
      return;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      throw new CliError(exitCodes.usage, `${task.id} was moved meanwhile`, 'Type: branchboard status');
    }
  }
}

async function listFolder(path: string): Promise<readonly string[]> {
  return readdir(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
}
