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
   * Those of the claims that came by git and that nobody said yes to. What is found to be the user's own is remembered,
   * so that it stays trusted once it is committed, and costs no git process again.
   */
  findUntrusted(claims: readonly Claim[]): Promise<readonly Claim[]>;
  /** The user said yes to these. Throws PortError, or the system's error, where that can't be kept. */
  accept(claims: readonly Claim[]): Promise<void>;
  /** What a commit's `.claude/settings.json` and `.mcp.json` hold, or which of their claims nobody said yes to. */
  trustedProject(commit: string): Promise<TrustedProject>;
}

/** A commit's own settings and servers for Claude Code. */
export type TrustedProject =
  | { readonly kind: 'trusted'; readonly files: ProjectFiles }
  | { readonly kind: 'untrusted'; readonly claims: readonly Claim[] };

/** What {@link Trust} is made from. */
export interface TrustOptions {
  readonly repository: Repository;
  readonly git: Git;
  readonly store: TrustStore;
  readonly readClaims: ReadClaims;
}

/** Makes the trust of a checkout; nothing is read yet. */
export function createTrust({ repository, git, store, readClaims }: TrustOptions): Trust {
  const checkout = repository.topLevel;
  /** What came by git stays so until it is accepted, and git is not asked again. */
  const foreign = new Set<string>();

  async function findUntrusted(claims: readonly Claim[]): Promise<readonly Claim[]> {
    if (claims.length === 0) return [];
    // A store that can't be read vouches for nothing; who wants to add to it is told why.
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
