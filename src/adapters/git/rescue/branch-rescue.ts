/**
 * Lists all that the runs of a task ever had, wherever it is, and makes a branch of one of them.
 *
 *   refs/branchboard/…   what the board kept: see `refs.ts`
 *   branches             those that the task's runs were planned on
 *   worktrees            where HEAD is, and files that are not committed; also in folders that were put aside
 *   logs                 commits that a branch or a worktree's HEAD was on before
 *   facts                tips that the records of runs name
 *   nothing              commits that are on their way out of the repository
 *
 * Reading changes nothing in the repository, and a damaged commit only hides itself. No git process changes anything
 * but the new branch, so that a board may run meanwhile.
 */
import type { Diffstat } from '../../../domain/run.ts';
import type { TaskId } from '../../../domain/task.ts';
import { PortError } from '../../../ports.ts';
import { chooseBranch, listBeyond, listBranches, type Branches } from '../branches.ts';
import type { Git } from '../git.ts';
import { findRecord, hasMark } from '../record.ts';
import { branchRef, resolveReadable } from '../refs.ts';
import { describeCommits } from './stray-commits.ts';
import { listSightings, type FindingKind, type RescueRequest, type Sighting } from './sightings.ts';
import type { Repository } from '../repository.ts';
import { takeSnapshot } from '../worktree/folder-snapshot.ts';
import { snapshotFolder } from '../worktree/loose-folder.ts';

/** A commit that was found in several places is called by the first of these. */
const ranks: readonly FindingKind[] = [
  'run',
  'left',
  'done',
  'branch',
  'recorded',
  'logged',
  'worktree',
  'aside',
  'base',
];

/** A commit that a run had, and where it was found. */
export interface Finding {
  /** A short name to pick it by. */
  readonly name: string;
  readonly kind: FindingKind;
  /** The run it is of, where that is known. */
  readonly run: number | null;
  /** It is of an earlier task of the same id. */
  readonly isEarlier: boolean;
  readonly commit: string;
  /** Where it was found: refs, folders and files. */
  readonly places: readonly string[];
  /** Milliseconds since the epoch. */
  readonly date: number;
  readonly subject: string;
  /** Against the run's base; null where there is no base any more. */
  readonly changes: Diffstat | null;
  /** Whether a branch contains the commit. */
  readonly isOnBranch: boolean;
  /** Paths that are not committed, in `folder`; empty but for `worktree` and `aside`. */
  readonly uncommitted: readonly string[];
  /** The folder that was looked into; null but for `worktree` and `aside`. */
  readonly folder: string | null;
  /** What it was started from, or null. */
  readonly base: string | null;
}

/** Everything that is found, newest first and what nothing names last, each commit once. Throws PortError if git fails. */
export async function listFindings(
  git: Git,
  repository: Repository,
  request: RescueRequest,
): Promise<readonly Finding[]> {
  const branches = await listBranches(git);
  const sightings = await listSightings(git, repository, request, branches);
  const commits = await resolveReadable(
    git,
    sightings.map(({ commit }) => commit),
  );
  const bases = new Set(request.runs.map(({ workspace }) => workspace.base));
  const groups = new Map<string, Sighting[]>();
  for (const [index, sighting] of sightings.entries()) {
    const commit = commits[index] ?? null;
    // What it started from is not its work.
    if (commit === null || (bases.has(commit) && (sighting.uncommitted ?? []).length === 0)) continue;
    // Files that are not committed are a finding of their own.
    const key = (sighting.uncommitted ?? []).length > 0 ? `${commit} ${sighting.place}` : commit;
    groups.set(key, [...(groups.get(key) ?? []), { ...sighting, commit }]);
  }
  const ranked = [...groups.values()].map((group) =>
    group.sort((a, b) => ranks.indexOf(a.kind) - ranks.indexOf(b.kind)),
  );
  return describe(git, request, ranked, branches);
}

