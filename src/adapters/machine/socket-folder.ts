/**
 * Where a board's sockets are. A socket's path has room for about 100 bytes, so the board's own folder won't do, and in a
 * folder that everybody may write to somebody else can make ours first. So it is the first of these that is the user's
 * alone, or can be made so, one folder after the other and through no link:
 *
 *   $XDG_RUNTIME_DIR/branchboard     where the system gives each user a folder of their own
 *   ~/.cache/branchboard/s           where the home folder's path is short enough
 *   /tmp/branchboard-UID-RANDOM      a name that nobody could have taken before
 *
 * The first daemon of a board chooses, and its choice is kept in the board's `lock/`: a verb that is called with another
 * environment, as by cron, must ask at the same place. Each board has a folder of its own there, named by a hash.
 */
import { createHash } from 'node:crypto';
import { lstat, mkdir, mkdtemp, realpath } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { codeOf } from './errors.ts';
import { PortError } from '../../ports.ts';
import { createFile, makeFolder, privateFolderMode, replaceFile } from './durable.ts';
import { NotRegularError, readRegular } from './regular-file.ts';

/** Of the roughly 104 bytes that systems have for a socket's path. */
const maxPathBytes = 100;
/** As long as any file's name in the folder. */
const longestName = '00000000.new';

/** What nobody else may do in a folder in which ours are. */
const writeByOthers = 0o022;
/** What nobody else may do in ours. */
const anythingByOthers = 0o077;

/**
 * The folder for a board's sockets, for who is to make one there. Throws PortError where none can be made, and the
 * system's errors where the choice can't be kept.
 */
export async function openSocketFolder(boardDir: string): Promise<string> {
  const name = await nameFolder(boardDir);
  const kept = await readChoice(boardDir);
  const known = kept === null ? null : await makeWithin(kept, anythingByOthers, [name]);
  if (known !== null) return known;
  const folder = (await makeInRuntimeDir(name)) ?? (await makeInHome(name)) ?? (await makeInTmp(name));
  await makeFolder(join(boardDir, 'lock'));
  const choice = `${dirname(folder)}\n`;
  if (kept !== null) await replaceFile(choiceOf(boardDir), choice);
  else if (!(await keepFirst(boardDir, choice))) return openSocketFolder(boardDir);
  return folder;
}

/** The folder in which a board's daemon has its socket, if it has one; nothing is made. Throws the system's errors. */
export async function findSocketFolder(boardDir: string): Promise<string | null> {
  const base = await readChoice(boardDir);
  if (base === null) return null;
  const folder = join(base, await nameFolder(boardDir));
  return (await isOurs(base, anythingByOthers)) && (await isOurs(folder, anythingByOthers)) ? folder : null;
}

function choiceOf(boardDir: string): string {
  return join(boardDir, 'lock', 'sockets');
}

/** Null where none was made yet; empty where it is none that a board makes. */
async function readChoice(boardDir: string): Promise<string | null> {
  try {
    return /^\/.*\/branchboard(?:\/s|-\w+-\w+)?$/.exec((await readRegular(choiceOf(boardDir))).trim())?.[0] ?? '';
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    if (error instanceof NotRegularError) return '';
    throw error;
  }
}

/** False where another daemon has made its choice just now. */
async function keepFirst(boardDir: string, choice: string): Promise<boolean> {
  try {
    await createFile(choiceOf(boardDir), choice);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function nameFolder(boardDir: string): Promise<string> {
  return createHash('sha256')
    .update(await realpath(boardDir))
    .digest('hex')
    .slice(0, 16);
}

async function makeInRuntimeDir(name: string): Promise<string | null> {
  const dir = process.env['XDG_RUNTIME_DIR'] ?? '';
  const names = ['branchboard', name];
  return hasRoomFor(join(dir, ...names)) ? makeWithin(dir, anythingByOthers, names) : null;
}

async function makeInHome(name: string): Promise<string | null> {
  const home = await findHome();
  const names = ['.cache', 'branchboard', 's', name];
  return home !== null && hasRoomFor(join(home, ...names)) ? makeWithin(home, writeByOthers, names) : null;
}

async function makeInTmp(name: string): Promise<string> {
  // By number: a container may run as a user that no list of users names.
  const user = String(process.getuid?.() ?? 'user');
  const start = join(process.platform === 'win32' ? tmpdir() : '/tmp', `branchboard-${user}-`);
  try {
    const folder = join(await mkdtemp(start), name);
    await mkdir(folder, { mode: privateFolderMode });
    return folder;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const code = codeOf(error);
    throw new PortError(
      `no folder for the board's sockets can be made (${said}). Make one and name it: mkdir -m 700 ~/run && export XDG_RUNTIME_DIR=~/run`,
      { cause: error, ...(code === null ? {} : { code }) },
    );
  }
}

async function findHome(): Promise<string | null> {
  try {
    return await realpath(homedir());
  } catch {
    return null;
  }
}

function hasRoomFor(folder: string): boolean {
  return Buffer.byteLength(join(folder, longestName)) <= maxPathBytes;
}

/**
 * Makes folders below one that is there, each the user's alone, and gives the innermost. Null where one that is there
 * already is a link or somebody else's, or lets others write; then nothing is made in it. `forbidden` are the rights of
 * others that the first must not give.
 */
async function makeWithin(start: string, forbidden: number, names: readonly string[]): Promise<string | null> {
  if (!isAbsolute(start) || !(await isOurs(start, forbidden))) return null;
  let path = start;
  for (const [index, name] of names.entries()) {
    path = join(path, name);
    await mkdir(path, { mode: privateFolderMode }).catch(() => undefined);
    // The two innermost hold sockets alone.
    const rights = index < names.length - 2 ? writeByOthers : anythingByOthers;
    if (!(await isOurs(path, rights))) return null;
  }
  return path;
}

/** Whether there is a real folder of this user's that gives others none of these rights. */
async function isOurs(path: string, forbidden: number): Promise<boolean> {
  const stats = await lstat(path).catch(() => null);
  const user = process.getuid?.();
  return (
    stats?.isDirectory() === true && (user === undefined || (stats.uid === user && (stats.mode & forbidden) === 0))
  );
}
