/**
 * A run's output, line by line, as its agent's file holds it: for `logs` where no board answers, and for the board that
 * answers it. Who shows a line takes the secrets out.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LineSplitter } from '../adapters/agent/line-splitter.ts';
import { readTaskFacts, runFiles } from '../adapters/files/facts.ts';
import type { Layout } from '../adapters/files/layout.ts';
import { exists } from '../adapters/machine/file-presence.ts';
import { openRegular } from '../adapters/machine/regular-file.ts';
import { limits } from '../domain/limits.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { RunId } from '../domain/run.ts';
import { fileNameOf, type TaskId } from '../domain/task.ts';

const followEveryMs = 200;
const chunkBytes = 64 * 1024;

/** The output that is asked for. */
export interface LogChoice {
  /** The run's number; null for the last one. */
  readonly run: number | null;
  /** Whether lines that are not there yet are waited for. */
  readonly follows: boolean;
}

/** Why there is nothing to show, and what to type instead. */
export interface NoLog {
  readonly said: string;
  readonly hint: string;
}

/** The number of the run that is meant: one that is there, or that is waited for. */
export async function chooseRun(layout: Layout, id: TaskId, choice: LogChoice): Promise<Result<number, NoLog>> {
  const last = (await readTaskFacts(layout, id)).highestRun;
  const run = choice.run ?? Math.max(1, last);
  if (run > last) {
    if (choice.follows && (await isAtWork(layout, id))) return success(run);
    if (last > 0)
      return failure({ said: `${id} has no run ${String(run)}`, hint: `Its last one is run ${String(last)}.` });
    const hint = choice.follows ? `To see why: branchboard show ${id}` : `Type: branchboard logs ${id} -f`;
    return failure({ said: `${id} has no run yet`, hint });
  }
  // After pruning the last run's facts stay, and nothing of earlier ones.
  const isKept = await exists(join(layout.run({ task: id, n: run }), runFiles.stream));
  if (isKept || (run === last && !(await hasEnded(layout, { task: id, n: run })))) return success(run);
  return failure({
    said: `there is no output of run ${String(run)} of ${id}`,
    hint: 'Its agent never started, or the output was pruned, as the setting `keep` says.',
  });
}

/** Whether a run was planned. */
export function hasBegun(layout: Layout, run: RunId): Promise<boolean> {
  return exists(layout.run(run));
}

/** Whether a run's end was written down. */
export function hasEnded(layout: Layout, run: RunId): Promise<boolean> {
  return exists(join(layout.run(run), runFiles.record));
}

/**
 * The lines of a run, as many at a time as a piece of the file holds, without the first `skip` of them. Where they are
 * followed they end with the run, with the work on its task where it has not begun, or when `signal` is aborted; an empty
 * list says that nothing new was printed. Nothing is read ahead of who takes the lines.
 */
export async function* readRun(
  layout: Layout,
  run: RunId,
  { follows, skip = 0, signal }: { readonly follows: boolean; readonly skip?: number; readonly signal?: AbortSignal },
): AsyncGenerator<readonly string[]> {
  const path = join(layout.run(run), runFiles.stream);
  const splitter = new LineSplitter(limits.maxStreamLineBytes);
  let offset = 0;
  let toSkip = skip;
  for (;;) {
    const isLast = !follows || (await isOver(layout, run));
    const file = await openRegular(path).catch(() => null);
    try {
      const chunk = Buffer.alloc(file === null ? 0 : chunkBytes);
      while (file !== null && signal?.aborted !== true) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length, offset);
        if (bytesRead === 0) break;
        offset += bytesRead;
        const { lines } = splitter.push(chunk.subarray(0, bytesRead));
        const wanted = lines.slice(toSkip);
        toSkip = Math.max(0, toSkip - lines.length);
        if (wanted.length > 0) yield wanted;
      }
    } finally {
      await file?.close();
    }
    if (isLast || !(await pause(signal))) return;
    yield [];
  }
}

/** Whether nothing more comes of a run. */
async function isOver(layout: Layout, run: RunId): Promise<boolean> {
  if (await hasEnded(layout, run)) return true;
  return !(await hasBegun(layout, run)) && !(await isAtWork(layout, run.task)) && !(await hasBegun(layout, run));
}

/** Whether a task is in `active/`, or on its way there. */
async function isAtWork(layout: Layout, id: TaskId): Promise<boolean> {
  const isIn = (column: 'queued' | 'active') => exists(join(layout.column(column), fileNameOf(id)));
  // A file that is moved back between two looks is met by the third.
  return (await isIn('queued')) || (await isIn('active')) || (await isIn('queued'));
}

/** False once `signal` is aborted. */
async function pause(signal: AbortSignal | undefined): Promise<boolean> {
  await delay(followEveryMs, undefined, { signal }).catch(() => undefined);
  return signal?.aborted !== true;
}
