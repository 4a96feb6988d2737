/** Restacks the work of a task that is done on what it builds on now, or says why that can't be. */
import { findVerdict, type Board, type FinishedTask } from '../../domain/board.ts';
import type { CommandRequest, RestackCommand } from '../../domain/command.ts';
import type { BoardEvent } from '../../domain/event.ts';
import type { Behind, RestackOutcome } from '../../domain/restack-outcome.ts';
import { unreachable } from '../../domain/result.ts';
import { isBehindOn } from '../../domain/review.ts';
import type { Verdict } from '../../domain/verdict.ts';
import { keyOf } from '../../domain/task.ts';
import { collectHandoffs, explainUnfinished } from '../dependencies.ts';
import type { Draft } from '../draft.ts';
import { findWorkOnOthers, noVerdict } from './open-work.ts';
import { findUnderWay, putCommand, refuse, settleCommand } from './settle-command.ts';

type RestackRequested = CommandRequest & { readonly command: RestackCommand };

/** Begins to restack; has the verdicts of the task and of its dependencies read before. */
export function carryOutRestack(draft: Draft, request: RestackRequested, task: FinishedTask): void {
  const verdict = findWorkOnOthers(draft, request, task);
  if (verdict === null) return;
  const { dependsOn } = verdict;
  const { id, command } = request;
  const { branch, base } = verdict;
  if (base === null || task.review === null) {
    refuse(draft, request, noVerdict, null);
    return;
  }
  const undone = dependsOn.find((each) => explainUnfinished(draft.board, keyOf(each)) !== null);
  if (undone !== undefined) {
    const hint = `When it is done: branchboard restack ${task.id}. To see how it stands: branchboard show ${undone}`;
    refuse(draft, request, `builds on ${undone}, which is not done`, hint);
    return;
  }
  putCommand(draft, id, { stage: 'under-way', request });
  draft.emit({
    ...{ type: 'restack-for-command', id, task: task.id, file: task.file },
    work: { id: task.id, branch, base, tip: command.commit },
    ...{ verdict, review: task.review },
    dependencies: collectHandoffs(draft.board, dependsOn),
  });
}

/** The restack came to its end. */
export function handleCommandRestacked(
  draft: Draft,
  { id, outcome }: BoardEvent & { readonly type: 'command-restacked' },
): void {
  const request = findUnderWay(draft, id);
  if (request?.command.kind !== 'restack') return;
  const restack = { ...request, command: request.command };
  const { task: name } = restack.command;
  const task = draft.board.finished.get(keyOf(name));
  switch (outcome.kind) {
    case 'restacked': {
      const { verdict, review } = outcome;
      // It may have been found merged meanwhile.
      if (task?.review?.state === 'ready') {
        draft.putFinished({ ...task, verdict, review });
        draft.emit({ type: 'write-review', task: name, review });
        draft.emit({ type: 'tell-story', task: name, file: task.file, verdict, isMerged: false });
      }
      settleCommand(draft, restack, { kind: 'done', said: describeRestacked(outcome) });
      return;
    }
    case 'current':
      handleBehindFound(draft, [{ id: name, changed: [] }]);
      settleCommand(draft, restack, { kind: 'done', said: 'it is on the newest of what it builds on already' });
      return;
    case 'base-conflict': {
      const { sides, files } = outcome.conflict;
      const why = `was not restacked: ${sides.join(' and ')}, which it builds on, change the same places: ${files.join(', ')}`;
      refuse(draft, restack, why, `Mend that in one of them, then: branchboard restack ${name}`);
      return;
    }
    case 'conflict': {
      const { commit, files } = outcome;
      const onto = listBranches(draft.board, findVerdict(draft.board, name)).join(' and ');
      const why = `was not restacked: its commit ${commit.id.slice(0, 10)} (${commit.subject}) changes the same places as ${onto}: ${files.join(', ')}`;
      const ask = `restack: merge ${onto} into your branch, and keep both sides in ${files.join(', ')}`;
      refuse(draft, restack, why, `Let its agent solve it: branchboard send-back ${name} ${JSON.stringify(ask)}`);
      return;
    }
    case 'red': {
      const { argv, outputTail } = outcome.check;
      const why = `does not pass \`${argv.join(' ')}\` on what it builds on now; nothing was changed:\n${outputTail}`;
      refuse(draft, restack, why, `To have its agent mend that: branchboard send-back ${name} TEXT`);
      return;
    }
    case 'refused':
      refuse(draft, restack, `was not restacked: ${outcome.why}`, outcome.hint);
      return;
    default:
      unreachable(outcome);
  }
}

function describeRestacked({ verdict, review }: Extract<RestackOutcome, { readonly kind: 'restacked' }>): string {
  const { branch, base, tip } = verdict;
  const was = review.restack === undefined ? '' : `; it was at ${review.restack.from.slice(0, 10)}`;
  return `restacked on ${String(base).slice(0, 10)}: ${String(branch)} is at ${String(tip).slice(0, 10)}${was}`;
}

/** The branches that a task builds on. */
function listBranches(board: Board, verdict: Verdict | null): readonly string[] {
  const branches = collectHandoffs(board, verdict?.dependsOn ?? []).flatMap(({ branch }) => branch ?? []);
  return branches.length > 0 ? branches : [board.settings.base ?? 'HEAD'];
}

/** Keeps which tasks are behind their dependencies; nothing changes where that is known. */
export function handleBehindFound(draft: Draft, found: readonly Behind[]): void {
  for (const { id, changed } of found) {
    const task = draft.board.finished.get(keyOf(id));
    if (task?.review?.state !== 'ready' || isBehindOn(task.review, changed)) continue;
    const review = { ...task.review, behind: changed.length === 0 ? undefined : changed };
    draft.putFinished({ ...task, review });
    draft.emit({ type: 'write-review', task: id, review });
  }
}
