/**
 * Keeps dashboards that were replaced. An editor that has one open goes on writing into it, so each is read again and
 * again until it has been left alone for long, and late saves are taken in. A backup is named `NUMBER-HASH.md`; the
 * hash is of the text that was taken in, so that after a crash a late save is known by its name.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { codeOf } from '../machine/errors.ts';
import { PortError } from '../../ports.ts';
import { privateFolderMode } from '../machine/durable.ts';
import { decodeBytes, encodeText } from './lossless-text.ts';
import { NotRegularError, openRegularSync } from '../machine/regular-file.ts';

/** A larger dashboard is not read. */
const maxDashboardBytes = 8 * 1024 * 1024;
/** A backup is removed once it has been left alone for so long. */
const keepBackupMs = 30_000;
/** While there are more backups than `maxBackups`, this is long enough. */
const keepExcessBackupMs = 5_000;
const maxBackups = 64;
/** A file may change again without a new time stamp for so long; meanwhile its time stamp proves nothing. */
const timestampGrainMs = 50;

/** A file that ends in the middle of a line may have been cut in the middle of a save, and is waited for longer. */
const cutQuietFactor = 4;

/** Times to wait for editors. */
export interface EditorPatience {
  /** A file that was left alone for so long is whole. */
  readonly quietMs: number;
  /** A file that is never left alone is not waited for longer. */
  readonly busyMs: number;
}

/** A regular file as it was read; `version` changes when it is written to, `mtimeMs` tells when it was last. */
export interface Snapshot {
  readonly text: string;
  readonly version: string;
  readonly mtimeMs: number;
}

