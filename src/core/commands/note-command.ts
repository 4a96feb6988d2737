/**
 * Notes to agents. One is laid down for its task, and from then on needs no board to be told: an agent at work finds it
 * after its next tool call, and the next run's prompt tells what none found. Which were told is looked at with each scan.
 */
import { verdictOf, type FinishedTask, type TaskFile } from '../../domain/board.ts';
import type { CommandId, CommandRequest, TaskCommand } from '../../domain/command.ts';
import type { BoardEvent } from '../../domain/event.ts';
import { limits } from '../../domain/limits.ts';
import { areSameNotes, type KnownNote } from '../../domain/agent-note.ts';
import { keyOf } from '../../domain/task.ts';
import type { Draft } from '../draft.ts';
import { readVerdicts } from '../file-results.ts';
import { describeUntold, howToSend } from '../untold-notes.ts';
import { listOpenQuestions } from './answer-command.ts';
import { findUnfit } from './offers.ts';
import { findUnderWay, putCommand, refuse, settleCommand } from './settle-command.ts';

type NoteRequest = CommandRequest & { readonly command: TaskCommand & { readonly kind: 'note' } };

const toldAtStart = 'its agent is told when it starts';

/** Begins to lay a note down; waits while the work of an agent that is gone is looked at. */
export function carryOutNote(draft: Draft, request: NoteRequest, file: TaskFile): void {
  const { id, by, at, command } = request;
  const { task, text } = command;
  const live = draft.task(task);
  if (live?.state === 'active' && live.phase.name === 'inspecting') return;
  const finished = draft.board.finished.get(keyOf(task));
  if (file.column === 'done' && finished?.verdict === undefined) {
    if (finished !== undefined) readVerdicts(draft, [finished]);
    return;
  }
  const unfit = findUnfit('note', file.column, task);
  if (unfit !== null) {
    refuse(draft, request, unfit.why, unfit.hint);
    return;
  }
  const words = text.trim().length;
  if (words === 0) {
    refuse(draft, request, 'was told nothing', 'Type what it is to be told, and ask again.');
    return;
  }
  if (words > limits.maxNoteChars) {
    const hint = `Write it into a file, and tell its path: branchboard note ${task} "read PATH"`;
    refuse(draft, request, `can be told at most ${String(limits.maxNoteChars)} characters while it works`, hint);
    return;
  }
  const isLine = by === 'dashboard';
  if (isLine && live !== undefined && live.state !== 'active') {
    // It stands in User Notes, where the next run's prompt finds it, and where the user may still change it.
    settleCommand(draft, request, { kind: 'done', said: toldAtStart });
    return;
  }
  putCommand(draft, id, { stage: 'under-way', request });
  // A line is read by who waits for an answer; whoever notes something else has the verb.
  const answers = isLine ? listOpenQuestions(draft.board, task).map((question) => question.id) : [];
  draft.emit({ type: 'lay-note', id, task, said: { text: text.trim(), at }, isLine, answers });
}

/** The note is where agents find it. */
export function handleNoteLaid(draft: Draft, id: CommandId): void {
  const request = findUnderWay(draft, id);
  if (request === undefined || !('task' in request.command)) return;
  if (request.command.kind !== 'note') {
    settleCommand(draft, request, { kind: 'done', said: 'its agent is told' });
    return;
  }
  const { task } = request.command;
  const finished = draft.board.finished.get(keyOf(task));
  if (draft.task(task) === undefined && finished !== undefined) {
    settleCommand(draft, request, { kind: 'done', said: `it is done, and the note waits. ${howToSend(task)}` });
    return;
  }
  const isAtWork = draft.task(task)?.state === 'active';
  const said = isAtWork ? 'its agent is told after its next tool call' : toldAtStart;
  settleCommand(draft, request, { kind: 'done', said });
}

/** Looks at notes that an agent at work may have been told meanwhile; forgets those of tasks that are gone. */
export function lookAtNotes(draft: Draft): void {
  const { notes, live } = draft.board;
  const left = [...notes].filter(([key]) => live.has(key));
  if (left.length < notes.size) draft.set({ notes: new Map(left) });
  for (const [key, known] of left) {
    const task = live.get(key);
    const isAtWork = task?.state === 'active' && task.phase.name === 'running';
    if (isAtWork && known.some(({ readAt }) => readAt === null)) draft.emit({ type: 'look-at-notes', task: task.id });
  }
}

/** Keeps what was seen of a live task's notes. Those that wait for one that is done are shown with its work. */
export function handleNotesSeen(draft: Draft, { task, notes }: BoardEvent & { readonly type: 'notes-seen' }): void {
  const key = keyOf(task);
  const finished = draft.board.finished.get(key);
  if (draft.task(task) === undefined && finished !== undefined) showUntold(draft, finished, notes);
  if (draft.task(task) === undefined || areSameNotes(draft.board.notes.get(key) ?? [], notes)) return;
  draft.set({ notes: new Map(draft.board.notes).set(key, notes) });
}

function showUntold(draft: Draft, finished: FinishedTask, notes: readonly KnownNote[]): void {
  const verdict = verdictOf(finished);
  const untold = notes.filter(({ readAt }) => readAt === null).map((note) => describeUntold(finished.id, note));
  const fresh = untold.filter((words) => verdict?.warnings.includes(words) === false);
  if (verdict === null || fresh.length === 0) return;
  const shown = { ...verdict, warnings: [...verdict.warnings, ...fresh].slice(-limits.maxWarnings) };
  draft.putFinished({ ...finished, verdict: shown });
  draft.emit({ type: 'write-verdict', task: finished.id, verdict: shown });
}
