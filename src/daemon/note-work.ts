/** Lays notes to agents down, takes those that wait into a prompt, and looks which were told. */
import type { Note } from '../domain/agent-note.ts';
import { keyOfAnswer } from '../domain/agent-question.ts';
import type { Effect } from '../domain/effect.ts';
import type { RunPlan } from '../domain/run.ts';
import { keyOf, type TaskId } from '../domain/task.ts';
import { readLine } from '../domain/note-lines.ts';
import { composeAnswer, composeNote, listAddressed } from '../prompt/notes.ts';
import type { PromptInput } from '../prompt/prompt.ts';
import type { Notes } from '../ports.ts';
import { hashOwnText } from './parse-task.ts';
import type { UntimedEvent } from './untimed-event.ts';

/** Two of 10,000 lines share so many characters in one of a million million boards. */
const lineHashChars = 16;

/** Dependencies of notes. */
export interface NotePorts {
  readonly notes: Notes;
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
}

/** `note-laid`, and `notes-seen`. */
export async function layNote(
  ports: NotePorts,
  { id, task, said, isLine, answers }: Effect & { readonly type: 'lay-note' },
): Promise<readonly UntimedEvent[]> {
  for (const question of answers) await layAnswer(ports, task, { ...said, key: keyOfAnswer(question) });
  if (answers.length === 0) await lay(ports, task, { ...said, key: isLine ? await keyOfLine(said.text) : id });
  return [{ type: 'note-laid', id }, await lookAtNotes(ports, task)];
}

async function lay(ports: NotePorts, task: TaskId, note: Note): Promise<void> {
  const text = ports.redact(note.text);
  const shown = composeNote(text, await ports.notes.mark(task));
  await ports.notes.lay(task, { ...note, text }, shown);
}

async function layAnswer(ports: NotePorts, task: TaskId, note: Note): Promise<void> {
  const text = ports.redact(note.text);
  const shown = composeAnswer(text, await ports.notes.mark(task));
  await ports.notes.layAnswer(task, { ...note, text }, shown);
}

/** `notes-seen`. */
export async function lookAtNotes({ notes }: NotePorts, task: TaskId): Promise<UntimedEvent> {
  return { type: 'notes-seen', task, notes: await notes.list(task) };
}

/**
 * The notes that a run's prompt tells beside the user's own: those that nobody was told yet; to a fresh session, which knows
 * none, all of them. What User Notes say to the task counts as told by this run, too, so that no hook tells it again.
 */
export async function takeNotes(
  ports: NotePorts,
  { plan, userNotes, at }: { readonly plan: RunPlan; readonly userNotes: string; readonly at: number },
): Promise<PromptInput['told']> {
  const { notes } = ports;
  const { task } = plan;
  const standing = new Set<string>();
  for (const { name, text } of listAddressed(userNotes)) {
    if (name.toLowerCase() !== keyOf(task) || readLine(task, text, null).kind !== 'note') continue;
    const key = await keyOfLine(text);
    standing.add(key);
    await lay(ports, task, { key, text, at });
  }
  const mark = await notes.mark(task);
  const open = await notes.take(plan);
  const told = plan.session.mode === 'fresh' ? await notes.list(task) : open;
  return { mark, notes: told.flatMap(({ key, text }) => (standing.has(key) ? [] : [text])) };
}

async function keyOfLine(text: string): Promise<string> {
  return `line-${(await hashOwnText(text)).slice(0, lineHashChars)}`;
}