/**
 * Makes a branch of a finding; what is not committed is committed for it, the worktree staying as it is. `wish` is the
 * branch's name, or null for one that is free. Throws PortError where there is such a branch or it can't be made.
 */
export async function restoreFinding(
  git: Git,
  repository: Repository,
  task: TaskId,
  finding: Finding,
  wish: string | null,
): Promise<{ readonly branch: string; readonly commit: string }> {
  const branches = await listBranches(git);
  const branch = wish ?? chooseBranch('rescue/', `${task}-${finding.name}`, branches);
  if ((await git.attempt(['check-ref-format', '--branch', branch])).exitCode !== 0) {
    throw new PortError(`"${branch}" can't be a branch's name. Letters, digits, - and / are safe.`);
  }
  if (branches.has(branchRef(branch))) {
    throw new PortError(`There is a branch ${branch} already. Choose another name: --branch NAME`);
  }
  const commit = (await commitFiles(git, repository, task, finding)) ?? finding.commit;
  const input = `create ${branchRef(branch)} ${commit}\n`;
  await git.serialise(() => git.run(['update-ref', '--stdin'], { input, config: ['core.fsync=all'] }));
  return { branch, commit };
}

async function commitFiles(git: Git, repository: Repository, task: TaskId, finding: Finding): Promise<string | null> {
  const { folder, commit, uncommitted } = finding;
  if (folder === null || uncommitted.length === 0) return null;
  const record = await findRecord(repository, folder);
  const message = `branchboard: files of ${task} that were not committed`;
  if (record === null) return snapshotFolder(git, repository, { path: folder, commit }, message);
  const removals = await hasMark(record, 'ready');
  return takeSnapshot(git, { path: folder, place: { record }, head: commit, removals, dirty: uncommitted, message });
}

async function describe(
  git: Git,
  request: RescueRequest,
  groups: readonly (readonly Sighting[])[],
  branches: Branches,
): Promise<readonly Finding[]> {
  const asked = groups.flatMap(([first]) => (first === undefined ? [] : [{ commit: first.commit, base: first.base }]));
  const described = await describeCommits(git, asked);
  const unheld = await listBeyond(
    git,
    asked.map(({ commit }) => commit),
    [...new Set(branches.values())],
  );
  const isLost = (index: number): boolean => groups[index]?.[0]?.kind === 'unreachable';
  // What is kept twice leaves a commit behind that nothing names and that holds nothing else.
  const held = new Set(described.flatMap((facts, index) => (facts === null || isLost(index) ? [] : [facts.tree])));
  const names = new Set<string>();
  const findings = groups.flatMap((group, index): Finding[] => {
    const [first] = group;
    const facts = described[index] ?? null;
    if (first === undefined || facts === null) return [];
    const { tree, ...told } = facts;
    if (isLost(index) && held.has(tree)) return [];
    // Git tells whole seconds.
    const isEarlier = first.isEarlier || (request.since !== null && facts.date + 1_000 <= request.since);
    return [
      {
        name: chooseName(names, isEarlier && !first.name.startsWith('earlier-') ? `earlier-${first.name}` : first.name),
        kind: first.kind,
        run: group.find(({ run }) => run !== null)?.run ?? null,
        isEarlier,
        commit: first.commit,
        places: [...new Set(group.map(({ place }) => place))],
        ...told,
        isOnBranch: (first.uncommitted ?? []).length === 0 && !unheld.has(first.commit),
        uncommitted: first.uncommitted ?? [],
        folder: first.folder ?? null,
        base: first.base,
      },
    ];
  });
  const isLast = ({ kind }: Finding): number => (kind === 'unreachable' ? 1 : 0);
  return findings.sort(
    (a, b) => isLast(a) - isLast(b) || b.uncommitted.length - a.uncommitted.length || b.date - a.date,
  );
}

function chooseName(taken: Set<string>, wish: string): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wish : `${wish}-${String(number)}`;
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}
