/** Takes a file in that lies in the inbox, or in a column under a name that is no id: read, checked, copied into `queued/` under its id, removed from where it lay. */
import { findRivals } from '../core/named-dependencies.ts';
import type { Board, FileIdentity } from '../domain/board.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { nameInPath } from '../domain/file-place.ts';
import type { TakenIn } from '../domain/event.ts';
import { keyOf, type TaskId, type TaskSpec } from '../domain/task.ts';
import { parseTaskFile } from '../markdown/task-file.ts';
import type { BoardFiles } from '../ports.ts';
import type { Lanes } from './lanes.ts';
import type { UntimedEvent } from './untimed-event.ts';

/** Takes files in; asks `board` which ids are in use, and `lanes` whether something is still being written of one. */
export class Intake {
  readonly #files: BoardFiles;
  readonly #board: () => Board;
  readonly #lanes: Pick<Lanes, 'isBusy'>;

  constructor(files: BoardFiles, board: () => Board, lanes: Pick<Lanes, 'isBusy'>) {
    this.#files = files;
    this.#board = board;
    this.#lanes = lanes;
  }

  /** The result, as the event `taken-in`. */
  async takeIn(path: string, identity: FileIdentity): Promise<UntimedEvent> {
    const read = await readDropped(this.#files, this.#board(), path, identity);
    if (read.kind !== 'fit') return { type: 'taken-in', path, identity, outcome: read };
    const { spec, text, diagnostics } = read;
    const id = this.#knownAs(spec.id);
    if (await this.#isLeaving(id)) return { type: 'taken-in', path, identity, outcome: { kind: 'changed' } };
    const accepted = await this.#files.acceptInbox(path, identity, id, text);
    if (accepted.kind === 'accepted') {
      return {
        type: 'taken-in',
        path,
        identity,
        outcome: {
          kind: 'accepted',
          spec: { ...spec, id },
          file: accepted.file,
          grant: accepted.grant,
          warnings: diagnostics,
        },
      };
    }
    if (accepted.same) {
      await this.#files.dropInbox(path, identity);
      return { type: 'taken-in', path, identity, outcome: { kind: 'repeated', id: spec.id } };
    }
    const { by } = accepted;
    const diagnostic: Diagnostic = {
      severity: 'error',
      file: `.orchestrator/${path}`,
      message: `the id ${spec.id} is in use by ${by.column}/${by.name}`,
      expected: 'an id of its own',
      hint: `Give it another \`id:\`, or send the first one back: branchboard retry ${spec.id}`,
    };
    return { type: 'taken-in', path, identity, outcome: { kind: 'rejected', diagnostics: [diagnostic] } };
  }

  /**
   * Whether an earlier task of that id was taken away while an agent was on it, or before its last facts were written,
   * which would count as the new one's: that one comes after its end.
   */
  async #isLeaving(id: TaskId): Promise<boolean> {
    const task = this.#board().live.get(keyOf(id));
    if (task === undefined) return this.#lanes.isBusy(id);
    if (task.state !== 'active' && task.state !== 'settling') return false;
    return task.file.column === 'archive' || !(await this.#files.readTask(task.file)).ok;
  }

  /** An id that differs from a known one only in case is that one. */
  #knownAs(id: TaskId): TaskId {
    const board = this.#board();
    const finished = board.finished.get(keyOf(id));
    return board.live.get(keyOf(id))?.id ?? (finished?.file.column === 'done' ? finished.id : id);
  }
}

/** A file of the inbox as a board finds it that takes nothing in, as the event `taken-in`: wrong, or left where it is. */
export async function lookAtDropped(
  files: BoardFiles,
  board: Board,
  path: string,
  identity: FileIdentity,
): Promise<UntimedEvent> {
  const read = await readDropped(files, board, path, identity);
  return { type: 'taken-in', path, identity, outcome: read.kind === 'fit' ? { kind: 'changed' } : read };
}

type Dropped =
  | {
      readonly kind: 'fit';
      readonly text: string;
      readonly spec: TaskSpec;
      readonly diagnostics: readonly Diagnostic[];
    }
  | Extract<TakenIn, { readonly kind: 'changed' | 'rejected' }>;

async function readDropped(files: BoardFiles, board: Board, path: string, identity: FileIdentity): Promise<Dropped> {
  const read = await files.readInbox(path, identity);
  if (!read.ok) {
    const { failure } = read;
    return failure.kind === 'changed' ? failure : { kind: 'rejected', diagnostics: failure.diagnostics };
  }
  const { text } = read.value;
  const file = `.orchestrator/${path}`;
  const { value: spec, diagnostics } = parseTaskFile(text, { file, fileName: nameInPath(path) });
  if (spec === undefined) return { kind: 'rejected', diagnostics };
  const problem = findAmbiguous(board, spec, file);
  return problem === null ? { kind: 'fit', text, spec, diagnostics } : { kind: 'rejected', diagnostics: [problem] };
}

/** A dependency that is named by the title of several tasks. */
function findAmbiguous(board: Board, spec: TaskSpec, file: string): Diagnostic | null {
  for (const id of spec.dependsOn) {
    const rivals = findRivals(board, spec, id);
    if (rivals.length === 0) continue;
    const named = rivals.map((rival) => `\`${rival}\``);
    const words = spec.dependencyNames?.find((name) => keyOf(name.id) === keyOf(id))?.words ?? id;
    return {
      severity: 'error',
      file,
      message: `it depends on "${words}", and that is the title of ${named.join(' and ')}`,
      expected: 'the id of one of them',
      hint: `Write, for example, \`depends_on: [${rivals[0] ?? ''}]\`.`,
    };
  }
  return null;
}
