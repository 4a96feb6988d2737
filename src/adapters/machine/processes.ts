/**
 * Looks at processes of this machine. A pid alone names nothing for long, so a process is known by its pid and its
 * start time. On Linux all comes from `/proc`. Elsewhere it comes from `ps`, and what a run has left behind is found
 * only where `ps -E` shows environments (macOS hides those of its own programs).
 *
 * Where nothing can be seen, for want of descriptors or for another reason, who asks is thrown the system's error: that
 * is not "there is nothing". Only `isAlive` and what signals give an answer all the same.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { formatTag, type RunTag } from './environment.ts';
import { codeOf } from './errors.ts';

/** The number of processes read before other work gets its turn. */
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

/** The start time of a living process, or null where there is none of that pid or it can't be seen. A zombie is not living. */
export function readStart(pid: number): string | null {
  try {
    return findStart(pid);
  } catch {
    return null;
  }
}

/** Whether that very process lives. Where that can't be seen, any process of its pid counts: nobody is given up for that. */
export function isAlive(mark: ProcessMark): boolean {
  try {
    return findStart(mark.pid) === mark.start;
  } catch {
    return send(mark.pid, 0);
  }
}

/** A living process that a board's own mark is in the environment of. */
export interface BoardProcess extends ProcessMark {
  /** The run it belongs to, `TASK/N`; null for a command of the board itself, such as git. */
  readonly run: string | null;
}

function findStart(pid: number): string | null {
  if (!onLinux) return readStartByPs(pid);
  const fields = readFields(pid);
  return fields === null || isGone(fields) ? null : (fields[19] ?? null);
}

/** Whether a process carries a run's tag in its environment. */
export function carriesTag(pid: number, tag: RunTag): boolean {
  if (!onLinux) return listByPs(tag.board).some((found) => found.pid === pid && found.run === tag.run);
  const environment = readEnvironment(pid);
  return environment !== null && formatTag(tag).every((entry) => environment.includes(`\0${entry}\0`));
}

/** The tag of a run in a process's environment, whichever board's; null where it has none. Nothing is found but on Linux. */
export function readTag(pid: number): RunTag | null {
  const environment = onLinux ? readEnvironment(pid) : null;
  const [run, board] = ['RUN', 'BOARD'].map((name) => findVariable(environment ?? '', `BRANCHBOARD_${name}`));
  return run == null || board == null ? null : { run, board };
}

/** The run that a process or one above it belongs to, whichever board's; null for none. Nothing is found but on Linux. */
export function findRunAbove(pid: number): RunTag | null {
  for (let at = pid; at > 1; at = Number(readFields(at)?.[1] ?? 0)) {
    const tag = readTag(at);
    if (tag !== null) return tag;
    if (!onLinux) return null;
  }
  return null;
}

/** All living processes of this user that carry a run's tag, without this one; `since` as in {@link findOfBoard}. */
export async function findTagged(tag: RunTag, since: string | null): Promise<readonly ProcessMark[]> {
  const found = await findOfBoard(tag.board, since);
  return found.filter(({ run }) => run === tag.run).map(({ pid, start }) => ({ pid, start }));
}

/**
 * All living processes of this user that belong to the board in that folder, without this one. `since` is a start time:
 * processes that are older are not looked into; null looks into all.
 */
