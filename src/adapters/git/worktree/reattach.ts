/**
 * Puts a worktree that let go of its branch back on it. Since then the user may have moved either of them:
 *
 *   the branch is gone                  made again where the worktree is
 *   commits were made in the worktree   the branch goes forward to them
 *   the branch was moved                the worktree follows; commits that it alone had are kept under a ref, and told
 */
import { formatRunId, type RunPlan } from '../../../domain/run.ts';
import { readOwnStatus } from './baseline.ts';
import { exists } from '../../machine/file-presence.ts';
import type { Git } from '../git.ts';
import { taskError } from '../git-errors.ts';
import { findRecord, inWorktree, removeMark } from '../record.ts';
import { branchRef, doneRef, isAncestor, leftRef, readBranch, resolveCommits } from '../refs.ts';
import type { Repository } from '../repository.ts';

/** By the table above. Throws PortError with `setup-failed` where the branch is checked out elsewhere, or following it would lose changes. */
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
  const [head = null, released = null] = await resolveCommits(git, ['HEAD', doneRef(plan.task)], where);
  if (head === null) throw taskError('setup-failed', `The worktree ${path} is on no commit.`);
  const tip = state?.tip ?? '';
  // A branch that is behind a worktree which stayed where it was let go of has been moved back by the user.
  const isBehind = tip === '' || tip === head || (head !== released && (await isAncestor(git, tip, head)));
  if (isBehind) {
    if (tip !== head) await git.serialise(() => git.run(['update-ref', branchRef(branch), head, tip]));
    await git.run(['symbolic-ref', 'HEAD', branchRef(branch)], where);
  } else {
    await followBranch(git, plan, record, { branch, tip, head });
  }
  await removeMark(record, 'released');
}

/** The worktree goes where the branch is, if that loses nothing. */
async function followBranch(
  git: Git,
  plan: RunPlan,
  record: string,
  moved: { readonly branch: string; readonly tip: string; readonly head: string },
): Promise<void> {
  const { path } = plan.workspace;
  const { branch, tip, head } = moved;
  const { dirty } = await readOwnStatus(git, path, record);
  if (dirty.length > 0) {
    throw taskError(
      'setup-failed',
      `${branch} has moved on, and its worktree holds changes that are not committed (${dirty.slice(0, 3).join(', ')}). Look at them: git -C '${path}' status. Commit or undo them, then: branchboard retry ${plan.task}`,
    );
  }
  const left = leftRef(plan, head);
  await git.run(['update-ref', left, head]);
  if (!(await isAncestor(git, head, tip))) {
    git.notice(
      `${formatRunId(plan)}: its worktree had commits that ${branch} has not, and follows the branch. They are under ${left}: git log ${branch}..${left}`,
    );
  }
  await git.run(['checkout', '--quiet', '--no-guess', branch, '--'], inWorktree(path));
}

/** The error where a branch that a task needs is checked out elsewhere. */
export function checkedOut(plan: RunPlan, branch: string, folder: string): Error {
  return taskError(
    'setup-failed',
    `${branch} is checked out in ${folder}, so the task can't go on with it. Switch that to another branch (git -C '${folder}' switch -), then: branchboard retry ${plan.task}`,
  );
}
