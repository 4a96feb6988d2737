/** Takes a file of the inbox in: read, checked, copied into `queued/` under its id, removed from the inbox. */
import type { Board, FileIdentity } from '../domain/board.ts';
import type { Diagnostic } from '../domain/diagnostic.ts';
import { keyOf, type TaskId } from '../domain/task.ts';
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
  async takeIn(name: string, identity: FileIdentity): Promise<UntimedEvent> {
    const file = `.orchestrator/inbox/${name}`;
    const read = await this.#files.readInbox(name, identity);
    if (!read.ok) {
      const { failure } = read;
      if (failure.kind === 'changed') return { type: 'taken-in', name, identity, outcome: { kind: 'changed' } };
      return { type: 'taken-in', name, identity, outcome: { kind: 'rejected', diagnostics: failure.diagnostics } };
    }
    const { value: spec, diagnostics } = parseTaskFile(read.value.text, { file, fileName: name });
    if (spec === undefined) return { type: 'taken-in', name, identity, outcome: { kind: 'rejected', diagnostics } };
    const id = this.#knownAs(spec.id);
    if (await this.#isLeaving(id)) return { type: 'taken-in', name, identity, outcome: { kind: 'changed' } };
    const accepted = await this.#files.acceptInbox(name, identity, id, read.value.text);
    if (accepted.kind === 'accepted') {
      return {
        type: 'taken-in',
        name,
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
      await this.#files.dropInbox(name, identity);
      return { type: 'taken-in', name, identity, outcome: { kind: 'repeated', id: spec.id } };
    }
    const { by } = accepted;
    const diagnostic: Diagnostic = {
      severity: 'error',
      file,
      message: `the id ${spec.id} is in use by ${by.column}/${by.name}`,
      expected: 'an id of its own',
      hint: `Give it another \`id:\`, or send the first one back: branchboard retry ${spec.id}`,
    };
    return { type: 'taken-in', name, identity, outcome: { kind: 'rejected', diagnostics: [diagnostic] } };
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
