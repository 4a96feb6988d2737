/**
 * Sets a file aside whose parsing ended the whole process twice: an abort or an exhausted stack can't be caught, and a
 * board that reads its folder at each start would never come up again.
 *
 * While a file is parsed a marker names its version. A marker that is there at the start is a strike against that very
 * version; one that is parsed after all loses its strikes. Nothing is synced: what a process wrote outlives it.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import type { FileIdentity } from '../../domain/board.ts';
import type { Diagnostic, Parsed } from '../../domain/diagnostic.ts';
import type { ParsedFile, ParseGuard } from '../../ports.ts';
import { privateMode } from './durable.ts';
import type { Layout } from './layout.ts';

/** A file that ended the process so often is not parsed any more. */
const maxStrikes = 2;
/** Versions that are remembered, the latest. */
const maxVersions = 100;

type Strikes = Map<string, number>;

/** The guard of a board's daemon: counts a strike for what an earlier process left, and marks what it parses. */
export function createParseGuard(layout: Pick<Layout, 'parsing' | 'poison'>): ParseGuard {
  const strikes = readStrikes(layout.poison);
  const left = readMarker(layout.parsing);
  if (left !== null) {
    strikes.set(left, (strikes.get(left) ?? 0) + 1);
    writeStrikes(layout.poison, strikes);
    rmSync(layout.parsing, { force: true });
  }
  const marker = openMarker(layout.parsing);
  return {
    parse(file, parse) {
      const version = nameVersion(file.identity);
      if ((strikes.get(version) ?? 0) >= maxStrikes) return refuse(file);
      marker.set(version);
      try {
        return parse();
      } finally {
        marker.clear();
        if (strikes.delete(version)) writeStrikes(layout.poison, strikes);
      }
    },
  };
}

/** The guard of a command that only looks: it passes over what is set aside or was being parsed when a process ended. */
export function createOnlookerGuard(layout: Pick<Layout, 'parsing' | 'poison'>): ParseGuard {
  const strikes = readStrikes(layout.poison);
  const left = readMarker(layout.parsing);
  return {
    parse(file, parse) {
      const version = nameVersion(file.identity);
      return version === left || (strikes.get(version) ?? 0) >= maxStrikes ? refuse(file) : parse();
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

/** One open file: a thousand tasks are read at a start. Where it can't be written, nothing is marked. */
function openMarker(path: string): { readonly set: (version: string) => void; readonly clear: () => void } {
  let handle: number | null = null;
  const attempt = (write: (handle: number) => void) => {
    try {
      handle ??= openSync(path, 'w', privateMode);
      write(handle);
    } catch {
      if (handle !== null) closeQuietly(handle);
      handle = null;
    }
  };
  return {
    set: (version) => attempt((file) => writeSync(file, version, 0)),
    clear: () => attempt((file) => ftruncateSync(file, 0)),
  };
}

function closeQuietly(handle: number): void {
  try {
    closeSync(handle);
  } catch {
    // It could not be written either.
  }
}

function readMarker(path: string): string | null {
  try {
    const text = readFileSync(path, 'utf8');
    return /^\d+:\d+:-?[\d.]+$/.test(text) ? text : null;
  } catch {
    return null;
  }
}

function readStrikes(path: string): Strikes {
  try {
    const entries = Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>);
    return new Map(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
  } catch {
    return new Map();
  }
}

function writeStrikes(path: string, strikes: Strikes): void {
  try {
    const latest = Object.fromEntries([...strikes].slice(-maxVersions));
    writeFileSync(path, `${JSON.stringify(latest)}\n`, { mode: privateMode });
  } catch {
    // Then they are counted for this process alone.
  }
}
