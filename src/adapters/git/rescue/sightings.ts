/**
 * Where commits of a task's runs are named: the board's refs, branches, worktrees, logs, and the records of runs. What
 * is named may be gone, damaged, or named twice.
 */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { RunId, Workspace } from '../../../domain/run.ts';
import { keyOf, type TaskId } from '../../../domain/task.ts';
import type { Branches } from '../branches.ts';
import { isFolder } from '../../machine/file-presence.ts';
import type { Git } from '../git.ts';
import { findClaim, findRecord } from '../record.ts';
import { branchLog, headLog, listLogged, readReflog } from '../reflog.ts';
import { branchRef } from '../refs.ts';
import { listUnreachable } from './unreachable-commits.ts';
import type { Repository } from '../repository.ts';
import { listDifferences, type LooseFolder } from '../worktree/loose-folder.ts';
import { readStatus } from '../worktree/worktree-status.ts';

/** Commits of one log that are looked at. */
const maxLogged = 200;

/** What a finding is. */
export type FindingKind =
  'worktree' | 'aside' | 'branch' | 'done' | 'run' | 'left' | 'logged' | 'recorded' | 'base' | 'unreachable';

/** What is known of a run from its facts. */
export interface RescueRun extends RunId {
  /** Milliseconds since the epoch. */
  readonly plannedAt: number;
  readonly workspace: Workspace;
  /** The commit that was found at its end, or null. */
  readonly tip: string | null;
  /** The run belongs to an earlier task of the same id. */
  readonly isEarlier: boolean;
}

/** What to look for. */
export interface RescueRequest {
  readonly task: TaskId;
  /** Oldest first. */
  readonly runs: readonly RescueRun[];
  /** Branches and folders that the task would have, where no run says so. */
  readonly branch: string;
  readonly path: string;
  /** When the task's first run was planned, if there was an earlier task of this id; milliseconds since the epoch. */
  readonly since: number | null;
}

/** A place that names a commit. */
export interface Sighting {
  readonly kind: FindingKind;
  readonly name: string;
  readonly run: number | null;
  readonly place: string;
  /** A commit or a ref. */
  readonly commit: string;
  readonly base: string | null;
  readonly isEarlier: boolean;
  readonly uncommitted?: readonly string[];
  readonly folder?: string;
}

/** All places that name a commit of the task. One git process for the refs and one for each worktree. */
export async function listSightings(
  git: Git,
  repository: Repository,
  request: RescueRequest,
  branches: Branches,
): Promise<readonly Sighting[]> {
  return [
    ...(await sightFolders(git, repository, request, branches)),
    ...(await sightKept(git, request)),
    ...sightBranches(branches, request),
    ...sightRecorded(request),
    ...(await sightLogged(repository, request)),
    ...(await sightUnreachable(git, request)),
  ];
}

/** The refs of the board, whatever the case of the id in them. */
async function sightKept(git: Git, request: RescueRequest): Promise<readonly Sighting[]> {
  const output = await git.run(['for-each-ref', '--format=%(refname)', 'refs/branchboard']);
  return output.split('\n').flatMap((ref): Sighting[] => {
    const [, , folder, id, rest = ''] = ref.split('/');
    if (id === undefined || keyOf(id as TaskId) !== keyOf(request.task)) return [];
    const run = /^\d+/.exec(rest)?.[0] ?? null;
    const number = run === null ? null : Number(run);
    const sighting = { run: number, place: ref, commit: ref, base: baseOf(request, number), isEarlier: false };
    if (folder === 'kept') return [{ ...sighting, kind: 'run', name: `run-${rest}` }];
    if (folder === 'left') return [{ ...sighting, kind: 'left', name: `left-${rest}` }];
    if (folder === 'done') return [{ ...sighting, kind: 'done', name: 'done' }];
    if (folder === 'base') return [{ ...sighting, kind: 'base', name: 'base', base: null }];
    return [];
  });
}

function sightBranches(branches: Branches, request: RescueRequest): readonly Sighting[] {
  return listWorkspaces(request).flatMap(({ branch, base, isEarlier }): Sighting[] => {
    const ref = branch === null ? '' : branchRef(branch);
    const tip = branches.get(ref);
    if (tip === undefined) return [];
    return [{ kind: 'branch', name: 'branch', run: null, place: ref, commit: tip, base, isEarlier }];
  });
}

function sightRecorded(request: RescueRequest): readonly Sighting[] {
  return request.runs.flatMap(({ n, tip, workspace, isEarlier }): Sighting[] => {
    if (tip === null) return [];
    const place = `the record of run ${String(n)}`;
    const name = `run-${String(n)}-tip`;
    return [{ kind: 'recorded', name, run: n, place, commit: tip, base: workspace.base, isEarlier }];
  });
}

