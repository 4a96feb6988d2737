/** Keeps what looks at the work of finished tasks found: what became of it outside the board, and how it goes with other work. */
import type { BoardEvent } from '../domain/event.ts';
import { areSameOverlaps, type TaskOverlaps } from '../domain/overlap.ts';
import { describePull, type PullNews } from '../domain/pull-request.ts';
import { unreachable } from '../domain/result.ts';
import { keyOf } from '../domain/task.ts';
import { handleBehindFound } from './commands/restack-command.ts';
import type { Draft } from './draft.ts';
import { markMerged } from './review-states.ts';

/** An event of such a look. */
export type ReviewNews = BoardEvent & {
  readonly type: 'merges-found' | 'behind-found' | 'overlaps-found' | 'pulls-found';
};

/** See the file's head. Nothing changes where it is known. */
export function handleReviewNews(draft: Draft, news: ReviewNews): void {
  switch (news.type) {
    case 'merges-found':
      // The user merged these by hand: they no longer wait for a review.
      for (const id of news.tasks) markMerged(draft, id);
      return;
    case 'behind-found':
      handleBehindFound(draft, news.found);
      return;
    case 'overlaps-found':
      keepOverlaps(draft, news.found);
      return;
    case 'pulls-found':
      keepPulls(draft, news.found);
      return;
    default:
      unreachable(news);
  }
}

function keepOverlaps(draft: Draft, found: readonly TaskOverlaps[]): void {
  for (const { id, overlaps } of found) {
    const task = draft.board.finished.get(keyOf(id));
    if (task?.review?.state !== 'ready' || areSameOverlaps(task.review.overlaps ?? [], overlaps)) continue;
    const review = { ...task.review, overlaps: overlaps.length === 0 ? undefined : overlaps };
    draft.putFinished({ ...task, review });
    draft.emit({ type: 'write-review', task: id, review });
  }
}

/** The work counts as merged once it is in the base here. */
function keepPulls(draft: Draft, found: readonly PullNews[]): void {
  for (const { id, state } of found) {
    const task = draft.board.finished.get(keyOf(id));
    if (task?.review?.pull === undefined || task.review.pull.state === state) continue;
    const pull = { ...task.review.pull, state };
    const review = { ...task.review, pull };
    draft.putFinished({ ...task, review });
    draft.emit({ type: 'write-review', task: id, review });
    draft.journal({ type: 'task-found', task: id, column: task.file.column, note: describePull(pull) ?? state });
  }
}
