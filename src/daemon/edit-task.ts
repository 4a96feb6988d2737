/** Writes keys of a task's frontmatter, as a command asks; the rest of the file stays as it is. */
import { formatDiagnostic } from '../domain/diagnostic.ts';
import type { Effect } from '../domain/effect.ts';
import { serializeTaskFile } from '../markdown/task-writer.ts';
import { PortError, type BoardFiles } from '../ports.ts';
import { parseTask } from './parse-task.ts';
import type { UntimedEvent } from './untimed-event.ts';

/** `command-edited`. Throws PortError where the file can't be read, or would be no task afterwards. */
export async function editTask(
  files: BoardFiles,
  { id, file, fields }: Effect & { readonly type: 'edit-for-command' },
): Promise<UntimedEvent> {
  const read = await files.readTask(file);
  if (!read.ok) throw new PortError(`${file.column}/${file.name} can't be read now`);
  const text = serializeTaskFile(fields, read.value.text);
  const { value, diagnostics } = parseTask({ text, file: read.value.file });
  if (value === undefined) throw new PortError(diagnostics.map(formatDiagnostic).join('\n'));
  return {
    type: 'command-edited',
    id,
    file: await files.rewriteTask(read.value.file, text),
    spec: value,
    diagnostics,
  };
}
