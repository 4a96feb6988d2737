/**
 * Looks at the entries of a branch that only point elsewhere, since whoever takes the branch may get nothing with them:
 *
 *   a repository inside the worktree    added as a link to its commit (mode 160000), or not at all: none of its files
 *                                       is in the branch
 *   a submodule at a new commit         that may be in this worktree alone; it is kept under a ref then
 *   a symbolic link                     to a place outside of the repository
 *
 * No command reads the settings of a repository inside the worktree to run anything; of a submodule's own folder only
 * refs and objects are read.
 */
import { posix } from 'node:path';
import { join } from 'node:path';
import { isFolder } from '../../machine/file-presence.ts';
import type { RunPlan } from '../../../domain/run.ts';
import type { Git } from '../git.ts';
import { leftRef } from '../refs.ts';
import type { Repository } from '../repository.ts';

/** As many links and submodules are looked at. */
const maxLookedAt = 50;

/** What points elsewhere. */
export interface Holdings {
  /** Paths of repositories in the place of files; no slash at their ends. */
  readonly repositories: readonly string[];
  /** What a reviewer and a dependent should know, in sentences. */
  readonly elsewhere: readonly string[];
}

/** The branch to look at: its commit, and the record of its worktree. */
export interface HeldBranch {
  readonly plan: RunPlan;
  readonly tip: string;
  readonly record: string;
}

interface Entry {
  readonly path: string;
  readonly before: string;
  readonly mode: string;
  readonly object: string;
}

const submodule = '160000';
const symbolicLink = '120000';

/** Looks at what the branch has beyond its base. One git process as a rule. Throws PortError if git fails. */
export async function readHoldings(git: Git, repository: Repository, branch: HeldBranch): Promise<Holdings> {
  const { plan, tip } = branch;
  const args = ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', plan.workspace.base, tip];
  const entries = readRaw(await git.run(args));
  const links = entries.filter(({ mode }) => mode === submodule).slice(0, maxLookedAt);
  const known = links.length === 0 ? new Map<string, string>() : await readSubmodules(git, tip);
  const repositories = links.filter(({ path, before }) => before !== submodule && !known.has(path));
  const elsewhere: string[] = [];
  for (const link of links) {
    const name = known.get(link.path);
    const told = name === undefined ? null : await tellSubmodule(git, repository, branch, link, name);
    if (told !== null) elsewhere.push(told);
  }
  for (const { path, object } of entries.filter(({ mode }) => mode === symbolicLink).slice(0, maxLookedAt)) {
    const target = await git.run(['cat-file', 'blob', object]);
    const place = posix.normalize(posix.join(posix.dirname(path), target));
    if (!posix.isAbsolute(target) && place !== '..' && !place.startsWith('../')) continue;
    elsewhere.push(
      `The link ${path} leads out of the repository, to ${target}: others get the link and not what it leads to.`,
    );
  }
  return { repositories: repositories.map(({ path }) => path), elsewhere };
}

/** Those of the untracked folders, which end in a slash, that are repositories of their own; without the slash. */
export async function findRepositories(path: string, dirty: readonly string[]): Promise<readonly string[]> {
  const folders = dirty.filter((name) => name.endsWith('/')).map((name) => name.slice(0, -1));
  const found = await Promise.all(folders.map((name) => isFolder(join(path, name, '.git'))));
  return folders.filter((_, index) => found[index] === true);
}

/** Pairs of `:OLDMODE NEWMODE OLD NEW STATUS` and a path. */
function readRaw(output: string): readonly Entry[] {
  const fields = output.split('\0');
  const entries: Entry[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [before = '', mode = '', , object = ''] = (fields[at] ?? '').slice(1).split(' ');
    entries.push({ path: fields[at + 1] ?? '', before, mode, object });
  }
  return entries;
}

/** The submodules of a commit: names by path. */
async function readSubmodules(git: Git, commit: string): Promise<ReadonlyMap<string, string>> {
  const args = ['config', '--blob', `${commit}:.gitmodules`, '-z', '--get-regexp', String.raw`^submodule\..*\.path$`];
  const pairs = (await git.attempt(args)).stdout.split('\0').filter((pair) => pair !== '');
  return new Map(
    pairs.map((pair) => {
      const [key = '', ...path] = pair.split('\n');
      return [path.join('\n'), key.slice('submodule.'.length, -'.path'.length)];
    }),
  );
}

/** Keeps a submodule's commit that only this worktree has, and says so; null where its remote has it as well. */
async function tellSubmodule(
  git: Git,
  repository: Repository,
  { plan, record }: HeldBranch,
  { path, object }: Entry,
  name: string,
): Promise<string | null> {
  // A name from a branch must not lead out of the folder of modules.
  if (name.split('/').includes('..')) return null;
  const shared = join(repository.commonDir, 'modules', name);
  const places = [join(record, 'modules', name), join(plan.workspace.path, path, '.git')];
  const found = await Promise.all(places.map(isFolder));
  const own = places.find((_, index) => found[index]);
  const hasShared = await isFolder(shared);
  if (hasShared && (await isReachable(git, shared, object, '--all'))) return null;
  const what = `The submodule ${path} is at ${object.slice(0, 12)}`;
  if (own === undefined) return hasShared ? `${what}, a commit that is not here.` : null;
  if (await isReachable(git, own, object, '--remotes')) return null;
  const store = hasShared ? shared : repository.commonDir;
  const ref = leftRef(plan, object);
  const env = { GIT_DIR: store, GIT_ALTERNATE_OBJECT_DIRECTORIES: join(own, 'objects') };
  const pack = ['pack-objects', '--revs', '--quiet', join(store, 'objects', 'pack', 'pack')];
  const has = hasShared ? await git.run(['for-each-ref', '--format=^%(objectname)'], { env: { GIT_DIR: store } }) : '';
  const packed = await git.attempt(pack, { env, input: `${object}\n${has}` });
  const kept =
    packed.exitCode === 0 ? await git.attempt(['update-ref', ref, object], { env: { GIT_DIR: store } }) : packed;
  const unknown = `${what}, a commit that none of its remote's branches has: others can't get it before it is pushed.`;
  if (kept.exitCode !== 0) return `${unknown} It is in ${own} alone.`;
  return `${unknown} It is kept: \`git -C ${path} fetch ${store} ${ref}\``;
}

async function isReachable(git: Git, gitDir: string, commit: string, from: '--all' | '--remotes'): Promise<boolean> {
  const args = ['rev-list', '--max-count=1', commit, '--not', from];
  const { exitCode, stdout } = await git.attempt(args, { env: { GIT_DIR: gitDir } });
  return exitCode === 0 && stdout.trim() === '';
}
