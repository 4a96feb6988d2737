/** Reads what the resolution of a conflict is judged by: the files of both sides, of the conflict and of what was made of it. */
import type { BaseConflict, MergeEvidence } from '../../../domain/base-conflict.ts';
import { limits } from '../../../domain/limits.ts';
import { readBlobs } from '../../trust/blobs.ts';
import type { Git } from '../git.ts';
import { readParents } from '../resolutions.ts';
import { findLosses, findMarked, type FileState, type MergedFile } from './merge-losses.ts';

/** Compares the commit `tip` with the conflict that it resolves. Throws PortError if git fails. */
export async function readMergeEvidence(git: Git, conflict: BaseConflict, tip: string): Promise<MergeEvidence> {
  const [ours = '', theirs = ''] = await readParents(git, conflict.commit);
  const base = (await git.run(['merge-base', ours, theirs])).trim();
  const differing = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', conflict.commit, tip];
  const changed = (await git.run(differing)).split('\0').filter((path) => path !== '');
  const paths = [...new Set([...conflict.files, ...changed])];
  const commits = [base, ours, theirs, conflict.commit, tip];
  const objects = await Promise.all(commits.map((commit) => listObjects(git, commit, paths)));
  const texts = await readBlobs(git, [...new Set(objects.flatMap((each) => [...each.values()]))]);
  const stateOf = (index: number, path: string): FileState | null => {
    const object = objects[index]?.get(path);
    if (object === undefined) return null;
    const text = texts.get(object);
    return { object, lines: text === undefined || text.includes('\0') ? null : text.split('\n') };
  };
  const files = paths.map((path): MergedFile => ({
    path,
    base: stateOf(0, path),
    sides: [stateOf(1, path), stateOf(2, path)],
    marked: stateOf(3, path),
    result: stateOf(4, path),
  }));
  return {
    marked: findMarked(files),
    losses: findLosses(files, conflict.sides),
    beside: changed.filter((path) => !conflict.files.includes(path)).slice(0, limits.maxDirtyFilesNamed),
  };
}

/** The objects of a commit's files by path, of these paths alone. An agent may have changed more than one command takes. */
async function listObjects(git: Git, commit: string, paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const named = paths.length > limits.maxMergeFilesNamed ? [] : paths;
  const listed = await git.run(['ls-tree', '-r', '-z', commit, '--', ...named]);
  const wanted = new Set(paths);
  const entries = [...listed.matchAll(/\d+ \w+ ([0-9a-f]+)\t([^\0]+)\0/g)];
  return new Map(entries.flatMap(([, object = '', path = '']) => (wanted.has(path) ? [[path, object] as const] : [])));
}
