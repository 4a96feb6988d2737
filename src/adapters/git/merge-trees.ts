/**
 * Merges two commits in the object store alone: nothing refers to the tree that is made.
 *
 * How git merges a file is decided by attributes (`merge=union`, `-merge`), which it reads from the folder that it runs in.
 * That is the user's checkout, whatever branch that is on. So each merge runs in a folder that holds the `.gitattributes` of
 * one commit and nothing else: those of the side that is merged into count, as in a checkout of it.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Git } from './git.ts';
import { gitError } from './git-errors.ts';
import { inFolder } from './record.ts';

/** The outcome of a merge. */
export type TreeMerge =
  | { readonly kind: 'clean'; readonly tree: string }
  /** The files that both sides changed in the same places, or in ways that exclude each other; the tree has marks in them. */
  | { readonly kind: 'conflict'; readonly files: readonly string[]; readonly tree: string }
  /** Git can't merge them at all, such as two histories without a common commit. */
  | { readonly kind: 'impossible'; readonly why: string };

/** Merges two commits. Throws PortError where git could not be run. */
export type MergeTrees = (ours: string, theirs: string) => Promise<TreeMerge>;

/** Does work whose merges all go by the attributes of one commit. Throws PortError where git could not be run. */
export async function withAttributesOf<Value>(
  git: Git,
  commit: string,
  work: (merge: MergeTrees) => Promise<Value>,
): Promise<Value> {
  const gitDir = (await git.run(['rev-parse', '--absolute-git-dir'])).trim();
  const own = await mkdtemp(join(tmpdir(), 'branchboard-merge-'));
  try {
    const folder = join(own, 'files');
    await mkdir(folder);
    const where = inFolder(gitDir, folder);
    const paths = await listAttributeFiles(git, commit);
    if (paths !== '') {
      const env = { ...where.env, GIT_INDEX_FILE: join(own, 'index') };
      const args = ['checkout', '--quiet', '--pathspec-from-file=-', '--pathspec-file-nul', commit];
      await git.run(args, { cwd: folder, env, input: paths, config: ['core.sparseCheckout=false'] });
    }
    return await work(async (ours, theirs) => {
      const args = ['merge-tree', '--write-tree', '--name-only', '--no-messages', '-z', ours, theirs];
      const output = await git.attempt(args, where);
      const [tree, ...files] = output.stdout.split('\0').filter((field) => field !== '');
      if (output.exitCode === 0 && tree !== undefined) return { kind: 'clean', tree };
      if (output.exitCode === 1 && tree !== undefined) return { kind: 'conflict', files: [...new Set(files)], tree };
      return { kind: 'impossible', why: gitError(args, output, 'the repository').message };
    });
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** The tree without files, which every repository has; its name follows from the kind of the repository's names. */
const emptyTrees: Readonly<Record<number, string>> = {
  40: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  64: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
};

/** The paths of a commit's `.gitattributes`, each ended by a NUL. */
async function listAttributeFiles(git: Git, commit: string): Promise<string> {
  const none = emptyTrees[commit.length] ?? '';
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', none, commit];
  return git.run([...args, '--', ':(top,glob)**/.gitattributes']);
}
