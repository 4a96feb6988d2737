/** Merges the work of a task that is done, or says why that can't be. */
import type { FinishedTask } from '../../domain/board.ts';
import type { CommandRequest, MergeCommand } from '../../domain/command.ts';
import type { BoardEvent } from '../../domain/event.ts';
import { describeConflict, type MergeOutcome } from '../../domain/merge-request.ts';
import { unreachable } from '../../domain/result.ts';
import type { Verdict } from '../../domain/verdict.ts';
import type { Draft } from '../draft.ts';
import { markMerged } from '../review-states.ts';
import { findOpenWork } from './open-work.ts';
import { findUnderWay, putCommand, refuse, settleCommand } from './settle-command.ts';

type MergeRequested = CommandRequest & { readonly command: MergeCommand };

/** Begins to merge; has the task's verdict read before. */
export function carryOutMerge(draft: Draft, request: MergeRequested, task: FinishedTask): void {
  const { id, command } = request;
  const { commit, way, whatRuns } = command;
  const target = command.target ?? draft.board.settings.base;
  if (task.verdict !== undefined && task.review?.state === 'merged') {
    settleCommand(draft, request, { kind: 'done', said: 'its work is merged already' });
    return;
  }
  const verdict = findOpenWork(draft, request, task);
  if (verdict === null) return;
  if (target === null) {
    const hint = `Write the branch into .orchestrator/config.yaml, such as \`base: main\`, or merge into the one that is checked out: branchboard merge ${task.id}`;
    refuse(draft, request, 'was asked to be merged, but the settings name no branch', hint);
    return;
  }
  const { branch, base, tip, verified } = verdict;
  const checked = verified ? tip : null;
  const message = composeMessage(task, verdict);
  putCommand(draft, id, { stage: 'under-way', request });
  const merge = { task: task.id, branch, commit, base, target, way, whatRuns, checked, message };
  draft.emit({ type: 'merge-for-command', id, task: task.id, request: merge });
}

/** The task's name is in a trailer, so that `git log` finds what came of it. */
function composeMessage({ id }: FinishedTask, { title, summary }: Verdict): string {
  const paragraphs = [`Merge ${title}`, ...(summary === null ? [] : [summary]), `Task: ${id}`];
  return `${paragraphs.join('\n\n')}\n`;
}

/** The merge came to its end. */
export function handleCommandMerged(
  draft: Draft,
  { id, outcome }: BoardEvent & { readonly type: 'command-merged' },
): void {
  const request = findUnderWay(draft, id);
  if (request?.command.kind !== 'merge') return;
  const merge = { ...request, command: request.command };
  const { task } = merge.command;
  switch (outcome.kind) {
    case 'merged':
    case 'contained':
      markMerged(draft, task);
      settleCommand(draft, merge, { kind: 'done', said: describeMerged(outcome) });
      return;
    case 'conflict': {
      const where = describeConflict(outcome);
      const how = `branchboard retry ${task}, with a line in its file that asks it to merge ${outcome.target} and mend that`;
      refuse(draft, merge, where, `Let its agent solve it: ${how}`);
      return;
    }
    case 'red': {
      const { argv, outputTail } = outcome.check;
      const why = `and ${outcome.target} together don't pass \`${argv.join(' ')}\`; nothing was merged:\n${outputTail}`;
      refuse(draft, merge, why, `To work on it again: branchboard retry ${task}`);
      return;
    }
    case 'refused':
      refuse(draft, merge, `was not merged: ${outcome.why}`, outcome.hint);
      return;
    default:
      unreachable(outcome);
  }
}

function describeMerged(outcome: Extract<MergeOutcome, { readonly kind: 'merged' | 'contained' }>): string {
  if (outcome.kind === 'contained') return `its work is in ${outcome.target} already`;
  const { target, commit, followed } = outcome;
  const where = followed === null ? '' : `, and ${followed} has its files`;
  return `merged into ${target} as ${commit.slice(0, 10)}${where}`;
}
