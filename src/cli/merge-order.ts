/** Chooses the tasks whose work can be merged, in the order in which merges conflict least. */
import { orderReviews } from '../core/review-order.ts';
import { keyOf, type TaskId } from '../domain/task.ts';
import type { TaskData } from '../views/board-data.ts';

/** See the file's head; `left` are those that build on work which is not done, or not wanted, with its id. */
export interface MergeOrder {
  readonly ready: readonly TaskData[];
  readonly left: readonly { readonly id: string; readonly on: string }[];
}

/** Of the tasks of a board, the newest first; of those that may come in any order the oldest come first. */
export function orderMerges(tasks: readonly TaskData[]): MergeOrder {
  const known = new Map(tasks.map((task) => [keyOfId(task.id), task]));
  const ready: TaskData[] = [];
  const left: { id: string; on: string }[] = [];
  const open = tasks
    .filter(isMergeable)
    .reverse()
    .map((task) => {
      const { id, dependsOn, review } = task;
      return { id, dependsOn, overlaps: (review?.overlaps ?? []).map((other) => other.id), task };
    });
  for (const { task } of orderReviews(open)) {
    const on = task.dependsOn.find((id) => isMissing(id));
    if (on === undefined) ready.push(task);
    else left.push({ id: task.id, on });
  }
  return { ready, left };

  function isMissing(id: string): boolean {
    const task = known.get(keyOfId(id));
    if (task === undefined) return false;
    const isOver = task.column === 'done' || task.column === 'archive';
    return !isOver || task.review?.state === 'discarded' || left.some((each) => each.id === task.id);
  }
}

function isMergeable({ commands }: TaskData): boolean {
  return commands.some(({ kind, unfit }) => kind === 'merge' && unfit === null);
}

function keyOfId(id: string): string {
  return keyOf(id as TaskId);
}
