/**
 * Takes the branch of work that is not wanted away, and makes it again. Its commit goes to a ref in the same step, so that
 * no kill finds neither; a branch that is not at the commit which was seen stays, as does one that somebody is on.
 */
import { quote } from 'shell-quote';
import type { Discarding } from '../../domain/outside-answers.ts';
import type { WorkBranch } from '../../domain/verdict.ts';
import { findHolder } from './busy-branch.ts';
import type { Git } from './git.ts';
import { restoredMessage } from './reflog.ts';
import { branchRef, leftRef, readBranch, rescueRef, resolveCommits } from './refs.ts';
import type { Repository } from './repository.ts';

/** See the port. One that was discarded already is found so. */
export async function discardBranch(git: Git, repository: Repository, work: WorkBranch): Promise<Discarding> {
  const { id, branch, tip } = work;
  const state = await readBranch(git, branch);
  const again = `branchboard discard ${id}`;
  if (state !== null && state.tip !== tip) {
    const hint = `Look at it: branchboard diff ${id}. Then: ${again}`;
    return { kind: 'refused', why: `${branch} is at ${state.tip.slice(0, 10)} by now`, hint };
  }
  const held = state === null ? null : await findHolder(repository, branch, state);
  if (held !== null) {
    const { why, folder } = held;
    const leave = folder === null ? null : `git -C ${quote([folder])} switch BRANCH`;
    const first = leave === null ? 'End it' : `Check another branch out there: ${leave}`;
    return { kind: 'refused', why, hint: `${first}. Then: ${again}` };
  }
  const [earlier = null, commit = null] = await resolveCommits(git, [rescueRef(id), tip]);
  if (commit === null) {
    const hint = `See what was kept of it: branchboard rescue ${id}`;
    return { kind: 'refused', why: `its commit ${tip.slice(0, 10)} is gone`, hint };
  }
  const lines = [
    // What was discarded of an earlier task of this id.
    ...(earlier === null || earlier === tip ? [] : [`update ${leftRef({ task: id, n: 1 }, earlier)} ${earlier}\n`]),
    ...(earlier === tip ? [] : [`update ${rescueRef(id)} ${tip}\n`]),
    ...(state === null ? [] : [`delete ${branchRef(branch)} ${tip}\n`]),
  ];
  await change(git, lines, 'branchboard: discard');
  return { kind: 'discarded' };
}

/** See the port. */
export async function restoreBranch(git: Git, { id, branch, tip }: WorkBranch): Promise<void> {
  const [now = null, kept = null, commit = null] = await resolveCommits(git, [branchRef(branch), rescueRef(id), tip]);
  if (commit === null || (now !== null && now !== tip)) {
    const why = commit === null ? `${tip.slice(0, 10)} is gone` : `there is another ${branch} by now`;
    git.notice(`The branch of ${id} is not made again: ${why}. See what was kept: branchboard rescue ${id}`);
    return;
  }
  const lines = [
    ...(now === null ? [`create ${branchRef(branch)} ${tip}\n`] : []),
    ...(kept === tip ? [`delete ${rescueRef(id)} ${tip}\n`] : []),
  ];
  await change(git, lines, restoredMessage);
}

/** All or none. */
async function change(git: Git, lines: readonly string[], message: string): Promise<void> {
  if (lines.length === 0) return;
  const options = { input: lines.join(''), config: ['core.fsync=all'] };
  await git.serialise(() => git.run(['update-ref', '-m', message, '--stdin'], options));
}
