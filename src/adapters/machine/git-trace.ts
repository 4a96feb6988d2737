/**
 * What git itself notes of the commands that a run's processes give it, wherever they stand: the variables that ask for
 * it, and what stands in it. Git's own logs name no process, and `GIT_REFLOG_ACTION` would put other words in the place
 * of those by which git finds the branch that `git switch -` goes back to.
 *
 * Nothing rests on it but who is told to have moved something: a process can leave the variables out.
 */
import { closeSync, constants, statSync, truncateSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { limits } from '../../domain/limits.ts';
import { asString, parseObject } from './json-shape.ts';
import { openRegular, openRegularSync } from './regular-file.ts';

/** A command that one of a run's processes gave git. */
export interface GitCall {
  /** Such as `commit`. */
  readonly name: string;
  /** The git folder whose HEAD it went by, absolute. */
  readonly gitDir: string;
  /** Milliseconds since the epoch, of its first and its last sign. */
  readonly from: number;
  readonly until: number;
}

const fileIn = (folder: string): string => join(folder, 'git-trace.jsonl');

/** Makes the file that git notes in, so that nobody but its owner reads it: git would make it by the agent's umask. Throws the system's error. */
export function makeTrace(folder: string): void {
  closeSync(openRegularSync(fileIn(folder), constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND));
}

/** Variables by which git notes its commands in a run's folder; it says nothing where it can't. */
export function traceVariables(folder: string): Readonly<Record<string, string>> {
  return {
    GIT_TRACE2_EVENT: fileIn(folder),
    GIT_TRACE2_EVENT_NESTING: '1',
    GIT_TRACE2_ENV_VARS: 'GIT_DIR',
  };
}

/** Begins anew where a run's notes have become long: they are of use at its end, and an agent's tests may run git for hours. */
export function boundTrace(folder: string): void {
  const size = statSync(fileIn(folder), { throwIfNoEntry: false })?.size ?? 0;
  if (size > limits.maxGitTraceBytes) truncateSync(fileIn(folder));
}

/** The commands that git noted in a run's folder; none where it noted nothing. Throws the system's error. */
export async function readGitCalls(folder: string): Promise<readonly GitCall[]> {
  const handle = await openRegular(fileIn(folder), constants.O_RDONLY).catch(() => null);
  if (handle === null) return [];
  const calls = new Map<string, Sighting>();
  try {
    for await (const line of createInterface({ input: handle.createReadStream({ autoClose: false }) }))
      note(calls, line);
  } finally {
    await handle.close();
  }
  return [...calls.values()].flatMap(({ name, worktree, gitDir, from, until }) =>
    name === null || worktree === null ? [] : [{ name, gitDir: resolve(worktree, gitDir), from, until }],
  );
}

interface Sighting {
  name: string | null;
  worktree: string | null;
  gitDir: string;
  readonly from: number;
  until: number;
}

function note(calls: Map<string, Sighting>, line: string): void {
  const event = parseObject(line);
  const [call, time] = [asString(event?.['sid']), Date.parse(asString(event?.['time']) ?? '')];
  if (event === null || call === null || Number.isNaN(time)) return;
  const known = calls.get(call) ?? { name: null, worktree: null, gitDir: '.git', from: time, until: time };
  known.until = time;
  if (event['event'] === 'def_repo') known.worktree = asString(event['worktree']);
  if (event['event'] === 'cmd_name') known.name = asString(event['name']);
  if (event['event'] === 'def_param' && event['param'] === 'GIT_DIR') known.gitDir = asString(event['value']) ?? '.git';
  calls.set(call, known);
}
