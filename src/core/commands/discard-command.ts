/** Puts the work of a task that is done away, with its branch, so that it can be undone. */
import type { FinishedTask } from '../../domain/board.ts';
import type { CommandRequest, DiscardCommand } from '../../domain/command.ts';
import type { Draft } from '../draft.ts';
import { discardedWith } from '../review-states.ts';
import { findOpenWork } from './open-work.ts';
import { putCommand } from './settle-command.ts';

/** Begins to discard; has the task's verdict read before. */
export function carryOutDiscard(
  draft: Draft,
  request: CommandRequest & { readonly command: DiscardCommand },
  task: FinishedTask,
): void {
  const verdict = findOpenWork(draft, request, task);
  if (verdict === null) return;
  const { id, file, review } = task;
  const work = { id, branch: verdict.branch, tip: request.command.commit };
  putCommand(draft, request.id, { stage: 'under-way', request });
  const discarded = discardedWith(review, work, request.at);
  draft.emit({ type: 'discard-for-command', id: request.id, task: id, file, work, review: discarded });
}
