/**
 * Looks at the branches of finished tasks, now and then, and before a board ends by itself: which the user merged by hand,
 * which are behind their dependencies, and which change the same lines as others.
 */
import { findVerdict, verdictOf, type Board, type FinishedTask } from '../domain/board.ts';
import { limits } from '../domain/limits.ts';
import { areSameOverlaps, overlapsOf, type TaskOverlaps } from '../domain/overlap.ts';
import { keyOf, type TaskId } from '../domain/task.ts';
import type { Behind, DependentWork } from '../domain/restack-outcome.ts';
import { isBehindOn } from '../domain/review.ts';
import type { FinishedWork } from '../domain/verdict.ts';
import type { Clock, Worktrees } from '../ports.ts';

/** What a look found that the board does not know yet. */
export interface Found {
  readonly merged: readonly TaskId[];
  readonly behind: readonly Behind[];
  readonly overlaps: readonly TaskOverlaps[];
}

const nothing: Found = { merged: [], behind: [], overlaps: [] };

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
    if (listReady(board).length === 0) return nothing;
    this.#lookedAt = this.#clock.now();
    this.#looks += 1;
    try {
      const merged = await findMerges(this.#worktrees, board);
      const dependents = listDependents(board);
      const behind = dependents.length === 0 ? [] : await this.#worktrees.findBehind(dependents).catch(() => []);
      const isNews = ({ id, changed }: Behind) => !isBehindOn(board.finished.get(keyOf(id))?.review, changed);
      const overlaps = await this.#findOverlaps(board, merged);
      return { merged, behind: behind.filter(isNews), overlaps };
    } finally {
      this.#looks -= 1;
    }
  }

  /** Without those that were `merged`. A fault shows when one of them is merged. */
  async #findOverlaps(board: Board, merged: readonly TaskId[]): Promise<readonly TaskOverlaps[]> {
    const works = listReady(board).flatMap(listWork);
    const open = works.filter(({ id }) => !merged.includes(id));
    const isAlone = open.length < 2;
    const pairs = isAlone ? [] : await this.#worktrees.findOverlaps(board.settings.base, open).catch(() => null);
    const found =
      pairs === null
        ? []
        : overlapsOf(
            open.map(({ id }) => id),
            pairs,
          );
    const known = (id: TaskId) => board.finished.get(keyOf(id))?.review?.overlaps ?? [];
    return found.filter(({ id, overlaps }) => !areSameOverlaps(known(id), overlaps));
  }
}

/** The finished tasks that were merged. A fault, such as a base that is gone, shows when a task starts from it. */
export async function findMerges(worktrees: Pick<Worktrees, 'findMerged'>, board: Board): Promise<readonly TaskId[]> {
  const works = listUnmerged(board);
  return works.length === 0 ? [] : worktrees.findMerged(board.settings.base, works).catch(() => []);
}

/**
 * The works that may have been merged by hand. Where other refs moved while its agent ran, the agent may have put its
 * work into the base itself: such a task waits until its user says so.
 */
function listUnmerged(board: Board): readonly FinishedWork[] {
  return listReady(board).flatMap((task) => (verdictOf(task)?.moved.length === 0 ? listWork(task) : []));
}

/** Finished tasks whose branches wait for a review. */
function listReady(board: Board): readonly FinishedTask[] {
  return [...board.finished.values()].filter((task) => {
    const isOpen = task.file.column === 'done' && task.review?.state === 'ready';
    return isOpen && verdictOf(task)?.branch != null;
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
