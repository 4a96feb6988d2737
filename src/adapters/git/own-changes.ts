/**
 * A task's own changes: against the base that contains its dependencies, and against the target that it would be merged
 * into where that has the base, so that what the target brought is left out.
 */
import type { KeptReview } from '../../domain/outside-answers.ts';
import type { BranchWork } from '../../domain/verdict.ts';
import type { Git } from './git.ts';
import { MergedWork } from './merged-work.ts';
import { branchRef, doneRef, isAncestor, resolveCommits, resolveReadable, reviewedRef } from './refs.ts';
import { withAttributesOf } from './merge-trees.ts';
import { moveChange } from './replay.ts';
import type { Repository } from './repository.ts';

/** Where a task's own changes begin and end. */
export interface OwnChanges {
  readonly from: string;
  readonly tip: string;
  /** There are none: what was recorded is where the task began. */
  readonly isEmpty: boolean;
  /** They are in the target already, against which there would be nothing to see. */
  readonly isMerged: boolean;
  /** The branch is gone; its commit is not. */
  readonly isGone: boolean;
}

/** A task's work as its facts tell it; `tip` is null before it was done. */
export type RecordedWork = Omit<BranchWork, 'tip'> & { readonly tip: string | null };

/** See the file's head; null where none of its commits is there any more. */
export async function findOwnChanges(
  git: Git,
  repository: Repository,
  work: RecordedWork,
  target: string | null,
): Promise<OwnChanges | null> {
  const names = [branchRef(work.branch), ...(work.tip === null ? [] : [work.tip]), doneRef(work.id)];
  const commits = await resolveReadable(git, names);
  const tip = commits.find((commit) => commit !== null) ?? null;
  if (tip === null) return null;
  const isGone = commits[0] === null;
  const finished = { ...work, tip: work.tip ?? tip };
  const isEmpty = finished.tip === work.base;
  const isMerged = !isEmpty && (await new MergedWork(git, repository).find(target ?? 'HEAD', [finished])).length > 0;
  const start = isMerged || isGone || target === null ? work.base : await chooseStart(git, work.base, target);
  const parted = await git.attempt(['merge-base', start, tip]);
  const from = parted.exitCode === 0 ? parted.stdout.trim() : work.base;
  return { from, tip, isEmpty, isMerged, isGone };
}

/** For a task on top of others the target would show theirs, too. */
async function chooseStart(git: Git, base: string, target: string): Promise<string> {
  return (await isAncestor(git, base, target).catch(() => false)) ? target : base;
}

/** Keeps what was reviewed; see the port. */
export async function keepReviewed(
  git: Git,
  repository: Repository,
  work: BranchWork,
  target: string | null,
): Promise<KeptReview> {
  const [tip = null] = await resolveCommits(git, [branchRef(work.branch)]);
  if (tip !== null && tip !== work.tip) return { kind: 'elsewhere', tip };
  const own = await findOwnChanges(git, repository, work, target);
  await git.run(['update-ref', reviewedRef(work.id), work.tip], { config: ['core.fsync=all'] });
  return { kind: 'kept', base: own?.from ?? work.base };
}

/** What to compare a task's commit with to see what changed since a review. */
export interface SinceReview {
  /** A commit or a tree. */
  readonly from: string;
  /** What the base brought is in the comparison as well. */
  readonly isWithBase: boolean;
}

/**
 * What was reviewed, as it would be on the base of now: so that only what the agent did since is different. Null where it is
 * gone.
 */
export async function findSinceReview(
  git: Git,
  reviewed: { readonly commit: string; readonly base: string },
  { from }: OwnChanges,
): Promise<SinceReview | null> {
  const [commit = null, base = null] = await resolveReadable(git, [reviewed.commit, reviewed.base]);
  if (commit === null) return null;
  if (base === from) return { from: commit, isWithBase: false };
  if (base === null) return { from: commit, isWithBase: true };
  const merge = await withAttributesOf(git, from, (mergeTrees) =>
    moveChange(git, mergeTrees, base, commit, `${from}^{tree}`),
  );
  return merge.kind === 'clean' ? { from: merge.tree, isWithBase: false } : { from: commit, isWithBase: true };
}
