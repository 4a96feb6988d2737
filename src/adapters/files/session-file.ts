/**
 * The session that a user has open on a task which they took over: `runs/TASK/session.json` names its process. It counts as long
 * as that lives, so that a kill leaves nothing to clean.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../domain/limits.ts';
import type { TaskId } from '../../domain/task.ts';
import { replaceFile } from '../machine/durable.ts';
import { isAlive, readStart, type ProcessMark } from '../machine/processes.ts';
import { sessionFormat } from './fact-shapes.ts';
import { readFact } from './facts.ts';
import type { Layout } from './layout.ts';

/** Notes the process of a session that was opened; nothing where it is gone already. */
export async function noteSession(layout: Layout, task: TaskId, pid: number): Promise<void> {
  const start = readStart(pid);
  const session: ProcessMark & { readonly version: 1 } = { version: 1, pid, start: start ?? '' };
  if (start !== null) await replaceFile(pathOf(layout, task), `${JSON.stringify(session)}\n`);
}

/** Forgets a session that ended. */
export async function forgetSession(layout: Layout, task: TaskId): Promise<void> {
  await rm(pathOf(layout, task), { force: true });
}

/** The pid of the session that is open; null where none is, and where what is noted can't be understood. */
export async function findSession(layout: Layout, task: TaskId): Promise<number | null> {
  const session = await readFact(pathOf(layout, task), sessionFormat, limits.maxCommandBytes).catch(() => null);
  return session !== null && isAlive(session) ? session.pid : null;
}

function pathOf({ runs }: Layout, task: TaskId): string {
  return join(runs, task, 'session.json');
}
