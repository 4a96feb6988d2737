/**
 * Commits that no ref, log or record names: of a run that was killed before its work was kept, and whose branch and
 * worktree were deleted by hand. Git itself drops them after two weeks.
 */
import { PortError } from '../../../ports.ts';
import type { Git } from '../git.ts';

/** The newest so many are looked at. */
const maxUnreachable = 1_000;

/** A commit, and the one of the bases that it is built on. */
export interface Unreachable {
  readonly commit: string;
  readonly base: string;
}

/**
 * The last commits of unreachable histories that are built on one of the bases and were committed since a time, in
 * milliseconds since the epoch. Three git processes or more, of which one reads the whole history: where that takes too
 * long, or the repository is damaged, the user is told and nothing is found. Throws nothing.
 */
export async function listUnreachable(
  git: Git,
  bases: readonly string[],
  since: number,
): Promise<readonly Unreachable[]> {
  if (bases.length === 0) return [];
  try {
    // It ends with another code than 0 where anything is damaged, and tells of the rest all the same.
    const { stdout } = await git.attempt(['fsck', '--connectivity-only', '--dangling', '--no-progress']);
    const dangling = [...stdout.matchAll(/^dangling commit ([0-9a-f]+)$/gm)].flatMap(([, commit = '']) => [commit]);
    const commits = await keepNewest(git, dangling, since);
    const found = new Map<string, Unreachable>();
    for (const base of bases) {
      const builtOn = await listBuiltOn(git, base, commits);
      for (const commit of commits) if (builtOn.has(commit)) found.set(commit, { commit, base });
    }
    return [...found.values()];
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    git.notice(`Commits that nothing names were not looked for: ${error.message}`);
    return [];
  }
}

/** Git tells whole seconds. */
async function keepNewest(git: Git, commits: readonly string[], since: number): Promise<readonly string[]> {
  if (commits.length === 0) return [];
  const input = commits.map((commit) => `${commit}\n`).join('');
  const args = ['log', '--no-walk', '--no-show-signature', '--format=%H %ct', '--stdin'];
  const lines = (await git.run(args, { input })).trim().split('\n');
  return lines
    .flatMap((line) => {
      const [commit = '', seconds = ''] = line.split(' ');
      return Number(seconds) * 1_000 + 1_000 > since ? [commit] : [];
    })
    .slice(0, maxUnreachable);
}

async function listBuiltOn(git: Git, base: string, commits: readonly string[]): Promise<ReadonlySet<string>> {
  if (commits.length === 0) return new Set();
  const input = [`^${base}`, ...commits].map((each) => `${each}\n`).join('');
  return new Set((await git.run(['rev-list', '--ancestry-path', '--stdin'], { input })).split('\n'));
}
