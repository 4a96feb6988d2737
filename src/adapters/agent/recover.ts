/**
 * What became of a run whose board is gone, told from its claim:
 *
 *   none ──► closed for good: unclaimed
 *   claimed ──► pid, start time, boot id and tag all match ──► alive
 *      └── else ──► dead; what it left behind is ended
 */
import { statSync } from 'node:fs';
import path from 'node:path';
import type { RunExit, RunPlan } from '../../domain/run.ts';
import type { Clock } from '../../ports.ts';
import { tagOf } from './agent-environment.ts';
import { closeClaim, readClaim } from './claim.ts';
import { StreamFollower } from './follow.ts';
import { readStderrTail } from './launch.ts';
import { carriesTag, isAlive, type ProcessMark } from './processes.ts';
import { sweepRun } from './sweep.ts';
import type { Timings } from './timings.ts';

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
  clock: Clock,
  timings: Timings,
): Promise<Found> {
  const first = readClaim(folder);
  const claim = first.kind === 'none' ? closeClaim(folder) : first;
  if (claim.kind !== 'claimed') return { kind: 'unclaimed' };
  const { mark, claimedAt } = claim;
  const tag = tagOf(plan, boardDir);
  const thisBoot = plan.bootId === clock.bootId;
  if (thisBoot && mark !== null && isAlive(mark) && carriesTag(mark.pid, tag))
    return { kind: 'alive', mark, claimedAt };
  if (thisBoot) await sweepRun(tag, mark?.start ?? null, clock, timings);
  return { kind: 'dead', exit: await readDeadExit(folder, claimedAt) };
}

/** The exit of a run that nobody saw end, as its files tell. */
async function readDeadExit(folder: string, claimedAt: number): Promise<RunExit> {
  const follower = new StreamFollower(path.join(folder, 'stream.jsonl'));
  await follower.finish();
  const endedAt = Math.max(claimedAt, follower.lastOutputAt ?? 0, readMtime(path.join(folder, 'stderr.log')));
  const stderrTail = await readStderrTail(folder);
  return { endedAt, exitCode: null, signal: null, stopped: null, view: follower.view, stderrTail };
}

function readMtime(file: string): number {
  try {
    return Math.floor(statSync(file).mtimeMs);
  } catch {
    return 0;
  }
}
