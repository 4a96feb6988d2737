/** Where a command works: the repository it was called in, and its board. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { boardFolderName, layOut, type Layout } from '../adapters/files/layout.ts';
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

/** Finds the repository's board; throws CliError where there is none. */
export async function findPlace(options: GlobalOptions): Promise<Place> {
  const place = placeOf(await findRepository(options));
  const found = await access(place.layout.root).then(
    () => true,
    () => false,
  );
  if (!found) {
    throw new CliError(exitCodes.usage, `${place.repository.topLevel} has no board yet`, 'Type: branchboard init');
  }
  return place;
}
