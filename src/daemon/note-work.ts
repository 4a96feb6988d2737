/** Lays notes to agents down, takes those that wait into a prompt, and looks which were told. */
import type { Effect } from '../domain/effect.ts';
import type { RunPlan } from '../domain/run.ts';
import type { TaskId } from '../domain/task.ts';
import { composeNote } from '../prompt/notes.ts';
import type { PromptInput } from '../prompt/prompt.ts';
import type { Notes } from '../ports.ts';
import type { UntimedEvent } from './untimed-event.ts';

/** Dependencies of notes. */
export interface NotePorts {
  readonly notes: Notes;
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
}

/** `note-laid`, and `notes-seen`. */
export async function layNote(
  ports: NotePorts,
  { id, task, note }: Effect & { readonly type: 'lay-note' },
): Promise<readonly UntimedEvent[]> {
  const text = ports.redact(note.text);
  await ports.notes.lay(task, { ...note, text }, composeNote(text, await ports.notes.mark(task)));
  return [{ type: 'note-laid', id }, await lookAtNotes(ports, task)];
}

/** `notes-seen`. */
export async function lookAtNotes({ notes }: NotePorts, task: TaskId): Promise<UntimedEvent> {
  return { type: 'notes-seen', task, notes: await notes.list(task) };
}

/** The notes that a run's prompt tells: those that nobody was told yet; to a fresh session, which knows none, all of them. */
export async function takeNotes({ notes }: NotePorts, plan: RunPlan): Promise<PromptInput['told']> {
  const mark = await notes.mark(plan.task);
  const open = await notes.take(plan);
  const told = plan.session.mode === 'fresh' ? await notes.list(plan.task) : open;
  return { mark, notes: told.map(({ text }) => text) };
}
