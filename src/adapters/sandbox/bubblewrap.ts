/**
 * A stand-in for `bwrap` on an agent's PATH, which leaves out what several agents of one repository can't share.
 *
 * Claude Code's sandbox closes names in the common git folder that do not exist, such as `config.lock`. Bubblewrap makes
 * an empty file for each on the disk as long as a command runs. Meanwhile git finds the user's configuration locked, and
 * a second agent's command fails where the file goes away between two looks at it. `config` itself is closed, so nothing
 * is lost without its lock.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';

/** Passes on all arguments but those that close a lock. */
const script = `#!/bin/sh
left=$#
while [ "$left" -gt 0 ]; do
  case "$1:$2:$3" in
    --ro-bind:*:*/.git/*.lock) shift 3; left=$((left - 3)) ;;
    *) set -- "$@" "$1"; shift; left=$((left - 1)) ;;
  esac
done
exec "$BRANCHBOARD_BWRAP" "$@"
`;

/**
 * Writes the stand-in into a run's folder. Returns the variables that put it in front of the real one of `searchPath`;
 * none where there is none, as on macOS.
 */
export async function placeStandIn(folder: string, searchPath: string): Promise<Readonly<Record<string, string>>> {
  const real = searchPath
    .split(delimiter)
    .filter((each) => each.startsWith('/'))
    .map((each) => join(each, 'bwrap'))
    .find(existsSync);
  if (real === undefined) return {};
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true, mode: 0o700 });
  await writeFile(join(bin, 'bwrap'), script, { mode: 0o700 });
  return { BRANCHBOARD_BWRAP: real, PATH: [bin, searchPath].join(delimiter) };
}
