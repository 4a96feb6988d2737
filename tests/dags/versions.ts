/**
 * The content of a tree as it is told apart in these tests: for each author the version of their work that is in it, 0 where
 * it has none. Files follow from that, so that the tree of what should be in it is known without asking git.
 *
 *   f0.txt, f1.txt, f2.txt   a line for each author, with others between; an author writes their line in one of them or more
 *   AUTHOR/vN.txt            the author's own file, under another name for each version
 */
import { createHash } from 'node:crypto';

/** Versions by author. What is not in it is 0. */
export type Versions = ReadonlyMap<string, number>;

/** Who commits to the target without a task. */
export const outsider = 'user';

const sharedFiles = ['f0.txt', 'f1.txt', 'f2.txt'] as const;

/** The authors of one graph, with the shared files that each writes in. */
export class Authors {
  readonly #filesOf: ReadonlyMap<string, readonly string[]>;

  /** `draw` says for each author and shared file whether they write in it; each writes in one. */
  constructor(names: readonly string[], draw: () => boolean) {
    const filesOf = (index: number) => sharedFiles.filter((_, at) => at === index % sharedFiles.length || draw());
    this.#filesOf = new Map([...names, outsider].map((name, index) => [name, filesOf(index)]));
  }

  /** The files of a tree, with what is in them. */
  render(versions: Versions): ReadonlyMap<string, string> {
    const files = new Map<string, string>(
      sharedFiles.map((file) => [
        file,
        [...this.#filesOf]
          .map(([author, own]) => {
            const version = own.includes(file) ? (versions.get(author) ?? 0) : 0;
            return `= ${author}\n\n${author} ${version}\n\n. ${author}\n`;
          })
          .join(''),
      ]),
    );
    for (const [author, version] of versions) {
      if (version > 0) files.set(`${author}/v${version}.txt`, `The work of ${author}, version ${version}.\n`);
    }
    return files;
  }

  /** The id of that tree. */
  treeOf(versions: Versions): string {
    const top: Entry[] = [];
    for (const [path, text] of this.render(versions)) {
      const blob = hash('blob', Buffer.from(text));
      const [name = '', inner] = path.split('/');
      if (inner === undefined) top.push({ mode: '100644', name, id: blob });
      else top.push({ mode: '40000', name, id: hashTree([{ mode: '100644', name: inner, id: blob }]) });
    }
    return hashTree(top);
  }
}

interface Entry {
  readonly mode: '100644' | '40000';
  readonly name: string;
  readonly id: string;
}

function hashTree(entries: readonly Entry[]): string {
  const keyOf = ({ mode, name }: Entry): string => (mode === '40000' ? `${name}/` : name);
  const sorted = entries.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const lines = sorted.flatMap(({ mode, name, id }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]);
  return hash('tree', Buffer.concat(lines));
}

function hash(kind: 'blob' | 'tree', content: Buffer): string {
  return createHash('sha1').update(`${kind} ${content.length}\0`).update(content).digest('hex');
}

/** The newest of each author's. */
export function join(...all: readonly Versions[]): Versions {
  const joined = new Map<string, number>();
  for (const each of all) {
    for (const [author, version] of each) joined.set(author, Math.max(version, joined.get(author) ?? 0));
  }
  return joined;
}

/** The same with another version of one author's. */
export function withVersion(versions: Versions, author: string, version: number): Versions {
  return new Map([...versions, [author, version]]);
}

/** Whether all of `part` is in `whole`, as it is or newer. */
export function isWithin(part: Versions, whole: Versions): boolean {
  return [...part].every(([author, version]) => version <= (whole.get(author) ?? 0));
}

/** Whether an author's line is there in two versions, so that git may find a conflict. */
export function mayConflict(...all: readonly Versions[]): boolean {
  const seen = new Map<string, number>();
  for (const each of all) {
    for (const [author, version] of each) {
      if (version > 0 && (seen.get(author) ?? version) !== version) return true;
      if (version > 0) seen.set(author, version);
    }
  }
  return false;
}

/** For messages. */
export function describe(versions: Versions): string {
  return (
    [...versions]
      .filter(([, version]) => version > 0)
      .map(([author, version]) => `${author}:${version}`)
      .join(' ') || 'nothing'
  );
}
