/**
 * The bounds of what runs an agent's files: its own commands, `verify` and `setup`. A process inside writes its worktree
 * and a temp folder, reaches the domains that the user named, and reads anything but the places of keys and logins.
 *
 * An agent commits, so its git must write objects, refs and the worktree's own record. Claude Code's sandbox opens the
 * whole common git folder for that. All else in there is closed again here, name by name and only where it exists: the
 * sandbox puts a device in the place of a name that does not, and git would take it for a file.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Settings } from '../../domain/settings.ts';
import { tokenPathOf } from '../machine/board-token.ts';
import { exists } from '../machine/file-presence.ts';

/** The rights of a confined process. Paths are absolute, or begin with `~/`. */
export interface Confinement {
  readonly allowWrite: readonly string[];
  /** Closed again within what is allowed. */
  readonly denyWrite: readonly string[];
  readonly denyRead: readonly string[];
  readonly allowedDomains: readonly string[];
}

/** A linked worktree whose files are to run. */
export interface ConfinedPlace {
  readonly path: string;
  /** The task's own branch, or null for a detached checkout. */
  readonly branch: string | null;
  /** The git folder that all worktrees share. */
  readonly commonDir: string;
}

/** Files that a commit in a linked worktree writes below the common git folder, and below the worktree's own record. */
const writtenInCommon = new Set(['objects', 'refs', 'logs', 'worktrees', 'COMMIT_EDITMSG']);
const writtenInRecord = new Set(['HEAD', 'ORIG_HEAD', 'index', 'logs', 'refs', 'COMMIT_EDITMSG', 'MERGE_HEAD']);
/** So many branches are closed one by one; the board tells of any that moved all the same. */
const maxClosedBranches = 200;
/** The folder for caches in a worktree's record. */
const cacheFolderName = 'branchboard-caches';

/** The bounds of an agent's commands. What an agent must write is Claude Code's to open. */
export async function confineAgent(place: ConfinedPlace, sandbox: Settings['sandbox']): Promise<Confinement> {
  return {
    allowWrite: [],
    denyWrite: await listClosed(place),
    denyRead: sandbox.denyRead,
    allowedDomains: sandbox.allowedDomains,
  };
}

/** The bounds of `verify` and `setup`. They write no git folder. */
export async function confineCommand(
  worktree: string,
  sandbox: Settings['sandbox'],
  tempDir: string,
): Promise<Confinement> {
  const caches = await findCacheFolder(worktree);
  return {
    allowWrite: [worktree, tempDir, ...(caches === null ? [] : [caches])],
    denyWrite: [],
    denyRead: sandbox.denyRead,
    allowedDomains: sandbox.allowedDomains,
  };
}

/** The sandbox's settings for the runs of a board, whose token they can't read. */
export function closeToken(sandbox: Settings['sandbox'], boardDir: string): Settings['sandbox'] {
  return { ...sandbox, denyRead: [...sandbox.denyRead, tokenPathOf(boardDir)] };
}

async function listClosed({ path, commonDir, branch }: ConfinedPlace): Promise<readonly string[]> {
  const record = await findRecordFolder(path);
  const candidates = [
    ...(await listOthers(commonDir, writtenInCommon)),
    ...['objects/info', 'objects/pack', 'logs/HEAD'].map((name) => join(commonDir, name)),
    ...(record === null ? [] : await listOthers(record, new Set([...writtenInRecord, cacheFolderName]))),
    ...(await listOtherBranches(join(commonDir, 'refs', 'heads'), branch)),
  ];
  const present = await Promise.all(candidates.map(exists));
  return candidates.filter((_, index) => present[index]);
}

/** The names in a folder that are not among those given; a lock comes and goes. */
async function listOthers(folder: string, names: ReadonlySet<string>): Promise<readonly string[]> {
  const found = await readdir(folder).catch(() => []);
  return found.filter((name) => !names.has(name) && !name.endsWith('.lock')).map((name) => join(folder, name));
}

/** The files of branches, which a rename can't replace while they are closed. A packed branch has none. */
async function listOtherBranches(heads: string, own: string | null): Promise<readonly string[]> {
  const entries = await readdir(heads, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.lock'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => own === null || file !== join(heads, own))
    .slice(0, maxClosedBranches);
}

/** Git's record of a linked worktree, as the worktree names it; null where the folder is none. */
async function findRecordFolder(worktree: string): Promise<string | null> {
  const link = await readFile(join(worktree, '.git'), 'utf8').catch(() => '');
  const record = /^gitdir: (.+?)\n*$/s.exec(link)?.[1];
  return record === undefined ? null : resolve(worktree, record);
}

/**
 * Where package managers and compilers keep what they download and build, since a confined one can't write the home
 * folder: in the worktree's record, which goes with the worktree. Null where the folder is no linked worktree.
 */
export async function findCacheFolder(worktree: string): Promise<string | null> {
  const record = await findRecordFolder(worktree);
  return record === null ? null : join(record, cacheFolderName);
}

/**
 * Variables that send caches there, and keep npm from looking for news of itself. Tools that work with a cache they can't
 * write are left out.
 */
export function cacheVariables(folder: string): Readonly<Record<string, string>> {
  return {
    npm_config_cache: join(folder, 'npm'),
    npm_config_update_notifier: 'false',
    pnpm_config_store_dir: join(folder, 'pnpm'),
    YARN_CACHE_FOLDER: join(folder, 'yarn'),
    YARN_GLOBAL_FOLDER: join(folder, 'yarn-berry'),
    BUN_INSTALL_CACHE_DIR: join(folder, 'bun'),
    UV_CACHE_DIR: join(folder, 'uv'),
    GOCACHE: join(folder, 'go-build'),
  };
}