/** Worktrees, folders that were put aside for them, and folders that have lost their record. */
async function sightFolders(
  git: Git,
  repository: Repository,
  request: RescueRequest,
  branches: Branches,
): Promise<readonly Sighting[]> {
  const sightings: Sighting[] = [];
  for (const { branch, path, base, isEarlier } of listWorkspaces(request)) {
    const tip = branches.get(branch === null ? '' : branchRef(branch)) ?? base ?? repository.commit;
    for (const folder of await listFolders(path)) {
      const found = await lookInto(git, repository, { path: folder, commit: tip }).catch(() => null);
      if (found === null) continue;
      const what = folder === path ? ({ kind: 'worktree', name: 'worktree' } as const) : asideOf(path, folder);
      sightings.push({ ...what, ...found, run: null, place: folder, base, isEarlier, folder });
    }
  }
  return sightings;
}

async function listFolders(path: string): Promise<readonly string[]> {
  const beside = await readdir(dirname(path)).catch(() => []);
  const aside = beside.filter((name) => name.startsWith(`${basename(path)}.aside-`)).sort();
  return [path, ...aside.map((name) => join(dirname(path), name))];
}

function asideOf(path: string, folder: string): Pick<Sighting, 'kind' | 'name'> {
  return { kind: 'aside', name: basename(folder).slice(`${basename(path)}.`.length) };
}

/** Where the folder's HEAD is and what it holds besides; null where it holds nothing of its own. */
async function lookInto(
  git: Git,
  repository: Repository,
  folder: LooseFolder,
): Promise<Pick<Sighting, 'commit' | 'uncommitted'> | null> {
  if ((await findRecord(repository, folder.path)) !== null) {
    const { head, dirty } = await readStatus(git, folder.path, true);
    return head === null ? null : { commit: head, uncommitted: dirty };
  }
  if (!(await isFolder(folder.path))) return null;
  const uncommitted = await listDifferences(git, repository, folder);
  return uncommitted.length === 0 ? null : { commit: folder.commit, uncommitted };
}

async function sightLogged(repository: Repository, request: RescueRequest): Promise<readonly Sighting[]> {
  const sightings: Sighting[] = [];
  for (const { branch, path, base, isEarlier } of listWorkspaces(request)) {
    const record = (await findRecord(repository, path)) ?? (await findClaim(repository, path));
    const logs = [
      ...(record === null ? [] : [{ log: headLog(record), place: `the log of the worktree ${basename(record)}` }]),
      ...(branch === null ? [] : [{ log: branchLog(repository, branch), place: `the log of ${branch}` }]),
    ];
    for (const { log, place } of logs) {
      const logged = listLogged(await readReflog(log)).slice(0, maxLogged);
      for (const commit of logged) {
        sightings.push({
          kind: 'logged',
          name: `log-${commit.slice(0, 7)}`,
          run: null,
          place,
          commit,
          base,
          isEarlier,
        });
      }
    }
  }
  return sightings;
}

/** What nothing names, but may be of the task: it was committed since its first run, on top of what a run started from. */
async function sightUnreachable(git: Git, { runs }: RescueRequest): Promise<readonly Sighting[]> {
  const bases = [...new Set(runs.map(({ workspace }) => workspace.base))];
  const found = await listUnreachable(git, bases, Math.min(...runs.map(({ plannedAt }) => plannedAt)));
  return found.map(({ commit, base }) => ({
    kind: 'unreachable',
    name: `lost-${commit.slice(0, 7)}`,
    run: null,
    place: 'named by nothing (git fsck)',
    commit,
    base,
    isEarlier: false,
  }));
}

interface KnownWorkspace {
  readonly branch: string | null;
  readonly path: string;
  readonly base: string | null;
  readonly isEarlier: boolean;
}

/** Where the task's runs were, the newest first; where it would have been, if no run is known. */
function listWorkspaces(request: RescueRequest): readonly KnownWorkspace[] {
  const guess: KnownWorkspace = { branch: request.branch, path: request.path, base: null, isEarlier: false };
  if (request.runs.length === 0) return [guess];
  const known = new Map<string, KnownWorkspace>();
  for (const { workspace, isEarlier } of [...request.runs].reverse()) {
    const { path, base } = workspace;
    if (known.has(path)) continue;
    known.set(path, { branch: workspace.kind === 'branch' ? workspace.branch : null, path, base, isEarlier });
  }
  return [...known.values()];
}

/** What run N of the task was started from; the last one's for a run that is not known. */
function baseOf({ runs }: RescueRequest, n: number | null): string | null {
  const found = runs.findLast((run) => !run.isEarlier && run.n === n) ?? runs.at(-1);
  return found?.workspace.base ?? null;
}
