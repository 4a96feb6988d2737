/**
 * Finds who made a claim: the user at this checkout, or the author of a commit that came by git.
 *
 * A claim came by git if the commit that brought it was not made in this very checkout, on whatever branch that commit
 * is now. The log of the checkout's HEAD shows which ones were made here: only `git commit` writes `commit: …`, and no
 * clone, fetch or push transfers that log. So a clone, a pull, a merge or squash of an agent's branch, a cherry-pick
 * and a file checked out of another branch all come by git. Claims that no commit brought, the user typed.
 *
 * Claims are compared, not bytes: an edit next to a claim, a comment, or other line ends make it nobody else's.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalClaim, type Claim } from '../../domain/claim.ts';
import { exists } from '../machine/file-presence.ts';
import type { Git } from '../git/git.ts';
import { readLock, lockReason } from '../git/record.ts';
import { headLog, readReflog } from '../git/reflog.ts';
import type { Repository } from '../git/repository.ts';
import { readBlobs } from './blobs.ts';

/** Folders that hold files with claims. */
const folders = [
  '.orchestrator',
  '.orchestrator/templates',
  '.orchestrator/templates/roles',
  '.claude',
  '.claude/agents',
];

/** The files, as git is asked for them; a file system may take other cases for the same name. */
const pathspecs = [
  '.orchestrator/config.yaml',
  '.orchestrator/templates',
  '.claude/agents',
  '.claude/settings.json',
  '.mcp.json',
].map((path) => `:(top,icase)${path}`);

/** Commits that may be found nowhere else while something is being taken in. */
const passingHeads = ['FETCH_HEAD', 'MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REBASE_HEAD'];

/** Beyond this many commits that change such files the search ends, and every claim counts as come by git. */
const maxCommits = 5_000;

/**
 * The claims of one file: `source` is the name that its claims carry; `claims` is null where its text can't be parsed.
 */
export interface FileClaims {
  readonly source: string;
  readonly claims: readonly Claim[] | null;
}

/** Reads the claims of the file at a path of the repository; null for a file that never claims anything. */
export type ReadClaims = (path: string, text: string) => FileClaims | null;

/** One file in one commit, before and after; several before where it is a merge, null where there was none. */
interface Change {
  readonly commit: string;
  readonly path: string;
  readonly before: readonly (string | null)[];
  readonly after: string | null;
}

/** Those of the claims that came by git. At most three processes. */
export async function findForeign(
  git: Git,
  repository: Repository,
  readClaims: ReadClaims,
  claims: readonly Claim[],
): Promise<readonly Claim[]> {
  if (await isOutsideOfHistory(repository)) return claims;
  const listed = await listChanges(git, repository);
  if (listed === null) return claims;
  const ids = listed.flatMap(({ before, after }) => [after, ...before]).filter((id) => id !== null);
  const texts = await readBlobs(git, [...new Set(ids)]);
  const own = await listOwnCommits(repository);
  const brought = { own: new Set<string>(), others: new Set<string>() };
  /** Sources of which somebody else's version can't be understood, so that it may have held anything. */
  const obscure = new Set<string>();
  for (const change of listed) {
    const { source, added } = compare(change, texts, readClaims);
    if (source === null) continue;
    const isOwn = own.has(change.commit);
    if (added === null && !isOwn) obscure.add(source);
    for (const claim of added ?? []) brought[isOwn ? 'own' : 'others'].add(claim);
  }
  return claims.filter((claim) => {
    const text = canonicalClaim(claim);
    if (brought.others.has(text) || brought.others.has(withoutId(text))) return true;
    return obscure.has(claim.source) && !brought.own.has(text);
  });
}

/**
 * Whether files come from elsewhere than this checkout's history: through a link, out of a repository of their own, or,
 * in a worktree of an agent, from the agent.
 */
async function isOutsideOfHistory({ topLevel, gitDir, commonDir }: Repository): Promise<boolean> {
  if (gitDir !== commonDir && (await readLock(gitDir)) === lockReason) return true;
  for (const folder of folders) {
    const stats = await lstat(join(topLevel, folder)).catch(() => null);
    if (stats !== null && (!stats.isDirectory() || (await exists(join(topLevel, folder, '.git'))))) return true;
  }
  return false;
}

