/**
 * Chooses the folder in which new worktrees are made: beside the checkout, so that the user's test runner, linter and
 * editor find nothing of agents', and an agent's tools find neither the user's `node_modules` nor their `CLAUDE.md` above
 * them.
 *
 *   `worktrees.dir` is set                                   that folder
 *   the checkout lies in no other one                        ../REPO.worktrees
 *   in another one, as a submodule or a nested clone does    beside the outermost: OUTER.PATH-WITHIN.worktrees
 *   that place can't be used                                 .orchestrator/worktrees, and the reason is told
 *
 * What stands at the place that was not named by the user is used only if it is a real folder of the user's own, as it is
 * with the board's other folders. Other worktrees may be in it, also those of another repository.
 */
import { accessSync, constants, lstatSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { homedir } from 'node:os';
import { messageOf } from '../../../domain/error-message.ts';
import { codeOf } from '../../machine/errors.ts';

/** Where new worktrees are made. */
export interface WorktreesFolder {
  readonly path: string;
  /** Why it lies inside the checkout though no setting says so; null where it does not. */
  readonly whyInside: string | null;
}

/** The checkout of a board, and what its settings say. */
export interface FolderRequest {
  /** A real path. */
  readonly topLevel: string;
  /** `.orchestrator/`, absolute. */
  readonly boardDir: string;
  /** `worktrees.dir`; null is the default. */
  readonly dir: string | null;
}

/** Where worktrees are if they can't be outside of the checkout, and where earlier versions made them. */
export function folderInside(boardDir: string): string {
  return join(boardDir, 'worktrees');
}

/** See the file's head. Looks at a few folders, makes none, and asks no git. */
export function findWorktreesFolder({ topLevel, boardDir, dir }: FolderRequest): WorktreesFolder {
  if (dir !== null) return { path: resolve(topLevel, dir), whyInside: null };
  const place = placeBeside(topLevel);
  const problem = place === null ? `${topLevel} has no folder beside it` : describeProblem(place, topLevel);
  if (place === null || problem !== null) return { path: folderInside(boardDir), whyInside: problem };
  return { path: place, whyInside: null };
}

function placeBeside(topLevel: string): string | null {
  const outer = findOutermost(topLevel);
  if (dirname(outer) === outer) return null;
  const within = relative(outer, topLevel).split(sep).join('-');
  return join(dirname(outer), [basename(outer), within, 'worktrees'].filter((part) => part !== '').join('.'));
}

/** The outermost checkout that a checkout lies in; itself as a rule. A home folder's own repository surrounds everything and is passed over. */
function findOutermost(topLevel: string): string {
  let outermost = topLevel;
  const home = findHome();
  for (let folder = dirname(topLevel); folder !== dirname(folder); folder = dirname(folder)) {
    if (folder !== home && isCheckout(folder)) outermost = folder;
  }
  return outermost;
}

function findHome(): string {
  try {
    return realpathSync(homedir());
  } catch {
    return homedir();
  }
}

/** Whether files of a repository are checked out in a folder; a bare one may lie in `.git` beside its checkouts. */
function isCheckout(folder: string): boolean {
  const link = join(folder, '.git');
  const stats = lstatSync(link, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  const gitDir = stats.isFile() ? resolve(folder, /^gitdir: (.+?)\n*$/s.exec(readText(link))?.[1] ?? '.git') : link;
  return !/^\s*bare\s*=\s*true\b/im.test(readText(join(gitDir, 'config')));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Why worktrees can't be made there, or null. */
function describeProblem(place: string, topLevel: string): string | null {
  const parent = dirname(place);
  try {
    const stats = lstatSync(place, { throwIfNoEntry: false });
    if (stats?.isSymbolicLink() === true) return `${place} is a link, and the board follows none`;
    if (stats?.isDirectory() === false) return `${place} is no folder`;
    if (stats !== undefined && stats.uid !== (process.getuid?.() ?? stats.uid)) return `${place} is another user's`;
    const [link, head] = ['.git', 'HEAD'].map((name) => lstatSync(join(place, name), { throwIfNoEntry: false }));
    // A task may have the name `HEAD`.
    if (link !== undefined || head?.isFile() === true) return `${place} is a repository itself`;
    // A checkout that is mounted, as in a container, outlives what is beside it.
    if (statSync(stats === undefined ? parent : place).dev !== statSync(topLevel).dev) {
      return `${parent} is on another disk than ${topLevel}`;
    }
    accessSync(stats === undefined ? parent : place, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    const isClosed = ['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error) ?? '');
    return isClosed ? `${parent} can't be written to` : messageOf(error);
  }
}
