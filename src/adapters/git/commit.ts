/** Makes commits out of trees, without an index, a checkout, hooks or signatures. */
import type { Git } from './git.ts';
import { gitError } from './git-errors.ts';

/** The committer on a machine without a git identity. */
export const fallbackIdentity = { name: 'branchboard', email: 'branchboard@localhost' } as const;

/** The author of a commit; `date` is as git writes it, such as `1700000000 +0100`. */
export interface Author {
  readonly name: string;
  readonly email: string;
  readonly date: string;
}

/** The parts of a commit. */
export interface CommitRequest {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly message: string;
  /** Seconds since the epoch; null is now. The same request with a date gives the same commit. */
  readonly date: number | null;
  /** Default: the committer, at that time. */
  readonly author?: Author;
}

/** Makes a commit and returns its id; nothing refers to it yet. Throws PortError if git fails. */
export async function commitTree(git: Git, request: CommitRequest): Promise<string> {
  const parents = request.parents.flatMap((parent) => ['-p', parent]);
  const args = ['commit-tree', ...parents, '-m', request.message, request.tree];
  const stamp = request.date === null ? null : `${String(request.date)} +0000`;
  const dates: Record<string, string> = stamp === null ? {} : { GIT_AUTHOR_DATE: stamp, GIT_COMMITTER_DATE: stamp };
  const author = request.author === undefined ? {} : variablesOf(request.author);
  // Without useConfigOnly git would make up an identity from the machine's name, or fail where that has no dot.
  const config = ['user.useConfigOnly=true', 'core.fsync=all'];
  const output = await git.attempt(args, { env: { ...dates, ...author }, config });
  if (output.exitCode === 0) return output.stdout.trim();
  if (!/auto-detection is disabled|empty ident name/.test(output.stderr))
    throw gitError(args, output, 'the repository');
  const { name, email } = fallbackIdentity;
  const people = {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
  return (await git.run(args, { env: { ...dates, ...people, ...author }, config: ['core.fsync=all'] })).trim();
}

function variablesOf({ name, email, date }: Author): Record<string, string> {
  return { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_AUTHOR_DATE: `@${date}` };
}
