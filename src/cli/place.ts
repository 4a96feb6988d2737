/** Where a command works: the repository it was called in, and its board. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { boardFolderName, layOut, type Layout } from '../adapters/files/layout.ts';
import { checkFolders } from '../adapters/files/own-folders.ts';
import { openRepository, type Repository } from '../adapters/git/repository.ts';
import { CliError, exitCodes } from './exit-code.ts';

/** A repository with a board. */
export interface Place {
  readonly repository: Repository;
  readonly layout: Layout;
}

/** Options that every command has. */
export interface GlobalOptions {
  readonly repo?: string;
}

/** Finds the repository; throws CliError with exit code 5 where there is none that can be used. */
export async function findRepository(options: GlobalOptions): Promise<Repository> {
  const opened = await openRepository(options.repo ?? process.cwd());
  if (!opened.ok) throw new CliError(exitCodes.notReady, opened.failure.message, opened.failure.hint);
  return opened.value;
}

/** The place where the board of a repository is, whether or not it is there. */
export function placeOf(repository: Repository): Place {
  return { repository, layout: layOut(join(repository.topLevel, boardFolderName)) };
}

/** Finds the repository's board; throws CliError where there is none, PortError where its folders are not the user's own. */
export async function findPlace(options: GlobalOptions): Promise<Place> {
  const place = await findUncheckedPlace(options);
  checkFolders(place.layout.folders);
  return place;
}

/** The same whatever its folders are: for what touches none of them. */
export async function findUncheckedPlace(options: GlobalOptions): Promise<Place> {
  const place = placeOf(await findRepository(options));
  const found = await lstat(place.layout.root).then(
    () => true,
    () => false,
  );
  if (!found) {
    throw new CliError(exitCodes.usage, `${place.repository.topLevel} has no board yet`, 'Type: branchboard init');
  }
  return place;
}
