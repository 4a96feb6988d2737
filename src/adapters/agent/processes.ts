/**
 * Looks at processes of this machine. A pid alone names nothing for long, so a process is known by its pid and its
 * start time. On Linux all comes from `/proc`. Elsewhere it comes from `ps`, and what a run has left behind is found
 * only where `ps -E` shows environments (macOS hides those of its own programs).
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { formatTag, type RunTag } from './agent-environment.ts';

/** How many processes are looked at before other work gets its turn. */
const processesPerTurn = 64;
/** A `ps` that takes longer is given up. */
const psTimeoutMs = 5_000;

/** One process, and no later one of the same pid. */
export interface ProcessMark {
  readonly pid: number;
  /** Its start time as the system prints it; comparable only within one boot. */
  readonly start: string;
}

/** Room for the first 22 fields of `/proc/PID/stat`. */
const statBuffer = Buffer.alloc(1_024);

const onLinux = process.platform === 'linux';

/** The start time of a living process, or null where there is none of that pid. A zombie is not living. */
export function readStart(pid: number): string | null {
  if (!onLinux) return readStartByPs(pid);
  const text = readStat(pid);
  if (text === null) return null;
  // The name in parentheses may hold anything; what follows it is field 3 (the state) and on. Field 22 is the start.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
}

/** Whether that very process lives. */
export function isAlive(mark: ProcessMark): boolean {
  return readStart(mark.pid) === mark.start;
}

/** Whether a process carries a run's tag in its environment. */
export function carriesTag(pid: number, tag: RunTag): boolean {
  if (!onLinux) return findTaggedByPs(tag).some((mark) => mark.pid === pid);
  const environment = readEnvironment(pid);
  return environment !== null && formatTag(tag).every((entry) => `\0${environment}`.includes(`\0${entry}\0`));
}

/**
 * All living processes of this user that carry a run's tag, without this one. `since` is the start time of the run's
 * first process: older ones can't belong to it and are not looked into; null looks into all.
 */
export async function findTagged(tag: RunTag, since: string | null): Promise<readonly ProcessMark[]> {
  if (!onLinux) return findTaggedByPs(tag);
  const uid = process.getuid?.();
  const found: ProcessMark[] = [];
  let looked = 0;
  for (const name of listProc()) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    looked += 1;
    if (looked % processesPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
    const start = readStart(pid);
    if (start === null || (since !== null && Number(start) < Number(since))) continue;
    if (carriesTag(pid, tag) && ownerOf(pid) === uid) found.push({ pid, start });
  }
  return found;
}

/** Sends a signal to one process if it is still that process. Returns whether it was sent. */
export function signalProcess(mark: ProcessMark, signal: NodeJS.Signals): boolean {
  return isAlive(mark) && send(mark.pid, signal);
}

/** Sends a signal to the process group that a living process leads. Returns whether it was sent. */
export function signalGroup(leader: ProcessMark, signal: NodeJS.Signals): boolean {
  return isAlive(leader) && (send(-leader.pid, signal) || send(leader.pid, signal));
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function listProc(): readonly string[] {
  try {
    return readdirSync('/proc');
  } catch {
    return [];
  }
}

/** As much of a process's `stat` as is needed; it is read often, so without the detours of reading a whole file. */
function readStat(pid: number): string | null {
  let file: number | null = null;
  try {
    file = openSync(`/proc/${String(pid)}/stat`, 'r');
    return statBuffer.toString('latin1', 0, readSync(file, statBuffer));
  } catch {
    return null;
  } finally {
    if (file !== null) closeSync(file);
  }
}

function readEnvironment(pid: number): string | null {
  try {
    return readFileSync(`/proc/${String(pid)}/environ`, 'utf8');
  } catch {
    return null;
  }
}

function ownerOf(pid: number): number | null {
  try {
    return statSync(`/proc/${String(pid)}`).uid;
  } catch {
    return null;
  }
}

function readStartByPs(pid: number): string | null {
  const line = runPs(['-o', 'stat=,lstart=', '-p', String(pid)]).trim();
  if (line === '' || line.startsWith('Z')) return null;
  return line.replace(/^\S+\s+/, '');
}

function findTaggedByPs(tag: RunTag): readonly ProcessMark[] {
  const found: ProcessMark[] = [];
  for (const line of runPs(['-xww', '-E', '-o', 'pid=,command=']).split('\n')) {
    const pid = Number(/^\s*(\d+)/.exec(line)?.[1]);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    if (!formatTag(tag).every((entry) => `${line} `.includes(` ${entry} `))) continue;
    const start = readStart(pid);
    if (start !== null) found.push({ pid, start });
  }
  return found;
}

function runPs(args: readonly string[]): string {
  try {
    const env = { ...process.env, LC_ALL: 'C' };
    return execFileSync('ps', args, {
      encoding: 'utf8',
      env,
      timeout: psTimeoutMs,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return '';
  }
}
