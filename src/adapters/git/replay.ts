/**
 * Replays the own commits of a branch onto another commit, in the object store alone: no index, no checkout, and nothing
 * refers to what it makes. Each keeps its author, the author's date and its message.
 *
 *   a commit of the branch's own line   its change against its first parent; so a merge is one commit of what it brought
 *   one that `onto` contains            left out
 *   one that changes nothing there      left out, since `onto` has its change
 *   a conflict                          none is replayed; the commit and the files are returned
 */
import { limits } from '../../domain/limits.ts';
import type { ReplayedCommit } from '../../domain/merge-request.ts';
import { commitTree, type Author } from './commit.ts';
import type { Git } from './git.ts';
import { withAttributesOf, type MergeTrees, type TreeMerge } from './merge-trees.ts';
import { readTrees } from './refs.ts';

/** The commits to replay: those of the first-parent line of `tip` that neither `from` nor `onto` contains. */
export interface ReplayRequest {
  readonly from: string;
  readonly tip: string;
  readonly onto: string;
  /** A line for the end of each message, such as `Task: add-auth`; null for none. */
  readonly trailer: string | null;
}

/** What came of it. */
export type Replay =
  /** `tip` is `onto` itself where that has every change already. */
  | { readonly kind: 'replayed'; readonly tip: string }
  | { readonly kind: 'conflict'; readonly commit: ReplayedCommit; readonly files: readonly string[] }
  | { readonly kind: 'impossible'; readonly why: string };

interface OwnCommit {
  readonly id: string;
  /** Null for a commit without any. */
  readonly parent: string | null;
  readonly author: Author;
  readonly message: string;
}

/** See the file's head. Three git processes for each commit. Throws PortError where git fails. */
export async function replayCommits(git: Git, request: ReplayRequest): Promise<Replay> {
  const commits = await listOwn(git, request);
  if (commits.length > limits.maxCommitsReplayed) {
    return { kind: 'impossible', why: `it has more than ${String(limits.maxCommitsReplayed)} commits of its own` };
  }
  return withAttributesOf(git, request.onto, (mergeTrees) => replayAll(git, mergeTrees, commits, request));
}

/** How files are merged is for `onto` to say, and for no commit that is replayed before. */
async function replayAll(
  git: Git,
  mergeTrees: MergeTrees,
  commits: readonly OwnCommit[],
  request: ReplayRequest,
): Promise<Replay> {
  let tip = request.onto;
  let [tree = ''] = await readTrees(git, tip);
  for (const { id, parent, author, message } of commits) {
    if (parent === null) return { kind: 'impossible', why: `its commit ${id.slice(0, 10)} has none before it` };
    const moved = await moveChange(git, mergeTrees, parent, id, tree);
    if (moved.kind === 'impossible') return moved;
    if (moved.kind === 'conflict') {
      return { kind: 'conflict', commit: { id, subject: message.split('\n', 1)[0] ?? '' }, files: moved.files };
    }
    if (moved.tree === tree) continue;
    tree = moved.tree;
    const told = request.trailer === null ? message : addTrailer(message, request.trailer);
    tip = await commitTree(git, { tree, parents: [tip], message: told, date: null, author });
  }
  return { kind: 'replayed', tip };
}

/** Seconds since the epoch, so that the commit is the same each time; git takes none below 100,000,000. */
const anyTime = 1_000_000_000;

/**
 * Makes the change from one commit to another in a tree that has neither. `onto` is the tree, or a commit as
 * `COMMIT^{tree}`; as a commit on top of `before` it makes that one the merge's base. Throws PortError where git fails.
 */
export async function moveChange(
  git: Git,
  mergeTrees: MergeTrees,
  before: string,
  after: string,
  onto: string,
): Promise<TreeMerge> {
  const base = { tree: onto, parents: [before], message: 'branchboard: its base', date: anyTime };
  return mergeTrees(await commitTree(git, base), after);
}

const fields = ['%H', '%P', '%an', '%ae', '%ad', '%B'];

/** The oldest first; one more than may be replayed where there are more. */
async function listOwn(git: Git, { from, tip, onto }: ReplayRequest): Promise<readonly OwnCommit[]> {
  const how = ['--first-parent', '--reverse', `--max-count=${String(limits.maxCommitsReplayed + 1)}`];
  const format = ['--no-commit-header', '--date=raw', '--encoding=UTF-8', `--format=${fields.join('%x00')}%x00`];
  const output = await git.run(['rev-list', ...how, ...format, tip, `^${from}`, `^${onto}`, '--']);
  const values = output.split('\0');
  const commits: OwnCommit[] = [];
  for (let at = 0; at + fields.length < values.length; at += fields.length) {
    const [id = '', parents = '', name = '', email = '', date = '', message = ''] = values.slice(at);
    const [parent = ''] = parents.split(' ');
    const author = { name, email, date };
    commits.push({ id: id.trim(), parent: parent === '' ? null : parent, author, message: message.trimEnd() });
  }
  return commits;
}

/** The message with a trailer, in the paragraph of those that it has. */
function addTrailer(message: string, trailer: string): string {
  const paragraphs = message.split(/\n{2,}/);
  const last = paragraphs.length > 1 ? (paragraphs.at(-1) ?? '').split('\n') : [];
  if (last.includes(trailer)) return message;
  const hasTrailers = last.length > 0 && last.every((line) => /^[A-Za-z0-9-]+: /.test(line));
  return `${message}${hasTrailers ? '\n' : '\n\n'}${trailer}`;
}
