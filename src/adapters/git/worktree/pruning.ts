/**
 * Takes away what the board keeps in git of a task that is over: its worktree, where nothing would be lost with it, and
 * its internal refs.
 *
 *   what a branch, a tag or a remote's branch contains        its ref goes
 *   what nothing else contains, of a task that was put away   its ref goes if the commit is older than that
 *   what the user discarded                                   stays, since that can be undone
 *   everything else                                           stays
 *
 * A branch is never touched.
 */
import type { PruneRequest } from '../../../domain/pruned.ts';
import type { RunPlan } from '../../../domain/run.ts';
import { limits } from '../../../domain/limits.ts';
import type { TaskId } from '../../../domain/task.ts';
import type { Git } from '../git.ts';
import { findRecord, inWorktree, isOfTask } from '../record.ts';
import { rescueRef, resolveReadable } from '../refs.ts';
import type { Repository } from '../repository.ts';
import { removeIfEmpty } from './preserve.ts';

/** Two git processes for the refs, one more where there are any to remove. Throws PortError if git fails. */
export async function prune(
  git: Git,
  repository: Repository,
  { task, plan, putAwayAt }: PruneRequest,
): Promise<{ readonly worktrees: number; readonly refs: number }> {
  const isRemoved = plan !== null && (await pruneWorktree(git, repository, plan));
  return { worktrees: isRemoved ? 1 : 0, refs: await pruneRefs(git, task, putAwayAt) };
}

async function pruneWorktree(git: Git, repository: Repository, plan: RunPlan): Promise<boolean> {
  const { path } = plan.workspace;
  const record = await findRecord(repository, path);
  // By now the folder may be another task's.
  if (record === null || !(await isOfTask(record, plan.task))) return false;
  const [head = null] = await resolveReadable(git, ['HEAD'], inWorktree(path));
  // The user may have committed in there since.
  if (head === null || (await listOnlyHere(git, [head])).has(head)) return false;
  return removeIfEmpty(git, repository, plan, record);
}

async function pruneRefs(git: Git, task: TaskId, putAwayAt: number | null): Promise<number> {
  const format = '--format=%(refname) %(objectname) %(committerdate:unix)';
  const names = [`refs/branchboard/*/${task}`, `refs/branchboard/*/${task}/*`];
  const lines = (await git.run(['for-each-ref', `--count=${String(limits.maxRefsPruned)}`, format, ...names])).split(
    '\n',
  );
  const refs = lines.flatMap((line) => {
    const [name, commit, date] = line.split(' ');
    return name && commit && date && name !== rescueRef(task)
      ? [{ name, commit, committedAt: 1_000 * Number(date) }]
      : [];
  });
  const onlyHere = await listOnlyHere(git, [...new Set(refs.map(({ commit }) => commit))]);
  // Younger refs belong to another task of that id, such as one of another board in this repository.
  const isForgotten = (committedAt: number): boolean => putAwayAt !== null && committedAt <= putAwayAt;
  const gone = refs.filter(({ commit, committedAt }) => !onlyHere.has(commit) || isForgotten(committedAt));
  if (gone.length === 0) return 0;
  const input = gone.map(({ name, commit }) => `delete ${name} ${commit}\n`).join('');
  await git.run(['update-ref', '--stdin'], { input });
  return gone.length;
}

/** Those of the commits that no branch, tag or remote's branch contains. One git process where there are any. */
async function listOnlyHere(git: Git, commits: readonly string[]): Promise<ReadonlySet<string>> {
  if (commits.length === 0) return new Set();
  const args = ['rev-list', ...commits, '--not', '--branches', '--tags', '--remotes', '--'];
  return new Set((await git.run(args)).split('\n'));
}
