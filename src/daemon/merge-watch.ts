/** Finds finished tasks whose branches the user merged by hand, now and then, and before a board ends by itself. */
import { verdictOf, type Board } from '../domain/board.ts';
import { limits } from '../domain/limits.ts';
import type { TaskId } from '../domain/task.ts';
import type { FinishedWork } from '../domain/verdict.ts';
import type { Clock, Worktrees } from '../ports.ts';

/** See the file's head. */
export class MergeWatch {
  readonly #clock: Clock;
  readonly #worktrees: Pick<Worktrees, 'findMerged'>;
  #lookedAt = -Infinity;
  #looks = 0;

  constructor(clock: Clock, worktrees: Pick<Worktrees, 'findMerged'>) {
    this.#clock = clock;
    this.#worktrees = worktrees;
  }

  /** Whether a look is under way. */
  get isLooking(): boolean {
    return this.#looks > 0;
  }

  /** Those that were merged; none where it is too early to look again, and the look before may be under way. */
  async look(board: Board): Promise<readonly TaskId[]> {
    // A clock that was set back must not keep it from looking.
    const isEarly = Math.abs(this.#clock.now() - this.#lookedAt) < limits.mergeCheckEveryMs;
    return isEarly || this.isLooking ? [] : this.lookNow(board);
  }

  /** Those that were merged. A fault, such as a base that is gone, shows when a task starts from it. */
  async lookNow(board: Board): Promise<readonly TaskId[]> {
    const waiting = listUnmerged(board);
    if (waiting.length === 0) return [];
    this.#lookedAt = this.#clock.now();
    this.#looks += 1;
    try {
      return await this.#worktrees.findMerged(board.settings.base, waiting);
    } catch {
      return [];
    } finally {
      this.#looks -= 1;
    }
  }
}

/**
 * Finished tasks whose branches wait for a review. Where other refs moved while its agent ran, the agent may have put its
 * work into the base itself: such a task waits until its user says so.
 */
function listUnmerged(board: Board): readonly FinishedWork[] {
  return [...board.finished.values()].flatMap((task) => {
    const verdict = verdictOf(task);
    if (task.file.column !== 'done' || task.review?.state !== 'ready' || verdict?.branch == null) return [];
    return verdict.tip !== null && verdict.commits > 0 && verdict.moved.length === 0
      ? [{ id: task.id, tip: verdict.tip, branch: verdict.branch, base: verdict.base }]
      : [];
  });
}
