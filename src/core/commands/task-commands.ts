/**
 * Carries out what is asked about one task. A move is what the user could do by hand: its file is moved, and what the
 * board makes of that is the same (`core/move`). An edit writes keys of the task's file.
 */
import { countOf } from '../../domain/amounts.ts';
import { verdictOf, type TaskFile } from '../../domain/board.ts';
import {
  targetColumns,
  type AnswerCommand,
  type ChooseCommand,
  type CommandRequest,
  type MoveKind,
  type SendBackCommand,
  type TaskCommand,
} from '../../domain/command.ts';
import type { BoardEvent } from '../../domain/event.ts';
import { nameInPath } from '../../domain/file-place.ts';
import { limits } from '../../domain/limits.ts';
import { idOfFile, keyOf, type TaskId } from '../../domain/task.ts';
import { isPlan } from '../../domain/verdict.ts';
import { findPath } from '../dependencies.ts';
import type { Draft } from '../draft.ts';
import { handleTaskRead, readVerdicts } from '../file-results.ts';
import { describeMove, moveTask } from '../move.ts';
import { sentBackWith } from '../review-states.ts';
import { isReadingInbox } from '../schedule.ts';
import { carryOutAccept } from './accept-command.ts';
import { carryOutAnswer } from './answer-command.ts';
import { carryOutDiscard } from './discard-command.ts';
import { carryOutMerge } from './merge-command.ts';
import { carryOutNote } from './note-command.ts';
import { carryOutHandBack } from './hand-back-command.ts';
import { carryOutOpen, carryOutTake } from './open-command.ts';
import { carryOutPr } from './pr-command.ts';
import { carryOutRestack } from './restack-command.ts';
import { findUnfit } from './offers.ts';
import { settleStale } from './seen.ts';
import { findUnderWay, putCommand, refuse, settleCommand } from './settle-command.ts';

type TaskRequest = CommandRequest & { readonly command: TaskCommand };
type FinishedRequest = CommandRequest & {
  readonly command: TaskCommand & { readonly kind: 'merge' | 'pr' | 'restack' | 'discard' };
};
type EditRequest = CommandRequest & {
  readonly command: TaskCommand & { readonly kind: 'set-priority' | 'add-dependency' };
};
type MoveRequest = CommandRequest & { readonly command: TaskCommand & { readonly kind: MoveKind | 'tell' } };

/** Begins to carry a command out, or refuses it; it waits as long as it is not known how its task stands. */
export function carryOutForTask(draft: Draft, asked: TaskRequest): void {
  const { task: name } = asked.command;
  const file = findFile(draft, name);
  if (file === 'unsettled') return;
  if (file === null) {
    const said = `there is no task ${name}`;
    settleCommand(draft, asked, { kind: 'refused', why: 'unknown-task', said, hint: 'Type: branchboard status' });
    return;
  }
  // In the task's own case: its facts stand in a folder of that name.
  const id = (draft.board.finished.get(keyOf(name)) ?? draft.task(name))?.id ?? name;
  const request: TaskRequest = { ...asked, command: { ...asked.command, task: id } };
  const { command } = request;
  switch (command.kind) {
    case 'merge':
    case 'pr':
    case 'restack':
    case 'discard':
      changeFinished(draft, { ...request, command }, file);
      return;
    case 'send-back':
      sendBack(draft, { ...request, command }, file);
      return;
    case 'note':
      carryOutNote(draft, { ...request, command }, file);
      return;
    case 'accept':
      carryOutAccept(draft, { ...request, command }, file);
      return;
    case 'open':
      carryOutOpen(draft, { ...request, command }, file);
      return;
    case 'take':
      carryOutTake(draft, { ...request, command }, file);
      return;
    case 'hand-back':
      carryOutHandBack(draft, { ...request, command }, file);
      return;
    case 'answer':
      answer(draft, { ...request, command }, file);
      return;
    case 'choose':
      if (command.question === null) choose(draft, { ...request, command }, file);
      else answer(draft, { ...request, command }, file);
      return;
    case 'set-priority':
    case 'add-dependency':
      edit(draft, { ...request, command }, file);
      return;
    default:
      move(draft, { ...request, command }, file);
  }
}

