/** Reads the inbox as it lies, for commands that must know of tasks before the board does. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextFile } from '../adapters/files/reader.ts';
import { isPassedOver } from '../adapters/files/scanner.ts';
import { codeOf } from '../adapters/machine/errors.ts';
import { limits } from '../domain/limits.ts';
import { markdownEnding } from '../domain/slug.ts';
import type { TaskSpec } from '../domain/task.ts';
import { parseTaskFile } from '../markdown/task-file.ts';
import type { Place } from './place.ts';

/** A file that waits in the inbox. */
export interface WaitingFile {
  readonly name: string;
  /** As messages call it. */
  readonly shownAs: string;
  /** Null where it is no markdown, can't be read, or is no task yet. */
  readonly task: { readonly text: string; readonly spec: TaskSpec } | null;
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
    const text = read?.ok === true ? read.value.text : null;
    const spec = text === null ? undefined : parseTaskFile(text, { file: shownAs, fileName: name }).value;
    files.push({ name, shownAs, task: text === null || spec === undefined ? null : { text, spec } });
  }
  return files;
}
