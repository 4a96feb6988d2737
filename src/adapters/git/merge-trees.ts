/** Merges two commits in the object store alone: no index, no checkout. Nothing refers to the tree that it makes. */
import type { Git } from './git.ts';
import { gitError } from './git-errors.ts';

/** The outcome of a merge. */
export type TreeMerge =
  | { readonly kind: 'clean'; readonly tree: string }
  /** The files that both sides changed in the same places, or in ways that exclude each other. */
  | { readonly kind: 'conflict'; readonly files: readonly string[] }
  /** Git can't merge them at all, such as two histories without a common commit. */
  | { readonly kind: 'impossible'; readonly why: string };

/** See the file's head. Throws PortError where git could not be run. */
export async function mergeTrees(git: Git, ours: string, theirs: string): Promise<TreeMerge> {
  const args = ['merge-tree', '--write-tree', '--name-only', '--no-messages', '-z', ours, theirs];
  const output = await git.attempt(args);
  const [tree, ...files] = output.stdout.split('\0').filter((field) => field !== '');
  if (output.exitCode === 0 && tree !== undefined) return { kind: 'clean', tree };
  if (output.exitCode === 1) return { kind: 'conflict', files: [...new Set(files)] };
  return { kind: 'impossible', why: gitError(args, output, 'the repository').message };
}
