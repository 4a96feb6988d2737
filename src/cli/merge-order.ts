/** Orders the tasks whose work can be merged, so that each comes after those that it builds on. */
import { keyOf, type TaskId } from '../domain/task.ts';
import type { TaskData } from '../views/board-data.ts';

/** See the file's head; `left` are those that build on work which is not done, or not wanted, with its id. */
export interface MergeOrder {
  readonly ready: readonly TaskData[];
  readonly left: readonly { readonly id: string; readonly on: string }[];
}

/** Of the tasks of a board, the newest first; in the order the oldest come first. */
export function orderMerges(tasks: readonly TaskData[]): MergeOrder {
  const known = new Map(tasks.map((task) => [keyOfId(task.id), task]));
  const ready: TaskData[] = [];
  const left: { id: string; on: string }[] = [];
  const open = new Set(tasks.filter(isMergeable).reverse());
  for (let [next] = open; next !== undefined; [next] = open) {
    // One whose dependencies are all decided on; tasks that are done are in no cycle.
    next = [...open].find((task) => !task.dependsOn.some(isOpen)) ?? next;
    open.delete(next);
    const on = next.dependsOn.find((id) => isMissing(id));
    if (on === undefined) ready.push(next);
    else left.push({ id: next.id, on });
  }
  return { ready, left };

  function isOpen(id: string): boolean {
    const task = known.get(keyOfId(id));
    return task !== undefined && open.has(task);
  }

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
