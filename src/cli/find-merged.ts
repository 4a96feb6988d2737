/**
 * Finds finished work that the user merged while no board runs, for commands that look at one from outside. The last answer is
 * kept: as long as the base and the branches are where they were, it costs one git process.
 */
import { createHash } from 'node:crypto';
import { createGit } from '../adapters/git/git.ts';
import { MergedWork } from '../adapters/git/merged-work.ts';
import { branchRef, resolveReadable } from '../adapters/git/refs.ts';
import { openRepository } from '../adapters/git/repository.ts';
import { replaceFile } from '../adapters/machine/durable.ts';
import { asArray, parseObject } from '../adapters/machine/json-shape.ts';
import { readRegular } from '../adapters/machine/regular-file.ts';
import type { TaskId } from '../domain/task.ts';
import type { FinishedWork } from '../domain/verdict.ts';
import type { Place } from './place.ts';

/** Which of these works are in the branch `base`, or in the one checked out where that is null; none where git can't tell. */
export async function findMerged(
  { topLevel, layout }: Place,
  base: string | null,
  works: readonly FinishedWork[],
): Promise<readonly TaskId[]> {
  const target = base ?? 'HEAD';
  const names = works.map(({ branch }) => (branch === null ? 'refs/none' : branchRef(branch)));
  const commits = await resolveReadable(createGit(topLevel), [target, ...names]);
  const asked = createHash('sha256')
    .update(JSON.stringify([commits, works]))
    .digest('hex');
  const kept = parseObject(await readRegular(layout.merges).catch(() => ''));
  const answer = new Set(kept?.['asked'] === asked ? asArray(kept['merged']) : await look(topLevel, target, works));
  // Where nothing can be written, the next command asks git again.
  if (kept?.['asked'] !== asked)
    await replaceFile(layout.merges, JSON.stringify({ asked, merged: [...answer] })).catch(() => undefined);
  return works.map(({ id }) => id).filter((id) => answer.has(id));
}

async function look(topLevel: string, base: string, works: readonly FinishedWork[]): Promise<readonly TaskId[]> {
  const opened = await openRepository(topLevel);
  if (!opened.ok) return [];
  const git = createGit(topLevel, { repository: opened.value });
  return (await new MergedWork(git, opened.value).find(base, works)).map(({ id }) => id);
}
