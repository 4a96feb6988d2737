/**
 * What the user granted to tasks: `grants/TASK.json`, a fact for each, of the user's own and private.
 *
 * A file in the inbox is no task yet, and its id may be another's. What is granted to it stands under the hash of its
 * id and text until it is taken in, and counts for that text alone:
 *
 *   add, grant ──► grants/.inbox-HASH.json ──taken in──► grants/TASK.json ──task gone──► removed
 */
import { createHash } from 'node:crypto';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../machine/errors.ts';
import type { FileIdentity } from '../../domain/board.ts';
import { isSameFile } from '../../domain/board.ts';
import { limits } from '../../domain/limits.ts';
import type { Grant } from '../../domain/rights.ts';
import { idOfFile, keyOf, type TaskId, type TaskKey } from '../../domain/task.ts';
import { makeFolder } from '../machine/durable.ts';
import { grantFormat } from './fact-shapes.ts';
import { readFact, replaceFact } from './facts.ts';
import type { Layout } from './layout.ts';
import { identify } from './reader.ts';

const inboxPrefix = '.inbox-';

/** The grant of a task, or null. A damaged fact grants nothing. */
export async function readGrant(layout: Layout, task: TaskId): Promise<Grant | null> {
  const grant = await readFact(layout.grant(task), grantFormat, limits.maxGrantBytes);
  return grant !== null && keyOf(grant.task) === keyOf(task) ? grant : null;
}

/** Writes what is granted to a task. */
export async function writeGrant(layout: Layout, grant: Grant): Promise<void> {
  await write(layout, layout.grant(grant.task), grant);
}

/** The grant of a file in the inbox, or null. */
export async function readInboxGrant(layout: Layout, task: TaskId, text: string): Promise<Grant | null> {
  return readFact(pathForText(layout, task, text), grantFormat, limits.maxGrantBytes);
}

/** Writes what is granted to a file in the inbox that becomes `grant.task` once it is taken in as it is. */
export async function writeInboxGrant(layout: Layout, grant: Grant, text: string): Promise<void> {
  await write(layout, pathForText(layout, grant.task, text), grant);
}

/**
 * A file of the inbox becomes the task: what was granted to it is kept as the task's. Null where it was nothing. To be
 * called before the task is there, and {@link forgetInboxGrant} after, so that a crash in between loses nothing.
 */
export async function takeInboxGrant(layout: Layout, task: TaskId, text: string): Promise<Grant | null> {
  const found = await readInboxGrant(layout, task, text);
  if (found === null) return null;
  const grant: Grant = { ...found, task };
  await writeGrant(layout, grant);
  return grant;
}

/** The file is a task now. */
export async function forgetInboxGrant(layout: Layout, task: TaskId, text: string): Promise<void> {
  await rm(pathForText(layout, task, text), { force: true });
}

/** Removes what was granted to files that are no longer in the inbox, as far as an empty inbox shows that. */
export async function removeInboxGrants(layout: Layout): Promise<void> {
  const waiting = await readdir(layout.inbox).catch(() => ['unknown']);
  if (waiting.length > 0) return;
  const names = (await listNames(layout.grants)).filter((name) => name.startsWith(inboxPrefix));
  await Promise.all(names.map((name) => rm(join(layout.grants, name), { force: true })));
}

/** Removes what was granted to a task. */
export async function removeGrant(layout: Layout, task: TaskId): Promise<void> {
  await rm(layout.grant(task), { force: true });
}

async function write(layout: Layout, path: string, grant: Grant): Promise<void> {
  await makeFolder(layout.grants);
  await replaceFact(path, grantFormat, grant, { maxBytes: limits.maxGrantBytes });
}

function pathForText(layout: Layout, task: TaskId, text: string): string {
  const hash = createHash('sha256')
    .update(`${keyOf(task)}\0${text}`)
    .digest('hex');
  return join(layout.grants, `${inboxPrefix}${hash}.json`);
}

interface Seen {
  readonly identity: FileIdentity;
  readonly grant: Grant | null;
}

/** Lists what was granted; gives the same map as long as nothing changed. */
export class GrantsScanner {
  readonly #layout: Layout;
  #seen: ReadonlyMap<string, Seen> = new Map();
  #grants: ReadonlyMap<TaskKey, Grant> = new Map();

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** Looks at the folder. One that is missing, or is no folder, holds nothing. */
  async scan(): Promise<ReadonlyMap<TaskKey, Grant>> {
    const names = (await listNames(this.#layout.grants)).filter((name) => taskOf(name) !== null);
    const entries = await Promise.all(names.map(async (name) => [name, await this.#look(name)] as const));
    const seen = new Map(entries);
    const isSame = seen.size === this.#seen.size && entries.every(([name, each]) => this.#seen.get(name) === each);
    if (isSame) return this.#grants;
    this.#seen = seen;
    this.#grants = new Map(
      entries.flatMap(([, { grant }]) => (grant === null ? [] : [[keyOf(grant.task), grant] as const])),
    );
    return this.#grants;
  }

  async #look(name: string): Promise<Seen> {
    const task = taskOf(name);
    try {
      const identity = identify(await lstat(join(this.#layout.grants, name)));
      const known = this.#seen.get(name);
      if (known !== undefined && isSameFile(known.identity, identity)) return known;
      return { identity, grant: task === null ? null : await readGrant(this.#layout, task) };
    } catch {
      // It is looked at again; until then nothing was granted.
      return unread;
    }
  }
}

const unread: Seen = { identity: { inode: 0, size: 0, mtimeMs: 0 }, grant: null };

function taskOf(name: string): TaskId | null {
  return name.endsWith('.json') ? idOfFile(name.replace(/\.json$/, '.md')) : null;
}

async function listNames(folder: string): Promise<readonly string[]> {
  try {
    return (await lstat(folder)).isDirectory() ? await readdir(folder) : [];
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
