/**
 * Lists what the board kept of a task's runs, and makes a branch of one: the refs below `refs/branchboard/` (see
 * `refs.ts`), the worktree, and the folders that were put aside. A damaged commit hides itself only. Nothing changes
 * but the new branch, so that a board may run meanwhile.
 */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { keyOf, type TaskId } from '../../../domain/task.ts';
import { PortError } from '../../../ports.ts';
import { isFolder } from '../../machine/file-presence.ts';
import { chooseBranch, listBeyond, listBranches, type Branches } from '../branches.ts';
import type { Git } from '../git.ts';
import { findRecord, inWorktree } from '../record.ts';
import { branchRef, resolveReadable } from '../refs.ts';
import type { Repository } from '../repository.ts';
import { listDifferences, snapshotFolder } from './loose-folder.ts';

/** A commit that was kept, or a folder with files beyond its commit. */
export interface KeptWork {
  /** A short name to pick it by: `discarded`, `run-1`, `left-1-…`, `done`, `base`, `worktree`, `aside-1`. */
  readonly name: string;
  /** The ref, or the folder. */
  readonly place: string;
  /** For a folder, the one that its files were compared with. */
  readonly commit: string;
  /** Paths in the folder that the commit has not; empty for a ref. */
  readonly uncommitted: readonly string[];
  /** When it was committed, as ISO 8601. */
  readonly date: string;
  readonly subject: string;
  /** Whether a branch holds all of it. */
  readonly isOnBranch: boolean;
}

type Place = Pick<KeptWork, 'name' | 'place' | 'commit' | 'uncommitted'>;

/** The label of each kind of ref; a commit that several name gets the first. */
const names: readonly (readonly [kind: string, name: string])[] = [
  ['rescue', 'discarded'],
  ['kept', 'run-'],
  ['left', 'left-'],
  ['done', 'done'],
  ['base', 'base'],
];

/**
 * Everything that was kept: files that are not committed first, then by date, newest first. `paths` are where the
 * task's worktrees are or were. Throws PortError if git fails.
 */
export async function listKept(
  git: Git,
  repository: Repository,
  task: TaskId,
  paths: readonly string[],
): Promise<readonly KeptWork[]> {
  const refs = await listRefs(git, task);
  const folders = await listFolders(git, repository, paths, refs[0]?.commit ?? repository.commit);
  const branches = await listBranches(git);
  return describe(git, [...refs, ...folders], branches);
}

/**
 * Makes a branch of kept work; a folder's files are committed for it, and the folder stays as it is. `wish` is the
 * branch's name, or null for a free one. Throws PortError where there is such a branch or it can't be made.
 */
export async function restoreKept(
  git: Git,
  repository: Repository,
  task: TaskId,
  { name, place, commit, uncommitted }: KeptWork,
  wish: string | null,
): Promise<{ readonly branch: string; readonly commit: string }> {
  const branches = await listBranches(git);
  const branch = wish ?? chooseBranch('rescue/', `${task}-${name}`, branches);
  if ((await git.attempt(['check-ref-format', '--branch', branch])).exitCode !== 0) {
    throw new PortError(`"${branch}" can't be a branch's name. Letters, digits, - and / are safe.`);
  }
  if (branches.has(branchRef(branch))) {
    throw new PortError(`There is a branch ${branch} already. Choose another name: --branch NAME`);
  }
  const message = `branchboard: files of ${task} that were not committed`;
  const files = uncommitted.length === 0 ? null : snapshotFolder(git, repository, { path: place, commit }, message);
  const tip = (await files) ?? commit;
  const input = `create ${branchRef(branch)} ${tip}\n`;
  await git.serialise(() => git.run(['update-ref', '--stdin'], { input, config: ['core.fsync=all'] }));
  return { branch, commit: tip };
}

/** The task's refs, whatever the case of the id in them; the newest run first. */
async function listRefs(git: Git, task: TaskId): Promise<readonly Place[]> {
  const listed = await git.run(['for-each-ref', '--sort=-version:refname', '--format=%(refname)', 'refs/branchboard']);
  const all = listed.split('\n').filter((ref) => keyOf((ref.split('/')[3] ?? '') as TaskId) === keyOf(task));
  const commits = await resolveReadable(git, all);
  return names.flatMap(([kind, prefix]) =>
    all.flatMap((place, index) => {
      const [, , found, , ...rest] = place.split('/');
      const commit = commits[index] ?? null;
      return found === kind && commit !== null
        ? [{ name: prefix + rest.join('-'), place, commit, uncommitted: [] }]
        : [];
    }),
  );
}

/** The worktrees and put-aside folders, with their content; a folder without a record is compared with `commit`. */
async function listFolders(
  git: Git,
  repository: Repository,
  paths: readonly string[],
  commit: string,
): Promise<readonly Place[]> {
  const found: Place[] = [];
  for (const path of paths) {
    const beside = await readdir(dirname(path)).catch(() => []);
    for (const folder of beside) {
      const aside = folder.startsWith(`${basename(path)}.aside-`) ? folder.slice(basename(path).length + 1) : null;
      const name = folder === basename(path) ? 'worktree' : aside;
      const place = join(dirname(path), folder);
      if (name === null || !(await isFolder(place))) continue;
      const isWorktree = (await findRecord(repository, place)) !== null;
      const [head = null] = isWorktree ? await resolveReadable(git, ['HEAD'], inWorktree(place)) : [];
      const held = { path: place, commit: head ?? commit };
      const uncommitted = await listDifferences(git, repository, held).catch(() => []);
      if (uncommitted.length > 0 || head !== null) found.push({ name, place, commit: held.commit, uncommitted });
    }
  }
  return found;
}

async function describe(git: Git, places: readonly Place[], branches: Branches): Promise<readonly KeptWork[]> {
  const commits = [...new Set(places.map(({ commit }) => commit))];
  if (commits.length === 0) return [];
  const beyond = await listBeyond(git, commits, [...new Set(branches.values())]);
  const args = ['log', '--no-walk=sorted', '--no-show-signature', '--format=%H%x00%cI%x00%s', '--stdin'];
  const lines = (await git.run(args, { input: commits.map((commit) => `${commit}\n`).join('') })).split('\n');
  const seen = new Set<string>();
  const found = lines.flatMap((line) => {
    const [id = '', date = '', subject = ''] = line.split('\0');
    return places.flatMap((place): KeptWork[] => {
      if (place.commit !== id) return [];
      if (place.uncommitted.length > 0) return [{ ...place, date, subject, isOnBranch: false }];
      const isOnBranch = !beyond.has(id);
      // A clean worktree on a branch holds nothing that the branch does not.
      if (seen.has(id) || (isOnBranch && !place.place.startsWith('refs/'))) return [];
      seen.add(id);
      return [{ ...place, date, subject, isOnBranch }];
    });
  });
  return found.sort((a, b) => Math.sign(b.uncommitted.length) - Math.sign(a.uncommitted.length));
}
