/**
 * The board's folder and each folder in it that the board knows is a real folder of the user's own. A link in the place
 * of one would take files out of a folder of the user's that has nothing to do with the board, or write into it; a
 * folder of somebody else's would let them read and replace what is in it. So all of them are looked at before the board
 * lists, reads or writes anything there. The top level itself is a real path, as git tells it, so that a real folder
 * below a real folder can lie nowhere else.
 */
import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { quote } from 'shell-quote';
import { codeOf } from '../machine/errors.ts';
import { PortError } from '../../ports.ts';

/**
 * Throws PortError for the first of these paths that is no real folder of this user's, with the command that mends it.
 * One that is missing is fine: it is made when it is needed. At once, since that costs a few microseconds each.
 */
export function checkFolders(paths: readonly string[]): void {
  for (const path of paths) {
    const stats = lookAt(path);
    const problem = stats === null ? null : describeProblem(path, stats);
    if (problem !== null) throw new PortError(problem);
  }
}

function lookAt(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    // A problem of its parent is reported there.
    if (codeOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}

/** The problem and the command that mends it, or null. */
function describeProblem(path: string, stats: Stats): string | null {
  if (stats.isSymbolicLink()) {
    const target = readlinkSync(path);
    return `${path} is a symbolic link to ${target}, and the board follows none; what it leads to stays as it is when you type: ${quote(['rm', path])}`;
  }
  if (!stats.isDirectory()) return `${path} is no folder. Type: ${quote(['mv', path, `${path}.aside`])}`;
  const user = process.getuid?.();
  if (user === undefined || stats.uid === user) return null;
  return `${path} belongs to another user (uid ${String(stats.uid)}, you are ${String(user)}). If it is yours, type: ${quote(['sudo', 'chown', '-R', String(user), path])}`;
}
