/**
 * Makes commands of what User Notes say to tasks. Nothing in the notes changes: which lines became commands is a fact
 * (`lines.json`), and a line that goes is forgotten, so that the same words ask again when they are typed again.
 *
 *   a new line ──► noted with the id of its command ──► the command is laid down ──► noted as asked
 *
 * A kill in between repeats the rest under the same id, which the board carries out once.
 */
import type { AskedLine } from '../domain/agent-note.ts';
import { verdictOf, type Board, type BoardScan } from '../domain/board.ts';
import { makeCommandId } from '../domain/command.ts';
import { limits } from '../domain/limits.ts';
import { columns, idOfFile, keyOf, parseTaskId, type Column, type TaskId } from '../domain/task.ts';
import { readLine } from '../domain/note-lines.ts';
import { listAddressed } from '../prompt/notes.ts';
import type { BoardFiles, Clock, DashboardFile } from '../ports.ts';

/** Dependencies of the watch. */
export interface NoteWatchPorts {
  readonly clock: Clock;
  readonly files: BoardFiles;
  readonly dashboard: Pick<DashboardFile, 'readNotes'>;
}

type Line = Pick<AskedLine, 'task' | 'text'>;

/** See the file's head. */
export class NoteWatch {
  readonly #ports: NoteWatchPorts;
  #notes = '';
  /** The fact as it is; null before it was read. */
  #lines: readonly AskedLine[] | null = null;
  #changedAt = -Infinity;
  #looking: Promise<boolean> = Promise.resolve(false);
  #pending = 0;

  constructor(ports: NoteWatchPorts) {
    this.#ports = ports;
  }

  /** Looks once what was typed was left alone for a while; says whether commands were laid down. Rejects where the machine fails. */
  look(board: Board): Promise<boolean> {
    this.#pending++;
    this.#looking = this.#looking
      .catch(() => false)
      .then(() => this.#look(board))
      .finally(() => this.#pending--);
    return this.#looking;
  }

  /** Whether a look is under way, which may lay down commands. */
  get isLooking(): boolean {
    return this.#pending > 0;
  }

  /** At a start: what was typed while no board ran counts at once. */
  async lookFirst(board: Board): Promise<void> {
    this.#notes = await this.#ports.dashboard.readNotes();
    await this.#ask({ ...board, scan: await this.#ports.files.scan() });
  }

  async #look(board: Board): Promise<boolean> {
    const { clock, dashboard } = this.#ports;
    const notes = await dashboard.readNotes();
    if (notes !== this.#notes) {
      this.#notes = notes;
      this.#changedAt = clock.monotonic();
    }
    return clock.monotonic() - this.#changedAt < limits.lineQuietMs ? false : this.#ask(board);
  }

  async #ask(board: Board): Promise<boolean> {
    const { clock, files } = this.#ports;
    if (board.scan === null) return false;
    const places = listPlaces(board.scan);
    const standing = listAddressed(this.#notes).flatMap(({ name, text: whole }): readonly Line[] => {
      // One character more than a note may have is enough to be refused.
      const text = whole.slice(0, limits.maxNoteChars + 1);
      const task = parseTaskId(name);
      const known = task === undefined ? undefined : places.get(keyOf(task));
      return known === undefined || isUnknownWork(board, known.id, text) ? [] : [{ task: known.id, text }];
    });
    const before = (this.#lines ??= await files.readLines());
    const kept = before.filter((line) => standing.some((each) => isSame(each, line)));
    const fresh = standing
      .filter(
        (line, at) =>
          !before.some((each) => isSame(each, line)) && at === standing.findIndex((each) => isSame(each, line)),
      )
      .slice(0, Math.max(0, limits.maxAskedLines - kept.length))
      .map((line, at): AskedLine => {
        // Ids sort by age, and lines are carried out in their order.
        return { ...line, id: makeCommandId(clock.now() + at, clock.uuid()), isAsked: false };
      });
    const lines = [...kept, ...fresh];
    const open = lines.filter(({ isAsked }) => !isAsked);
    if (kept.length < before.length || fresh.length > 0) await this.#keep(lines);
    if (open.length === 0) return false;
    for (const { task, text, id } of open) {
      const command = readLine(task, text, tipOf(board, task));
      const column = places.get(keyOf(task))?.column;
      const seen = column === undefined ? null : { column, run: null };
      await files.writeCommand({ version: 1, id, by: 'dashboard', at: clock.now(), seen, command });
    }
    await this.#keep(lines.map((line) => ({ ...line, isAsked: true })));
    return true;
  }

  async #keep(lines: readonly AskedLine[]): Promise<void> {
    await this.#ports.files.writeLines(lines);
    this.#lines = lines;
  }
}

function isSame(some: Line, other: Line): boolean {
  return keyOf(some.task) === keyOf(other.task) && some.text === other.text;
}

/** Where each task's file is. */
function listPlaces(scan: BoardScan): ReadonlyMap<string, { readonly id: TaskId; readonly column: Column }> {
  const places = columns.flatMap((column) =>
    [...scan.columns[column].keys()].flatMap((name) => {
      const id = idOfFile(name);
      return id === null ? [] : [[keyOf(id), { id, column }] as const];
    }),
  );
  return new Map(places);
}

function tipOf({ finished }: Board, id: TaskId): string | null {
  const task = finished.get(keyOf(id));
  return task === undefined ? null : (verdictOf(task)?.tip ?? null);
}

/** A merge is of a commit, so that it waits until it is known what a finished task left. */
function isUnknownWork({ finished, scan }: Board, id: TaskId, text: string): boolean {
  if (text !== 'merge') return false;
  const task = finished.get(keyOf(id));
  const isDone = scan?.columns.done.has(`${id}.md`) === true;
  return isDone && (task === undefined || task.verdict === undefined);
}
