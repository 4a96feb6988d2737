/** Lists the board's folders. A folder without changes since the last scan is not listed again. */
import { codeOf } from '../machine/errors.ts';
import { lstatSync, type Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isSameFile, type BoardScan, type FileIdentity, type Stray } from '../../domain/board.ts';
import { limits } from '../../domain/limits.ts';
import {
  columns,
  idOfFile,
  isFinishedColumn,
  isNumbered,
  keyOf,
  type Column,
  type TaskId,
  type TaskKey,
} from '../../domain/task.ts';
import { findCopied } from '../../domain/copy-names.ts';
import { idOfName, markdownEnding } from '../../domain/slug.ts';
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

/** Names that editors, downloads and desktops use for files of their own, or for files that are not meant yet. */
const temporaryName =
  /^\.|~$|^~\$|^#.*#$|\.(?:sw[a-z]|tmp|temp|part|partial|filepart|crdownload|download|bak|orig)$|\.tmp[.-][\w.-]+$|^4913$|___jb_\w+___$|^(?:thumbs\.db|desktop\.ini|icon\r)$/i;

/** Whether a file of the inbox or of a column is passed over by its name. */
export function isPassedOver(name: string): boolean {
  return temporaryName.test(name);
}

/** Columns in which a markdown file under any name is a task that somebody wants done. */
const takenInFrom: ReadonlySet<string> = new Set(['queued', 'active']);

interface Listing {
  /** The tasks' own files. */
  readonly files: ReadonlyMap<string, FileIdentity>;
  /** Everything else but what is passed over; null for a name that is not UTF-8. */
  readonly others: ReadonlyMap<string, Stats | null>;
}

interface KnownListing extends Listing {
  readonly folderMtimeMs: number;
  readonly settled: boolean;
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
  readonly #listings = new Map<Column, KnownListing>();
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
      this.#listInbox(),
      listCommands(this.#layout),
      this.#grants.scan(),
      ...columns.map(async (column) => [column, await this.#listColumn(column)] as const),
    ]);
    const files = Object.fromEntries(listings.map(([column, listing]) => [column, listing.files]));
    const sorted = this.#sortOthers(new Map<string, Listing>([['inbox', inbox], ...listings]));
    return { ...sorted, columns: files as BoardScan['columns'], commands, grants };
  }

