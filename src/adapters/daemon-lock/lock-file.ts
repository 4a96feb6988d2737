/**
 * The lock's second guard: a numbered file in the board's own folder (`lock/`), which everybody sees who can see the
 * board. It says who the owner is, and the owner touches it on a beat.
 *
 *   empty                                    released
 *   this boot, this pid namespace            alive as long as that pid with that start time is there
 *   another machine, container or boot       alive if its mtime changes while it is looked at; whether it does is all
 *                                            that counts, since the clocks of two machines can't be compared
 *
 * An owner that was frozen for so long that another machine took over finds a higher number when it wakes, and stops.
 */
import { randomUUID } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../machine/errors.ts';
import { failure, success, type Result } from '../../domain/result.ts';
import { isAlive, readStart, type ProcessMark } from '../machine/processes.ts';
import { readBootId } from '../machine/clock.ts';
import { makeFolder, privateMode } from '../machine/durable.ts';
import { NotRegularError, openRegular, readRegular } from '../machine/regular-file.ts';
import type { Held } from './control-socket.ts';
import { findHighest, takeNumber } from './numbered-link.ts';

/** How long things may take; tests shorten them. */
export interface LockTimings {
  /** How often the owner touches its file. */
  readonly beatEveryMs: number;
  /** A file of another machine's that stays as it is for so long is stale. */
  readonly silenceMs: number;
}

/** What holds outside tests. */
export const defaultLockTimings: LockTimings = { beatEveryMs: 1_000, silenceMs: 5_000 };

const lookEveryMs = 100;

/** Who owns a board, as its file says. */
export interface FileOwner {
  readonly mark: ProcessMark;
  /** The owner's machine or container; null where it is this one. */
  readonly host: string | null;
}

/** Takes a board's file, or says who has it. `onLost` is called where somebody took over from us. */
export async function takeFile(
  boardDir: string,
  onLost: () => void,
  timings: LockTimings = defaultLockTimings,
): Promise<Result<Held, FileOwner>> {
  const folder = folderOf(boardDir);
  await makeFolder(folder);
  const own = join(folder, `${randomUUID().slice(0, 8)}.new`);
  await writeFile(own, describeUs(), { flag: 'wx', mode: privateMode });
  try {
    const taken = await takeNumber(folder, own, (path) => examine(path, timings));
    return taken.ok ? success(hold(folder, taken.value, onLost, timings)) : failure(taken.failure);
  } finally {
    await rm(own, { force: true });
  }
}

/** The owner if it is a living process of this machine; others are not waited for, and null stands for them as well. */
export async function findLocalOwner(boardDir: string): Promise<FileOwner | null> {
  const folder = folderOf(boardDir);
  const owner = await read(join(folder, String(await findHighest(folder))));
  return owner !== null && owner.host === null && isAlive(owner.mark) ? owner : null;
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

function hold(folder: string, path: string, onLost: () => void, timings: LockTimings): Held {
  let isLost = false;
  const beat = setInterval(() => {
    void isTakenOver(folder, path).then(async (isTaken) => {
      if (isLost) return;
      isLost = isTaken;
      if (isTaken) onLost();
      else await utimes(path, new Date(), new Date()).catch(() => undefined);
    });
  }, timings.beatEveryMs);
  beat.unref();
  return {
    // The number stays behind, empty: the next daemon takes the one after it.
    release: async () => {
      clearInterval(beat);
      if (!isLost) await truncate(path).catch(() => undefined);
    },
  };
}

/** A folder that can't be listed now tells nothing. */
async function isTakenOver(folder: string, path: string): Promise<boolean> {
  return (await findHighest(folder).catch(() => 0)) > Number(basename(path));
}

/** Five lines: pid, start time, boot id, pid namespace and host. */
function describeUs(): string {
  return [process.pid, readStart(process.pid), ...placeOfPids(), ''].join('\n');
}

/** Null where there is no such file, it was released, or it can't be understood. */
async function read(path: string): Promise<FileOwner | null> {
  const text = await readRegular(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || error instanceof NotRegularError) return '';
    throw error;
  });
  const [pid = '', start = '', ...place] = text.split('\n');
  if (!/^[1-9]\d*$/.test(pid) || place.length < 3) return null;
  const isHere = placeOfPids().every((part, index) => part === place[index]);
  return { mark: { pid: Number(pid), start }, host: isHere ? null : (place[2] ?? '') };
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
