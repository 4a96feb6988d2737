/** Finds which other works a work is in conflict with, before either is merged. */
import type { Git } from './git.ts';
import { withAttributesOf } from './merge-trees.ts';

/** The work of another task that changes the same places. */
export interface SiblingConflict {
  readonly id: string;
  readonly files: readonly string[];
}

/** By the attributes of the branch that all of them would go into. Throws PortError where git can't be run. */
export async function findSiblingConflicts(
  git: Git,
  target: string,
  commit: string,
  siblings: readonly { readonly id: string; readonly commit: string }[],
): Promise<readonly SiblingConflict[]> {
  if (siblings.length === 0) return [];
  return withAttributesOf(git, target, async (mergeTrees) => {
    const found: SiblingConflict[] = [];
    for (const { id, commit: theirs } of siblings) {
      const merge = await mergeTrees(commit, theirs);
      if (merge.kind === 'conflict') found.push({ id, files: merge.files });
    }
    return found;
  });
}
