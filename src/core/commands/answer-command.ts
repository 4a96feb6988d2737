/**
 * Answers to what an agent at work asks. It waits in the middle of a tool call, so that an answer is laid down as a note that
 * this call alone takes (`files/note-files`). What a call gave up waiting for is told by the next run's prompt.
 */
import type { Board, TaskFile } from '../../domain/board.ts';
import { keyOfAnswer, type AgentQuestion } from '../../domain/agent-question.ts';
import type { AnswerCommand, ChooseCommand, CommandRequest } from '../../domain/command.ts';
import { limits } from '../../domain/limits.ts';
import { keyOf, type TaskId } from '../../domain/task.ts';
import type { Draft } from '../draft.ts';
import { findUnfit } from './offers.ts';
import { putCommand, refuse } from './settle-command.ts';

/** The questions that a task's agent waits with and that nobody answered yet. */
export function listOpenQuestions(board: Board, task: TaskId): readonly AgentQuestion[] {
  const live = board.live.get(keyOf(task));
  if (live?.state !== 'active' || live.phase.name !== 'running') return [];
  const answered = new Set((board.notes.get(keyOf(task)) ?? []).map(({ key }) => key));
  return live.phase.view.questions.filter(({ id }) => !answered.has(keyOfAnswer(id)));
}

/** Begins to answer a task that an agent is on, or refuses to. */
export function carryOutAnswer(
  draft: Draft,
  request: CommandRequest & { readonly command: AnswerCommand | ChooseCommand },
  file: TaskFile,
): void {
  const { id, at, command } = request;
  const { task } = command;
  const unfit = findUnfit(command.kind, file.column, task);
  if (unfit !== null) {
    refuse(draft, request, unfit.why, unfit.hint);
    return;
  }
  const open = listOpenQuestions(draft.board, task);
  const questions = command.question === null ? open : open.filter((each) => each.id === command.question);
  const tellIt = `To tell its agent something: branchboard note ${task} TEXT`;
  if (questions.length === 0) {
    const why = command.question === null ? 'asks nothing at the moment' : 'does not wait for that answer any more';
    refuse(draft, request, why, tellIt);
    return;
  }
  const chosen = command.kind === 'choose' ? questions[0]?.options[command.option - 1] : command.text.trim();
  if (chosen === undefined || chosen === '') {
    const why = command.kind === 'choose' ? 'offers no such answer' : 'was told nothing';
    refuse(draft, request, why, `To answer in your words: branchboard answer ${task} TEXT`);
    return;
  }
  if (chosen.length > limits.maxNoteChars) {
    refuse(draft, request, `can be told at most ${String(limits.maxNoteChars)} characters while it works`, tellIt);
    return;
  }
  putCommand(draft, id, { stage: 'under-way', request });
  const answers = questions.map((question) => question.id);
  draft.emit({ type: 'lay-note', id, task, said: { text: chosen, at }, isLine: false, answers });
}
