/** Finds tasks' files by their ids. */
import { codeOf } from '../adapters/machine/errors.ts';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { distance } from 'fastest-levenshtein';
import { columns, idOfFile, keyOf, parseTaskId, type Column, type TaskId } from '../domain/task.ts';
import type { Workspace } from '../domain/run.ts';
import { findOwnRun, type RunFacts } from '../domain/task-facts.ts';
import { CliError, exitCodes } from './exit-code.ts';
import type { WaitingFile } from './inbox-files.ts';
import type { Place } from './place.ts';

/** A task's file as found by its id. */
export interface FoundTask {
  readonly id: TaskId;
  readonly column: Column;
  readonly path: string;
}

/** The task is still a file in the inbox. */
export class NotAcceptedError extends CliError {
  readonly waiting: WaitingFile;

  constructor(text: string, waiting: WaitingFile) {
    super(
      exitCodes.usage,
      `${text} is not on the board yet: ${waiting.shownAs} waits to be taken in`,
      `What it waits for: branchboard show ${text}`,
    );
    this.name = 'NotAcceptedError';
    this.waiting = waiting;
  }
}

/** Finds a task by its id, whatever its case; throws CliError that says what is there instead where there is none. */
export async function findTask(place: Place, text: string): Promise<FoundTask> {
  const id = parseTaskId(text.replace(/\.md$/, ''));
  const all: FoundTask[] = [];
  for (const column of columns) {
    const tasks = await listTasks(place, column);
    const found = tasks.find((task) => id !== undefined && keyOf(task.id) === keyOf(id));
    if (found !== undefined) return found;
    all.push(...tasks);
  }
  const { findInboxFile } = await import('./inbox-files.ts');
  const waiting = await findInboxFile(place, text);
  if (waiting !== null) throw new NotAcceptedError(text, waiting);
  const nearest = all.sort((a, b) => distance(a.id, text) - distance(b.id, text))[0];
  const hint =
    nearest === undefined ? 'The board has no tasks.' : `The nearest is ${nearest.id}. Type: branchboard status`;
  throw new CliError(exitCodes.usage, `there is no task ${text}`, hint);
}

/** The workspace of a task's last run, which has a branch; throws CliError where it left none. */
export function requireBranch(id: TaskId, runs: readonly RunFacts[]): Extract<Workspace, { readonly kind: 'branch' }> {
  const workspace = findOwnRun({ runs })?.plan.workspace;
  if (workspace?.kind === 'branch') return workspace;
  throw new CliError(exitCodes.usage, `${id} has no branch`, `Type: branchboard show ${id}`);
}

/** The tasks in a column, by the names of their files alone. */
export async function listTasks({ layout }: Place, column: Column): Promise<readonly FoundTask[]> {
  const folder = layout.column(column);
  const names = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  return names.flatMap((name) => {
    const id = idOfFile(name);
    return id === null ? [] : { id, column, path: join(folder, name) };
  });
}
