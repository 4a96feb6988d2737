/** A task's file in a column → the task: the user's text, without the story that the board wrote below it. */
import type { Parsed } from '../domain/diagnostic.ts';
import type { TaskSpec } from '../domain/task.ts';
import { stripStory } from '../markdown/story.ts';
import { parseTaskFile } from '../markdown/task-file.ts';
import type { ParseGuard, ReadFile } from '../ports.ts';

/** Parses a task's file as it was read. */
export function parseTask(guard: ParseGuard, { text, file }: ReadFile): Parsed<TaskSpec> {
  const shownAs = `.orchestrator/${file.column}/${file.name}`;
  return guard.parse({ file: shownAs, identity: file.identity }, () =>
    parseTaskFile(stripStory(text), { file: shownAs, fileName: file.name }),
  );
}
