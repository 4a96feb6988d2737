/**
 * Sets a file aside whose parsing ended the whole process twice: an abort or an exhausted stack can't be caught, and a
 * board that reads its folder at each start would never come up again.
 *
 * While a process parses a file, a marker under its pid names that version of the file. A marker whose process is gone
 * is a strike against that very version, counted by the one that takes the marker away; a version that is parsed after
 * all loses its strikes. Nothing is synced: what a process wrote outlives it.
 */
import { ftruncateSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../machine/errors.ts';
import type { FileIdentity } from '../../domain/board.ts';
import type { Diagnostic, Parsed } from '../../domain/diagnostic.ts';
import type { ParsedFile, ParseGuard } from '../../ports.ts';
import { privateMode } from '../machine/durable.ts';
import type { Layout } from './layout.ts';
import { readBeginning } from '../machine/regular-file.ts';

/** A file that ended the process so often is not parsed any more. */
const maxStrikes = 2;
const strikesName = 'strikes.json';
/** Versions that are remembered, the latest. */
const maxVersions = 100;
/** Of a longer file of the guard's only so much is read; none that it wrote itself is so long. */
const maxFileBytes = 64 * 1024;

type Strikes = Map<string, number>;
type Place = Pick<Layout, 'parsing'>;

/** The guard of a board's daemon: counts strikes for what processes left that are gone, and marks what it parses. */
export function createParseGuard({ parsing: folder }: Place): ParseGuard {
  const strikes = readStrikes(folder);
  const taken = listLeft(folder).filter((marker) => takeAway(folder, marker));
  const struck = taken.filter(({ version }) => /^\d+:\d+:-?[\d.]+$/.test(version));
  for (const { version } of struck) strikes.set(version, (strikes.get(version) ?? 0) + 1);
  if (struck.length > 0) writeStrikes(folder, strikes);
  const marker = openMarker(folder);
  return {
    parse(file, parse) {
      const version = nameVersion(file.identity);
      if ((strikes.get(version) ?? 0) >= maxStrikes) return refuse(file);
      marker.set(version);
      try {
        return parse();
      } finally {
        marker.clear();
        if (strikes.delete(version)) writeStrikes(folder, strikes);
      }
    },
  };
}

/** The guard of a command that only looks: it passes over what is set aside or was being parsed when a process ended. */
export function createOnlookerGuard({ parsing: folder }: Place): ParseGuard {
  const strikes = readStrikes(folder);
  const left = listLeft(folder);
  return {
    parse(file, parse) {
      const version = nameVersion(file.identity);
      const isSuspect = left.some((marker) => marker.version === version);
      return isSuspect || (strikes.get(version) ?? 0) >= maxStrikes ? refuse(file) : parse();
    },
  };
}

function nameVersion({ inode, size, mtimeMs }: FileIdentity): string {
  return `${String(inode)}:${String(size)}:${String(mtimeMs)}`;
}

function refuse<Value>({ file }: ParsedFile): Parsed<Value> {
  const diagnostic: Diagnostic = {
    severity: 'error',
    file,
    message: `the board ended while it read this file, ${String(maxStrikes)} times; it is not read any more`,
    expected: 'text that can be read',
    hint: 'Take out what is unusual in it; saving it again tries again.',
  };
  return { value: undefined, diagnostics: [diagnostic] };
}

/** One file that stays open, since a thousand tasks are read at a start; the next start removes it. */
function openMarker(folder: string): { readonly set: (version: string) => void; readonly clear: () => void } {
  let handle: number | null = null;
  const open = () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, String(process.pid));
    rmSync(path, { force: true });
    return openSync(path, 'wx', privateMode);
  };
  return {
    set: (version) => void attempt(() => writeSync((handle ??= open()), version, 0)),
    clear: () => void attempt(() => handle !== null && ftruncateSync(handle, 0)),
  };
}

interface Marker {
  readonly name: string;
  readonly version: string;
}

/** Markers whose processes are gone. */
function listLeft(folder: string): readonly Marker[] {
  const names = attempt(() => readdirSync(folder)) ?? [];
  return names
    .filter((name) => /^\d+$/.test(name) && !isAlive(Number(name)))
    .map((name) => ({ name, version: attempt(() => readBeginning(join(folder, name), maxFileBytes)) ?? '' }));
}

/** Of several that start at once only one can take a marker away. */
function takeAway(folder: string, { name }: Marker): boolean {
  const taken = join(folder, `${name}.taken-by-${String(process.pid)}`);
  const isMine = attempt(() => (renameSync(join(folder, name), taken), true)) ?? false;
  attempt(() => rmSync(taken, { force: true }));
  return isMine;
}

/** One of our own pid is of an earlier process, since this one has parsed nothing yet. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function readStrikes(folder: string): Strikes {
  const facts = attempt((): unknown => JSON.parse(readBeginning(join(folder, strikesName), maxFileBytes)));
  const entries = typeof facts === 'object' && facts !== null ? Object.entries(facts) : [];
  return new Map(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}

function writeStrikes(folder: string, strikes: Strikes): void {
  const latest = Object.fromEntries([...strikes].slice(-maxVersions));
  const text = `${JSON.stringify(latest)}\n`;
  attempt(() => {
    rmSync(join(folder, strikesName), { force: true });
    writeFileSync(join(folder, strikesName), text, { flag: 'wx', mode: privateMode });
  });
}

/** Where the folder can't be read or written, files are parsed all the same; undefined then. */
function attempt<Value>(act: () => Value): Value | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
