/**
 * The temp folder of a confined agent's own program. Claude Code leaves sockets and empty folders of its sandbox in there,
 * which would stay for good in the user's. It stands in the user's temp folder all the same, since a socket's path is
 * bounded and a run's folder may be deep. A link in the run's folder says which it is, so that the board that sees the
 * run's end removes it, whichever board made it.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const linkName = 'temp';
/** Short, for the sockets. */
const prefix = 'bb-';
/** An agent without a sandbox may write the link: no other folder is removed. */
const madeName = /^bb-\w{6}$/;

/**
 * Makes the temp folder of a run, below the `TMPDIR` that its agent would have had, and returns it; or the one that an
 * earlier try to start it made. Throws the system's errors.
 */
export async function makeTempFolder(runFolder: string, temp: string | undefined): Promise<string> {
  const link = path.join(runFolder, linkName);
  const earlier = await readlink(link).catch(() => null);
  if (earlier !== null && existsSync(earlier)) return earlier;
  const made = await mkdtemp(path.join(temp ?? tmpdir(), prefix));
  await rm(link, { force: true });
  await symlink(made, link);
  return made;
}

/** Removes the temp folder of a run that is over; one that has none is left alone. */
export async function removeTempFolder(runFolder: string): Promise<void> {
  const link = path.join(runFolder, linkName);
  const made = await readlink(link).catch(() => null);
  if (made === null || !madeName.test(path.basename(made))) return;
  // What can't be removed is left to the system, as any program's; a run's end does not wait for it.
  await rm(made, { recursive: true, force: true, maxRetries: 2 }).catch(() => undefined);
  await rm(link, { force: true }).catch(() => undefined);
}
