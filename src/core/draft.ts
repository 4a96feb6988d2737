/** A board in the making: one step's changes and effects, gathered and then handed out as plain data. */
import type { Board, FinishedTask, InboxFile, Task } from '../domain/board.ts';
import type { Effect } from '../domain/effect.ts';
import type { HistoryEntry } from '../domain/history.ts';
import { keyOf, type TaskId, type TaskKey } from '../domain/task.ts';

type Untimed<Entry> = Entry extends unknown ? Omit<Entry, 'at'> : never;

/** Gathers one step's changes. The board it began with is never changed: maps are copied at their first change. */
export class Draft {
  readonly at: number;
  readonly effects: Effect[] = [];
  #board: Board;
  readonly #initial: Board;

  constructor(board: Board, at: number) {
    this.#board = board;
    this.#initial = board;
    this.at = at;
  }

  /** The board as it is so far. */
  get board(): Board {
    return this.#board;
  }

  /** Replaces fields of the board. */
  set(fields: Partial<Board>): void {
    this.#board = { ...this.#board, ...fields };
  }

  /** The live task of that id. */
  task(id: TaskId): Task | undefined {
    return this.#board.live.get(keyOf(id));
  }

  putTask(task: Task): void {
    this.#live().set(keyOf(task.id), task);
  }

  removeTask(id: TaskId): void {
    this.#live().delete(keyOf(id));
  }

  putFinished(task: FinishedTask): void {
    this.#finished().set(keyOf(task.id), task);
  }

  removeFinished(id: TaskId): void {
    this.#finished().delete(keyOf(id));
  }

  putInbox(file: InboxFile): void {
    this.set({ inbox: new Map(this.#board.inbox).set(file.path, file) });
  }

  removeInbox(path: string): void {
    if (!this.#board.inbox.has(path)) return;
    const inbox = new Map(this.#board.inbox);
    inbox.delete(path);
    this.set({ inbox });
  }

  /** Asks for effects, in order. */
  emit(...effects: readonly Effect[]): void {
    this.effects.push(...effects);
  }

  /** Adds a line to the history. */
  journal(entry: Untimed<HistoryEntry>): void {
    this.emit({ type: 'journal', entry: { ...entry, at: this.at } as HistoryEntry });
  }

  /** Notes that only progress changed. */
  touchProgress(): void {
    const { revision } = this.#board;
    this.set({ revision: { ...revision, progress: revision.progress + 1 } });
  }

  /** Notes a change that the dashboard shows. */
  touchFacts(): void {
    const { revision } = this.#board;
    this.set({ revision: { ...revision, facts: revision.facts + 1 } });
  }

  #live(): Map<TaskKey, Task> {
    if (this.#board.live === this.#initial.live) this.set({ live: new Map(this.#board.live) });
    return this.#board.live as Map<TaskKey, Task>;
  }

  #finished(): Map<TaskKey, FinishedTask> {
    if (this.#board.finished === this.#initial.finished) this.set({ finished: new Map(this.#board.finished) });
    return this.#board.finished as Map<TaskKey, FinishedTask>;
  }
}
