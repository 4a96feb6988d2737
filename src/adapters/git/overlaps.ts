/**
 * Finds works that change the same lines, before either is merged. Only two that change a file in common are merged to see,
 * in the object store alone. What was found is remembered by the works' commits, so that asking again costs one process.
 */
import { limits } from '../../domain/limits.ts';
import type { OverlappingPair } from '../../domain/overlap.ts';
import type { TaskId } from '../../domain/task.ts';
import type { FinishedWork } from '../../domain/verdict.ts';
import { keepNewest } from '../machine/newest.ts';
import type { Git } from './git.ts';
import { withAttributesOf } from './merge-trees.ts';
import { resolveReadable } from './refs.ts';

/** A work's commit, and the one that its own changes begin at. */
export type OwnWork = Pick<FinishedWork, 'id' | 'tip' | 'base'>;

/** The names under which a work changes each file: two where it is moved. */
type ChangedFiles = ReadonlyMap<string, readonly string[]>;

interface Pair {
  readonly key: string;
  readonly one: OwnWork;
  readonly other: OwnWork;
}

/** See the file's head. */
export class Overlaps {
  readonly #git: Git;
  readonly #maxTries: number;
  readonly #changed = new Map<string, ChangedFiles>();
  readonly #known = new Map<string, readonly string[]>();

  /** At most `maxTries` pairs are merged at one call. */
  constructor(git: Git, maxTries: number = limits.maxOverlapTries) {
    this.#git = git;
    this.#maxTries = maxTries;
  }

  /**
   * The pairs of these works that overlap, by the attributes of the commit that all of them would go into; of `about` alone
   * where that is given. Null where more pairs are to be merged than in one call, which is to be made again. A work whose
   * commits can't be read is left out. Throws PortError where git can't be run.
   */
  async find(
    into: string,
    works: readonly OwnWork[],
    about: TaskId | null,
  ): Promise<readonly OverlappingPair[] | null> {
    await this.#listChanged(works);
    const pairs = this.#pairUp(works).filter(
      ({ one, other }) => about === null || one.id === about || other.id === about,
    );
    const unknown = pairs.filter(({ key }) => !this.#known.has(key));
    const tried = unknown.slice(0, this.#maxTries);
    if (tried.length > 0) await this.#merge(into, tried);
    if (tried.length < unknown.length) return null;
    return pairs.flatMap(({ key, one, other }) => {
      const files = this.#known.get(key) ?? [];
      return files.length === 0 ? [] : [{ between: [one.id, other.id] as const, files }];
    });
  }

  #pairUp(works: readonly OwnWork[]): readonly Pair[] {
    const byFile = new Map<string, OwnWork[]>();
    const pairs = new Map<string, Pair>();
    for (const other of works) {
      for (const file of this.#changed.get(keyOfWork(other))?.keys() ?? []) {
        const earlier = byFile.get(file) ?? [];
        for (const one of earlier) {
          const key = [keyOfWork(one), keyOfWork(other)].sort().join(' ');
          if (!pairs.has(key)) pairs.set(key, { key, one, other });
        }
        byFile.set(file, [...earlier, other]);
      }
    }
    return [...pairs.values()];
  }

  async #merge(into: string, pairs: readonly Pair[]): Promise<void> {
    await withAttributesOf(this.#git, into, async (mergeTrees) => {
      for (const { key, one, other } of pairs) {
        const merge = await mergeTrees(one.tip, other.tip);
        const files = merge.kind === 'conflict' ? merge.files.filter((file) => this.#isOfBoth(file, one, other)) : [];
        keepNewest(this.#known, key, files, limits.maxOverlapsRemembered);
      }
    });
  }

  /** What one of them only builds on may conflict with the other as well: that is for its own task to say. */
  #isOfBoth(file: string, one: OwnWork, other: OwnWork): boolean {
    const namesIn = (work: OwnWork) => this.#changed.get(keyOfWork(work))?.get(file) ?? [];
    const others = this.#changed.get(keyOfWork(other));
    const ones = this.#changed.get(keyOfWork(one));
    return namesIn(one).some((name) => others?.has(name)) || namesIn(other).some((name) => ones?.has(name));
  }

  /** Of works that were not looked at before; one process for all. */
  async #listChanged(works: readonly OwnWork[]): Promise<void> {
    const unseen = works.filter((work) => !this.#changed.has(keyOfWork(work)));
    const named = unseen.flatMap(({ tip, base }) => [tip, base ?? 'refs/none']);
    const commits = await resolveReadable(this.#git, named);
    const asked = unseen.filter((_, index) => commits[2 * index] != null && commits[2 * index + 1] != null);
    if (asked.length === 0) return;
    // To this command a commit's parents are what stands behind it.
    const input = asked.map(({ tip, base }) => `${tip} ${String(base)}\n`).join('');
    const args = ['diff-tree', '--stdin', '--always', '-r', '-M', '--name-status', '-z'];
    const lists = readChanges(await this.#git.run(args, { input }));
    for (const [index, work] of asked.entries()) {
      keepNewest(this.#changed, keyOfWork(work), lists[index] ?? new Map(), limits.maxMergesRemembered);
    }
  }
}

function keyOfWork({ tip, base }: OwnWork): string {
  return `${String(base)}..${tip}`;
}

/** Each commit's id, and behind it a status with one name, or two where a file was moved or copied. */
function readChanges(output: string): readonly ChangedFiles[] {
  const lists: Map<string, readonly string[]>[] = [];
  const fields = output.split('\0');
  for (let at = 0; at < fields.length; at += 1) {
    const field = fields[at] ?? '';
    if (/^[A-Z]\d*$/.test(field)) {
      const names = fields.slice(at + 1, at + (/^[RC]/.test(field) ? 3 : 2));
      for (const name of names) lists.at(-1)?.set(name, names);
      at += names.length;
    } else if (field !== '') lists.push(new Map());
  }
  return lists;
}
