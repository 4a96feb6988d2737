/**
 * Opens a pinned board of `tests/fixtures/boards/` as a real repository in a scratch folder, and runs it in this process:
 * real files, real git, and the agent that it was pinned with.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeTemporaryFiles } from '../../src/adapters/files/temporary-files.ts';
import { composeDaemon } from '../../src/cli/compose-daemon.ts';
import { openPlace } from '../../src/cli/place.ts';
import type { Board } from '../../src/domain/board.ts';
import { columns } from '../../src/domain/task.ts';

const boards = fileURLToPath(new URL('../fixtures/boards/', import.meta.url));
/** See `make-board.mjs`. */
const pinnedRoot = '/pinned-board-root';
/** Before everything in the pinned boards, so that no file looks as if it were still being written. */
const longAgo = new Date('2026-01-01T00:00:00Z');
const patienceMs = 300_000;

/** The names of the pinned boards. */
export const boardNames = readdirSync(boards).filter((name) => statSync(join(boards, name)).isDirectory());

/** Where the tasks of every pinned board are once nothing can go on without the user. */
export const endPlaces: Readonly<Record<string, string>> = {
  ...{ bad: 'inbox', gone: 'archive', old: 'archive' },
  ...{ asker: 'attention', broken: 'attention', clash: 'attention', 'ring-a': 'attention', 'ring-b': 'attention' },
  ...{ merged: 'done', page: 'done', scout: 'done', left: 'done', right: 'done', busy: 'done', limited: 'done' },
  ...{ next: 'done', later: 'done', rights: 'done', fresh: 'done' },
};

/** Empty: nothing of who runs the tests counts. All boards share it, since it is told by the process's environment. */
const home = mkdtempSync(join(tmpdir(), 'branchboard-home-'));
process.env['HOME'] = home;

/** Removes what all boards shared. */
export function removeHome(): void {
  rmSync(home, { recursive: true, force: true });
}

/** One copy of a pinned board. */
export class PinnedBoard {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'branchboard-pinned-')));
  readonly repo = join(this.root, 'repo');
  /** What the board told its user beside the dashboard and the history. */
  readonly notices: string[] = [];
  board: Board | null = null;

  /** Copies the board of that name. Its agents go on from here: the file that they waited for is there. */
  constructor(name: string) {
    unpack(join(boards, name), this.root, this.root);
    // Git keeps no empty folders, and takes a folder without these for no repository.
    for (const folder of ['refs/heads', 'refs/tags']) mkdirSync(join(this.repo, '.git', folder), { recursive: true });
    writeFileSync(join(this.root, 'agent.sh'), readFileSync(join(boards, 'agent.sh')));
    writeFileSync(join(this.root, 'gate'), '');
  }

  /** A path in `.orchestrator/`. */
  path(...parts: readonly string[]): string {
    return join(this.repo, '.orchestrator', ...parts);
  }

  read(...parts: readonly string[]): string {
    return readFileSync(this.path(...parts), 'utf8');
  }

  /** Runs the board until nothing can go on without its user. Rejects on a fault of ours. */
  async runUntilIdle(): Promise<void> {
    const place = await openPlace({ repo: this.repo });
    await removeTemporaryFiles(place.layout);
    const daemon = composeDaemon(place, {
      untilIdle: true,
      crashes: 0,
      sandbox: Promise.resolve({ kind: 'off' }),
      onAnswer: () => undefined,
      onNotice: (message) => this.notices.push(message),
    });
    const late = setTimeout(() => daemon.shutDown(), patienceMs);
    try {
      await daemon.run();
    } finally {
      clearTimeout(late);
    }
    if (daemon.board.shutdown !== 'no') throw new Error('the board was not idle in time');
    this.board = daemon.board;
  }

  git(...args: readonly string[]): string {
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, GIT_CONFIG_NOSYSTEM: '1' };
    return execFileSync('git', args, { cwd: this.repo, env, encoding: 'utf8', stdio: 'pipe' }).trimEnd();
  }

  /** All refs with what they name. */
  refs(): ReadonlyMap<string, string> {
    const lines = this.git('for-each-ref', '--format=%(refname) %(objectname)').split('\n');
    return new Map(lines.map((line): [string, string] => [line.split(' ')[0] ?? '', line.split(' ')[1] ?? '']));
  }

  /** Of refs as they once were those that no longer hold what they named; of one that is gone, if no other ref does. */
  listLost(before: ReadonlyMap<string, string>): readonly string[] {
    const now = this.refs();
    const holds = (ref: string, commit: string): boolean =>
      now.has(ref) ? this.contains(ref, commit) : this.git('for-each-ref', '--contains', commit) !== '';
    return [...before].filter(([ref, commit]) => !holds(ref, commit)).map(([ref]) => ref);
  }

  /** Whether `ref` holds the work that a commit names. */
  contains(ref: string, commit = 'none'): boolean {
    try {
      this.git('merge-base', '--is-ancestor', commit, ref);
      return true;
    } catch {
      return false;
    }
  }

  /** The folder of each task's file, by its id; a file that is in two is named with both. */
  places(): Readonly<Record<string, string>> {
    const places: Record<string, string> = {};
    for (const folder of ['inbox', ...columns]) {
      if (!existsSync(this.path(folder))) continue;
      for (const name of readdirSync(this.path(folder))) {
        const id = name.replace(/(?:~\d+)?\.md$/, '');
        if (!statSync(this.path(folder, name)).isFile()) continue;
        if (!name.startsWith('.')) places[id] = id in places ? `${places[id] ?? ''} and ${folder}` : folder;
      }
    }
    return places;
  }

  history(): string {
    return existsSync(this.path('history.jsonl')) ? this.read('history.jsonl') : '';
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}

function unpack(from: string, to: string, root: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const entry of readdirSync(from)) {
    const [path, target] = [join(from, entry), join(to, entry.replace(/^dot-/, '.'))];
    if (statSync(path).isDirectory()) {
      unpack(path, target, root);
      continue;
    }
    const bytes = readFileSync(path);
    const text = bytes.includes(0) ? bytes : bytes.toString('utf8').replaceAll(pinnedRoot, root);
    writeFileSync(target, text, { mode: 0o600 });
    utimesSync(target, longAgo, longAgo);
  }
}
