/**
 * Finds the commit that a task starts from: it contains the work of all the task's dependencies.
 *
 *   no dependency, or all of them in the start already   the start; see `merged-work` for what is in it
 *   one that is not                                      its tip
 *   several                                              a merge of their tips, made in the object store alone
 *   some in the start, and others without those          a merge of the start and their tips
 *
 * A conflict is never skipped: it is returned with both sides and the files, unless it was resolved before. How files are
 * merged is for the start to say, and not for what agents wrote.
 */
import type { BaseConflict } from '../../domain/base-conflict.ts';
import type { BaseRequest, Handoff } from '../../domain/effect.ts';
import { failure, success, type Result } from '../../domain/result.ts';
import type { TaskId } from '../../domain/task.ts';
import type { Branches } from './branches.ts';
import { commitTree } from './commit.ts';
import type { Git } from './git.ts';
import { taskError } from './git-errors.ts';
import { withAttributesOf, type MergeTrees, type TreeMerge } from './merge-trees.ts';
import type { MergedWork } from './merged-work.ts';
import { baseRef, branchRef, doneRef, isAncestor, resolveCommits } from './refs.ts';
import { findResolution, makeConflict } from './resolutions.ts';

/** One dependency's work. */
interface Side {
  readonly label: string;
  readonly commit: string;
  /** The commit that it began at, or null. */
  readonly from: string | null;
}

/**
 * Finds or makes the base; `branches` are those that there are. No git process where the start is a branch and there
 * are no dependencies, one with a dependency. Throws PortError with `setup-failed` where the start or a dependency's
 * work is unknown.
 */
export async function resolveBase(
  git: Git,
  merged: MergedWork,
  request: BaseRequest,
  branches: Branches,
): Promise<Result<{ readonly commit: string }, BaseConflict>> {
  const { start, sides } = await findCommits(git, request, branches);
  for (const dependency of request.dependencies) await tellRewritten(git, request.task, dependency, branches);
  const remaining = await dropContained(
    git,
    merged,
    { label: request.start ?? 'HEAD', commit: start, from: null },
    sides,
  );
  const [first, ...others] = remaining;
  if (first === undefined) return success({ commit: start });
  if (others.length === 0) return success({ commit: first.commit });
  return withAttributesOf(git, start, (mergeTrees) => mergeSides(git, mergeTrees, request.task, [first, ...others]));
}

async function findCommits(
  git: Git,
  request: BaseRequest,
  branches: Branches,
): Promise<{ start: string; sides: readonly Side[] }> {
  const starts = request.start === null ? ['HEAD'] : [branchRef(request.start), request.start];
  // A report is no commit; but of a task whose verdict is not known, the ref alone says whether it left any.
  const dependencies = request.dependencies.filter((each) => isWork(each) || each.report === null);
  const candidates = dependencies.map((dependency) => [
    ...(dependency.branch === null ? [] : [branchRef(dependency.branch)]),
    ...(dependency.tip === null ? [] : [dependency.tip]),
    doneRef(dependency.id),
  ]);
  // The first name is a branch's as a rule, and known; git is asked only where it is not.
  const isKnown = ([first = '']: readonly string[]): boolean => branches.has(first);
  const asked = [starts, ...candidates].filter((names) => !isKnown(names)).flat();
  const found = await resolveCommits(git, asked);
  let read = 0;
  const firstOf = (names: readonly string[]): string | null => {
    if (isKnown(names)) return branches.get(names[0] ?? '') ?? null;
    const commits = found.slice(read, read + names.length);
    read += names.length;
    return commits.find((commit) => commit !== null) ?? null;
  };
  const start = firstOf(starts);
  if (start === null) throw startUnknown(request.start);
  const sides = dependencies.flatMap((dependency, index): readonly Side[] => {
    const commit = firstOf(candidates[index] ?? []);
    if (commit !== null) return [{ label: dependency.branch ?? dependency.id, commit, from: dependency.base }];
    if (isWork(dependency)) throw workMissing(request.task, dependency);
    return [];
  });
  return { start, sides };
}

/** A branch that no longer holds what was recorded when its task was done was rewritten, which only its user knows the reason of. */
async function tellRewritten(git: Git, task: TaskId, { branch, tip }: Handoff, branches: Branches): Promise<void> {
  const now = branch === null ? undefined : branches.get(branchRef(branch));
  if (branch === null || tip === null || now === undefined || now === tip) return;
  if (await isAncestor(git, tip, now).catch(() => true)) return;
  git.notice(
    `${task} starts from ${branch} as it is now, at ${now.slice(0, 12)}; it no longer holds ${tip.slice(0, 12)}, which it was at when its task was done.`,
  );
}

/** Whether a dependency is known to have left commits. */
function isWork({ branch, tip }: Handoff): boolean {
  return branch !== null || tip !== null;
}

function startUnknown(start: string | null): Error {
  return taskError(
    'setup-failed',
    start === null
      ? 'The repository has no commit to start from. Make one first: git add -A && git commit -m "First commit"'
      : `The base "${start}" is no branch, tag or commit of this repository. \`git branch --all\` lists the branches; correct \`base\` in the task or in config.yaml.`,
  );
}

