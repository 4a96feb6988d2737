/**
 * Reads a task's file and its grant before anything is made of them: what the file says at the start is what runs, and a base
 * that was not granted stays unused.
 */
import type { TaskFile } from '../domain/board.ts';
import { formatDiagnostic } from '../domain/diagnostic.ts';
import { combineGrants, listAsks, listKeys, type Right } from '../domain/rights.ts';
import type { Sandbox } from '../domain/sandbox.ts';
import type { Settings } from '../domain/settings.ts';
import type { TaskId, TaskSpec } from '../domain/task.ts';
import { PortError, type BoardFiles } from '../ports.ts';
import { hashOwnText, parseTask } from './parse-task.ts';
import { setupFailed } from './setup-failed.ts';

/** A task as its file and its grant tell it now; `hash` is of its own text. */
export interface GrantedTask {
  readonly spec: TaskSpec;
  readonly hash: string;
  readonly rights: readonly Right[];
}

/** See the file's head. Throws PortError where the file can't be read, or asks for more than it was given. */
export async function readGranted(
  files: BoardFiles,
  { task, file }: { readonly task: TaskId; readonly file: TaskFile },
  settings: Settings,
  sandbox: Sandbox | null,
): Promise<GrantedTask> {
  const { spec, hash } = await readSpec(files, task, file);
  const rights = await readRights(files, spec);
  const asks = listAsks(spec, settings, sandbox).filter((right) => !rights.includes(right));
  if (asks.length > 0)
    throw new PortError(`its file now asks for more than it was given (${listKeys(asks).join(', ')})`);
  return { spec, hash, rights };
}

async function readSpec(files: BoardFiles, task: TaskId, file: TaskFile): Promise<Omit<GrantedTask, 'rights'>> {
  const read = await files.readTask(file);
  if (!read.ok) {
    const detail =
      read.failure.kind === 'changed'
        ? `${file.column}/${file.name} is gone`
        : read.failure.diagnostics.map(formatDiagnostic).join('\n');
    throw setupFailed(detail);
  }
  const { value, diagnostics } = parseTask(read.value);
  if (value === undefined) throw setupFailed(diagnostics.map(formatDiagnostic).join('\n'));
  return { spec: { ...value, id: task }, hash: await hashOwnText(read.value.text) };
}

/** The rights of a task, read from the facts: the last scan may be older than its file. */
async function readRights(files: BoardFiles, spec: TaskSpec): Promise<readonly Right[]> {
  const [own, parent] = await Promise.all([
    files.readGrant(spec.id),
    spec.parent === undefined ? null : files.readGrant(spec.parent),
  ]);
  return combineGrants(spec, own, parent);
}
