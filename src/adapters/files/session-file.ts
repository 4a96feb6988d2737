/**
 * The session that a user has open on a task which they took over: `runs/TASK/session.json` names its process. It counts as long
 * as that lives, so that a kill leaves nothing to clean.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { TaskId } from '../../domain/task.ts';
import { replaceFile } from '../machine/durable.ts';
import { isAlive, readStart } from '../machine/processes.ts';
import type { Layout } from './layout.ts';

const sessionShape = z.object({ pid: z.int(), start: z.string() });

/** Notes the process of a session that was opened; nothing where it is gone already. */
export async function noteSession(layout: Layout, task: TaskId, pid: number): Promise<void> {
  const start = readStart(pid);
  if (start !== null) await replaceFile(pathOf(layout, task), `${JSON.stringify({ pid, start })}\n`);
}

/** Forgets a session that ended. */
export async function forgetSession(layout: Layout, task: TaskId): Promise<void> {
  await rm(pathOf(layout, task), { force: true });
}

/** The pid of the session that is open; null where none is, and where what is noted can't be understood. */
export async function findSession(layout: Layout, task: TaskId): Promise<number | null> {
  try {
    const session = sessionShape.parse(JSON.parse(await readFile(pathOf(layout, task), 'utf8')));
    return isAlive(session) ? session.pid : null;
  } catch {
    return null;
  }
}

function pathOf({ runs }: Layout, task: TaskId): string {
  return join(runs, task, 'session.json');
}
