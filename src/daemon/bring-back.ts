/**
 * Makes the branches of discarded work again where the user brought its task back. That is part of reading the task, so
 * that nothing is on the board whose branch is missing; where it fails, the task is read again.
 */
import type { TaskFile } from '../domain/board.ts';
import type { Review } from '../domain/review.ts';
import type { ReadVerdict } from '../domain/task-facts.ts';
import { idOfFile, type TaskKey } from '../domain/task.ts';
import type { Worktrees } from '../ports.ts';
import type { UntimedEvent } from './untimed-event.ts';

type Restorer = Pick<Worktrees, 'restore'>;

/** See the file's head. Returns the event. Rejects where git can't make the branch. */
export async function bringBackLoaded(worktrees: Restorer, event: UntimedEvent): Promise<UntimedEvent> {
  if (event.type === 'task-loaded' && !event.loaded.isGone)
    await bringBack(worktrees, event.loaded.file, event.loaded.facts.review);
  return event;
}

/** See the file's head; for finished `tasks`, of which these are the verdicts. */
export async function bringBackRead(
  worktrees: Restorer,
  tasks: ReadonlyMap<TaskKey, TaskFile>,
  verdicts: ReadonlyMap<TaskKey, ReadVerdict>,
): Promise<UntimedEvent> {
  for (const [key, read] of verdicts) {
    const file = tasks.get(key);
    if (file === undefined || read.kind === 'newer') continue;
    const review = read.kind === 'known' ? read.review : read.facts.review;
    if (review !== null && typeof review === 'object') await bringBack(worktrees, file, review);
  }
  return { type: 'verdicts-read', verdicts };
}

async function bringBack(worktrees: Restorer, { column, name }: TaskFile, review: Review | null): Promise<void> {
  const id = idOfFile(name);
  if (id === null || column === 'archive' || review?.state !== 'discarded') return;
  await worktrees.restore({ id, branch: review.branch, tip: review.tip });
}
