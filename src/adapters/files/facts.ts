/** The facts about runs, in `runs/TASK/`: plans, records and verdicts as JSON, each whole or not there. */
import { readdir, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { codeOf } from '../machine/errors.ts';
import type { RunFacts, TaskFacts } from '../../domain/board.ts';
import { limits } from '../../domain/limits.ts';
import { failure, success, type Result } from '../../domain/result.ts';
import type { RunId, RunPlan, RunRecord } from '../../domain/run.ts';
import type { Verdict } from '../../domain/verdict.ts';
import type { TaskId } from '../../domain/task.ts';
import { PortError } from '../../ports.ts';
import { createFile, makeFolder, replaceFile, writeAnew } from '../machine/durable.ts';
import { planShape, recordShape, verdictShape } from './fact-shapes.ts';
import type { Layout } from './layout.ts';
import { checkFolders } from './own-folders.ts';
import { readOpenFile } from './reader.ts';
import { NotRegularError, openRegular } from '../machine/regular-file.ts';

const verdictName = 'verdict.json';
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
 * Everything that is kept about a task's runs. A fact that can't be read counts as missing. Throws PortError where a
 * folder is not the user's own.
 */
export async function readTaskFacts(layout: Layout, task: TaskId): Promise<TaskFacts> {
  const folder = layout.taskRuns(task);
  checkFolders([folder]);
  const numbers = (await listFolder(folder))
    .filter((name) => /^[1-9]\d{0,5}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
  const damaged: string[] = [];
  const read = async <Fact>(name: string, shape: z.ZodType<Fact>): Promise<Fact | null> => {
    const found = await lookUpFact(join(folder, name), shape);
    if (found === 'damaged') damaged.push(name);
    return found === 'damaged' ? null : found;
  };
  const readRun = async (n: number): Promise<RunFacts | null> => {
    checkFolders([join(folder, String(n))]);
    const [plan, record] = await Promise.all([
      read(join(String(n), runFiles.plan), planShape),
      read(join(String(n), runFiles.record), recordShape),
    ]);
    return plan === null ? null : { plan, record };
  };
  const runs = await Promise.all(numbers.slice(-limits.maxRunsPerTask).map(readRun));
  const verdict = await read(verdictName, verdictShape);
  return { highestRun: numbers.at(-1) ?? 0, runs: runs.filter((run) => run !== null), damaged, verdict };
}

/** A task's verdict, or null. */
export async function readVerdictFact(layout: Layout, task: TaskId): Promise<Verdict | null> {
  return readFact(join(layout.taskRuns(task), verdictName), verdictShape);
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

/** Writes how a run ended. */
export async function writeRecordFact(layout: Layout, run: RunId, record: RunRecord): Promise<void> {
  await replaceFile(await openRun(layout, run, runFiles.record), print(record));
}

/** Writes what was decided of a task. */
export async function writeVerdictFact(layout: Layout, task: TaskId, verdict: Verdict): Promise<void> {
  const folder = layout.taskRuns(task);
  checkFolders([folder]);
  await makeFolder(folder);
  await replaceFile(join(folder, verdictName), print(verdict));
}

/** Makes a run's folder where it is missing, and gives the path of a file in it. Throws PortError as {@link checkFolders}. */
async function openRun(layout: Layout, run: RunId, name: string): Promise<string> {
  const folder = layout.run(run);
  checkFolders([layout.taskRuns(run.task), folder]);
  await makeFolder(folder);
  return join(folder, name);
}

/** Puts the runs of an earlier task of the same id aside, so that a new task begins with none. */
export async function setRunsAside(layout: Layout, task: TaskId, at: number): Promise<void> {
  const folder = layout.taskRuns(task);
  if ((await listFolder(folder)).length === 0) return;
  const earlier = join(layout.runs, '.earlier');
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

/** Reads a fact; null if it is missing, or damaged. Throws where the system keeps it from being read. */
export async function readFact<Fact>(
  path: string,
  shape: z.ZodType<Fact>,
  maxBytes = maxFactBytes,
): Promise<Fact | null> {
  const found = await lookUpFact(path, shape, maxBytes);
  return found === 'damaged' ? null : found;
}

/** Tells a fact that is missing from one that can't be understood. */
async function lookUpFact<Fact>(
  path: string,
  shape: z.ZodType<Fact>,
  maxBytes = maxFactBytes,
): Promise<Fact | null | 'damaged'> {
  const text = await readFactText(path, maxBytes);
  if (!text.ok) return text.failure;
  const fact = shape.safeParse(parseJson(text.value));
  return fact.success ? fact.data : 'damaged';
}

async function readFactText(path: string, maxBytes: number): Promise<Result<string, null | 'damaged'>> {
  let handle: FileHandle;
  try {
    handle = await openRegular(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return failure(null);
    if (error instanceof NotRegularError) return failure('damaged');
    throw error;
  }
  try {
    const read = await readOpenFile(handle, path, maxBytes);
    return read.ok ? success(read.value.text) : failure('damaged');
  } finally {
    await handle.close();
  }
}

/** Undefined, which is of no fact's shape, where a text is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function listFolder(path: string): Promise<readonly string[]> {
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
