/** Puts the work of a task that is done away, with its branch, so that it can be undone. */
import { verdictOf, type FinishedTask } from '../../domain/board.ts';
import type { CommandRequest, DiscardCommand } from '../../domain/command.ts';
import type { Draft } from '../draft.ts';
import { readVerdicts } from '../file-results.ts';
import { discardedWith } from '../review-states.ts';
import { findUnfit, workOf } from './offers.ts';
import { putCommand, refuse } from './settle-command.ts';

/** Begins to discard; has the task's verdict read before. */
export function carryOutDiscard(
  draft: Draft,
  request: CommandRequest & { readonly command: DiscardCommand },
  task: FinishedTask,
): void {
  if (task.verdict === undefined) {
    readVerdicts(draft, [task]);
    return;
  }
  const { id, file, review } = task;
  const verdict = verdictOf(task);
  const unfit = findUnfit('discard', file.column, id, workOf(verdict, review));
  if (verdict?.branch == null || unfit !== null) {
    refuse(draft, request, unfit?.why ?? 'has no verdict that can be read', unfit?.hint ?? null);
    return;
  }
  const work = { id, branch: verdict.branch, tip: request.command.commit };
  putCommand(draft, request.id, { stage: 'under-way', request });
  const discarded = discardedWith(review, work, request.at);
  draft.emit({ type: 'discard-for-command', id: request.id, task: id, file, work, review: discarded });
}
