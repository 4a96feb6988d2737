/**
 * Starts an agent that outlives the board: in a session of its own, with prompt, output and errors in files. A wrapper
 * claims the run before it becomes the agent (see `run-claim.ts`).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { toPortError } from '../machine/errors.ts';
import { limits } from '../../domain/limits.ts';
import { stripHidden } from '../../domain/visible-text.ts';
import { PortError, type Clock } from '../../ports.ts';
import { dropRestOfWord, keepEnd } from '../machine/bounded-text.ts';
import { makeTrace } from '../machine/git-trace.ts';
import { openRegular, openRegularSync } from '../machine/regular-file.ts';
import { claimLostExitCode, claimScript, closeClaim, readClaim, syncClaim, type Claim } from '../machine/run-claim.ts';
import { killGroup, type ProcessMark } from '../machine/processes.ts';
import { wait, type Timings } from '../machine/timings.ts';

/** The claim is looked for after so many milliseconds, then after longer and longer waits. */
const firstLookMs = 1;
const slowestLookMs = 20;
/** Time for a wrapper to end, by itself or killed, in milliseconds. */
const killWaitMs = 1_000;
/** Room for control sequences and for characters of several bytes at the end of stderr. */
const stderrTailBytes = limits.maxTailChars * 4;
const appending = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;

/** The program to start, and where. */
export interface LaunchRequest {
  /** The run's folder, absolute; it holds `prompt.md`. */
  readonly folder: string;
  readonly cwd: string;
  /** An absolute path. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The end of a child process. */
export interface ChildExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** The end of a wrapper, as far as it is known. */
interface WrapperEnd {
  exit: ChildExit | null;
  error: unknown;
}

type Claimed = Claim & { readonly kind: 'claimed' };

/** An agent that has claimed its run. */
export interface Launched {
  readonly mark: ProcessMark;
  /** Milliseconds since the epoch. */
  readonly claimedAt: number;
  /** Resolves when the process is gone, even if another one still holds its files. */
  readonly exited: Promise<ChildExit>;
}

/** Starts an agent and waits until it has claimed its run. Throws PortError; then no agent runs. */
export async function launchAgent(
  request: LaunchRequest,
  clock: Clock,
  timings: Pick<Timings, 'claimTimeoutMs'>,
): Promise<Launched> {
  const child = spawnWrapper(request);
  const end: WrapperEnd = { exit: null, error: null };
  const exited = new Promise<ChildExit>((resolve) => {
    // 'exit' and never 'close': that one waits for every holder of the files.
    child.once('exit', (exitCode, signal) => resolve((end.exit = { exitCode, signal })));
    child.once('error', (error) => {
      end.error = error;
    });
  });
  child.unref();
  try {
    const claim = await awaitClaim(end, request, clock, timings);
    return await confirmClaim(claim, child, request, exited, clock);
  } catch (error) {
    // It may be at work already although its claim can't be read, and then nothing would follow it.
    if (child.pid !== undefined && end.exit === null) {
      killGroup(child.pid);
      await Promise.race([exited, wait(clock, killWaitMs)]);
    }
    throw error;
  }
}

async function awaitClaim(
  end: WrapperEnd,
  request: LaunchRequest,
  clock: Clock,
  { claimTimeoutMs }: Pick<Timings, 'claimTimeoutMs'>,
): Promise<Claimed> {
  const until = clock.now() + claimTimeoutMs;
  for (let lookMs = firstLookMs; ; lookMs = Math.min(lookMs * 2, slowestLookMs)) {
    await wait(clock, lookMs);
    const failed = end.error;
    if (failed !== null) throw describeSpawnError(failed, request);
    const gone = end.exit;
    const late = clock.now() >= until;
    // Closes the run to later claims once the wrapper is gone or late; a claim that was made in time stands.
    const claim = gone !== null || late ? closeClaim(request.folder) : readClaim(request.folder);
    if (claim.kind === 'claimed') return claim;
    if (gone !== null) throw await describeEarlyExit(gone, request);
    if (!late) continue;
    throw new PortError(`the agent did not start within ${String(claimTimeoutMs / 1000)} s; is the machine busy?`);
  }
}

/** The end of a run's stderr, without control sequences, bounded by `maxTailChars`; empty where there is none. */
export async function readStderrTail(folder: string): Promise<string> {
  try {
    const handle = await openRegular(path.join(folder, 'stderr.log'));
    try {
      const { size } = await handle.stat();
      const length = Math.min(size, stderrTailBytes);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
      const read = buffer.subarray(0, bytesRead).toString('utf8');
      const text = stripHidden(length < size ? dropRestOfWord(read) : read);
      return keepEnd(text.trim(), limits.maxTailChars).trimStart();
    } finally {
      await handle.close();
    }
  } catch {
    return '';
  }
}

function spawnWrapper(request: LaunchRequest): ChildProcess {
  const { folder } = request;
  const files: number[] = [];
  try {
    files.push(openRegularSync(path.join(folder, 'prompt.md')));
    for (const name of ['stream.jsonl', 'stderr.log']) files.push(openRegularSync(path.join(folder, name), appending));
    makeTrace(folder);
    const argv = ['-c', claimScript, 'branchboard-claim', folder, request.program, ...request.args];
    return spawn('/bin/sh', argv, { cwd: request.cwd, env: request.env, detached: true, stdio: files });
  } catch (error) {
    throw describeSpawnError(error, request);
  } finally {
    for (const file of files) closeSync(file);
  }
}

async function confirmClaim(
  claim: Claimed,
  child: ChildProcess,
  request: LaunchRequest,
  exited: Promise<ChildExit>,
  clock: Clock,
): Promise<Launched> {
  if (claim.mark !== null && claim.mark.pid === child.pid) {
    syncClaim(request.folder);
    return { mark: claim.mark, claimedAt: claim.claimedAt, exited };
  }
  // A wrapper that loses the claim ends by itself. One that does not has made a claim of its own elsewhere, and is
  // ended.
  await Promise.race([exited, wait(clock, killWaitMs)]);
  const holder = claim.mark === null ? 'another process' : `process ${String(claim.mark.pid)}`;
  throw new PortError(`${request.folder}: the run is claimed by ${holder} already; it was not started twice`, {
    code: 'EEXIST',
  });
}

async function describeEarlyExit(exit: ChildExit, request: LaunchRequest): Promise<PortError> {
  if (exit.exitCode === claimLostExitCode) {
    return new PortError(`${request.folder}: the run was closed before it was started`, { code: 'EEXIST' });
  }
  const how = exit.signal === null ? `exit code ${String(exit.exitCode)}` : `signal ${exit.signal}`;
  const stderr = await readStderrTail(request.folder);
  return new PortError(`the agent's wrapper ended with ${how} before it claimed the run${stderr && `: ${stderr}`}`);
}

/** Faults of the machine carry their code alone, so that the board waits and tries again. */
function describeSpawnError(error: unknown, request: LaunchRequest): PortError {
  const known = toPortError(error, `can't start ${request.program} in ${request.cwd}`);
  if (!existsSync(request.cwd)) return spawnFailed(`the worktree ${request.cwd} is gone; retry the task`);
  if (known.code === 'E2BIG') {
    return spawnFailed(
      'its arguments are too long; shorten the file of its role, or agent.args and agent.env in .orchestrator/config.yaml',
    );
  }
  return known;
}

function spawnFailed(detail: string): PortError {
  return new PortError(detail, { fault: { reason: 'spawn-failed', detail } });
}
