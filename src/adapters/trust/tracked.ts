/**
 * Finds files of the board that git tracks. A board tracks its settings and templates alone, so any other came with the
 * repository: a foreign task, or facts about work that was not done here. The board does not read such a task. It
 * recognises it by its name in any column, since it moves files from one to the next.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { nameInPath } from '../../domain/file-place.ts';
import { failure } from '../../domain/result.ts';
import type { BoardFiles } from '../../ports.ts';
import type { Git } from '../git/git.ts';
import type { Repository } from '../git/repository.ts';

/** Files that a board may track; `local.yaml` is judged where it is read. */
const mayBeTracked = /^\.orchestrator\/(?:\.gitignore|config\.yaml|local\.yaml|templates\/.*)$/i;

/** Lists the tracked files of the board that are neither settings nor templates, as paths of the repository. */
export type ListTracked = () => Promise<readonly string[]>;

/** Asks git, and again only after its index has changed. Throws PortError if git fails. */
export function createTrackedFiles(git: Git, { gitDir }: Repository): ListTracked {
  let known: { readonly index: string; readonly paths: readonly string[] } | null = null;
  return async () => {
    const stats = await stat(join(gitDir, 'index')).catch(() => null);
    const index = stats === null ? '' : `${String(stats.ino)} ${String(stats.size)} ${String(stats.mtimeMs)}`;
    if (known?.index === index) return known.paths;
    const output = await git.run(['ls-files', '-z', '--', ':(top,icase).orchestrator']);
    const paths = output.split('\0').filter((path) => path !== '' && !mayBeTracked.test(path));
    known = { index, paths };
    return paths;
  };
}

/**
 * The board's folder without what came with the repository: tasks are refused and stay where they are, grants count for
 * nothing.
 */
export function refuseTracked(files: BoardFiles, listTracked: ListTracked): BoardFiles {
  return {
    ...files,
    async scan() {
      const scan = await files.scan();
      const tracked = await listTracked();
      const isOwn = (key: string): boolean => !grantIsTracked(tracked, key);
      const commands = scan.commands.filter((id) => !isTracked(tracked, `commands/${id}.json`));
      if ([...scan.grants.keys()].every(isOwn) && commands.length === scan.commands.length) return scan;
      return { ...scan, commands, grants: new Map([...scan.grants].filter(([key]) => isOwn(key))) };
    },
    readGrant: async (task) => (grantIsTracked(await listTracked(), task) ? null : files.readGrant(task)),
    readInbox: async (path, identity) => (await refuse(path, true)) ?? files.readInbox(path, identity),
    readTask: async (file) => (await refuse(`${file.column}/${file.name}`, false)) ?? files.readTask(file),
  };

  async function refuse(place: string, isDropped: boolean) {
    const name = nameInPath(place).toLowerCase();
    const tracked = (await listTracked()).find(
      (path) =>
        // A folder that is a repository of its own is tracked as one name.
        /^\.orchestrator(?:\/[^/]+)?$/i.test(path) ||
        path.toLowerCase().endsWith(`/${name}`) ||
        // A grant for a text waits until the user drops that text, perhaps because the repository's README told them to.
        (isDropped && /^\.orchestrator\/grants\/\.inbox-/i.test(path)),
    );
    if (tracked === undefined) return null;
    const file = `.orchestrator/${place}`;
    return failure({
      kind: 'refused' as const,
      diagnostics: [
        {
          severity: 'error' as const,
          file,
          message: `${tracked} is tracked by git: it came with the repository, so this task is not read`,
          expected: 'files that git does not track',
          hint: `If it is yours: git rm -r --cached '${tracked}' && touch '${file}'`,
        },
      ],
    });
  }
}

/** Whether git tracks the grant of a task. */
function grantIsTracked(tracked: readonly string[], task: string): boolean {
  return isTracked(tracked, `grants/${task}.json`);
}

/** Whether git tracks a file of the board, in whatever case, or a folder that it is in. */
function isTracked(tracked: readonly string[], name: string): boolean {
  const wanted = `.orchestrator/${name}`.toLowerCase();
  return tracked.some((path) => wanted === path.toLowerCase() || wanted.startsWith(`${path.toLowerCase()}/`));
}
