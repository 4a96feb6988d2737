/** Writes into a task's file what a command asks, keys of its frontmatter or words of the user's; the rest stays as it is. */
import type { TaskFile } from '../domain/board.ts';
import { formatDiagnostic, type Diagnostic } from '../domain/diagnostic.ts';
import type { Effect } from '../domain/effect.ts';
import { idOfFile, type TaskSpec } from '../domain/task.ts';
import { addSaid } from '../markdown/story.ts';
import { serializeTaskFile } from '../markdown/task-writer.ts';
import { PortError, type BoardFiles, type Clock } from '../ports.ts';
import { parseTask } from './parse-task.ts';
import type { UntimedEvent } from './untimed-event.ts';
import { refuseBesideUser } from './users-session.ts';

/** `command-edited`. Throws PortError where the file can't be read, or would be no task afterwards. */
export async function editTask(
  files: BoardFiles,
  { id, file, fields }: Effect & { readonly type: 'edit-for-command' },
): Promise<UntimedEvent> {
  const read = await files.readTask(file);
  if (!read.ok) throw new PortError(`${file.column}/${file.name} can't be read now`);
  const text = serializeTaskFile(fields, read.value.text);
  const { value, diagnostics } = requireTask(text, read.value.file);
  return {
    type: 'command-edited',
    id,
    file: await files.rewriteTask(read.value.file, text),
    spec: value,
    diagnostics,
  };
}

/**
 * `command-moved`. What is said is written into the file before it is moved, once, though a kill may come in between. Throws
 * PortError as above.
 */
export async function moveForCommand(
  files: BoardFiles,
  { id, file, to, said }: Effect & { readonly type: 'move-for-command' },
  clock: Pick<Clock, 'day' | 'timeOfDay'>,
): Promise<UntimedEvent> {
  const task = to === 'queued' ? idOfFile(file.name) : null;
  const refused = task === null ? null : await refuseBesideUser(files, id, task);
  if (refused !== null) return refused;
  if (said === null) return { type: 'command-moved', id, file: await files.moveTask(file, to) };
  const read = await files.readTask(file);
  if (!read.ok) throw new PortError(`${file.column}/${file.name} can't be read now`);
  const when = `${clock.day(said.at)} ${clock.timeOfDay(said.at)}`;
  const text = addSaid(read.value.text, said.text, when);
  requireTask(text, read.value.file);
  const current = text === read.value.text ? read.value.file : await files.rewriteTask(read.value.file, text);
  return { type: 'command-moved', id, file: await files.moveTask(current, to) };
}

/** The text as a task. Throws PortError where it is none. */
function requireTask(
  text: string,
  file: TaskFile,
): { readonly value: TaskSpec; readonly diagnostics: readonly Diagnostic[] } {
  const { value, diagnostics } = parseTask({ text, file });
  if (value === undefined) throw new PortError(diagnostics.map(formatDiagnostic).join('\n'));
  return { value, diagnostics };
}
