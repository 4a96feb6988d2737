/** The facts about runs, in `runs/TASK/`: plans, records and verdicts as JSON, each whole or not there. */
import { readdir, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../machine/errors.ts';
import { limits } from '../../domain/limits.ts';
import { openReview, reviewName, type Review } from '../../domain/review.ts';
import type { RunId, RunPlan, RunRecord } from '../../domain/run.ts';
import type { Verdict } from '../../domain/verdict.ts';
import { verdictName, type RunFacts, type TaskFacts, type UnreadableFact } from '../../domain/task-facts.ts';
import type { TaskId } from '../../domain/task.ts';
import { NewerFactError, PortError } from '../../ports.ts';
import { createFile, makeFolder, replaceFile, writeAnew } from '../machine/durable.ts';
import {
  planFormat,
  recordFormat,
  reviewedVerdictFormat,
  reviewFormat,
  verdictFormat,
  type FactFormat,
} from './fact-shapes.ts';
import type { Layout } from './layout.ts';
import { checkFolders } from './own-folders.ts';
import { readOpenFile } from './reader.ts';
import { exists } from '../machine/file-presence.ts';
import { NotRegularError, openRegular } from '../machine/regular-file.ts';

/** The longest fact is the record of a reader's run, which holds its report. */
const maxFactBytes = 16 * 1024 * 1024;

/** Names of a run's files. */
export const runFiles = {
  plan: 'plan.json',
  record: 'exit.json',
  prompt: 'prompt.md',
  report: 'report.md',
  stream: 'stream.jsonl',
  stderr: 'stderr.log',
} as const;

/**
 * Everything that is kept about a task's runs. A fact that can't be understood counts as missing. Throws PortError where
 * a folder is not the user's own, and where a newer version of the board wrote one of the facts.
 */
export async function readTaskFacts(layout: Layout, task: TaskId): Promise<TaskFacts> {
  const folder = layout.taskRuns(task);
  checkFolders([folder]);
  const numbers = (await listFolder(folder))
    .filter((name) => /^[1-9]\d{0,5}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
  const damaged: string[] = [];
  const take = <Fact>(name: string, found: FoundFact<Fact>): Fact | null => {
    if (found.kind === 'damaged') damaged.push(name);
    return factOf(found);
  };
  const read = async <Fact>(name: string, format: FactFormat<Fact>): Promise<Fact | null> => {
    return take(name, await lookUpFact(join(folder, name), format));
  };
  const readRun = async (n: number): Promise<RunFacts | null> => {
    checkFolders([join(folder, String(n))]);
    const [plan, record] = await Promise.all([
      read(join(String(n), runFiles.plan), planFormat),
      read(join(String(n), runFiles.record), recordFormat),
    ]);
    return plan === null ? null : { plan, record };
  };
  const runs = await Promise.all(numbers.slice(-limits.maxRunsPerTask).map(readRun));
  const verdict = await read(verdictName, verdictFormat);
  const review = take(reviewName, await lookUpReview(folder));
  return { highestRun: numbers.at(-1) ?? 0, runs: runs.filter((run) => run !== null), damaged, verdict, review };
}

/** A task's verdict; null where there is none. */
export async function readVerdictFact(layout: Layout, task: TaskId): Promise<Verdict | UnreadableFact | null> {
  const found = await lookUpFact(join(layout.taskRuns(task), verdictName), verdictFormat);
  return found.kind === 'damaged' || found.kind === 'newer' ? found.kind : factOf(found);
}

/** A task's review; null where there is none. */
export async function readReviewFact(layout: Layout, task: TaskId): Promise<Review | UnreadableFact | null> {
  const found = await lookUpReview(layout.taskRuns(task));
  return found.kind === 'damaged' || found.kind === 'newer' ? found.kind : factOf(found);
}

/** A review that has no file of its own, since an earlier version of the board kept it in the verdict, or it is gone. */
async function lookUpReview(folder: string): Promise<FoundFact<Review>> {
  const found = await lookUpFact(join(folder, reviewName), reviewFormat);
  if (found.kind !== 'missing') return found;
  const verdict = await lookUpFact(join(folder, verdictName), reviewedVerdictFormat);
  if (verdict.kind !== 'known' || verdict.fact.column !== 'done') return { kind: 'missing' };
  const { mergedAt } = verdict.fact;
  const fact: Review = mergedAt === null ? openReview(1) : { ...openReview(1), state: 'merged', at: mergedAt };
  return { kind: 'known', fact };
}

/** Writes a plan; throws PortError if that run has one already. */
export async function writePlanFact(layout: Layout, plan: RunPlan): Promise<void> {
  try {
    await createFile(await openRun(layout, plan, runFiles.plan), print(plan));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    throw new PortError(`run ${String(plan.n)} of ${plan.task} is planned already`, { code: 'EEXIST', cause: error });
  }
}

/** Writes the plan of a run again, of a task that is done: what its work builds on changed. */
export async function replacePlanFact(layout: Layout, plan: RunPlan): Promise<void> {
  await replaceFact(await openRun(layout, plan, runFiles.plan), planFormat, plan);
}

/** Writes how a run ended. */
export async function writeRecordFact(layout: Layout, run: RunId, record: RunRecord): Promise<void> {
  await replaceFact(await openRun(layout, run, runFiles.record), recordFormat, record);
}

/** Writes what was decided of a task. */
export async function writeVerdictFact(layout: Layout, task: TaskId, verdict: Verdict): Promise<void> {
  await replaceTaskFact(layout, task, verdictName, verdictFormat, verdict);
}

/** Writes what became of a task's work since it was done. */
export async function writeReviewFact(layout: Layout, task: TaskId, review: Review): Promise<void> {
  await replaceTaskFact(layout, task, reviewName, reviewFormat, review);
}

/**
 * Replaces a fact of a task as a whole. The task may be a finished one, and of those there are thousands: what a kill
 * leaves of the write stands in `runs/` itself, so that the next start finds it without looking through their folders.
 */
async function replaceTaskFact<Fact extends object>(
  layout: Layout,
  task: TaskId,
  name: string,
  format: FactFormat<Fact>,
  fact: Fact,
): Promise<void> {
  const folder = layout.taskRuns(task);
  checkFolders([folder]);
  await makeFolder(folder);
  await replaceFact(join(folder, name), format, fact, { aside: layout.runs });
}

/** Makes a run's folder where it is missing, and gives the path of a file in it. Throws PortError as {@link checkFolders}. */
async function openRun(layout: Layout, run: RunId, name: string): Promise<string> {
  const folder = layout.run(run);
  checkFolders([layout.taskRuns(run.task), folder]);
  await makeFolder(folder);
  return join(folder, name);
}

/** Where the runs of earlier tasks are whose ids were used again, in folders `TASK-TIME`. */
export const earlierRuns = (layout: Layout): string => join(layout.runs, '.earlier');

/** Puts the runs of an earlier task of the same id aside, so that a new task begins with none. */
export async function setRunsAside(layout: Layout, task: TaskId, at: number): Promise<void> {
  const folder = layout.taskRuns(task);
  if ((await listFolder(folder)).length === 0) return;
  const earlier = earlierRuns(layout);
  checkFolders([earlier]);
  await makeFolder(earlier);
  await rename(folder, join(earlier, `${task}-${String(at)}`));
}

/** Writes a run's report. */
export async function writeReportFile(layout: Layout, run: RunId, text: string): Promise<void> {
  await replaceFile(await openRun(layout, run, runFiles.report), text);
}

/** Writes a run's prompt. It is made again for each start, so it need not survive a power cut. */
export async function writePromptFile(layout: Layout, run: RunId, text: string): Promise<void> {
  await writeAnew(await openRun(layout, run, runFiles.prompt), text);
}

/** A fact as its file tells it. `newer` is one of a version that this program does not know. */
type FoundFact<Fact> =
  | { readonly kind: 'known'; readonly fact: Fact }
  | { readonly kind: 'missing' | 'damaged' }
  | { readonly kind: 'newer'; readonly error: NewerFactError };

/**
 * Reads a fact; null if it is missing, or damaged. Throws NewerFactError, and where the system keeps it from being read.
 */
export async function readFact<Fact>(
  path: string,
  format: FactFormat<Fact>,
  maxBytes = maxFactBytes,
): Promise<Fact | null> {
  return factOf(await lookUpFact(path, format, maxBytes));
}

/**
 * Replaces a fact durably. A damaged one in its place is kept beside it as `NAME.damaged`. Throws NewerFactError
 * instead of replacing a fact of a newer version of the board.
 */
export async function replaceFact<Fact extends object>(
  path: string,
  format: FactFormat<Fact>,
  fact: Fact,
  { maxBytes = maxFactBytes, aside }: { readonly maxBytes?: number; readonly aside?: string } = {},
): Promise<void> {
  const found = await lookUpFact(path, format, maxBytes);
  if (found.kind === 'newer') throw found.error;
  if (found.kind === 'damaged') await keepDamaged(path);
  await replaceFile(path, print(fact), aside);
}

/** Puts a file aside under a name that is free, and gives its path there. */
export async function keepDamaged(path: string): Promise<string> {
  for (let number = 1; ; number++) {
    const aside = number === 1 ? `${path}.damaged` : `${path}.damaged-${String(number)}`;
    if (await exists(aside)) continue;
    await rename(path, aside);
    return aside;
  }
}

function factOf<Fact>(found: FoundFact<Fact>): Fact | null {
  if (found.kind === 'newer') throw found.error;
  return found.kind === 'known' ? found.fact : null;
}

async function lookUpFact<Fact>(
  path: string,
  { version, shape }: FactFormat<Fact>,
  maxBytes = maxFactBytes,
): Promise<FoundFact<Fact>> {
  const text = await readFactText(path, maxBytes);
  if (text === null) return { kind: 'missing' };
  const value = parseJson(text);
  const written = versionOf(value);
  if (written > version) return { kind: 'newer', error: new NewerFactError(path, written) };
  const fact = shape.safeParse(value);
  return fact.success ? { kind: 'known', fact: fact.data } : { kind: 'damaged' };
}

/** Null where there is no such file; empty, which no fact is, where it is no text that could be one. */
async function readFactText(path: string, maxBytes: number): Promise<string | null> {
  let handle: FileHandle;
  try {
    handle = await openRegular(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
    if (error instanceof NotRegularError) return '';
    throw error;
  }
  try {
    const read = await readOpenFile(handle, path, maxBytes);
    return read.ok ? read.value.text : '';
  } finally {
    await handle.close();
  }
}

/** The version that a fact says it has; 0 where it says none. */
function versionOf(value: unknown): number {
  const version = typeof value === 'object' && value !== null && 'version' in value ? value.version : 0;
  return typeof version === 'number' && Number.isInteger(version) ? version : 0;
}

/** Undefined, which is of no fact's shape, where a text is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The names in a folder; none where it is missing. */
export async function listFolder(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function print(fact: object): string {
  return `${JSON.stringify(fact, null, 2)}\n`;
}
