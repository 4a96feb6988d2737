/**
 * Proposes the work of a task that is done as a pull request. One that builds on a task whose work waits as well is stacked:
 * it goes into that task's branch as far as the remote has it, so that it shows its own changes alone.
 */
import { findVerdict, type Board, type FinishedTask } from '../../domain/board.ts';
import type { CommandRequest } from '../../domain/command.ts';
import type { BoardEvent } from '../../domain/event.ts';
import type { PrCommand, PulledDependency } from '../../domain/pull-request.ts';
import { keyOf, type TaskId, type TaskKey } from '../../domain/task.ts';
import type { Draft } from '../draft.ts';
import { findWorkOnOthers } from './open-work.ts';
import { findUnderWay, putCommand, refuse, settleCommand } from './settle-command.ts';

/** Begins to propose it; has the verdicts of the task and of its dependencies read before. */
export function carryOutPr(
  draft: Draft,
  request: CommandRequest & { readonly command: PrCommand },
  task: FinishedTask,
): void {
  const verdict = findWorkOnOthers(draft, request, task);
  if (verdict === null) return;
  const { dependsOn } = verdict;
  const { base } = draft.board.settings;
  if (base === null) {
    const hint = 'Write it into .orchestrator/config.yaml, such as `base: main`';
    refuse(draft, request, 'was asked to be proposed, but the settings name no branch that it would go into', hint);
    return;
  }
  const { commit, whatRuns } = request.command;
  const { title, summary, checks, judgements, branch } = verdict;
  const below = findBelow(draft.board, dependsOn);
  putCommand(draft, request.id, { stage: 'under-way', request });
  draft.emit({
    ...{ type: 'pr-for-command', id: request.id, task: task.id },
    work: { branch, base: verdict.base, commit, into: below === null ? [base] : [below, base], whatRuns },
    words: {
      ...{ title, summary, checks },
      judgement: judgements.findLast((each) => each.commit === verdict.tip) ?? null,
      dependsOn: dependsOn.map((id) => describeDependency(draft.board, id)),
    },
  });
}

function describeDependency(board: Board, id: TaskId): PulledDependency {
  const review = board.finished.get(keyOf(id))?.review ?? null;
  return { id, pull: review?.pull ?? null, isMerged: review?.state === 'merged' };
}

/** The branch of the dependency that holds all the others whose work waits; null where there is none. */
function findBelow(board: Board, dependsOn: readonly TaskId[]): string | null {
  const open = dependsOn.filter((id) => {
    const review = board.finished.get(keyOf(id))?.review;
    return review?.state === 'ready' && (review.pull?.state ?? 'open') === 'open';
  });
  const top = open.find((id) => {
    const held = collectBelow(board, id);
    return open.every((other) => held.has(keyOf(other)));
  });
  return top === undefined ? null : (findVerdict(board, top)?.branch ?? null);
}

/** A task and all that it builds on. */
function collectBelow(board: Board, id: TaskId): ReadonlySet<TaskKey> {
  const found = new Set<TaskKey>();
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(keyOf(next))) continue;
    found.add(keyOf(next));
    open.push(...(findVerdict(board, next)?.dependsOn ?? []));
  }
  return found;
}

/** The pull request is there, and the task's review says so. */
export function handleCommandProposed(
  draft: Draft,
  { id, outcome }: BoardEvent & { readonly type: 'command-proposed' },
): void {
  const request = findUnderWay(draft, id);
  if (request?.command.kind !== 'pr') return;
  const { pull } = outcome;
  const task = draft.board.finished.get(keyOf(request.command.task));
  if (task?.review != null) {
    const review = { ...task.review, pull };
    draft.putFinished({ ...task, review });
    draft.emit({ type: 'write-review', task: task.id, review });
  }
  const commit = pull.commit.slice(0, 10);
  const how = outcome.kind === 'opened' ? 'was opened' : 'was brought up to date';
  const said = `${commit} was pushed, and pull request ${String(pull.number)} into ${pull.into} ${how}: ${pull.url}`;
  settleCommand(draft, request, { kind: 'done', said });
}