function workMissing(task: TaskId, dependency: Handoff): Error {
  const { id, branch, tip } = dependency;
  return taskError(
    'setup-failed',
    `The work of ${id}, which ${task} depends on, can't be found: there is no ${branch === null ? '' : `branch ${branch}, no `}ref ${doneRef(id)} and no commit ${tip ?? '(none was recorded)'}. Run ${id} again, or take it out of \`depends_on\`.`,
  );
}

/**
 * The sides whose work is neither in the start nor in another side, in their order, each once; before them the start
 * itself, where a side is in it and in none of them.
 */
async function dropContained(
  git: Git,
  merged: MergedWork,
  start: Side,
  sides: readonly Side[],
): Promise<readonly Side[]> {
  const unique = new Map<string, Side>();
  for (const side of sides) {
    if (side.commit !== start.commit && !unique.has(side.commit)) unique.set(side.commit, side);
  }
  if (unique.size === 0) return [];
  const independent = await listIndependent(git, [start.commit, ...unique.keys()]);
  const isStartBeside = independent.has(start.commit);
  const remaining: Side[] = [];
  for (const side of unique.values()) {
    if (!independent.has(side.commit)) continue;
    const isIn = isStartBeside && (await merged.isIn(start.commit, { tip: side.commit, base: side.from }));
    if (isIn) independent.delete(side.commit);
    else remaining.push(side);
  }
  const dropped = sides
    .map(({ commit }) => commit)
    .filter((commit) => !independent.has(commit) || commit === start.commit);
  if (remaining.length === 0 || dropped.length === 0 || !isStartBeside) return remaining;
  const left = await listIndependent(git, [...remaining.map(({ commit }) => commit), ...dropped]);
  return dropped.some((commit) => left.has(commit)) ? [start, ...remaining] : remaining;
}

/** Those of the commits that no other of them contains. */
async function listIndependent(git: Git, commits: readonly string[]): Promise<Set<string>> {
  return new Set((await git.run(['merge-base', '--independent', ...commits])).split('\n'));
}

async function mergeSides(
  git: Git,
  mergeTrees: MergeTrees,
  task: TaskId,
  sides: readonly [Side, ...Side[]],
): Promise<Result<{ readonly commit: string }, BaseConflict>> {
  const [first, ...others] = sides;
  const message = `Merge work of ${sides.map(({ label }) => label).join(', ')} for ${task}`;
  const date = await newestDate(git, sides);
  let merged = first.commit;
  for (const [index, side] of others.entries()) {
    const merge = await mergeWork(mergeTrees, merged, side.commit);
    if (merge.kind === 'conflict') {
      const before = sides.slice(0, index + 1);
      const opponent = await nameOpponent(mergeTrees, before, side, merge.files);
      const both: BaseConflict['sides'] = [opponent, side.label];
      const parents = [merged, side.commit];
      // Not of the sides to come: a task that has no more than these is to meet the same conflict.
      const at = await newestDate(git, sides.slice(0, index + 2));
      const commit = await makeConflict(git, { tree: merge.tree, parents, sides: both, date: at });
      const resolution = await findResolution(git, commit);
      if (resolution === null) return failure({ sides: both, files: merge.files, commit });
      merged = resolution;
      continue;
    }
    merged = await commitTree(git, { tree: merge.tree, parents: [merged, side.commit], message, date });
  }
  await git.run(['update-ref', baseRef(task), merged], { config: ['core.fsync=all'] });
  return success({ commit: merged });
}

/** The newest of the commits' dates, in seconds since the epoch: the merge's own, so that it is the same each time. */
async function newestDate(git: Git, sides: readonly Side[]): Promise<number> {
  const commits = sides.map(({ commit }) => commit);
  const output = await git.run(['log', '--no-walk', '--no-show-signature', '--format=%ct', ...commits, '--']);
  return Math.max(0, ...output.trim().split('\n').map(Number));
}

/** The merged tree, or the files in conflict. */
async function mergeWork(
  mergeTrees: MergeTrees,
  ours: string,
  theirs: string,
): Promise<Exclude<TreeMerge, { kind: 'impossible' }>> {
  const merge = await mergeTrees(ours, theirs);
  if (merge.kind !== 'impossible') return merge;
  throw taskError('dependency-conflict', `The work of the dependencies can't be merged: ${merge.why}`);
}

/** Which of the sides merged so far the new one is in conflict with; all of them where no single one is. */
async function nameOpponent(
  mergeTrees: MergeTrees,
  before: readonly Side[],
  side: Side,
  files: readonly string[],
): Promise<string> {
  if (before.length > 1) {
    for (const candidate of before) {
      const merge = await mergeWork(mergeTrees, candidate.commit, side.commit);
      if (merge.kind === 'conflict' && merge.files.some((file) => files.includes(file))) return candidate.label;
    }
  }
  return before.map(({ label }) => label).join(' + ');
}
