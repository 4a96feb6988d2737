/** A scratch repository whose commits are made by plumbing alone, and whose trees are told apart by {@link Versions}. */
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Scratch } from '../adapters/git/scratch.ts';
import { describe, join, withVersion, type Authors, type Versions } from './versions.ts';

/** See the file's head. */
export class DagRepository {
  readonly scratch = new Scratch();
  /** The versions that the commits hold, by commit, as far as they were read. */
  readonly #known = new Map<string, Versions>();
  /** The newest version that each author wrote. */
  readonly #newest = new Map<string, number>();
  readonly #authors: Authors;
  readonly #reader: ChildProcessWithoutNullStreams;
  readonly #answers: ((line: string) => void)[] = [];

  constructor(authors: Authors) {
    this.#authors = authors;
    const { dir, env } = this.scratch;
    this.#reader = spawn('git', ['cat-file', '--batch-check=%(objectname)'], { cwd: dir, env });
    createInterface({ input: this.#reader.stdout }).on('line', (line) => this.#answers.shift()?.(line));
  }

  /** The commit that a name stands for, or the tree where it ends in `^{tree}`; null where there is none. */
  async resolve(name: string): Promise<string | null> {
    const line = await new Promise<string>((resolve) => {
      this.#answers.push(resolve);
      this.#reader.stdin.write(`${name}\n`);
    });
    return line.endsWith(' missing') ? null : line;
  }

  /** What is in a commit that was made here, or checked. */
  versionsOf(commit: string): Versions {
    const found = this.#known.get(commit);
    if (found === undefined) throw new Error(`nobody looked at ${commit}`);
    return found;
  }

  /** What is wrong with a commit that is to have one of these contents; null where nothing is. */
  async check(commit: string, ...allowed: readonly Versions[]): Promise<string | null> {
    const tree = await this.resolve(`${commit}^{tree}`);
    const found = allowed.find((versions) => this.#authors.treeOf(versions) === tree);
    if (found === undefined) {
      const text = this.scratch.git('grep', '-hE', '^[a-z0-9]+ [1-9]', commit, '--', 'f*.txt');
      const files = this.scratch.git('ls-tree', '-r', '--name-only', commit);
      return `${commit} should have ${allowed.map(describe).join(', or ')}, and has:\n${text}${files}`;
    }
    this.#known.set(commit, found);
    return null;
  }

  /** Commits an author's next version on top of a commit, to a ref that need not be there or go on from it. Returns the commit. */
  commit(author: string, on: string | null, refs: readonly string[]): string {
    const before = on === null ? new Map() : this.versionsOf(on);
    const version = on === null ? 0 : (this.#newest.get(author) ?? 0) + 1;
    this.#newest.set(author, version);
    const after = withVersion(before, author, version);
    const [first = '', ...others] = refs;
    const files = this.#authors.render(after);
    const gone = [...this.#authors.render(before).keys()].filter((path) => !files.has(path));
    const stream = [
      `commit ${first}\nmark :1\ncommitter Ada <ada@example.com> 1700000000 +0000\n${data(`${author} ${version}`)}`,
      ...(on === null ? [] : [`from ${on}\n`]),
      ...gone.map((path) => `D ${path}\n`),
      ...[...files].map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`),
      ...others.map((ref) => `reset ${ref}\nfrom :1\n\n`),
      'get-mark :1\n',
    ];
    const said = execFileSync('git', ['fast-import', '--quiet', '--force', '--cat-blob-fd=1'], {
      cwd: this.scratch.dir,
      env: this.scratch.env,
      input: stream.join(''),
      encoding: 'utf8',
    });
    const commit = said.trim();
    this.#known.set(commit, after);
    return commit;
  }

  /** Where the branches are, by their names. */
  listHeads(): ReadonlyMap<string, string> {
    const lines = this.scratch.git('for-each-ref', '--format=%(refname:lstrip=2) %(objectname)', 'refs/heads');
    const heads = lines
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    return new Map(heads.map(([name = '', commit = '']) => [name, commit]));
  }

  /** What all of these commits together should lead to. */
  join(...commits: readonly string[]): Versions {
    return join(...commits.map((commit) => this.versionsOf(commit)));
  }

  remove(): void {
    this.#reader.stdin.end();
    this.scratch.remove();
  }
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}
