/** The questions about files that several files here ask. */
import { lstat } from 'node:fs/promises';

/** Whether there is a file or folder of that name; a symbolic link counts as itself, wherever it leads. */
export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Whether there is a folder of that name; a symbolic link to one is none. */
export async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null))?.isDirectory() === true;
}
