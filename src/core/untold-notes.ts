/** Tells the user of notes that no agent of their task was told. They wait for its next run, whichever way that comes. */
import type { KnownNote } from '../domain/agent-note.ts';
import { keyOf, type TaskId } from '../domain/task.ts';
import type { Draft } from './draft.ts';

/** A sentence for each note that a task's agents were not told. */
export function listUntold({ board }: Draft, task: TaskId): readonly string[] {
  const notes = board.notes.get(keyOf(task)) ?? [];
  return notes.flatMap((note) => (note.readAt === null ? [describeUntold(task, note)] : []));
}

/** That a note came when its agent had no tool call left, or the task was done. */
export function describeUntold(task: TaskId, { text }: KnownNote): string {
  return `Your note “${text}” came too late for its agent. ${howToSend(task)}`;
}

/** How the work of a task that is done is sent back with the notes that wait for it. */
export function howToSend(task: TaskId): string {
  return `To send the work back with it: tick “Send back”, or \`branchboard send-back ${task}\`.`;
}
