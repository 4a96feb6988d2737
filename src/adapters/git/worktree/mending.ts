/**
 * Finds out whether git can work in a run's worktree, before a run begins in it and after one has ended, so that nobody
 * is at work there. Two things are put right on the way, since no other worktree could be made without them:
 *
 *   the lock of a git command that was killed                       removed
 *   the branch is broken, or is gone while the worktree is on it    made again where a log last had it; a broken file
 *                                                                   goes into `.git/branchboard-broken`
 *
 * A worktree whose record is not whole (its link, `HEAD`, index, …, as after a power cut) is not mended: its folder counts
 * as one without a record. What it holds is compared with the branch and kept, and the next run gets a new worktree.
 */
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunPlan, Workspace } from '../../../domain/run.ts';
import { exists } from '../../machine/file-presence.ts';
import type { Git } from '../git.ts';
import { findClaim, findRecord, isCheckedOut, isOnBranch, isRefText, isWhole, setAside } from '../record.ts';
import { branchLog, headLog, listLogged, readReflog } from '../reflog.ts';
import { branchRef, doneRef, keptRef, readBranch, resolveReadable } from '../refs.ts';
import type { Repository } from '../repository.ts';

/** A log is looked through for a commit that can be read so far back. */
const maxLoggedTried = 100;

/** The record of the run's worktree, or null where git can't work in its folder. Throws PortError if git fails. */
export async function findSound(git: Git, repository: Repository, plan: RunPlan): Promise<string | null> {
  const { workspace } = plan;
  const record = await findRecord(repository, workspace.path);
  const remains = record ?? (await findClaim(repository, workspace.path));
  if (remains !== null) await removeLocks(git, repository, workspace, remains);
  if (workspace.kind === 'branch') await mendBranch(git, repository, plan, workspace.branch, remains);
  if (record === null || !(await isWhole(record))) return null;
  // A worktree that was cut off while it was made has no index yet, and is made again anyway.
  return !(await isCheckedOut(record)) || (await isIndexWhole(record)) ? record : null;
}

/**
 * Git reads half an index without a word, and the next commit would delete the files of the other half. An index ends in
 * a checksum of all before it, or in zeros where the user switched that off.
 */
async function isIndexWhole(record: string): Promise<boolean> {
  const bytes = await readFile(join(record, 'index')).catch(() => Buffer.alloc(0));
  if (bytes.toString('latin1', 0, 4) !== 'DIRC') return false;
  return (['sha1', 'sha256'] as const).some((algorithm) => {
    const length = algorithm === 'sha1' ? 20 : 32;
    const [content, end] = [bytes.subarray(0, -length), bytes.subarray(-length)];
    return end.every((byte) => byte === 0) || createHash(algorithm).update(content).digest().equals(end);
  });
}

async function removeLocks(git: Git, repository: Repository, workspace: Workspace, record: string): Promise<void> {
  const branch = workspace.kind === 'branch' ? [join(repository.commonDir, `${branchRef(workspace.branch)}.lock`)] : [];
  for (const lock of [join(record, 'index.lock'), join(record, 'HEAD.lock'), ...branch]) {
    if (!(await exists(lock))) continue;
    await rm(lock, { force: true });
    git.notice(`A git command was killed and left ${lock}; it is removed.`);
  }
}

async function mendBranch(
  git: Git,
  repository: Repository,
  plan: RunPlan,
  branch: string,
  record: string | null,
): Promise<void> {
  const ref = branchRef(branch);
  const file = join(repository.commonDir, ref);
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text !== null && isRefText(text)) return;
  if (text === null) {
    if (record === null || !(await isOnBranch(record, branch)) || !(await isCheckedOut(record))) return;
    if ((await readBranch(git, branch)) !== null) return;
  }
  const logs = [...(record === null ? [] : [headLog(record)]), branchLog(repository, branch)];
  const logged = (await Promise.all(logs.map((log) => readReflog(log)))).flatMap(listLogged);
  const kept = [
    keptRef({ task: plan.task, n: plan.n }),
    keptRef({ task: plan.task, n: plan.n - 1 }),
    doneRef(plan.task),
  ];
  const commits = await resolveReadable(git, [...logged.slice(0, maxLoggedTried), ...kept, plan.workspace.base]);
  const tip = commits.find((commit) => commit !== null);
  if (tip === undefined) return;
  if (text !== null) await setAside(repository, file, branch);
  await git.serialise(() => git.run(['update-ref', ref, tip, ''], { config: ['core.fsync=all'] }));
  const what = text === null ? 'was gone while its worktree was on it' : 'was broken, as by a power cut';
  git.notice(`The branch ${branch} ${what}; it is back at ${tip.slice(0, 12)}, where it last was.`);
}