export async function findOfBoard(board: string, since: string | null): Promise<readonly BoardProcess[]> {
  if (!onLinux) return listByPs(board);
  const uid = process.getuid?.();
  const mark = `\0BRANCHBOARD_BOARD=${board}\0`;
  const found: BoardProcess[] = [];
  let looked = 0;
  for (const pid of listPids()) {
    if (pid === process.pid) continue;
    looked += 1;
    if (looked % processesPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
    const start = findStart(pid);
    if (start === null || (since !== null && Number(start) < Number(since))) continue;
    const environment = readEnvironment(pid);
    if (environment === null || !environment.includes(mark) || ownerOf(pid) !== uid) continue;
    found.push({ pid, start, run: findVariable(environment, 'BRANCHBOARD_RUN') });
  }
  return found;
}

/** Living processes by the pid of their parent. */
export type Children = ReadonlyMap<number, readonly ProcessMark[]>;

/** One pass over all processes, for several {@link findDescendants}. It is empty but on Linux. */
export function listChildren(): Children {
  const children = new Map<number, ProcessMark[]>();
  if (!onLinux) return children;
  for (const pid of listPids()) {
    const stat = readFields(pid);
    if (stat === null || isGone(stat)) continue;
    const siblings = children.get(Number(stat[1]));
    const mark = { pid, start: stat[19] ?? '' };
    if (siblings === undefined) children.set(Number(stat[1]), [mark]);
    else siblings.push(mark);
  }
  return children;
}

/**
 * The living descendants of those processes, without those themselves. A process that lost its parent meanwhile is
 * nobody's descendant. Finds nothing but on Linux.
 */
export function findDescendants(of: readonly ProcessMark[], children?: Children): readonly ProcessMark[] {
  const ancestors = of.filter(isAlive);
  if (ancestors.length === 0) return [];
  const known = children ?? listChildren();
  const seen = new Set(ancestors.map(({ pid }) => pid));
  const found: ProcessMark[] = [];
  for (let next = ancestors; next.length > 0;) {
    next = next.flatMap(({ pid }) => known.get(pid) ?? []).filter(({ pid }) => !seen.has(pid));
    for (const mark of next) seen.add(mark.pid);
    found.push(...next);
  }
  return found;
}

/** Sends a signal to one process if it is seen to be still that process. Returns whether it was sent. */
export function signalProcess(mark: ProcessMark, signal: NodeJS.Signals): boolean {
  return readStart(mark.pid) === mark.start && send(mark.pid, signal);
}

/** Kills the group that a process of ours leads, if anything of it is left. */
export function killGroup(pid: number): void {
  send(-pid, 'SIGKILL');
}

/** Sends a signal to the process group that a process leads, if it is seen to live. Returns whether it was sent. */
export function signalGroup(leader: ProcessMark, signal: NodeJS.Signals): boolean {
  return readStart(leader.pid) === leader.start && (send(-leader.pid, signal) || send(leader.pid, signal));
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function listPids(): readonly number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/** The fields of a process's `stat` from the third on: the state, the parent, …; the one at 19 is the start time. */
function readFields(pid: number): readonly string[] | null {
  const text = readStat(pid);
  // The name in parentheses may hold anything.
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** A zombie is not living, nor is what the system is just removing. */
function isGone(fields: readonly string[]): boolean {
  return fields[0] === 'Z' || fields[0] === 'X';
}

/** As much of a process's `stat` as is needed; it is read often, so without the detours of reading a whole file. */
function readStat(pid: number): string | null {
  let file: number | null = null;
  try {
    file = openSync(`/proc/${String(pid)}/stat`, 'r');
    return statBuffer.toString('latin1', 0, readSync(file, statBuffer));
  } catch (error) {
    return nullIfHidden(error);
  } finally {
    if (file !== null) closeSync(file);
  }
}

/** Each variable between two zero bytes. */
function readEnvironment(pid: number): string | null {
  try {
    return `\0${readFileSync(`/proc/${String(pid)}/environ`, 'utf8')}`;
  } catch (error) {
    return nullIfHidden(error);
  }
}

/** A process that is gone, or another user's, says nothing. */
function nullIfHidden(error: unknown): null {
  if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(codeOf(error) ?? '')) return null;
  throw error;
}

function findVariable(environment: string, name: string): string | null {
  const begin = environment.indexOf(`\0${name}=`) + name.length + 2;
  return begin <= name.length + 1 ? null : environment.slice(begin, environment.indexOf('\0', begin));
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

function listByPs(board: string): readonly BoardProcess[] {
  const found: BoardProcess[] = [];
  for (const line of runPs(['-xww', '-E', '-o', 'pid=,command=']).split('\n')) {
    const pid = Number(/^\s*(\d+)/.exec(line)?.[1]);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    if (!`${line} `.includes(` BRANCHBOARD_BOARD=${board} `)) continue;
    const start = findStart(pid);
    if (start !== null) found.push({ pid, start, run: / BRANCHBOARD_RUN=(\S+)/.exec(line)?.[1] ?? null });
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
  } catch (error) {
    // It ran, and found nothing.
    if (error instanceof Error && 'status' in error && typeof error.status === 'number') return '';
    throw error;
  }
}
