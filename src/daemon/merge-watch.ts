/** Finds finished tasks whose branches the user merged by hand, now and then. */
import { verdictOf, type Board } from '../domain/board.ts';
import { limits } from '../domain/limits.ts';
import type { TaskId } from '../domain/task.ts';
import type { FinishedWork } from '../domain/verdict.ts';
import type { Clock, Worktrees } from '../ports.ts';

/** See the file's head. */
export class MergeWatch {
  readonly #clock: Clock;
  readonly #worktrees: Worktrees;
  #lookedAt = -Infinity;

  constructor(clock: Clock, worktrees: Worktrees) {
    this.#clock = clock;
    this.#worktrees = worktrees;
  }

  /** Those that were merged; none where it is too early to look again. A fault, such as a base that is gone, shows when a task starts from it. */
  async look(board: Board): Promise<readonly TaskId[]> {
    // A clock that was set back must not keep it from looking.
    if (Math.abs(this.#clock.now() - this.#lookedAt) < limits.mergeCheckEveryMs) return [];
    const waiting = listUnmerged(board);
    if (waiting.length === 0) return [];
    this.#lookedAt = this.#clock.now();
    return this.#worktrees.findMerged(board.settings.base, waiting).catch(() => []);
  }
}

/** Finished tasks whose branches wait for a review. */
function listUnmerged(board: Board): readonly FinishedWork[] {
  return [...board.finished.values()].flatMap((task) => {
    const verdict = verdictOf(task);
    if (task.file.column !== 'done' || task.review?.state !== 'ready' || verdict?.branch == null) return [];
    return verdict.tip !== null && verdict.commits > 0 ? [{ id: task.id, tip: verdict.tip }] : [];
  });
}
