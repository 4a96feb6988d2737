/** Chooses what is shown of works that change the same lines. */
import type { Board, FinishedTask } from '../domain/board.ts';
import type { Overlap } from '../domain/overlap.ts';
import { keyOf } from '../domain/task.ts';

/** The works that change the same lines as a task's and are ready for review as it is. */
export function listOverlaps({ finished }: Board, { review }: FinishedTask): readonly Overlap[] {
  if (review?.state !== 'ready') return [];
  return (review.overlaps ?? []).filter(({ id }) => finished.get(keyOf(id))?.review?.state === 'ready');
}