/** All changes of the files, on all branches; null where they are too many or git can't tell. */
async function listChanges(git: Git, { gitDir }: Repository): Promise<readonly Change[] | null> {
  const heads: string[] = [];
  for (const head of passingHeads) if (await exists(join(gitDir, head))) heads.push(head);
  const shown = [
    '--diff-merges=combined',
    '--raw',
    '--no-abbrev',
    '--no-renames',
    '--no-relative',
    '--no-show-signature',
  ];
  // Also what was on a branch that is gone: the logs remember it.
  const which = ['--all', '--reflog', '--full-history', '--ignore-missing', `--max-count=${String(maxCommits)}`];
  const output = await git.attempt(['log', '--format=commit %H', ...shown, ...which, ...heads, '--', ...pathspecs], {
    config: ['log.showRoot=true', 'core.quotePath=true'],
    env: { GIT_NO_REPLACE_OBJECTS: '1' },
  });
  if (output.exitCode !== 0) return null;
  const changes: Change[] = [];
  let commit = '';
  let count = 0;
  for (const line of output.stdout.split('\n')) {
    const head = /^commit ([0-9a-f]+)$/.exec(line)?.[1];
    if (head !== undefined) {
      commit = head;
      count += 1;
    }
    const change = parseChange(commit, line);
    if (change !== null) changes.push(change);
  }
  return count < maxCommits ? changes : null;
}

/** A line such as `:100644 100644 ID ID M⇥PATH`, with a colon, a mode and an id more for each further parent. */
function parseChange(commit: string, line: string): Change | null {
  const [facts = '', path] = line.split('\t');
  const parents = /^:+/.exec(facts)?.[0].length ?? 0;
  if (parents === 0 || path === undefined) return null;
  const words = facts.slice(parents).split(' ');
  const ids = words.slice(parents + 1, 2 * parents + 2).map((id, index) => (isFile(words[index]) ? id : null));
  return { commit, path, before: ids.slice(0, -1), after: ids.at(-1) ?? null };
}

/** A link's text, or a submodule's commit, is no file's content. */
function isFile(mode: string | undefined): boolean {
  return mode?.startsWith('100') === true;
}

/** The claims that a change added, as canonical texts; null where they can't be found out. */
function compare(
  { path, before, after }: Change,
  texts: ReadonlyMap<string, string>,
  readClaims: ReadClaims,
): { readonly source: string | null; readonly added: readonly string[] | null } {
  const now = read(after);
  if (now === null) return { source: null, added: [] };
  if (now.claims === null) return { source: now.source, added: null };
  const known = new Set(before.flatMap((id) => read(id)?.claims ?? []).map(canonicalClaim));
  return { source: now.source, added: now.claims.map(canonicalClaim).filter((text) => !known.has(text)) };

  function read(id: string | null): FileClaims | null {
    const text = id === null ? null : texts.get(id);
    if (text === null) return null;
    const readable = text === undefined || isStandIn(text) ? null : text;
    const found = readClaims(path, readable ?? '');
    return found === null ? null : { source: found.source, claims: readable === null ? null : found.claims };
  }
}

/** Not the file's own text, but what a filter of the user's turns into it. */
function isStandIn(text: string): boolean {
  return text.startsWith('version https://git-lfs') || text.includes('\uFFFD') || text.includes('\0');
}

/** Git writes the blob's id into `$Id$` when it checks a file out, if the repository's attributes ask for it. */
function withoutId(text: string): string {
  return text.replace(/\$Id:[^$\n]*\$/g, '$Id$');
}

/** Commits that `git commit` made in this checkout, and what it amended them to. */
async function listOwnCommits({ gitDir }: Repository): Promise<ReadonlySet<string>> {
  const entries = await readReflog(headLog(gitDir));
  const own = entries.filter(({ message }) => /^commit(?: \((?:initial|amend)\))?: /.test(message));
  return new Set(own.map(({ to }) => to));
}