/** Carries out a command on work that is done. */
function changeFinished(draft: Draft, request: FinishedRequest, file: TaskFile): void {
  const { command } = request;
  const finished = draft.board.finished.get(keyOf(command.task));
  if (command.kind === 'discard' && settleStale(draft, { ...request, command }, file, 'archive')) return;
  const unfit = findUnfit(command.kind, file.column, command.task);
  if (unfit !== null) refuse(draft, request, unfit.why, unfit.hint);
  else if (finished === undefined) return;
  else if (command.kind === 'merge') carryOutMerge(draft, { ...request, command }, finished);
  else if (command.kind === 'pr') carryOutPr(draft, { ...request, command }, finished);
  else if (command.kind === 'restack') carryOutRestack(draft, { ...request, command }, finished);
  else carryOutDiscard(draft, { ...request, command }, finished);
}

function answer(
  draft: Draft,
  request: TaskRequest & { readonly command: AnswerCommand | ChooseCommand },
  file: TaskFile,
): void {
  const live = draft.task(request.command.task);
  // While the work of an agent that is gone is looked at, it is not known where its task goes.
  if (live?.state === 'active' && live.phase.name === 'inspecting') return;
  carryOutAnswer(draft, request, file);
}

/** Has keys of the task's file written. */
function edit(draft: Draft, request: EditRequest, file: TaskFile): void {
  const { command } = request;
  const { task } = command;
  const unfit = findUnfit(command.kind, file.column, task);
  if (unfit !== null) {
    refuse(draft, request, unfit.why, unfit.hint);
    return;
  }
  // A board that died while it took the task in finds its file in the inbox again, and knows it by its text.
  for (const [path, { diagnostics }] of draft.board.inbox) {
    const other = idOfFile(nameInPath(path));
    if (diagnostics === null && other !== null && keyOf(other) === keyOf(task)) return;
  }
  if (command.kind === 'add-dependency') {
    const cycle = findPath(draft.board.live, command.on, task);
    if (cycle !== null) {
      const shown = [task, ...cycle].join(' → ');
      refuse(draft, request, `would wait for itself: ${shown}`, 'Name a task that does not wait for it.');
      return;
    }
  }
  putCommand(draft, request.id, { stage: 'under-way', request });
  const fields = command.kind === 'set-priority' ? { priority: command.priority } : { dependsOn: [command.on] };
  draft.emit({ type: 'edit-for-command', id: request.id, file, fields });
}

function move(draft: Draft, request: MoveRequest, file: TaskFile): void {
  const { id, command } = request;
  const to = targetColumns[command.kind === 'tell' ? 'retry' : command.kind];
  if (settleStale(draft, request, file, to)) return;
  const unfit = findUnfit(command.kind, file.column, command.task);
  if (unfit !== null) {
    refuse(draft, request, unfit.why, unfit.hint);
    return;
  }
  const live = draft.task(command.task);
  if (command.kind === 'tell' && live?.state === 'attention' && isPlan(live.verdict) && live.verdict.taken.length > 0) {
    const hint = `To let it wait for its tasks: branchboard retry ${command.task}. For more of them: branchboard add`;
    refuse(draft, request, 'has a plan that was taken in, and is not planned again', hint);
    return;
  }
  const said = command.kind === 'tell' ? { text: command.text, at: request.at } : null;
  if (said?.text.trim() === '') {
    refuse(draft, request, 'was told nothing', 'Type what it is to be told, and ask again.');
    return;
  }
  if (said !== null && refuseLength(draft, request, said.text, file)) return;
  putCommand(draft, id, { stage: 'under-way', request });
  draft.emit({ type: 'move-for-command', id, file, to, said });
}

/** Tells the task the answer that its question offers under that number. */
function choose(draft: Draft, request: TaskRequest & { readonly command: ChooseCommand }, file: TaskFile): void {
  const { task, option } = request.command;
  if (settleStale(draft, request, file, 'queued')) return;
  const live = draft.task(task);
  const text = live?.state === 'attention' ? live.verdict.options[option - 1] : undefined;
  const unfit = findUnfit('choose', file.column, task);
  if (unfit !== null) refuse(draft, request, unfit.why, unfit.hint);
  else if (text === undefined) {
    refuse(draft, request, 'offers no such answer', `To answer in your words: branchboard answer ${task} TEXT`);
  } else move(draft, { ...request, command: { kind: 'tell', task, text } }, file);
}

