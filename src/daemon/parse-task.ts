/** Parses a task's file in a column: the user's text, without the story that the board wrote below it. */
import type { Parsed } from '../domain/diagnostic.ts';
import type { TaskSpec } from '../domain/task.ts';
import { stripStory } from '../markdown/story.ts';
import { parseTaskFile } from '../markdown/task-file.ts';
import type { ReadFile } from '../ports.ts';

/** Parses a task's file as it was read. */
export function parseTask({ text, file }: ReadFile): Parsed<TaskSpec> {
  return parseTaskFile(stripStory(text), { file: `.orchestrator/${file.column}/${file.name}`, fileName: file.name });
}

/** SHA-256 of the user's text in a task's file, in hex: tells whether they edited it. */
export async function hashOwnText(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(stripStory(text)));
  return Buffer.from(digest).toString('hex');
}
