/**
 * The facts of commands, `commands/ID.json`: laid down by whoever asks, under a name that can't be taken twice, and removed
 * once they are settled. What is no command is put aside as `ID.json.damaged`.
 */
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseCommandId, type CommandId, type CommandRequest, type ReadCommand } from '../../domain/command.ts';
import { messageOf } from '../../domain/error-message.ts';
import { limits } from '../../domain/limits.ts';
import { kindOf } from '../../domain/outside-kind.ts';
import { NewerFactError } from '../../ports.ts';
import { codeOf } from '../machine/errors.ts';
import { createFile, makeFolder, syncFolder } from '../machine/durable.ts';
import { exists } from '../machine/file-presence.ts';
import { commandFormat } from './fact-shapes.ts';
import { keepDamaged, readFact } from './facts.ts';
import type { Layout } from './layout.ts';
import { checkFolders } from './own-folders.ts';

/** Lays a command down durably. Throws EEXIST where its id is taken, PortError where the folder is not the user's own. */
export async function writeCommand(layout: Layout, request: CommandRequest, aside?: string): Promise<void> {
  checkFolders([layout.root, layout.commands]);
  await makeFolder(layout.commands);
  await createFile(pathOf(layout, request.id), `${JSON.stringify(request, null, 2)}\n`, aside);
}

/**
 * As {@link writeCommand}, for who holds the board's lock; one that lies there already stays. What a kill leaves of it stands
 * where the next board cleans: in `commands/` others may be writing.
 */
export async function writeCommandOnce(layout: Layout, request: CommandRequest): Promise<void> {
  try {
    await writeCommand(layout, request, layout.root);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** The commands that are not settled, the oldest first. A folder that is missing holds none. */
export async function listCommands(layout: Layout): Promise<readonly CommandId[]> {
  try {
    const names = await readdir(layout.commands);
    const ids = names.map((name) =>
      name.endsWith('.json') ? parseCommandId(name.slice(0, -'.json'.length)) : undefined,
    );
    return ids.filter((id) => id !== undefined).sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw error;
  }
}

/**
 * Reads a command. What is none, was asked of a newer version of the board, or can't be read is put aside, since it would
 * hold up all that come after it; where even that can't be done, it stays. Throws where the machine lacks something.
 */
export async function readCommand(layout: Layout, id: CommandId): Promise<ReadCommand> {
  const path = pathOf(layout, id);
  const request = await readFact(path, commandFormat, limits.maxCommandBytes).catch((error: unknown) => {
    if (error instanceof NewerFactError || kindOf(error) === null) return null;
    throw error;
  });
  if (request?.id === id) return { kind: 'known', request };
  try {
    if (!(await exists(path))) return { kind: 'gone' };
    return { kind: 'put-aside', path: `commands/${basename(await keepDamaged(path))}` };
  } catch (error) {
    if (kindOf(error) !== null) throw error;
    return { kind: 'unreadable', path: `commands/${basename(path)}`, why: messageOf(error) };
  }
}

/** Removes a command that is settled, durably. */
export async function removeCommand(layout: Layout, id: CommandId): Promise<void> {
  await rm(pathOf(layout, id), { force: true });
  await syncFolder(layout.commands);
}

function pathOf({ commands }: Layout, id: CommandId): string {
  return join(commands, `${id}.json`);
}
