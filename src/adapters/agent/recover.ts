/**
 * Finds out from its claim what became of a run whose board is gone:
 *
 *   none ──► closed for good: unclaimed; a `setup` command that still prepares it is ended
 *   claimed ──► pid, start time, boot id and tag all match ──► alive
 *      ├── all but the board's folder, since the repository was moved ──► ended, as its folders are elsewhere; dead
 *      └── else ──► dead; what it left behind is ended
 */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { RunExit, RunId, RunPlan } from '../../domain/run.ts';
import type { Clock } from '../../ports.ts';
import { tagOf, type RunTag } from '../machine/environment.ts';
import { closeClaim, readClaim, syncClaim } from '../machine/run-claim.ts';
import type { AgentDriver } from './driver/agent-driver.ts';
import { StreamFollower } from './follow.ts';
import { readStderrTail } from './launch.ts';
import { carriesTag, findDescendants, isAlive, readTag, signalGroup, type ProcessMark } from '../machine/processes.ts';
import { awaitEnd, sweepRun } from '../machine/sweep.ts';
import type { Timings } from '../machine/timings.ts';

/** See the file's head. */
export type Found =
  | { readonly kind: 'unclaimed' }
  | { readonly kind: 'alive'; readonly mark: ProcessMark; readonly claimedAt: number }
  | { readonly kind: 'dead'; readonly exit: RunExit };

/** Finds out about a run, and closes one that nobody claimed. Throws PortError where its folder can't be read. */
export async function findRun(
  plan: RunPlan,
  folder: string,
  boardDir: string,
  driver: AgentDriver,
  clock: Clock,
  timings: Timings,
): Promise<Found> {
  const first = readClaim(folder);
  const claim = first.kind === 'none' ? closeClaim(folder) : first;
  const tag = tagOf(plan, boardDir);
  const thisBoot = plan.bootId === clock.bootId;
  if (claim.kind !== 'claimed') {
    if (thisBoot) await sweepRun(tag, null, clock, timings);
    return { kind: 'unclaimed' };
  }
  // Its board may have been killed before it could.
  syncClaim(folder);
  const { mark, claimedAt } = claim;
  if (thisBoot && mark !== null && isAlive(mark) && carriesTag(mark.pid, tag))
    return { kind: 'alive', mark, claimedAt };
  const movedTag = thisBoot && mark !== null && isAlive(mark) ? findMovedTag(mark, tag, folder, boardDir) : null;
  if (movedTag !== null && mark !== null) await endAgent(mark, movedTag, clock, timings);
  if (thisBoot) await sweepRun(tag, mark?.start ?? null, clock, timings);
  return { kind: 'dead', exit: await readDeadExit(plan, folder, driver, claimedAt) };
}

/**
 * Ends the processes of a run that no board follows, the agent first and politely, and closes the run. Throws as
 * `findRun`.
 */
export async function endRun(
  run: RunId,
  folder: string,
  boardDir: string,
  clock: Clock,
  timings: Timings,
): Promise<void> {
  const tag = tagOf(run, boardDir);
  // Its folder may have been deleted; then no process can claim the run either.
  const claim = existsSync(folder) ? closeClaim(folder) : null;
  const mark = claim?.kind === 'claimed' ? claim.mark : null;
  if (mark !== null && isAlive(mark) && carriesTag(mark.pid, tag)) await endAgent(mark, tag, clock, timings);
  else await sweepRun(tag, null, clock, timings);
}

/** Ends an agent that no board follows, politely first, and all processes that carry its tag. */
async function endAgent(mark: ProcessMark, tag: RunTag, clock: Clock, timings: Timings): Promise<void> {
  const known = [mark, ...findDescendants([mark])];
  signalGroup(mark, 'SIGINT');
  await awaitEnd([mark], timings.interruptGraceMs, clock);
  known.push(...findDescendants([mark]));
  await sweepRun(tag, null, clock, timings, known);
}

/**
 * The tag of a process that has claimed this run under the board's folder of that time, or null. Where the repository
 * was copied, the other one has such a claim as well: then the process is the other's.
 */
function findMovedTag(mark: ProcessMark, tag: RunTag, folder: string, boardDir: string): RunTag | null {
  const found = readTag(mark.pid);
  if (found?.run !== tag.run || found.board === tag.board) return null;
  const there = path.join(found.board, path.relative(boardDir, folder));
  if (!existsSync(there) || isSameFolder(there, folder)) return found;
  const claim = readClaim(there);
  return claim.kind === 'claimed' && claim.mark?.pid === mark.pid ? null : found;
}

function isSameFolder(one: string, other: string): boolean {
  const [first, second] = [statSync(one), statSync(other)];
  return first.dev === second.dev && first.ino === second.ino;
}

/** The exit of a run whose end no board saw, as its files show it. */
async function readDeadExit(plan: RunPlan, folder: string, driver: AgentDriver, claimedAt: number): Promise<RunExit> {
  const follower = new StreamFollower(path.join(folder, 'stream.jsonl'), driver.openStream(plan.session, null));
  await follower.finish({ exitCode: null, isForced: false });
  const endedAt = Math.max(claimedAt, follower.lastOutputAt ?? 0, readMtime(path.join(folder, 'stderr.log')));
  const stderrTail = await readStderrTail(folder);
  const { view } = follower;
  const raw = { endedAt, exitCode: null, signal: null, stopped: null, view, stderrTail, moved: [] };
  return { ...raw, endedBy: driver.explainEnd(raw) };
}

function readMtime(file: string): number {
  try {
    return Math.floor(statSync(file).mtimeMs);
  } catch {
    return 0;
  }
}
