/** Notes: words of the user's for one task, which its agent is told while it works, or at its next start; once. */
import type { CommandId } from './command.ts';
import type { TaskId } from './task.ts';

/** See the file's head. */
export interface Note {
  /** Names it among the notes of its task; the same one is told once. */
  readonly key: string;
  readonly text: string;
  /** When it was said, in milliseconds since the epoch. */
  readonly at: number;
}

/** A note that was laid down for its task's agent. */
export interface KnownNote extends Note {
  /** When an agent was told, in milliseconds since the epoch; null as long as none was. */
  readonly readAt: number | null;
}

/** Something that User Notes say to a task, and the command that it became; once, as long as it stands there. */
export interface AskedLine {
  readonly task: TaskId;
  readonly text: string;
  readonly id: CommandId;
  /** The command's fact was laid down. */
  readonly isAsked: boolean;
}

/** Whether two lists tell the same of the same notes. */
export function areSameNotes(some: readonly KnownNote[], others: readonly KnownNote[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ key, readAt }, index) => others[index]?.key === key && others[index].readAt === readAt)
  );
}
