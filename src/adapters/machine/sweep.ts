/**
 * Ends what an agent has left behind: its Bash tool starts each command in a session of its own, so neither the
 * agent's end nor a signal to its group reaches a dev server that was put into the background.
 *
 *   find by tag ──► TERM ──► a short wait ──► KILL ──► find again, until there is nothing
 *
 * A process that threw its environment away lost the tag with it. It is found if an ancestor of it is: among what
 * descends from the tagged ones, and among `known`, what descended from the agent when it was last looked at.
 */
import type { Clock } from '../../ports.ts';
import type { RunTag } from './environment.ts';
import { findDescendants, findTagged, isAlive, signalProcess, type ProcessMark } from './processes.ts';
import { wait, type Timings } from './timings.ts';

/** Rounds after which living processes are left alone: one may start another while it is ended. */
const maxRounds = 5;
/** Time between two looks at signalled processes, in milliseconds. */
const lookEveryMs = 10;
/** Time for the system to end a killed process, in milliseconds. */
const killWaitMs = 1_000;

/**
 * Ends all processes that carry exactly this tag, those that are known, and their descendants. `since` is the start time
 * of the run's first process, or null where it is not known. Returns how many it found; throws where it can't look.
 */
export async function sweepRun(
  tag: RunTag,
  since: string | null,
  clock: Clock,
  timings: Pick<Timings, 'sweepGraceMs'>,
  known: readonly ProcessMark[] = [],
): Promise<number> {
  return sweep(async () => [...(await findTagged(tag, since)), ...known], clock, timings);
}

/** Ends what `find` gives, again and again until that is nothing, with all descendants. Otherwise as {@link sweepRun}. */
export async function sweep(
  find: () => Promise<readonly ProcessMark[]>,
  clock: Clock,
  timings: Pick<Timings, 'sweepGraceMs'>,
): Promise<number> {
  const seen = new Set<string>();
  for (let round = 0; round < maxRounds; round += 1) {
    const roots = (await find()).filter(isAlive);
    const marks = [...roots, ...findDescendants(roots)];
    if (marks.length === 0) break;
    for (const mark of marks) seen.add(`${String(mark.pid)} ${mark.start}`);
    for (const mark of marks) signalProcess(mark, 'SIGTERM');
    const stubborn = await awaitEnd(marks, timings.sweepGraceMs, clock);
    // The start time is read again here, so that a pid that was given to someone else meanwhile is not hit.
    for (const mark of stubborn) signalProcess(mark, 'SIGKILL');
    await awaitEnd(stubborn, killWaitMs, clock);
  }
  return seen.size;
}

/** Waits until all are gone or the time is up; gives those that are left. */
export async function awaitEnd(
  marks: readonly ProcessMark[],
  forMs: number,
  clock: Clock,
): Promise<readonly ProcessMark[]> {
  const until = clock.now() + forMs;
  let left = marks.filter(isAlive);
  while (left.length > 0 && clock.now() < until) {
    await wait(clock, lookEveryMs);
    left = left.filter(isAlive);
  }
  return left;
}
