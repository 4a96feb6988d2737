/** Makes the dashboard's boxes, and what became of those that were ticked. */
import {
  discardBox,
  labelOfBox,
  listAnswerBoxes,
  listBoxes,
  listPlanBoxes,
  listProposalBoxes,
  listQuestionBoxes,
  listTakenBoxes,
  mergeBox,
  restackBox,
  sendBackBox,
  workOf,
} from '../core/commands/offers.ts';
import { see } from '../core/commands/seen.ts';
import type { AgentQuestion } from '../domain/agent-question.ts';
import { verdictOf, type Board, type FinishedTask } from '../domain/board.ts';
import { boxKinds, type Box, type Command, type Seen } from '../domain/command.ts';
import { limits } from '../domain/limits.ts';
import { keyOf, type TaskId } from '../domain/task.ts';
import { isPlan } from '../domain/verdict.ts';
import type { BoxOutcome } from '../markdown/dashboard-model.ts';
import { formatLine } from '../domain/note-lines.ts';
import type { Calendar } from './calendar.ts';

/** The boxes of a task, of a finished one those for its review; none while it is being moved. */
export function viewBoxes(board: Board, id: TaskId): readonly Box[] {
  const seen = seeUnasked(board, id);
  const live = board.live.get(keyOf(id));
  const asks = live?.state === 'attention' && live.verdict.question !== null ? live.verdict : null;
  if (seen === null) return [];
  const finished = board.finished.get(keyOf(id));
  if (finished !== undefined) {
    const verdict = seen.column === 'done' ? verdictOf(finished) : null;
    return [
      ...viewReviewBoxes(board, finished, seen),
      ...(verdict === null ? [] : listProposalBoxes(id, seen, verdict)),
    ];
  }
  if (live?.state === 'attention' && isPlan(live.verdict)) return listPlanBoxes(id, seen, live.verdict);
  const proposed = live?.state === 'attention' ? listProposalBoxes(id, seen, live.verdict) : [];
  const isTaken = live?.state === 'attention' && live.verdict.fault?.reason === 'taken';
  const own =
    asks !== null ? listAnswerBoxes(id, seen, asks.options) : (isTaken ? listTakenBoxes : listBoxes)(id, seen);
  return [...own, ...proposed];
}

/** The boxes of a question that a task's agent waits with. */
export function viewQuestionBoxes(board: Board, id: TaskId, question: AgentQuestion): readonly Box[] {
  const seen = seeUnasked(board, id);
  return seen === null ? [] : listQuestionBoxes(id, seen, question);
}

/** Commands that leave a task where it is. */
const changingNothing: readonly Command['kind'][] = ['note', 'set-priority', 'add-dependency', 'open'];

/** Null as well while something that was asked of the task is not settled. */
function seeUnasked(board: Board, id: TaskId): Seen | null {
  const isAsked = [...board.commands.values()].some((each) => {
    if (!('request' in each) || !('task' in each.request.command)) return false;
    const { kind, task } = each.request.command;
    return !changingNothing.includes(kind) && keyOf(task) === keyOf(id);
  });
  return isAsked ? null : see(board, id);
}

/**
 * What changes what runs takes a second yes, which names it: that is the verb's. So is what would go into whatever branch is
 * checked out by then.
 */
function viewReviewBoxes(board: Board, task: FinishedTask, seen: Seen): readonly Box[] {
  if (seen.column !== 'done') return [];
  const { id, review } = task;
  const verdict = verdictOf(task);
  const tip = verdict?.tip ?? null;
  const target = board.settings.base;
  const behind = review?.behind ?? [];
  const back = sendBackBox(id, seen, tip);
  if (tip === null || workOf(verdict, review) !== 'open') return [back];
  const isOffered = target !== null && verdict?.changesWhatRuns.length === 0;
  return [
    ...(behind.length > 0 ? [restackBox(id, seen, tip, behind)] : []),
    ...(isOffered ? [mergeBox(id, seen, tip, target)] : []),
    back,
    discardBox(id, seen, tip),
  ];
}

/** What became of the boxes that were ticked lately, and of lines of User Notes. */
export function viewBoxOutcomes({ boxAnswers }: Board, clock: Calendar): readonly BoxOutcome[] {
  return boxAnswers.flatMap(({ at, command, answer }) => {
    if (clock.now() - at > limits.showBoxAnswersMs) return [];
    if (!('task' in command)) return [];
    const kind = boxKinds.find((each) => each === command.kind);
    const words = 'text' in command && command.text.trim() !== '' ? ` “${command.text.trim()}”` : '';
    const label = kind === undefined ? formatLine(command) : `${labelOfBox(kind)}${words}`;
    if (label === null) return [];
    const hint = answer.kind === 'done' || answer.hint === null ? '' : `. ${answer.hint}`;
    const said = answer.kind === 'done' ? answer.said : `nothing was done: ${answer.said}${hint}`;
    return [{ time: clock.timeOfDay(at).slice(0, 5), label, id: command.task, said }];
  });
}
