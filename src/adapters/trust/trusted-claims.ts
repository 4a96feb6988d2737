/** Which claims of a repository's files count: those that the user made or said yes to. */
import type { Claim } from '../../domain/claim.ts';
import type { Git } from '../git/git.ts';
import type { Repository } from '../git/repository.ts';
import { findForeign, type ReadClaims } from './origins.ts';
import { readProject, type ProjectFiles } from './project-settings.ts';
import { hashClaim, type TrustStore } from './store.ts';

/** The trust in one checkout. */
export interface Trust {
  /**
   * The claims that came by git and that the user has not accepted. Claims found to be the user's own are remembered:
   * they stay trusted once committed, and cost no git process again.
   */
  findUntrusted(claims: readonly Claim[]): Promise<readonly Claim[]>;
  /** The user said yes to these. Throws PortError, or the system's error, where that can't be kept. */
  accept(claims: readonly Claim[]): Promise<void>;
  /**
   * The content of a commit's `.claude/settings.json` and `.mcp.json`, or the claims in them that the user has not
   * accepted.
   */
  trustedProject(commit: string): Promise<TrustedProject>;
}

/** A commit's own settings and servers for Claude Code. */
export type TrustedProject =
  | { readonly kind: 'trusted'; readonly files: ProjectFiles }
  | { readonly kind: 'untrusted'; readonly claims: readonly Claim[] };

/** Dependencies of {@link Trust}. */
export interface TrustOptions {
  readonly repository: Repository;
  readonly git: Git;
  readonly store: TrustStore;
  readonly readClaims: ReadClaims;
}

/** Makes the trust of a checkout; nothing is read yet. */
export function createTrust({ repository, git, store, readClaims }: TrustOptions): Trust {
  const checkout = repository.topLevel;
  /** Claims that came by git, remembered until they are accepted, so that git is not asked again. */
  const foreign = new Set<string>();

  async function findUntrusted(claims: readonly Claim[]): Promise<readonly Claim[]> {
    if (claims.length === 0) return [];
    // A store that can't be read vouches for no claim; adding to it reports why.
    const trusted = await store.read(checkout).catch(() => new Set<string>());
    const unknown = claims.filter((claim) => !trusted.has(hashClaim(claim)));
    const asked = unknown.filter((claim) => !foreign.has(hashClaim(claim)));
    if (asked.length > 0) {
      const found = await findForeign(git, repository, readClaims, asked);
      for (const claim of found) foreign.add(hashClaim(claim));
      const own = asked.filter((claim) => !foreign.has(hashClaim(claim)));
      // A home folder that can't be written to costs a look into git each time, and nothing else.
      if (own.length > 0) await store.add(checkout, own).catch(() => undefined);
    }
    return unknown.filter((claim) => foreign.has(hashClaim(claim)));
  }

  return {
    findUntrusted,
    accept: (claims) => store.add(checkout, claims),
    async trustedProject(commit) {
      const { files, claims } = await readProject(git, commit, readClaims);
      const untrusted = await findUntrusted(claims);
      return untrusted.length === 0 ? { kind: 'trusted', files } : { kind: 'untrusted', claims: untrusted };
    },
  };
}