/** Reads a file; null where there is none or it is no regular file. Throws PortError where it is too large. */
export function readSnapshot(path: string): Snapshot | null {
  let fd: number;
  try {
    fd = openRegularSync(path);
  } catch (error) {
    if (error instanceof NotRegularError || codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    const stats = fstatSync(fd);
    if (stats.size > maxDashboardBytes) {
      throw new PortError(
        `${path} has ${String(stats.size)} bytes; expected at most ${String(maxDashboardBytes)}. Move text from its User Notes to a file of its own.`,
      );
    }
    const version = versionOf(stats);
    return { text: decodeBytes(readFileSync(fd)), version, mtimeMs: stats.mtimeMs };
  } finally {
    closeSync(fd);
  }
}

function versionOf(stats: { ino: number; size: number; mtimeMs: number }): string {
  return `${String(stats.ino)}:${String(stats.size)}:${String(stats.mtimeMs)}`;
}

/** Tells when a file was last seen to change, whatever its time stamps say. */
export class QuietWatch {
  #version: string | null | undefined = undefined;
  #since = 0;

  /** Whether the file as seen now, null for none, was left alone for so long that it is whole. */
  isQuiet(seen: Snapshot | null, patience: EditorPatience, now: number): boolean {
    const version = seen?.version ?? null;
    const isCut = seen !== null && !seen.text.endsWith('\n');
    const quietMs = patience.quietMs * (isCut ? cutQuietFactor : 1);
    if (version !== this.#version) [this.#version, this.#since] = [version, now];
    const age = seen === null ? 0 : now - seen.mtimeMs;
    return now - this.#since >= quietMs || age >= quietMs;
  }
}

/** Takes in a file's text; `previous` is what was saved there before, or null. */
export type TakeIn = (text: string, isWhole: boolean, previous: string | null) => void;

interface Backup {
  readonly number: number;
  path: string;
  takenIn: string;
  /** The last save into it, or null. */
  save: string | null;
  /** The version that was read and taken in, if its time stamp proves that it is the same still. */
  provenVersion: string | null;
  changedAt: number;
  busySince: number | null;
  readonly watch: QuietWatch;
}

function hashText(text: string | null): string {
  return text === null ? 'new' : createHash('sha256').update(encodeText(text)).digest('hex').slice(0, 16);
}

/** See the file's head. */
export class DashboardBackups {
  readonly #folder: string;
  readonly #patience: EditorPatience;
  #backups: Backup[] = [];
  #lastNumber = 0;

  constructor(folder: string, patience: EditorPatience) {
    this.#folder = folder;
    this.#patience = patience;
  }

  /** Finds the backups that an earlier process left, and returns the texts of those that were taken in, oldest first. */
  open(now: number): string[] {
    mkdirSync(this.#folder, { recursive: true, mode: privateFolderMode });
    const texts: string[] = [];
    for (const name of readdirSync(this.#folder).sort()) {
      const [, number, takenIn] = /^(\d{9})-([0-9a-f]{16}|new)\.md$/.exec(name) ?? [];
      if (number === undefined || takenIn === undefined) continue;
      const path = join(this.#folder, name);
      this.#lastNumber = Math.max(this.#lastNumber, Number(number));
      this.#track({ number: Number(number), path, takenIn, save: null, now });
      const text = readSnapshot(path)?.text;
      if (text !== undefined && hashText(text) === takenIn) texts.push(text);
    }
    return texts;
  }

  /**
   * Moves a file here, to be looked at from now on. `takenIn` is the text that was taken in of it, `save` the last save
   * there. Does nothing where there is none.
   */
  capture(path: string, takenIn: string | null, save: string | null, now: number): void {
    const number = this.#lastNumber + 1;
    const hash = hashText(takenIn);
    const target = this.#pathOf(number, hash);
    try {
      renameSync(path, target);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      throw error;
    }
    this.#lastNumber = number;
    this.#track({ number, path: target, takenIn: hash, save, now });
  }

  /**
   * Looks at all backups. Hands over whole saves, returns whether one is being written to, and removes those that were
   * left alone for long.
   */
  check(now: number, takeIn: TakeIn): boolean {
    for (const backup of this.#backups) this.#checkOne(backup, now, takeIn);
    this.#removeOld(now);
    return this.#backups.some((backup) => backup.busySince !== null);
  }

  #checkOne(backup: Backup, now: number, takeIn: TakeIn): void {
    const stats = lstatSync(backup.path, { throwIfNoEntry: false });
    if (stats?.isFile() === true && versionOf(stats) === backup.provenVersion) return;
    const seen = stats?.isFile() === true ? readSnapshot(backup.path) : null;
    if (seen === null) {
      // A link or folder that stood in the dashboard's place stays here, and is never read or removed.
      this.#backups = this.#backups.filter((other) => other !== backup);
      return;
    }
    const isTakenIn = hashText(seen.text) === backup.takenIn;
    if (!isTakenIn) {
      backup.busySince ??= now;
      backup.changedAt = now;
      const isWhole = backup.watch.isQuiet(seen, this.#patience, now);
      if (!isWhole && now - backup.busySince < this.#patience.busyMs) return;
      takeIn(seen.text, isWhole, backup.save);
      backup.save = isWhole ? seen.text : null;
      this.#rename(backup, hashText(seen.text));
    }
    backup.busySince = null;
    backup.provenVersion = now - seen.mtimeMs > timestampGrainMs ? seen.version : null;
  }

  #rename(backup: Backup, takenIn: string): void {
    const path = this.#pathOf(backup.number, takenIn);
    renameSync(backup.path, path);
    [backup.path, backup.takenIn] = [path, takenIn];
  }

  #removeOld(now: number): void {
    let excess = this.#backups.length - maxBackups;
    const newest = this.#backups.at(-1);
    this.#backups = this.#backups.filter((backup) => {
      const age = now - backup.changedAt;
      const isOld = age > keepBackupMs || (excess > 0 && age > keepExcessBackupMs);
      if (!isOld || backup.busySince !== null || backup === newest) return true;
      rmSync(backup.path, { force: true });
      excess -= 1;
      return false;
    });
  }

  #track({ now, ...backup }: Pick<Backup, 'number' | 'path' | 'takenIn' | 'save'> & { now: number }): void {
    const watch = new QuietWatch();
    this.#backups.push({ ...backup, provenVersion: null, changedAt: now, busySince: null, watch });
  }

  #pathOf(number: number, hash: string): string {
    return join(this.#folder, `${String(number).padStart(9, '0')}-${hash}.md`);
  }
}
