/** Joins the parts that ask git who wrote a board's commands, rights and files. */
import { markOwnCommands } from '../adapters/machine/leftovers.ts';
import { createGit } from '../adapters/git/git.ts';
import { createTrustStore } from '../adapters/trust/store.ts';
import { createTrackedFiles, type ListTracked } from '../adapters/trust/tracked.ts';
import { createTrust, type Trust } from '../adapters/trust/trusted-claims.ts';
import { claimsOfFile } from './file-claims.ts';
import type { OpenPlace } from './place.ts';

/** Which commands and rights of a place's files count. */
export function composeTrust(place: OpenPlace): Trust {
  const { repository } = place;
  return createTrust({
    repository,
    git: composeGit(place),
    store: createTrustStore(process.env),
    readClaims: claimsOfFile,
  });
}

const trackedOf = new WeakMap<OpenPlace, ListTracked>();

/** Which files of a place's board came with the repository. One list serves all who ask in this process. */
export function composeTracked(place: OpenPlace): ListTracked {
  const known = trackedOf.get(place) ?? createTrackedFiles(composeGit(place), place.repository);
  trackedOf.set(place, known);
  return known;
}

function composeGit({ layout, repository }: OpenPlace) {
  return createGit(repository.topLevel, { env: markOwnCommands(process.env, layout.root) });
}
