/** Decides on the reviews of tasks that are done: opened, found merged, sent back. */
import { verdictOf, type FinishedTask, type TaskFile } from '../domain/board.ts';
import { openReview, reviewName, type Review } from '../domain/review.ts';
import type { ReadVerdict, TaskFacts } from '../domain/task-facts.ts';
import { isFinishedColumn, keyOf, type TaskId } from '../domain/task.ts';
import type { Draft } from './draft.ts';

/** The user merged these by hand: they no longer wait for a review. */
export function handleMergesFound(draft: Draft, tasks: readonly TaskId[]): void {
  for (const id of tasks) markMerged(draft, id);
}

/** The work of a task is in the base; nothing changes where its review is no longer open. */
export function markMerged(draft: Draft, id: TaskId): void {
  const task = draft.board.finished.get(keyOf(id));
  if (task?.review?.state !== 'ready') return;
  const review: Review = { version: 1, round: task.review.round, state: 'merged', at: draft.at };
  draft.putFinished({ ...task, review });
  draft.emit({ type: 'write-review', task: id, review });
  const verdict = verdictOf(task);
  if (verdict !== null) draft.emit({ type: 'tell-story', task: id, file: task.file, verdict, isMerged: true });
  draft.journal({ type: 'task-merged', task: id });
}

/** The facts of a task that is on the board again. Where it was done before, it was sent back, which is noted. */
export function noteSentBack(draft: Draft, id: TaskId, { column }: TaskFile, facts: TaskFacts): TaskFacts {
  const { review, verdict, highestRun } = facts;
  if (isFinishedColumn(column) || review === null || review.state === 'sent-back') return facts;
  // The board died between its facts and the move to `done/`.
  if (column === 'active' && review.state === 'ready' && verdict?.run === highestRun) return facts;
  const sentBack: Review = { version: 1, round: review.round, state: 'sent-back' };
  draft.emit({ type: 'write-review', task: id, review: sentBack });
  return { ...facts, review: sentBack };
}

/**
 * The review of a finished task whose verdict was read. One that can't be understood is opened again; whether its work
 * is merged, git tells. Null where there is none, or a newer version of the board wrote it.
 */
export function recallReview(
  draft: Draft,
  { id, file }: FinishedTask,
  verdict: FinishedTask['verdict'],
  read: ReadVerdict,
): Review | null {
  if (verdict === null || typeof verdict !== 'object' || read.kind === 'newer') return null;
  const found = read.kind === 'known' ? read.review : reviewOf(read.facts);
  if (file.column !== 'done') return found === 'damaged' || found === 'newer' ? null : found;
  if (found === 'newer') return null;
  if (found === 'damaged') {
    const note = `runs/${id}/${reviewName} can't be understood and was made again; the old file is kept beside it`;
    draft.journal({ type: 'task-found', task: id, column: file.column, note });
    return writeOpened(draft, id, 1);
  }
  // The user put it back into `done/` before it was worked on again.
  if (found?.state === 'sent-back') return writeOpened(draft, id, found.round);
  return found ?? openReview(1);
}

function reviewOf({ review, damaged }: TaskFacts): Review | 'damaged' | null {
  return damaged.includes(reviewName) ? 'damaged' : review;
}

function writeOpened(draft: Draft, id: TaskId, round: number): Review {
  const review = openReview(round);
  draft.emit({ type: 'write-review', task: id, review });
  return review;
}
