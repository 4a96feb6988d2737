/**
 * Takes files of the inbox into `queued/`: a copy is made durable, linked under the task's id, and the original removed.
 * Copies are written side by side; all that wait then share one turn and one fsync of the folder.
 */
import { lstat, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { LimitFunction } from 'p-limit';
import { codeOf } from '../machine/errors.ts';
import { isSameFile, type FileIdentity, type TaskFile } from '../../domain/board.ts';
import { limits } from '../../domain/limits.ts';
import type { Grant } from '../../domain/rights.ts';
import { columns, fileNameOf, type Column, type TaskId } from '../../domain/task.ts';
import type { Clock } from '../../ports.ts';
import { linkTemporary, syncOrUndo, writeTemporary } from '../machine/durable.ts';
import { setRunsAside } from './facts.ts';
import { forgetInboxGrant, readInboxGrant, removeGrant, takeInboxGrant } from './grants.ts';
import type { Layout } from './layout.ts';
import { identify, readTextFile } from './reader.ts';

/** A file as it was read, where it lies below the board's folder, and the id that it gets. */
export interface AcceptRequest {
  readonly path: string;
  readonly identity: FileIdentity;
  readonly id: TaskId;
  readonly text: string;
}

/** The result; `same` says that a queued task has the very same text. */
export type Accepted =
  | { readonly kind: 'accepted'; readonly file: TaskFile; readonly grant: Grant | null }
  | { readonly kind: 'in-use'; readonly by: TaskFile; readonly same: boolean };

/** A copy that is in `queued/`, with what was granted to it. */
interface Linked {
  readonly waiting: Waiting;
  readonly grant: Grant | null;
}

interface Waiting {
  readonly request: AcceptRequest;
  /** The durable copy. */
  readonly temporary: string;
  readonly resolve: (accepted: Accepted) => void;
  readonly reject: (error: unknown) => void;
}

/** See the file's head. */
export class Acceptance {
  readonly #layout: Layout;
  readonly #clock: Clock;
  readonly #takeTurn: LimitFunction;
  /**
   * The files accepted since the start, by folded name: finds twins that differ only in case before the board knows
   * them.
   */
  readonly #names = new Map<string, string>();
  #waiting: Waiting[] = [];

  /** `takeTurn` gives turns at the folders. */
  constructor(layout: Layout, clock: Clock, takeTurn: LimitFunction) {
    this.#layout = layout;
    this.#clock = clock;
    this.#takeTurn = takeTurn;
  }

  /** Takes a file in. Rejects where the system is at fault; the inbox holds the file then as before. */
  async accept(request: AcceptRequest): Promise<Accepted> {
    const temporary = await writeTemporary(this.#pathOf('queued', fileNameOf(request.id)), request.text);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, temporary, resolve, reject });
      if (this.#waiting.length === 1) void this.#takeTurn(() => this.#acceptWaiting());
    });
  }

  async #acceptWaiting(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    const linked: Linked[] = [];
    for (const each of batch) {
      try {
        const put = await this.#putInto(each);
        if ('waiting' in put) linked.push(put);
        else each.resolve(put);
      } catch (error) {
        each.reject(error);
      }
    }
    const synced = syncOrUndo([this.#layout.column('queued')], () => this.#takeBack(linked));
    await Promise.all(linked.map((each) => synced.then(() => this.#removeOriginal(each)).catch(each.waiting.reject)));
    await synced.catch(() => undefined);
  }

  /** Links the copy under its id; gives the task that has the id already instead, if there is one. */
  async #putInto(waiting: Waiting): Promise<Accepted | Linked> {
    const { request, temporary } = waiting;
    const { id, text } = request;
    try {
      const by = await this.#findUser(id);
      if (by !== null) {
        // Where case does not count, `queued/A.MD` is found under the name that it is to get, and must not go as its own twin.
        const isItself = by.identity.inode === request.identity.inode;
        const read = await readTextFile(this.#pathOf(by.column, by.name), by.name, limits.maxTaskFileBytes);
        // A board that died after it had linked the copy finds the original again; the copy may be at work by then.
        const isNew = by.column === 'queued' || by.column === 'active';
        const same = !isItself && isNew && read.ok && read.value.text === text;
        if (same) await this.#addGrant(id, text);
        return { kind: 'in-use', by, same };
      }
      await setRunsAside(this.#layout, id, this.#clock.now());
      const grant = await takeInboxGrant(this.#layout, id, text);
      if (grant === null) await removeGrant(this.#layout, id);
      await linkTemporary(temporary, this.#pathOf('queued', fileNameOf(id)));
      this.#names.set(fileNameOf(id).toLowerCase(), fileNameOf(id));
      return { waiting, grant };
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** The same file was added once more, with a yes to what it asks for. */
  async #addGrant(id: TaskId, text: string): Promise<void> {
    const grant = await readInboxGrant(this.#layout, id, text);
    if (grant === null) return;
    if (grant.rights.length > 0) await takeInboxGrant(this.#layout, id, text);
    await forgetInboxGrant(this.#layout, id, text);
  }

  /** The copies go; the originals are in the inbox still. */
  async #takeBack(linked: readonly Linked[]): Promise<void> {
    await Promise.allSettled(
      linked.map(({ waiting: { request } }) => unlink(this.#pathOf('queued', fileNameOf(request.id)))),
    );
  }

  async #removeOriginal({ waiting: { request, resolve }, grant }: Linked): Promise<void> {
    if (grant !== null) await forgetInboxGrant(this.#layout, request.id, request.text);
    await removeIfSame(join(this.#layout.root, request.path), request.identity);
    const name = fileNameOf(request.id);
    const identity = identify(await lstat(this.#pathOf('queued', name)));
    resolve({ kind: 'accepted', file: { column: 'queued', name, identity }, grant });
  }

  async #findUser(id: TaskId): Promise<TaskFile | null> {
    const name = fileNameOf(id);
    const twin = this.#names.get(name.toLowerCase()) ?? name;
    for (const column of columns) {
      if (column === 'archive') continue;
      for (const candidate of new Set([name, twin])) {
        const stats = await lstat(this.#pathOf(column, candidate)).catch(() => null);
        if (stats !== null) return { column, name: candidate, identity: identify(stats) };
      }
    }
    return null;
  }

  #pathOf(column: Column, name: string): string {
    return join(this.#layout.column(column), name);
  }
}

/** Removes a file if it is still what was read. */
export async function removeIfSame(path: string, identity: FileIdentity): Promise<void> {
  const stats = await lstat(path).catch(() => null);
  if (stats === null || !isSameFile(identify(stats), identity)) return;
  await unlink(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
}
