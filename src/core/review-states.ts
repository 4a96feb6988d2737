/** Decides on the reviews of tasks that are done: opened, found merged, sent back, discarded. */
import { verdictOf, type FinishedTask, type TaskFile } from '../domain/board.ts';
import { limits } from '../domain/limits.ts';
import { openReview, reviewName, type Review, type SentBack } from '../domain/review.ts';
import type { ReadVerdict, TaskFacts } from '../domain/task-facts.ts';
import { isFinishedColumn, keyOf, type Column, type TaskId } from '../domain/task.ts';
import { isEndedPlan, type WorkBranch } from '../domain/verdict.ts';
import type { Draft } from './draft.ts';

/** The work of a task is in the base; nothing changes where its review is no longer open. */
export function markMerged(draft: Draft, id: TaskId): void {
  const task = draft.board.finished.get(keyOf(id));
  if (task?.review?.state !== 'ready') return;
  const { round, sentBack, pull } = task.review;
  const review: Review = { ...openReview(round, sentBack), pull, state: 'merged', at: draft.at };
  draft.putFinished({ ...task, review });
  draft.emit({ type: 'write-review', task: id, review });
  const verdict = verdictOf(task);
  if (verdict !== null) draft.emit({ type: 'tell-story', task: id, file: task.file, verdict, isMerged: true });
  draft.journal({ type: 'task-merged', task: id });
}

/** The review of a task whose work is discarded. */
export function discardedWith(review: Review | null, { branch, tip }: WorkBranch, at: number): Review {
  return { ...openReview(review?.round ?? 1, review?.sentBack), state: 'discarded', at, branch, tip };
}

/** The review of a task that is sent back with these words. A command that is carried out again says them once. */
export function sentBackWith(review: Review | null, said: Omit<SentBack, 'round'>): Review {
  const round = review?.round ?? 1;
  const earlier = (review?.sentBack ?? []).filter((each) => each.round !== round);
  const sentBack = [...earlier, { ...said, round }].slice(-limits.maxSentBackKept);
  return { ...openReview(round, sentBack), state: 'sent-back' };
}

/**
 * The facts of a task that is on the board again. Where it was done before, it was sent back, which is noted. `from` is the
 * column from which the user moved it; null where they did not.
 */
export function noteSentBack(
  draft: Draft,
  id: TaskId,
  { column }: TaskFile,
  facts: TaskFacts,
  from: Column | null,
): TaskFacts {
  const { review, verdict, highestRun } = facts;
  if (isFinishedColumn(column) || review === null || review.state === 'sent-back') return facts;
  // The board died between its facts and the move to `done/`, where a plan comes from the queue.
  const isEnding =
    column === 'active' ? (verdict?.run ?? 0) >= highestRun : column === 'queued' && isEndedPlan(verdict);
  if (from === null && review.state === 'ready' && isEnding) return facts;
  const sentBack: Review = { ...openReview(review.round, review.sentBack), state: 'sent-back' };
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
    return writeOpened(draft, id, openReview(1));
  }
  // The user put it back into `done/` before it was worked on again.
  if (found?.state === 'sent-back' || found?.state === 'discarded') {
    const opened = openReview(found.round, found.sentBack);
    const note = 'its work was discarded, and its branch is made again';
    if (found.state === 'discarded') draft.journal({ type: 'task-found', task: id, column: file.column, note });
    return writeOpened(draft, id, opened);
  }
  return found ?? openReview(1);
}

function reviewOf({ review, damaged }: TaskFacts): Review | 'damaged' | null {
  return damaged.includes(reviewName) ? 'damaged' : review;
}

function writeOpened(draft: Draft, id: TaskId, review: Review): Review {
  draft.emit({ type: 'write-review', task: id, review });
  return review;
}
