/**
 * Finds and removes what finished tasks left in `runs/`. The facts of the last run stay, a few kilobytes: plan, claim,
 * end and report, so that a task that is queued again goes on from there and a verdict can be made again. Prompts,
 * streams and logs go, and with them the earlier runs, those of earlier tasks of the same id among them.
 */
import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskFile } from '../../domain/board.ts';
import type { TaskEnd } from '../../domain/event.ts';
import type { Pruned } from '../../domain/pruned.ts';
import { mergedAtOf } from '../../domain/review.ts';
import { idOfFile, type TaskId } from '../../domain/task.ts';
import { claimName } from '../machine/run-claim.ts';
import { planFormat } from './fact-shapes.ts';
import { isAuthors } from '../../domain/run-purpose.ts';
import { earlierRuns, listFolder, readFact, readReviewFact, readVerdictFact, runFiles } from './facts.ts';
import type { Layout } from './layout.ts';
import { checkFolders } from './own-folders.ts';

/** Files of the last run that stay; without its claim it could be started once more. */
const lasting: ReadonlySet<string> = new Set([runFiles.plan, runFiles.record, runFiles.report, claimName]);

/**
 * When finished tasks came to their end, and whether they left anything. One whose file is gone, or whose verdict or review
 * can't be understood, is left out.
 */
export async function readEnds(layout: Layout, files: readonly TaskFile[]): Promise<readonly TaskEnd[]> {
  const ends = await Promise.all(files.map((file) => readEnd(layout, file)));
  return ends.filter((end) => end !== null);
}

async function readEnd(layout: Layout, file: TaskFile): Promise<TaskEnd | null> {
  const id = idOfFile(file.name);
  if (id === null) return null;
  const stats = await lstat(join(layout.column(file.column), file.name)).catch(() => null);
  if (stats === null) return null;
  const remains = await listRemains(layout, id);
  if (remains.length === 0) return { file, mergedAt: null, putAwayAt: null, hasRemains: false };
  const [verdict, review] = await Promise.all([readVerdictFact(layout, id), readReviewFact(layout, id)]);
  if (typeof verdict === 'string' || typeof review === 'string') return null;
  return {
    file,
    mergedAt: mergedAtOf(review),
    // Only the inode's time shows a rename.
    putAwayAt: file.column === 'archive' ? Math.max(stats.ctimeMs, stats.mtimeMs, verdict?.at ?? 0) : null,
    hasRemains: true,
  };
}

/** Takes away what a task's runs left; a kill in the middle leaves some of it, which the next call takes. */
export async function removeRemains(layout: Layout, task: TaskId): Promise<Pick<Pruned, 'runs' | 'bytes'>> {
  const remains = await listRemains(layout, task);
  let bytes = 0;
  for (const { path } of remains) {
    bytes += await measure(path);
    await rm(path, { recursive: true, force: true });
  }
  return { runs: new Set(remains.map(({ run }) => run)).size, bytes };
}

/** Files of a task's runs that may go, each with its run. */
async function listRemains(
  layout: Layout,
  task: TaskId,
): Promise<readonly { readonly run: string; readonly path: string }[]> {
  const folder = layout.taskRuns(task);
  checkFolders([folder]);
  const runs = (await listFolder(folder))
    .filter((name) => /^[1-9]\d{0,5}$/.test(name))
    .sort((a, b) => Number(a) - Number(b));
  checkFolders(runs.map((run) => join(folder, run)));
  // With a run that judged stays the one whose work it was about.
  let first = runs.length - 1;
  while (first > 0 && (await hasJudged(join(folder, runs[first] ?? '')))) first -= 1;
  const left = await Promise.all(
    runs.slice(first).map(async (run) => (await listFolder(join(folder, run))).map((name) => ({ run, name }))),
  );
  const earlier = earlierRuns(layout);
  checkFolders([earlier]);
  const before = (await listFolder(earlier)).filter((name) => /^(.+)-\d+$/.exec(name)?.[1] === task);
  return [
    ...before.map((name) => ({ run: name, path: join(earlier, name) })),
    ...runs.slice(0, Math.max(0, first)).map((run) => ({ run, path: join(folder, run) })),
    ...left
      .flat()
      .filter(({ name }) => !lasting.has(name))
      .map(({ run, name }) => ({ run, path: join(folder, run, name) })),
  ];
}

async function hasJudged(folder: string): Promise<boolean> {
  const plan = await readFact(join(folder, runFiles.plan), planFormat);
  return plan !== null && !isAuthors(plan);
}

async function measure(path: string): Promise<number> {
  const stats = await lstat(path);
  if (!stats.isDirectory()) return stats.size;
  const sizes = await Promise.all((await listFolder(path)).map((name) => measure(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}
