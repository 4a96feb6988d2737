/**
 * The lock: a numbered file in a folder that everybody sees who can see the board. It says who the owner is and where
 * its socket is, and the owner touches it on a beat.
 *
 *   empty                                    released
 *   this boot, this pid namespace            alive as long as that pid with that start time is there
 *   another machine, container or boot       alive if its mtime changes while it is looked at; whether it does is all
 *                                            that counts, since the clocks of two machines can't be compared
 *
 * An owner that was frozen for so long that another machine took over finds another file than its own when it wakes,
 * and stops. So does one whose file was removed and whose board somebody else took meanwhile; where nobody did, it puts
 * its file back.
 */
import { randomUUID } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { mkdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../machine/errors.ts';
import { failure, success, type Result } from '../../domain/result.ts';
import { isAlive, readStart, type ProcessMark } from '../machine/processes.ts';
import { readBootId } from '../machine/clock.ts';
import { createFile, makeFolder, privateFolderMode, privateMode } from '../machine/durable.ts';
import { NotRegularError, openRegular, readRegular } from '../machine/regular-file.ts';
import { findHighest, takeNumber } from './numbered-link.ts';

/** Times of the lock; tests shorten them. */
export interface LockTimings {
  /** Time between two touches of the owner's file. */
  readonly beatEveryMs: number;
  /** A file of another machine's that stays as it is for so long is stale. */
  readonly silenceMs: number;
}

/** The defaults. */
export const defaultLockTimings: LockTimings = { beatEveryMs: 1_000, silenceMs: 5_000 };

const lookEveryMs = 100;

/** The owner of a board by its file. */
export interface FileOwner {
  readonly mark: ProcessMark;
  /** The owner's machine or container; null where it is this one. */
  readonly host: string | null;
  /** The path of the owner's socket, if it has one. */
  readonly socket: string | null;
  /** It carries out one command and ends, and is no daemon. */
  readonly isErrand: boolean;
}

/** What an owner's file says of it beside its process: the path of its socket, or that it is only on an errand. */
export type OwnerNote = { readonly socket: string | null } | 'errand';

/** Something that is ours until it is released. */
export interface Held {
  release(): Promise<void>;
}

/** Takes a board's file, or says who has it. `onLost` is called where somebody took over from us. */
export async function takeFile(
  boardDir: string,
  onLost: () => void,
  timings: LockTimings = defaultLockTimings,
  note: OwnerNote = { socket: null },
): Promise<Result<Held, FileOwner>> {
  const folder = folderOf(boardDir);
  await makeFolder(folder);
  const own = join(folder, `${randomUUID().slice(0, 8)}.new`);
  const text = describeUs(note);
  await writeFile(own, text, { flag: 'wx', mode: privateMode });
  try {
    const taken = await takeNumber(folder, own, (path) => examine(path, timings));
    return taken.ok ? success(hold(taken.value, text, onLost, timings)) : failure(taken.failure);
  } finally {
    await rm(own, { force: true });
  }
}

/** The owner if it is a living process of this machine; others are not waited for, and null stands for them as well. */
export async function findLocalOwner(boardDir: string): Promise<FileOwner | null> {
  const owner = await readLast(boardDir);
  return owner !== null && owner.host === null && isAlive(owner.mark) ? owner : null;
}

/** The last owner that did not release the board, dead or alive; null if there is none. */
export async function readLast(boardDir: string): Promise<FileOwner | null> {
  const folder = folderOf(boardDir);
  return read(join(folder, String(await findHighest(folder))));
}

function folderOf(boardDir: string): string {
  return join(boardDir, 'lock');
}

async function examine(path: string, timings: LockTimings): Promise<FileOwner | null> {
  const owner = await read(path);
  if (owner === null) return null;
  const lives = owner.host === null ? isAlive(owner.mark) : await isTouched(path, timings.silenceMs);
  return lives ? owner : null;
}

/** Whether a file changes while it is looked at. It is opened each time, since network mounts remember what they saw. */
async function isTouched(path: string, withinMs: number): Promise<boolean> {
  const first = await readMtime(path);
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += lookEveryMs) {
    await delay(lookEveryMs);
    if ((await readMtime(path)) !== first) return true;
  }
  return false;
}

async function readMtime(path: string): Promise<number> {
  const handle = await openRegular(path);
  try {
    return (await handle.stat()).mtimeMs;
  } finally {
    await handle.close();
  }
}

function hold(path: string, text: string, onLost: () => void, timings: LockTimings): Held {
  let isLost = false;
  const beat = setInterval(() => {
    // A folder that can't be looked at now tells nothing.
    void keep(path, text).then(
      (isKept) => {
        if (isKept || isLost) return;
        isLost = true;
        onLost();
      },
      () => undefined,
    );
  }, timings.beatEveryMs);
  beat.unref();
  return {
    // The number stays behind, empty: the next daemon takes the one after it.
    release: async () => {
      clearInterval(beat);
      if (await isHighest(path, text).catch(() => false)) await truncate(path).catch(() => undefined);
    },
  };
}

/** Touches our file, or puts it back where it was removed; false where somebody else's has its place. */
async function keep(path: string, text: string): Promise<boolean> {
  if (await isHighest(path, text)) {
    await utimes(path, new Date(), new Date());
    return true;
  }
  if ((await findHighest(dirname(path))) > 0) return false;
  await mkdir(dirname(path), { mode: privateFolderMode }).catch(() => undefined);
  await createFile(path, text);
  return true;
}

async function isHighest(path: string, text: string): Promise<boolean> {
  return (await findHighest(dirname(path))) === Number(basename(path)) && (await readText(path)) === text;
}

/** Pid, start time, boot id, pid namespace, host, the path of our socket, and `errand` where we are on one. */
function describeUs(note: OwnerNote): string {
  const [socket, what] = note === 'errand' ? ['', note] : [note.socket ?? '', ''];
  return [process.pid, readStart(process.pid), ...placeOfPids(), socket, what, ''].join('\n');
}

/** Null where there is no such file, it was released, or it can't be understood. */
async function read(path: string): Promise<FileOwner | null> {
  const [pid = '', start = '', ...place] = (await readText(path)).split('\n');
  if (!/^[1-9]\d*$/.test(pid) || place.length < 3) return null;
  const isHere = placeOfPids().every((part, index) => part === place[index]);
  const [, , host = '', socket = '', what] = place;
  return {
    mark: { pid: Number(pid), start },
    host: isHere ? null : host,
    socket: socket === '' ? null : socket,
    isErrand: what === 'errand',
  };
}

/** Empty where there is no such file. */
async function readText(path: string): Promise<string> {
  try {
    return await readRegular(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof NotRegularError) return '';
    throw error;
  }
}

/** Where a pid and a start time name one process: the boot, the pid namespace, and where there are none, the host. */
function placeOfPids(): readonly [string, string, string] {
  return [readBootId() ?? '', readPidNamespace(), hostname()];
}

function readPidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
