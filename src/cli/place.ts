/** Where a command works: the repository it was called in, and its board. */
import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { boardFolderName, layOut, type Layout } from '../adapters/files/layout.ts';
import { checkFolders } from '../adapters/files/own-folders.ts';
import { findPlainCheckout } from '../adapters/git/checkout.ts';
import type { Repository } from '../adapters/git/repository.ts';
import { findWorktreesFolder, type WorktreesFolder } from '../adapters/git/worktree/worktrees-folder.ts';
import type { Settings } from '../domain/settings.ts';
import { formatCommand } from '../domain/task.ts';
import { CliError, exitCodes } from './exit-code.ts';

/** A checkout with a board. */
export interface Place {
  /** The top of the checkout. */
  readonly topLevel: string;
  readonly layout: Layout;
}

/** A place with what git tells of its repository. */
export interface OpenPlace extends Place {
  readonly repository: Repository;
}

/** Options that every command has. */
export interface GlobalOptions {
  readonly repo?: string;
}

/** Asks git about the repository; throws CliError with exit code 5 where there is none that can be used. */
export async function findRepository(options: GlobalOptions): Promise<Repository> {
  const { openRepository } = await import('../adapters/git/repository.ts');
  const opened = await openRepository(options.repo ?? process.cwd());
  if (!opened.ok) throw new CliError(exitCodes.notReady, opened.failure.message, opened.failure.hint);
  return opened.value;
}

/** The place where the board of a repository is, whether or not it is there. */
export function placeOf(repository: Repository): OpenPlace {
  return { ...placeIn(repository.topLevel), repository };
}

/**
 * Finds the board; throws CliError where there is none, PortError where its folders are not the user's own. Git is asked
 * only where looking at the folders does not tell.
 */
export async function findPlace(options: GlobalOptions): Promise<Place> {
  const place = await findUncheckedPlace(options);
  checkFolders(place.layout.folders);
  return place;
}

/** The same whatever the board's folders are: for what touches none of them. */
export async function findUncheckedPlace(options: GlobalOptions): Promise<Place> {
  const topLevel = findPlainCheckout(options.repo ?? process.cwd());
  const place = topLevel === null ? null : placeIn(topLevel);
  return place !== null && hasBoard(place) ? place : findOpenPlace(options);
}

/** Finds the board and asks git about its repository; throws as {@link findPlace} does. */
export async function openPlace(options: GlobalOptions): Promise<OpenPlace> {
  const place = await findOpenPlace(options);
  checkFolders(place.layout.folders);
  return place;
}

async function findOpenPlace(options: GlobalOptions): Promise<OpenPlace> {
  const place = placeOf(await findRepository(options));
  if (hasBoard(place)) return place;
  const main = dirname(place.repository.commonDir);
  if (hasBoard(placeIn(main))) {
    const why = `${place.topLevel} is a worktree, and its board is that of ${main}`;
    throw new CliError(exitCodes.usage, why, `Add to the command: --repo ${formatCommand([main])}`);
  }
  throw new CliError(exitCodes.usage, `${place.topLevel} has no board yet`, 'Type: branchboard init');
}

/** Where the board's new worktrees are made. */
export function folderOfWorktrees({ topLevel, layout }: Place, { worktrees }: Settings): WorktreesFolder {
  return findWorktreesFolder({ topLevel, boardDir: layout.root, dir: worktrees.dir });
}

function hasBoard({ layout }: Place): boolean {
  return lstatSync(layout.root, { throwIfNoEntry: false }) !== undefined;
}

function placeIn(topLevel: string): Place {
  return { topLevel, layout: layOut(join(topLevel, boardFolderName)) };
}
