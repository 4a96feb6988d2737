/** Git's logs of where a branch or a worktree's HEAD has been, read as files: they are needed most where git itself fails. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { branchRef, isObjectId } from './refs.ts';
import type { Repository } from './repository.ts';

/** One step of a branch or of a HEAD. */
export interface ReflogEntry {
  /** The commit before, or null at the beginning. */
  readonly from: string | null;
  readonly to: string;
  /** Seconds since the epoch. */
  readonly at: number;
  /** Such as `commit: Add x` or `reset: moving to HEAD~1`. */
  readonly message: string;
}

/** The message of the step that makes the branch of discarded work again, at the commit that its user saw. */
export const restoredMessage = 'branchboard: undo discard';

/** The log of a worktree's HEAD. */
export const headLog = (record: string): string => join(record, 'logs', 'HEAD');

/** The log of a branch. */
export const branchLog = (repository: Repository, branch: string): string =>
  join(repository.commonDir, 'logs', branchRef(branch));

/**
 * The entries of a log, oldest first, from a byte of it on, or all if it is shorter by now; none where there is no log.
 * Lines that a power cut broke are passed over.
 */
export async function readReflog(path: string, from = 0): Promise<readonly ReflogEntry[]> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  const text = bytes.toString('utf8', from > bytes.length ? 0 : from);
  return text.split('\n').flatMap((line) => {
    const [people = '', message = ''] = line.split('\t');
    const [from = '', to = ''] = people.split(' ');
    if (!isObjectId(from) || !isObjectId(to) || isNull(to)) return [];
    const at = Number(/> (\d+) [-+]\d{4}$/.exec(people)?.[1]);
    return [{ from: isNull(from) ? null : from, to, at, message }];
  });
}

/** Whether a step of a HEAD or a branch made a commit, and did not only go to one. */
export function isCommitting({ from, message }: ReflogEntry): boolean {
  if (from === null || /: Fast-forward$/.test(message)) return false;
  return !/^(?:checkout|reset|clone|branch|Branch|rebase \((?:start|finish|abort)\)|rebase: (?:checkout|abort))/.test(
    message,
  );
}

/** The commits that a log names, newest first, each once. */
export function listLogged(entries: readonly ReflogEntry[]): readonly string[] {
  const named = entries.flatMap(({ from, to }) => (from === null ? [to] : [from, to]));
  return [...new Set(named.reverse())];
}

/** The commits that were left by another step than by committing on top of them, newest first; none in a plain log. */
export function listLeftBehind(entries: readonly ReflogEntry[]): readonly string[] {
  const left = entries.flatMap(({ from, to, message }) =>
    from === null || from === to || /^commit(?: \((?:merge|cherry-pick|initial)\))?: /.test(message) ? [] : [from],
  );
  return [...new Set(left.reverse())];
}

function isNull(id: string): boolean {
  return /^0+$/.test(id);
}
