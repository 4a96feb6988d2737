/** Lists the board's folders. A folder without changes since the last scan is not listed again. */
import { codeOf } from '../machine/errors.ts';
import { lstatSync, type Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isSameFile, type BoardScan, type FileIdentity } from '../../domain/board.ts';
import { limits } from '../../domain/limits.ts';
import { columns, isFinishedColumn, type Column } from '../../domain/task.ts';
import type { Clock } from '../../ports.ts';
import { makeFolder } from '../machine/durable.ts';
import { listCommands } from './command-files.ts';
import { GrantsScanner } from './grants.ts';
import type { Layout } from './layout.ts';
import { identify } from './reader.ts';

/** A folder whose time is younger than this may change again within the same tick of the file system's clock. */
const folderClockTickMs = 50;

/** The number of files looked at before other work gets its turn. */
const filesPerTurn = 256;

/** Names that editors and downloads use for files that are not meant yet. */
const temporaryName = /^\.|~$|^#.*#$|\.(?:sw[a-z]|tmp|temp|part|partial|crdownload|bak|orig)$|^4913$|___jb_\w+___$/i;

/** Whether a file of the inbox is passed over by its name. */
export function isPassedOver(name: string): boolean {
  return temporaryName.test(name);
}

interface Listing {
  readonly folderMtimeMs: number;
  readonly settled: boolean;
  readonly files: ReadonlyMap<string, FileIdentity>;
}

interface Sighting {
  readonly identity: FileIdentity;
  readonly since: number;
  /** It was written where it lies, and its writer may only pause. */
  readonly mayGrow: boolean;
}

/** Scans one board; remembers what it saw last. */
export class Scanner {
  readonly #layout: Layout;
  readonly #clock: Clock;
  readonly #listings = new Map<Column, Listing>();
  readonly #grants: GrantsScanner;
  #sightings = new Map<string, Sighting>();

  constructor(layout: Layout, clock: Clock) {
    this.#layout = layout;
    this.#clock = clock;
    this.#grants = new GrantsScanner(layout);
  }

  /** Looks at everything. A folder that is missing is made again. */
  async scan(): Promise<BoardScan> {
    const [inbox, commands, grants, ...listings] = await Promise.all([
      this.#scanInbox(),
      listCommands(this.#layout),
      this.#grants.scan(),
      ...columns.map((column) => this.#scanColumn(column)),
    ]);
    const files = Object.fromEntries(columns.map((column, index) => [column, listings[index] ?? new Map()]));
    return { ...inbox, columns: files as BoardScan['columns'], commands, grants };
  }

  async #scanColumn(column: Column): Promise<ReadonlyMap<string, FileIdentity>> {
    const folder = this.#layout.column(column);
    const { mtimeMs } = await statFolder(folder);
    const known = this.#listings.get(column);
    const finished = isFinishedColumn(column);
    // Files in the finished columns are only listed: nobody waits for edits there.
    if (finished && known?.settled === true && known.folderMtimeMs === mtimeMs) return known.files;
    const names = (await readdir(folder)).filter((name) => !temporaryName.test(name));
    const files = new Map<string, FileIdentity>();
    for (const [index, name] of names.entries()) {
      const before = finished ? known?.files.get(name) : undefined;
      const stats = before === undefined ? statEntry(join(folder, name)) : null;
      if (before !== undefined) files.set(name, before);
      else if (stats?.isFile() === true) files.set(name, identify(stats));
      if ((index + 1) % filesPerTurn === 0) await nextTurn();
    }
    const settled = this.#clock.now() - mtimeMs > folderClockTickMs;
    this.#listings.set(column, { folderMtimeMs: mtimeMs, settled, files });
    return files;
  }

  async #scanInbox(): Promise<Pick<BoardScan, 'inbox' | 'inboxRefused' | 'inboxSettlesAt'>> {
    const folder = this.#layout.inbox;
    await statFolder(folder);
    const names = (await readdir(folder)).filter((name) => !isPassedOver(name)).sort();
    const inbox = new Map<string, FileIdentity>();
    const inboxRefused = new Map<string, string>();
    const sightings = new Map<string, Sighting>();
    let inboxSettlesAt: number | null = null;
    for (const name of names) {
      const stats = statEntry(join(folder, name));
      // A name that is not UTF-8 is listed with a stand-in for its odd bytes, and under that name there is nothing.
      if (stats === null && name.includes('\uFFFD'))
        inboxRefused.set(name, 'a file whose name is not UTF-8 (rename it)');
      if (stats === null) continue;
      const refusal = refuseEntry(name, stats);
      if (refusal !== null) {
        inboxRefused.set(name, refusal);
        continue;
      }
      const sighting = this.#sight(name, stats);
      sightings.set(name, sighting);
      const settlesAt = findSettlingTime(sighting);
      if (settlesAt <= this.#clock.now()) inbox.set(name, sighting.identity);
      else inboxSettlesAt = Math.min(inboxSettlesAt ?? Infinity, settlesAt);
    }
    this.#sightings = sightings;
    return { inbox, inboxRefused, inboxSettlesAt };
  }

  #sight(name: string, stats: Stats): Sighting {
    const identity = identify(stats);
    const before = this.#sightings.get(name);
    const isKnown = before !== undefined && isSameFile(before.identity, identity);
    // A clock that was set back must not keep the file waiting.
    if (isKnown && before.since <= this.#clock.now()) return before;
    // A file that was moved or linked in has had its inode changed after its content.
    return { identity, since: this.#clock.now(), mayGrow: stats.ctimeMs <= stats.mtimeMs };
  }
}

/** A file that was moved in is old at once; one whose time lies in the future is judged by how long it was watched. */
function findSettlingTime({ identity, since, mayGrow }: Sighting): number {
  const quietMs = mayGrow ? limits.inboxGrowingQuietMs : limits.inboxQuietMs;
  return Math.min(identity.mtimeMs, since) + quietMs;
}

function refuseEntry(name: string, stats: Stats): string | null {
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (stats.isDirectory()) return 'a folder';
  if (!stats.isFile()) return 'a special file';
  return /\.(?:md|markdown)$/i.test(name) ? null : 'no markdown file (its name does not end in .md)';
}

async function statFolder(folder: string): Promise<Stats> {
  try {
    return await stat(folder);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    await makeFolder(folder);
    return await stat(folder);
  }
}

/** Null where there is nothing. Asked in place: to ask the thread pool takes four times the processor time. */
function statEntry(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}