  async #listColumn(column: Column): Promise<Listing> {
    const folder = this.#layout.column(column);
    const { mtimeMs } = await statFolder(folder);
    const known = this.#listings.get(column);
    const finished = isFinishedColumn(column);
    // Files in the finished columns are only listed: nobody waits for edits there.
    if (finished && known?.settled === true && known.folderMtimeMs === mtimeMs && this.#isQuiet(column, known)) {
      return known;
    }
    const files = new Map<string, FileIdentity>();
    const others = new Map<string, Stats | null>();
    for (const [index, name] of (await listNames(folder)).entries()) {
      const before = finished ? known?.files.get(name) : undefined;
      const stats = before === undefined ? statEntry(folder, name) : null;
      if (before !== undefined) files.set(name, before);
      else if (stats?.isFile() === true && isTaskName(column, name)) files.set(name, identify(stats));
      else if (stats !== undefined) others.set(name, stats);
      if ((index + 1) % filesPerTurn === 0) await nextTurn();
    }
    const settled = this.#clock.now() - mtimeMs > folderClockTickMs;
    this.#listings.set(column, { folderMtimeMs: mtimeMs, settled, files, others });
    return { files, others };
  }

  /** Whether all that is no task in a column was left alone. */
  #isQuiet(column: Column, { others }: Listing): boolean {
    return [...others.keys()].every((name) => {
      const sighting = this.#sightings.get(`${column}/${name}`);
      return sighting === undefined || findSettlingTime(sighting) <= this.#clock.now();
    });
  }

  async #listInbox(): Promise<Listing> {
    const folder = this.#layout.inbox;
    await statFolder(folder);
    const others = new Map<string, Stats | null>();
    for (const name of await listNames(folder)) {
      const stats = statEntry(folder, name);
      if (stats !== undefined) others.set(name, stats);
    }
    return { files: new Map(), others };
  }

  /** Parts what is to be taken in from what is not, once each was left alone. */
  #sortOthers(listings: ReadonlyMap<string, Listing>): Pick<BoardScan, 'inbox' | 'strays' | 'unsettled'> {
    const inbox = new Map<string, FileIdentity>();
    const strays = new Map<string, Stray>();
    const sightings = new Map<string, Sighting>();
    const unsettled = new Map<string, number>();
    let used: ReadonlySet<TaskKey> | null = null;
    const isUsed = (id: TaskId) => (used ??= listUsedIds(listings)).has(keyOf(id));
    for (const [folder, { others }] of listings) {
      for (const [name, stats] of others) {
        const path = `${folder}/${name}`;
        const sighting = stats === null ? null : this.#sight(path, stats);
        if (sighting !== null) sightings.set(path, sighting);
        const settlesAt = sighting === null ? 0 : findSettlingTime(sighting);
        const isQuiet = settlesAt <= this.#clock.now();
        const stray = judgeEntry(folder, name, stats, isUsed);
        if (stray !== null) {
          // Nothing waits for it: a later scan tells of one that is being written.
          if (isQuiet) strays.set(path, stray);
        } else if (sighting !== null) {
          if (isQuiet) inbox.set(path, sighting.identity);
          else unsettled.set(path, settlesAt);
        }
      }
    }
    this.#sightings = sightings;
    return { inbox, strays, unsettled };
  }

  #sight(path: string, stats: Stats): Sighting {
    const identity = identify(stats);
    const before = this.#sightings.get(path);
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

/** What a thing is that is no task; null for a file that is to be taken in. */
function judgeEntry(folder: string, name: string, stats: Stats | null, isUsed: (id: TaskId) => boolean): Stray | null {
  const what = describeUnread(name, stats);
  if (what !== null) return { kind: 'never-read', what };
  const of = findCopied(name, isUsed);
  if (of !== null) return { kind: 'copy', of };
  return folder === 'inbox' || takenInFrom.has(folder) ? null : { kind: 'no-id' };
}

function describeUnread(name: string, stats: Stats | null): string | null {
  if (stats === null) return 'a file whose name is not UTF-8 (rename it)';
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (stats.isDirectory()) return 'a folder';
  if (!stats.isFile()) return 'a special file';
  return markdownEnding.test(name) ? null : 'no markdown file (its name does not end in .md)';
}

/** Whether a file of this name in a column is a task's own. */
function isTaskName(column: Column, name: string): boolean {
  if (column === 'archive' && isNumbered(name)) return true;
  return idOfFile(name) !== null && findCopied(name, () => false) === null;
}

/** The ids of all tasks, and those that the files get that wait. */
function listUsedIds(listings: ReadonlyMap<string, Listing>): ReadonlySet<TaskKey> {
  const used = new Set<TaskKey>();
  for (const [folder, { files, others }] of listings) {
    for (const name of files.keys()) used.add(keyOf(idOfName(name)));
    if (folder !== 'inbox' && !takenInFrom.has(folder)) continue;
    for (const name of others.keys()) if (markdownEnding.test(name)) used.add(keyOf(idOfName(name)));
  }
  return used;
}

async function listNames(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => !isPassedOver(name)).sort();
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

/**
 * Undefined where there is nothing; null where the name is not UTF-8: it is listed with a stand-in for its odd bytes, and
 * under that name there is nothing. Asked in place: to ask the thread pool takes four times the processor time.
 */
function statEntry(folder: string, name: string): Stats | null | undefined {
  const stats = lstatSync(join(folder, name), { throwIfNoEntry: false });
  return stats === undefined && name.includes('\uFFFD') ? null : stats;
}
