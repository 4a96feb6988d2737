/**
 * Keeps what was made of conflicts among dependencies, so that each is resolved once, whichever task met it first.
 *
 *   conflict     a merge of both sides with marks in its files; the same each time that it is made
 *   resolution   a merge of both sides with the tree that was made of it, under refs/branchboard/resolved/TASK/CONFLICT
 */
import type { BaseConflict, Resolution } from '../../domain/base-conflict.ts';
import { commitTree } from './commit.ts';
import type { Git } from './git.ts';
import { readTrees, resolvedRef } from './refs.ts';

/** Makes the commit of a conflict; nothing refers to it yet. Throws PortError if git fails. */
export function makeConflict(
  git: Git,
  {
    tree,
    parents,
    sides,
    date,
  }: { tree: string; parents: readonly string[]; sides: BaseConflict['sides']; date: number },
): Promise<string> {
  return commitTree(git, { tree, parents, message: `Conflict of ${sides.join(' and ')}`, date });
}

/** The resolution of a conflict, or null where there is none. Throws PortError if git fails. */
export async function findResolution(git: Git, conflict: string): Promise<string | null> {
  const format = '--format=%(objectname) %(parent)';
  const listed = await git.run(['for-each-ref', format, resolvedRef('*', conflict)]);
  const parents = (await readParents(git, conflict)).join(' ');
  // One with other parents is none of the board's.
  const own = listed.split('\n').find((line) => line.endsWith(` ${parents}`));
  return own?.split(' ', 1)[0] ?? null;
}

/**
 * Keeps the tree of `tip` as the resolution of a run's conflict, unless another task resolved that first: all that build on
 * both sides get the same. Throws PortError if git fails.
 */
export async function keepResolution(git: Git, { task, conflict, tip, message }: Resolution): Promise<void> {
  const { commit } = conflict;
  const parents = await readParents(git, commit);
  const [tree = ''] = await readTrees(git, tip);
  const resolution = await commitTree(git, { tree, parents, message, date: null });
  await git.serialise(async () => {
    if ((await findResolution(git, commit)) !== null) return;
    await git.run(['update-ref', resolvedRef(task, commit), resolution], { config: ['core.fsync=all'] });
  });
}

/** The parents of a commit. Throws PortError if git fails. */
export async function readParents(git: Git, commit: string): Promise<readonly string[]> {
  return (await git.run(['rev-parse', `${commit}^@`])).trim().split('\n');
}
