/**
 * Merges a task's branch into its target. What is merged is made in the object store alone, so that a conflict costs nothing;
 * then the target moves from the commit that it was merged with, and from no other. Where it is checked out, git moves
 * branch, index and files together, as `git merge --ff-only` does, and refuses where that would overwrite the user's own.
 */
import { quote } from 'shell-quote';
import type {
  MergeAttempt,
  MergeOutcome,
  MergeRequest,
  PreparedMerge,
  TargetMove,
} from '../../domain/merge-request.ts';
import { findBusy } from './busy-branch.ts';
import { commitTree } from './commit.ts';
import type { Git } from './git.ts';
import { quote as quoteGit } from './git-errors.ts';
import { withAttributesOf } from './merge-trees.ts';
import type { MergedWork } from './merged-work.ts';
import { branchRef, doneRef, readBranch, readTrees, resolveCommits } from './refs.ts';
import { replayCommits } from './replay.ts';
import type { Repository } from './repository.ts';
import { listWhatRuns } from './what-runs.ts';

const durable = { config: ['core.fsync=all'] } as const;

type Refused = Extract<MergeOutcome, { readonly kind: 'refused' }>;
type NotMade = Exclude<MergeAttempt, PreparedMerge>;

/**
 * Makes the commit that the target is to be at; nothing refers to it yet. Throws PortError where git fails. Nothing is
 * merged that is not the commit which was seen, and nothing that brings what runs without a second yes.
 */
export async function prepareMerge(git: Git, merged: MergedWork, request: MergeRequest): Promise<MergeAttempt> {
  const { target } = request;
  const names = [branchRef(target), branchRef(request.branch), doneRef(request.task), request.commit];
  const found = await resolveCommits(git, [...names, request.checked ?? '']);
  const [before = null, branchTip = null, done = null, seen = null, checked = null] = found;
  // Of a branch that was deleted the work is what it was when its task was done.
  const tip = branchTip ?? done;
  if (before === null) {
    const hint = 'Name a branch as `base` in .orchestrator/config.yaml.';
    return refuse(`${target} is no branch, so that nothing can be merged into it`, hint);
  }
  if (seen === null || (tip !== null && tip !== seen)) {
    const where = branchTip === null ? 'is gone' : `is at ${branchTip.slice(0, 10)} by now`;
    const now = branchTip === null && done !== null ? `is gone, and its work is ${done.slice(0, 10)}` : where;
    return refuse(`${request.branch} ${now}`, `Look at it, then ask again: branchboard diff ${request.task}`);
  }
  // By the same judgement by which the board finds merges that were made by hand.
  if (await merged.isIn(before, { tip: seen, base: request.base })) return { kind: 'contained', target };
  const sides = { target, before, seen };
  const after =
    request.way === 'rebase' ? await replay(git, merged, request, sides) : await combine(git, request, sides);
  if (typeof after !== 'string') return after;
  const [treeBefore, treeAfter, treeChecked] = await readTrees(git, before, after, checked ?? before);
  if (treeAfter === treeBefore) return { kind: 'contained', target };
  const whatRuns = request.whatRuns ? [] : await listWhatRuns(git, before, after);
  if (whatRuns.length > 0) {
    const hint = `Look at that first: branchboard diff ${request.task}. Then: branchboard merge ${request.task} --what-runs`;
    return refuse(`changes what runs on your machine: ${whatRuns.join(', ')}`, hint);
  }
  return { kind: 'prepared', target, before, after, isSameTree: checked !== null && treeAfter === treeChecked };
}

/** The branch's commit that was seen, and the target with the commit that it is at. */
interface Sides {
  readonly target: string;
  readonly before: string;
  readonly seen: string;
}

/** One commit of both sides, or why there is none. */
async function combine(git: Git, request: MergeRequest, { target, before, seen }: Sides): Promise<string | NotMade> {
  const merge = await withAttributesOf(git, before, (mergeTrees) => mergeTrees(before, seen));
  if (merge.kind === 'impossible') return refuse(`it can't be merged: ${merge.why}`, `git merge ${request.branch}`);
  if (merge.kind === 'conflict') return { kind: 'conflict', target, files: merge.files, commit: null };
  const parents = request.way === 'merge' ? [before, seen] : [before];
  return commitTree(git, { tree: merge.tree, parents, message: request.message, date: null });
}

/** The last of the branch's own commits, made again on the target. What they build on is to be in there. */
async function replay(
  git: Git,
  merged: MergedWork,
  { task, branch, base }: MergeRequest,
  { target, before, seen }: Sides,
): Promise<string | NotMade> {
  const parted = await git.attempt(['merge-base', base ?? before, seen]);
  const from = parted.stdout.trim();
  if (parted.exitCode !== 0) return refuse(`it has no commit in common with ${target}`, `git log ${branch}`);
  if (!(await merged.isIn(before, { tip: from, base: null }))) {
    const why = `it builds on ${from.slice(0, 10)}, which is not in ${target}, and only its own commits would go there`;
    return refuse(why, `Merge what it depends on first; or all together: branchboard merge ${task}`);
  }
  const replayed = await replayCommits(git, { from, tip: seen, onto: before, trailer: `Task: ${task}` });
  if (replayed.kind === 'replayed') return replayed.tip;
  if (replayed.kind === 'conflict') return { ...replayed, target };
  return refuse(`its commits can't be made again: ${replayed.why}`, `As one: branchboard merge ${task} --squash`);
}

/** Moves the target, and its checkout with it. Throws PortError where git fails. */
export async function finishMerge(
  git: Git,
  repository: Repository,
  { target, before, after }: PreparedMerge,
): Promise<TargetMove> {
  const state = await readBranch(git, target);
  if (state === null) return { kind: 'moved' };
  const busy = await findBusy(repository, target);
  if (busy !== null) return refuse(`a ${busy} of ${target} is under way`, `End it, then merge again: git status`);
  const followed = state.checkedOutIn;
  const said =
    followed === null ? await moveRef(git, target, before, after) : await follow(git, followed, target, after);
  const now = await readBranch(git, target);
  if (now?.tip === after) return { kind: 'merged', target, commit: after, followed };
  if (now?.tip !== before) return { kind: 'moved' };
  if (followed === null) return refuse(said, 'See what git says: git status');
  return refuse(
    `${target} is checked out in ${followed}, which can't follow: ${said}`,
    `Commit your changes there or put them aside, then merge again: git -C ${quote([followed])} status`,
  );
}

async function moveRef(git: Git, target: string, before: string, after: string): Promise<string> {
  const args = ['update-ref', '-m', 'branchboard: merge', branchRef(target), after, before];
  const { stderr } = await git.serialise(() => git.attempt(args, durable));
  return quoteGit(stderr);
}

/** A file of the user's that is ignored is kept as well, and nothing is stashed. */
async function follow(git: Git, folder: string, target: string, after: string): Promise<string> {
  const { stdout } = await git.attempt(['symbolic-ref', '--quiet', 'HEAD'], { cwd: folder });
  if (stdout.trim() !== branchRef(target)) return `it is on another branch by now`;
  const how = [
    '--ff-only',
    '--no-autostash',
    '--no-overwrite-ignore',
    '--no-verify-signatures',
    '--no-stat',
    '--quiet',
  ];
  const { stderr } = await git.serialise(() => git.attempt(['merge', ...how, after], { cwd: folder, ...durable }));
  return quoteGit(stderr);
}

function refuse(why: string, hint: string): Refused {
  return { kind: 'refused', why, hint };
}