/** Sends the work of a task that is done back; has its verdict read before. */
function sendBack(draft: Draft, request: TaskRequest & { readonly command: SendBackCommand }, file: TaskFile): void {
  const { id, at, command } = request;
  const { task, text, commit } = command;
  const finished = draft.board.finished.get(keyOf(task));
  if (finished !== undefined && finished.verdict === undefined) {
    readVerdicts(draft, [finished]);
    return;
  }
  if (settleStale(draft, request, file, 'queued')) return;
  const unfit = findUnfit(command.kind, file.column, task);
  if (unfit !== null) refuse(draft, request, unfit.why, unfit.hint);
  if (unfit !== null || finished === undefined || refuseLength(draft, request, text, file)) return;
  putCommand(draft, id, { stage: 'under-way', request });
  const { branch = null, base = null, run = null } = verdictOf(finished) ?? {};
  const review = sentBackWith(finished.review, { text, at, comments: [], run: run ?? 0, work: null });
  const work = branch === null || base === null || commit === null ? null : { id: task, branch, base, tip: commit };
  draft.emit({ type: 'send-back-for-command', id, task, file, work, target: draft.board.settings.base, review });
}

/** Refuses words that are more than a fact holds. */
function refuseLength(draft: Draft, request: TaskRequest, text: string, file: TaskFile): boolean {
  if (text.trim().length <= limits.maxSaidChars) return false;
  const hint = `Write it into .orchestrator/${file.column}/${file.name}, then: branchboard retry ${request.command.task}`;
  refuse(draft, request, `can be told at most ${String(limits.maxSaidChars)} characters at once`, hint);
  return true;
}

/** The file is where the command wants it: what follows is what follows from a move by hand. */
export function handleCommandMoved(
  draft: Draft,
  { id, file, comments = 0 }: BoardEvent & { readonly type: 'command-moved' },
): void {
  const request = findUnderWay(draft, id);
  if (request === undefined || !('task' in request.command)) return;
  const from = findFile(draft, request.command.task, false);
  const move = from === null || from === 'unsettled' ? `→ ${file.column}/` : describeMove(from.column, file.column);
  const { kind, task } = request.command;
  if (kind === 'take') {
    // It goes on once the task waits there.
    putCommand(draft, id, { stage: 'waiting', request });
    moveTask(draft, task, file);
    return;
  }
  const how = kind === 'discard' ? `discarded, and kept (branchboard rescue ${task}): ` : '';
  const said = comments === 0 ? `${how}${move}` : `sent back with ${countOf(comments, 'comment')}: ${move}`;
  settleCommand(draft, request, { kind: 'done', said });
  moveTask(draft, request.command.task, file);
}

/** The outside found that it can't be carried out. */
export function handleCommandRefused(
  draft: Draft,
  { id, why, hint }: BoardEvent & { readonly type: 'command-refused' },
): void {
  const request = findUnderWay(draft, id);
  if (request === undefined || !('task' in request.command)) return;
  refuse(draft, { ...request, command: request.command }, why, hint);
}

/** The file says what the command wants. */
export function handleCommandEdited(draft: Draft, event: BoardEvent & { readonly type: 'command-edited' }): void {
  const request = findUnderWay(draft, event.id);
  if (request === undefined) return;
  const task = 'task' in request.command ? draft.task(request.command.task) : undefined;
  if (task !== undefined && task.file.column === event.file.column) {
    draft.putTask({ ...task, file: event.file });
    // What the user asked to be written there is nothing that a run should have seen.
    handleTaskRead(draft, { ...event, type: 'task-read', textHash: null });
  }
  settleCommand(draft, request, { kind: 'done', said: describeEdit(draft, request.command) });
}

function describeEdit(draft: Draft, command: CommandRequest['command']): string {
  if (command.kind === 'set-priority') return `its priority is ${command.priority} now`;
  if (command.kind !== 'add-dependency') return 'its file was rewritten';
  const isThere = findFile(draft, command.on, false) !== null;
  return `it waits for ${command.on} now${isThere ? '' : ', which does not exist yet'}`;
}

/** A task's file; `unsettled` while it is on its way somewhere, or is not known yet. */
function findFile(draft: Draft, id: TaskId, canWait = true): TaskFile | null | 'unsettled' {
  const { board } = draft;
  const task = draft.task(id);
  if (task !== undefined) {
    return canWait && task.state === 'settling' ? 'unsettled' : task.file;
  }
  const finished = board.finished.get(keyOf(id));
  if (finished !== undefined) return finished.file;
  const isReading = board.loading.size > 0 || isReadingInbox(board);
  return canWait && isReading ? 'unsettled' : null;
}
