/**
 * Handles a task that its user hands back as done: what stands in its worktree is looked at and verified as after a run. Where
 * it holds, the task is settled as done, and the command with it; else it waits on, with what is missing.
 */
import type { AttentionTask, TaskFile } from '../../domain/board.ts';
import type { CommandRequest, TaskCommand } from '../../domain/command.ts';
import type { BoardEvent } from '../../domain/event.ts';
import { nameReason } from '../../domain/reason-words.ts';
import { emptyRunView } from '../../domain/run.ts';
import type { Draft } from '../draft.ts';
import { termsOf } from '../granted-rights.ts';
import { judge } from '../make-verdict.ts';
import { judgeBranch } from '../outcome.ts';
import { startSettling } from '../settlement.ts';
import { findUnfit } from './offers.ts';
import { settleStale } from './seen.ts';
import { findUnderWay, putCommand, refuse, settleCommand } from './settle-command.ts';

type HandBackRequest = CommandRequest & { readonly command: TaskCommand & { readonly kind: 'hand-back' } };

/** Begins to look at the work. */
export function carryOutHandBack(draft: Draft, request: HandBackRequest, file: TaskFile): void {
  const { id, seen, command } = request;
  const { task } = command;
  if (file.column === 'done' && seen?.column === 'attention') {
    settleCommand(draft, request, { kind: 'done', said: 'its work holds, and it is done: attention/ → done/' });
    return;
  }
  if (settleStale(draft, request, file, 'done')) return;
  const unfit = findUnfit(command.kind, file.column, task);
  const live = draft.task(task);
  const plan = live?.past.lastPlan ?? null;
  if (unfit !== null) refuse(draft, request, unfit.why, unfit.hint);
  else if (live?.state !== 'attention') return;
  else if (plan === null) refuse(draft, request, 'has no work yet', `To queue it: branchboard retry ${task}`);
  else if (plan.workspace.kind === 'detached') {
    const hint = `To have its agent go on: branchboard retry ${task}`;
    const why =
      plan.conflict === null
        ? 'leaves a report and no branch, so that there is nothing to check'
        : 'is not begun: what it builds on is in conflict';
    refuse(draft, request, why, hint);
  } else {
    putCommand(draft, id, { stage: 'under-way', request });
    const { verify } = termsOf(draft.board, live.spec, plan);
    draft.emit({ type: 'check-for-command', id, task, plan, verify });
  }
}

/** The work was looked at. */
export function handleCommandChecked(
  draft: Draft,
  { id, evidence }: BoardEvent & { readonly type: 'command-checked' },
): void {
  const request = findUnderWay(draft, id);
  if (request?.command.kind !== 'hand-back') return;
  const { task: name } = request.command;
  const asked = { ...request, command: request.command };
  const task = draft.task(name);
  const plan = task?.past.lastPlan ?? null;
  if (task?.state !== 'attention' || plan === null) {
    refuse(draft, asked, 'was moved meanwhile', `To see how it stands: branchboard show ${name}`);
    return;
  }
  const told = { summary: 'You took it over, and handed it back as done.', mayBeEmpty: true };
  const outcome = judgeBranch(emptyRunView, plan, evidence, told);
  // What earlier attempts failed of is not why it waits now.
  const judged: AttentionTask = { ...task, past: { ...task.past, faults: [] } };
  const { followUps, proposals } = task.verdict;
  const verdict = { ...judge(draft, judged, { plan, exit: null, evidence }, outcome), followUps, proposals };
  if (outcome.kind !== 'failed') {
    // Settled once its file is there: a board that is killed before that looks at the work again.
    putCommand(draft, id, { stage: 'waiting', request: { ...request, seen: { column: 'attention', run: null } } });
    startSettling(draft, judged, { to: 'verdict', verdict, plan, record: null });
    return;
  }
  const { reason, detail } = outcome.fault;
  refuse(
    draft,
    asked,
    `is not done, ${nameReason(reason)}: ${detail}`,
    `Mend that: branchboard take ${name}. Or let its agent do it: branchboard retry ${name}`,
  );
  draft.putTask({ ...task, verdict });
  draft.emit({ type: 'write-verdict', task: name, verdict });
  draft.emit({ type: 'tell-story', task: name, file: task.file, verdict, isMerged: false });
}
