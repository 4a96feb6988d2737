/** Facts about many commits at once, in few git processes, also where some of the repository is damaged. */
import type { Diffstat } from '../../../domain/run.ts';
import type { Git } from '../git.ts';
import { resolveReadable } from '../refs.ts';

/** A commit, and what its changes are counted against. */
export interface CommitQuestion {
  readonly commit: string;
  readonly base: string | null;
}

/** What `git log` tells of a commit. */
export interface CommitFacts {
  /** Milliseconds since the epoch. */
  readonly date: number;
  readonly subject: string;
  readonly tree: string;
  /** Null where there is no base, or files can't be read. */
  readonly changes: Diffstat | null;
}

/** The facts, in the order of the questions; the commits are known to be readable. Two git processes. */
export async function describeCommits(
  git: Git,
  questions: readonly CommitQuestion[],
): Promise<readonly (CommitFacts | null)[]> {
  if (questions.length === 0) return [];
  const bases = await resolveReadable(
    git,
    questions.map(({ base }) => base ?? 'refs/invalid'),
  );
  const ids = [...new Set([...questions.map(({ commit }) => commit), ...bases.filter((base) => base !== null)])];
  const format = '--format=%H%x00%T%x00%ct%x00%s';
  const output = await git.run(['log', '--no-walk=unsorted', '--no-show-signature', format, '--stdin'], {
    input: ids.map((id) => `${id}\n`).join(''),
  });
  const known = new Map(
    output.split('\n').map((line) => {
      const [id = '', tree = '', seconds = '', subject = ''] = line.split('\0');
      return [id, { tree, date: Number(seconds) * 1000, subject }];
    }),
  );
  return Promise.all(
    questions.map(async ({ commit }, index) => {
      const found = known.get(commit);
      if (found === undefined) return null;
      const from = known.get(bases[index] ?? '')?.tree;
      return { ...found, changes: from === undefined ? null : await compareTrees(git, from, found.tree) };
    }),
  );
}

async function compareTrees(git: Git, from: string, to: string): Promise<Diffstat | null> {
  if (from === to) return { files: 0, insertions: 0, deletions: 0 };
  const args = ['diff-tree', '-r', '-M', '--no-ext-diff', '--no-textconv', '--shortstat', from, to];
  const { exitCode, stdout } = await git.attempt(args);
  if (exitCode !== 0) return null;
  const numberBefore = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(stdout)?.[1] ?? 0);
  return { files: numberBefore('file'), insertions: numberBefore('insertion'), deletions: numberBefore('deletion') };
}
