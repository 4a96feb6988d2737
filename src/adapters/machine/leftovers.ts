/**
 * Git commands of a board that was killed go on by themselves: a checkout of thousands of files is still being written
 * when the next board prepares the same worktree. So the board's own commands are marked, and a board that starts waits
 * until those of the one before it are over, before it does anything itself.
 *
 *   none left ◄── wait, at most leftoverWaitMs ──► TERM, KILL
 */
import { limits } from '../../domain/limits.ts';
import type { Clock } from '../../ports.ts';
import { findOfBoard, type ProcessMark } from './processes.ts';
import { sweep } from './sweep.ts';
import { defaultTimings, wait } from './timings.ts';

const lookEveryMs = 50;

/** The environment for a board's own commands: the board's mark and no run's. */
export function markOwnCommands(environment: NodeJS.ProcessEnv, boardDir: string): NodeJS.ProcessEnv {
  return { ...environment, BRANCHBOARD_BOARD: boardDir, BRANCHBOARD_RUN: undefined };
}

/** Resolves once no command of an earlier board is left. Call it when the board is ours, and before its first effect. */
export async function awaitLeftovers(
  boardDir: string,
  clock: Clock,
  onNotice: (message: string) => void,
  waitMs: number = limits.leftoverWaitMs,
): Promise<void> {
  const find = findOwn(boardDir);
  const first = await find();
  if (first.length === 0) return;
  const pids = first.map(({ pid }) => String(pid)).join(', ');
  onNotice(`git is still at work for the board that was killed (pid ${pids}); waiting for it`);
  const until = clock.now() + waitMs;
  while (clock.now() < until) {
    await wait(clock, lookEveryMs);
    if ((await find()).length === 0) return;
  }
  const ended = await sweep(find, clock, defaultTimings);
  if (ended > 0) onNotice(`it did not end within ${String(waitMs / 1000)} s and was ended`);
}

/** Ends what a board's own commands have left, such as a filter of a checkout that was broken off. For the board's end. */
export async function endLeftovers(boardDir: string, clock: Clock): Promise<void> {
  await sweep(findOwn(boardDir), clock, defaultTimings);
}

/** Looks for processes that carry the board's mark and no run's. */
function findOwn(boardDir: string): () => Promise<readonly ProcessMark[]> {
  return async () => (await findOfBoard(boardDir, null)).filter(({ run }) => run === null);
}
