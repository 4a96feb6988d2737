/**
 * The notes to a task's agents, `runs/TASK/notes/`. A note is a file whose name says how far it is, and only a rename
 * changes that, so that it is told once, whoever is killed when:
 *
 *   KEY.note ──► KEY.read     an agent at work took it after a tool call (`machine/note-script`)
 *   KEY.answer ──┘            the same of one that answers a question: only the call that asked it takes it
 *       └─────► KEY.told-N    the prompt of run N tells it; as long as nobody claimed that run, the next prompt does
 *
 * They are the task's and not a run's: what one run's agent was not told in time, the next one's is. A file has two lines:
 * what the agent is shown, as a JSON string, and the note itself.
 */
import { randomBytes } from 'node:crypto';
import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { KnownNote, Note } from '../../domain/agent-note.ts';
import type { TaskId } from '../../domain/task.ts';
import type { Notes } from '../../ports.ts';
import { codeOf } from '../machine/errors.ts';
import { createFile, makeFolder } from '../machine/durable.ts';
import { exists } from '../machine/file-presence.ts';
import { parseObject } from '../machine/json-shape.ts';
import { noteEndings, notesFolderOf } from '../machine/note-script.ts';
import { readRegular } from '../machine/regular-file.ts';
import { readClaim } from '../machine/run-claim.ts';
import { listFolder } from './facts.ts';
import type { Layout } from './layout.ts';
import { checkFolders } from './own-folders.ts';

const noteShape = z.object({ text: z.string(), at: z.number() });
/** Holds the word that marks this task's notes as the user's. */
const markName = 'mark';
const markBytes = 6;

/** A note's file. */
interface NoteFile {
  readonly path: string;
  readonly key: string;
  /** The run whose prompt tells it; null where none does. */
  readonly toldBy: number | null;
  readonly isRead: boolean;
}

/** The port on real files. */
export function createNotes(layout: Layout): Notes {
  async function open(task: TaskId): Promise<string> {
    const folder = notesFolderOf(layout.taskRuns(task));
    checkFolders([layout.taskRuns(task), folder]);
    await makeFolder(folder);
    return folder;
  }

  async function listFiles(task: TaskId): Promise<readonly NoteFile[]> {
    const folder = notesFolderOf(layout.taskRuns(task));
    checkFolders([layout.taskRuns(task), folder]);
    return [...(await listFolder(folder))].sort().flatMap((name) => readName(folder, name) ?? []);
  }

  /** When the agent whose prompt tells it began; null where none did. */
  function toldAt(task: TaskId, n: number): number | null {
    const claim = readClaim(layout.run({ task, n }));
    return claim.kind === 'claimed' ? claim.claimedAt : null;
  }

  async function read(task: TaskId, file: NoteFile): Promise<KnownNote | null> {
    const [, line = ''] = (await readRegular(file.path)).split('\n');
    const found = noteShape.safeParse(parseObject(line));
    if (!found.success) return null;
    const readAt = file.isRead ? Math.floor((await stat(file.path)).ctimeMs) : null;
    return { ...found.data, key: file.key, readAt: file.toldBy === null ? readAt : toldAt(task, file.toldBy) };
  }

  /** An agent may take one while it is read; it is there under its other name then. */
  async function list(task: TaskId): Promise<readonly KnownNote[]> {
    try {
      const notes = await Promise.all((await listFiles(task)).map((file) => read(task, file)));
      return notes.filter((note) => note !== null).sort((a, b) => a.at - b.at);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      return list(task);
    }
  }

  async function lay(task: TaskId, { key, text, at }: Note, shown: string, ending: string): Promise<void> {
    const folder = await open(task);
    const [waits, read] = [join(folder, `${key}${ending}`), join(folder, `${key}${noteEndings.read}`)];
    // An agent may rename it in this moment: it is looked for under its first name at first.
    if ((await exists(waits)) || (await exists(read))) return;
    if ((await listFolder(folder)).some((name) => readName(folder, name)?.key === key)) return;
    await createFile(waits, `${JSON.stringify(shown)}\n${JSON.stringify({ text, at })}\n`);
  }

  return {
    list,
    async mark(task) {
      const path = join(await open(task), markName);
      if (!(await exists(path))) await createFile(path, randomBytes(markBytes).toString('hex'));
      return readRegular(path);
    },
    lay: (task, note, shown) => lay(task, note, shown, noteEndings.waits),
    layAnswer: (task, note, shown) => lay(task, note, shown, noteEndings.answers),
    async take({ task, n }) {
      const taken: KnownNote[] = [];
      for (const file of await listFiles(task)) {
        if (file.isRead || (file.toldBy !== null && toldAt(task, file.toldBy) !== null)) continue;
        const path = join(notesFolderOf(layout.taskRuns(task)), `${file.key}.told-${String(n)}`);
        await rename(file.path, path);
        const note = await read(task, { ...file, path, toldBy: n });
        if (note !== null) taken.push(note);
      }
      return taken.sort((a, b) => a.at - b.at);
    },
  };
}

function readName(folder: string, name: string): NoteFile | null {
  const [, key, ending = '', run] = /^([\w-]+)\.(note|answer|read|told-(\d+))$/.exec(name) ?? [];
  if (key === undefined) return null;
  const toldBy = run === undefined ? null : Number(run);
  return { path: join(folder, name), key, toldBy, isRead: `.${ending}` === noteEndings.read };
}
