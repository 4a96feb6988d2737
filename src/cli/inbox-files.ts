/** Reads the inbox as it lies, for commands that must know of tasks before the board does. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextFile, type TextFile } from '../adapters/files/reader.ts';
import { isPassedOver } from '../adapters/files/scanner.ts';
import { codeOf } from '../adapters/machine/errors.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { limits } from '../domain/limits.ts';
import type { Result } from '../domain/result.ts';
import { idOfName, markdownEnding } from '../domain/slug.ts';
import { keyOf, type TaskSpec } from '../domain/task.ts';
import { parseTaskFile } from '../markdown/task-file.ts';
import type { Unreadable } from '../ports.ts';
import type { Place } from './place.ts';

/** A file that waits in the inbox. */
export interface WaitingFile {
  readonly name: string;
  /** As messages call it. */
  readonly shownAs: string;
  /** Null where it is no markdown, can't be read, or is no task yet. */
  readonly task: { readonly text: string; readonly spec: TaskSpec } | null;
  /** Errors in it, as far as the file itself tells. */
  readonly errors: readonly Diagnostic[];
}

/** The file that would be the task of this id, or has this name; null where there is none. */
export async function findInboxFile(place: Place, text: string): Promise<WaitingFile | null> {
  const wanted = keyOf(idOfName(text));
  const files = await readInboxFiles(place);
  const byId = files.find(({ name, task }) => keyOf(task?.spec.id ?? idOfName(name)) === wanted);
  return byId ?? files.find(({ name }) => keyOf(idOfName(name)) === wanted) ?? null;
}

/** The files of the inbox; those of editors and downloads are passed over. */
export async function readInboxFiles({ layout }: Place): Promise<readonly WaitingFile[]> {
  const names = await readdir(layout.inbox).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  const files: WaitingFile[] = [];
  for (const name of names.filter((each) => !isPassedOver(each))) {
    const shownAs = `.orchestrator/inbox/${name}`;
    const read = markdownEnding.test(name)
      ? await readTextFile(join(layout.inbox, name), shownAs, limits.maxTaskFileBytes)
      : null;
    files.push({ name, shownAs, ...(read === null ? { task: null, errors: [] } : parse(name, shownAs, read)) });
  }
  return files;
}

function parse(
  name: string,
  shownAs: string,
  read: Result<TextFile, Unreadable>,
): Pick<WaitingFile, 'task' | 'errors'> {
  if (!read.ok) return { task: null, errors: read.failure.kind === 'refused' ? read.failure.diagnostics : [] };
  const { text } = read.value;
  const { value: spec, diagnostics } = parseTaskFile(text, { file: shownAs, fileName: name });
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  return { task: spec === undefined ? null : { text, spec }, errors };
}
