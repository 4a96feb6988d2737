/**
 * Looks at the branches of finished tasks, now and then, and before a board ends by itself: which the user merged by hand, and
 * which are behind their dependencies.
 */
import { findVerdict, verdictOf, type Board, type FinishedTask } from '../domain/board.ts';
import { limits } from '../domain/limits.ts';
import { keyOf, type TaskId } from '../domain/task.ts';
import type { Behind, DependentWork } from '../domain/restack-outcome.ts';
import { isBehindOn } from '../domain/review.ts';
import type { FinishedWork } from '../domain/verdict.ts';
import type { Clock, Worktrees } from '../ports.ts';

/** What a look found that the board does not know yet. */
export interface Found {
  readonly merged: readonly TaskId[];
  readonly behind: readonly Behind[];
}

const nothing: Found = { merged: [], behind: [] };

/** See the file's head. */
export class MergeWatch {
  readonly #clock: Clock;
  readonly #worktrees: Worktrees;
  #lookedAt = -Infinity;
  #looks = 0;

  constructor(clock: Clock, worktrees: Worktrees) {
    this.#clock = clock;
    this.#worktrees = worktrees;
  }

  /** Whether a look is under way. */
  get isLooking(): boolean {
    return this.#looks > 0;
  }

  /** Nothing where it is too early to look again, and the look before may be under way. */
  async look(board: Board): Promise<Found> {
    // A clock that was set back must not keep it from looking.
    const isEarly = Math.abs(this.#clock.now() - this.#lookedAt) < limits.mergeCheckEveryMs;
    return isEarly || this.isLooking ? nothing : this.lookNow(board);
  }

  /** What there is to find now. */
  async lookNow(board: Board): Promise<Found> {
    if (listUnmerged(board).length === 0) return nothing;
    this.#lookedAt = this.#clock.now();
    this.#looks += 1;
    try {
      const merged = await findMerges(this.#worktrees, board);
      const dependents = listDependents(board);
      const behind = dependents.length === 0 ? [] : await this.#worktrees.findBehind(dependents).catch(() => []);
      const isNews = ({ id, changed }: Behind) => !isBehindOn(board.finished.get(keyOf(id))?.review, changed);
      return { merged, behind: behind.filter(isNews) };
    } finally {
      this.#looks -= 1;
    }
  }
}

/** The finished tasks that were merged. A fault, such as a base that is gone, shows when a task starts from it. */
export async function findMerges(worktrees: Pick<Worktrees, 'findMerged'>, board: Board): Promise<readonly TaskId[]> {
  const works = listUnmerged(board);
  return works.length === 0 ? [] : worktrees.findMerged(board.settings.base, works).catch(() => []);
}

/**
 * Finished tasks whose branches wait for a review. Where other refs moved while its agent ran, the agent may have put its
 * work into the base itself: such a task waits until its user says so.
 */
function listUnmerged(board: Board): readonly FinishedWork[] {
  return [...board.finished.values()].flatMap((task) => {
    const verdict = verdictOf(task);
    if (task.file.column !== 'done' || task.review?.state !== 'ready' || verdict?.branch == null) return [];
    return verdict.moved.length === 0 ? listWork(task) : [];
  });
}

/** The commits that a task left, or none. */
function listWork(task: FinishedTask): readonly FinishedWork[] {
  const { tip = null, branch = null, base = null, commits = 0 } = verdictOf(task) ?? {};
  return tip !== null && commits > 0 ? [{ id: task.id, tip, branch, base }] : [];
}

/** Those that build on others' work. */
function listDependents(board: Board): readonly DependentWork[] {
  return listUnmerged(board).flatMap((work) => {
    const dependsOn = findVerdict(board, work.id)?.dependsOn ?? [];
    const dependencies = dependsOn.flatMap((id) => board.finished.get(keyOf(id)) ?? []).flatMap(listWork);
    return dependencies.length === 0 ? [] : [{ ...work, dependencies }];
  });
}
