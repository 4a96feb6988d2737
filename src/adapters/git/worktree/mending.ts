/**
 * Puts right what a kill, a power cut or a hand left in git's files of one worktree, before a run begins in it and
 * after one has ended, so that nobody is at work there. Where all is well, that is a few small reads and no git process.
 *
 *   the lock of a git command that was killed    removed
 *   an empty `gitdir` or `commondir`             written again
 *   the worktree's `.git` file is gone           written again, unless files of the commit went with it
 *   an empty or broken branch                    set aside; the branch is made again where its log last was
 *   the branch is gone, the worktree is on it    made again in the same way
 *   an empty or broken HEAD                      back on its branch, or on the commit where its log last was
 *   an empty or broken index                     set aside, and made again from HEAD; the files stay as they are
 *
 * What is set aside goes into `.git/branchboard-broken`.
 */
import { createHash } from 'node:crypto';
import { lstat, open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { RunPlan, Workspace } from '../../../domain/run.ts';
import { readRegular } from '../../machine/regular-file.ts';
import { exists, isFolder } from '../../machine/file-presence.ts';
import type { Git } from '../git.ts';
import {
  findClaim,
  findRecord,
  hasMark,
  inFolder,
  inWorktree,
  isCheckedOut,
  isOnBranch,
  isRefText,
  isWhole,
  setAside,
} from '../record.ts';
import { branchLog, headLog, listLogged, readReflog } from '../reflog.ts';
import { branchRef, doneRef, keptRef, readBranch, resolveReadable } from '../refs.ts';
import type { Repository } from '../repository.ts';
import { commonDirText } from '../repository-mending.ts';

/** A log is looked through for a commit that can be read so far back. */
const maxLoggedTried = 100;
const smallestIndexBytes = 12 + 20;

/** Puts right what it can and tells of it through `git.notice`. Throws PortError if git fails, and the system's errors. */
export async function mendWorktree(git: Git, repository: Repository, plan: RunPlan): Promise<void> {
  const { workspace } = plan;
  await mendBackLink(git, repository, workspace.path);
  await mendLink(git, repository, workspace.path);
  const record = await findRecord(repository, workspace.path);
  if (record !== null) await removeLocks(git, repository, workspace, record);
  if (workspace.kind === 'branch') await mendBranch(git, repository, plan, workspace.branch, record);
  // A worktree that was cut off while it was made is made again anyway.
  if (record === null || !(await isCheckedOut(record))) return;
  await mendCommonDir(record);
  await mendHead(git, repository, workspace, record);
  await mendIndex(git, repository, workspace, record);
}

async function mendBackLink(git: Git, repository: Repository, path: string): Promise<void> {
  const link = /^gitdir: (.+?)\n*$/s.exec(await readRegular(join(path, '.git')).catch(() => ''))?.[1];
  if (link === undefined) return;
  const record = await realpath(resolve(path, link)).catch(() => null);
  const parent = await realpath(join(repository.commonDir, 'worktrees')).catch(() => null);
  if (record === null || dirname(record) !== parent) return;
  const back = await readFile(join(record, 'gitdir'), 'utf8').catch(() => '');
  if (back.trim() !== '') return;
  await replaceDurably(join(record, 'gitdir'), `${join(await realpath(path), '.git')}\n`);
  git.notice(`Git's record of the worktree ${path} had forgotten where it is; it is mended.`);
}

async function mendLink(git: Git, repository: Repository, path: string): Promise<void> {
  const link = join(path, '.git');
  if (!(await isFolder(path)) || (await lstat(link).catch(() => null)) !== null) return;
  const claim = await findClaim(repository, path);
  if (claim === null || !(await isWhole(claim)) || !(await hasMark(claim, 'ready'))) return;
  const missing = await git.attempt(['ls-files', '-z', '--deleted'], inFolder(claim, path));
  if (missing.exitCode !== 0 || missing.stdout !== '') return;
  await replaceDurably(link, `gitdir: ${claim}\n`);
  git.notice(`The worktree ${path} had lost its .git file; it is written again.`);
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
  const logged = (await Promise.all(logs.map(readReflog))).flatMap((entries) => listLogged(entries));
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

async function mendCommonDir(record: string): Promise<void> {
  const file = join(record, 'commondir');
  if ((await readFile(file, 'utf8').catch(() => '')) === '') await replaceDurably(file, commonDirText);
}

async function mendHead(git: Git, repository: Repository, workspace: Workspace, record: string): Promise<void> {
  const file = join(record, 'HEAD');
  const text = await readFile(file, 'utf8').catch(() => '');
  if (isRefText(text)) return;
  const logged = listLogged(await readReflog(headLog(record))).slice(0, maxLoggedTried);
  const branch = workspace.kind === 'branch' ? branchRef(workspace.branch) : null;
  const [tip = null, ...commits] = await resolveReadable(git, [branch ?? workspace.base, ...logged]);
  const last = commits.find((commit) => commit !== null) ?? tip;
  if (last === null) return;
  const isHome = branch !== null && last === tip && !(await hasMark(record, 'released'));
  if (text !== '') await setAside(repository, file, basename(record));
  await replaceDurably(file, isHome ? `ref: ${branch}\n` : `${last}\n`);
  git.notice(`The HEAD of the worktree ${workspace.path} was broken, as by a power cut; it is back where it last was.`);
}

async function mendIndex(git: Git, repository: Repository, workspace: Workspace, record: string): Promise<void> {
  const file = join(record, 'index');
  const bytes = await readFile(file).catch(() => null);
  if (bytes !== null && isWholeIndex(bytes)) return;
  if (bytes !== null) await setAside(repository, file, `${basename(record)}-index`);
  await git.run(['reset', '--mixed', '--quiet', '--no-refresh'], inWorktree(workspace.path));
  git.notice(`The index of the worktree ${workspace.path} was broken, as by a power cut; it is made again from HEAD.`);
}

/** An index ends in a checksum of all before it, or in zeros where the user switched that off. */
function isWholeIndex(bytes: Buffer): boolean {
  if (bytes.length < smallestIndexBytes || bytes.toString('latin1', 0, 4) !== 'DIRC') return false;
  return (['sha1', 'sha256'] as const).some((algorithm) => {
    const length = algorithm === 'sha1' ? 20 : 32;
    const checksum = bytes.subarray(-length);
    if (checksum.every((byte) => byte === 0)) return true;
    return createHash(algorithm).update(bytes.subarray(0, -length)).digest().equals(checksum);
  });
}

async function replaceDurably(path: string, text: string): Promise<void> {
  const temporary = `${path}.branchboard-new`;
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
