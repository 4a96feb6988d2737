/** The one question about files that several files here ask. */
import { access } from 'node:fs/promises';

/** Whether there is a file or folder of that name; a symbolic link counts as what it leads to. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
