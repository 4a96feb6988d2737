/** Puts a worktree that let go of its branch back on it. */
import { type RunPlan } from '../../domain/run.ts';
import { readStatus } from './evidence.ts';
import { exists } from './file-presence.ts';
import type { Git } from './git.ts';
import { taskError } from './git-errors.ts';
import { findRecord, inWorktree, removeMark } from './record.ts';
import { branchRef, leftRef, readBranch, resolveCommits } from './refs.ts';
import type { Repository } from './repository.ts';

/** Puts a worktree that was released back on its branch, which may have been deleted or moved on since. */
export async function takeBranchBack(git: Git, repository: Repository, plan: RunPlan, record: string): Promise<void> {
  const { workspace } = plan;
  if (workspace.kind !== 'branch') return;
  const { branch, path } = workspace;
  const where = inWorktree(path);
  const state = await readBranch(git, branch);
  const holder = state?.checkedOutIn ?? null;
  if (holder !== null && (await exists(holder)) && (await findRecord(repository, holder)) !== record) {
    throw checkedOut(plan, branch, holder);
  }
  const [head] = await resolveCommits(git, ['HEAD'], where);
  if (!head) throw taskError('setup-failed', `The worktree ${path} is on no commit.`);
  if (state === null) await git.serialise(() => git.run(['update-ref', branchRef(branch), head, '']));
  if (state === null || state.tip === head) {
    await git.run(['symbolic-ref', 'HEAD', branchRef(branch)], where);
  } else {
    await followBranch(git, plan, branch, head);
  }
  await removeMark(record, 'released');
}

/** The user committed on the branch while nobody worked on it: the worktree follows, if that loses nothing. */
async function followBranch(git: Git, plan: RunPlan, branch: string, head: string): Promise<void> {
  const { path } = plan.workspace;
  const { dirty } = await readStatus(git, path, false);
  if (dirty.length > 0) {
    throw taskError(
      'setup-failed',
      `${branch} has moved on, and its worktree holds changes that are not committed (${dirty.slice(0, 3).join(', ')}). Look at them: git -C '${path}' status. Commit or undo them, then: branchboard retry ${plan.task}`,
    );
  }
  await git.run(['update-ref', leftRef(plan, head), head]);
  await git.run(['checkout', '--quiet', '--no-guess', branch, '--'], inWorktree(path));
}

/** The error where a branch that a task needs is checked out elsewhere. */
export function checkedOut(plan: RunPlan, branch: string, folder: string): Error {
  return taskError(
    'setup-failed',
    `${branch} is checked out in ${folder}, so the task can't go on with it. Switch that to another branch (git -C '${folder}' switch -), then: branchboard retry ${plan.task}`,
  );
}
