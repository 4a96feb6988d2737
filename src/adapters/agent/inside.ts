/**
 * Writes the files of a run's folder that an agent needs inside the sandbox, and composes the bounds of that agent's
 * commands.
 */
import { appendFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Workspace } from '../../domain/run.ts';
import type { Settings } from '../../domain/settings.ts';
import { placeStandIn } from '../sandbox/bubblewrap.ts';
import { cacheVariables, closeToken, confineAgent, findCacheFolder, type Confinement } from '../sandbox/confinement.ts';
import { composeExcludes } from '../sandbox/masks.ts';
import { makeTempFolder } from './temp-folder.ts';

type Variables = Readonly<Record<string, string>>;

/**
 * Variables that an agent's git and tools need inside. Throws the system's errors.
 *
 * The sandbox closes `config.worktree` in the git folders, and where there is none it makes an empty one while a command
 * runs, which the next agent's command then finds and loses. So there is always one; git reads it only where it is told
 * to.
 */
export async function prepareInside(
  folder: string,
  { path: worktree }: Workspace,
  commonDir: string,
  userExcludes: string | null,
): Promise<{ readonly excludesFile: string; readonly caches: Variables }> {
  const excludesFile = path.join(folder, 'excludes');
  await writeFile(excludesFile, await composeExcludes(worktree, userExcludes), { mode: 0o600 });
  const caches = await findCacheFolder(worktree);
  for (const gitDir of [commonDir, ...(caches === null ? [] : [path.dirname(caches)])]) {
    await appendFile(path.join(gitDir, 'config.worktree'), '');
  }
  return { excludesFile, caches: caches === null ? {} : cacheVariables(caches) };
}

/** An agent's environment with the stand-in for `bwrap` in front, and a temp folder of its own. Throws the system's errors. */
export async function equipInside(folder: string, env: Variables): Promise<Variables> {
  const TMPDIR = await makeTempFolder(folder, env['TMPDIR']);
  return { ...env, ...(await placeStandIn(folder, env['PATH'] ?? '')), TMPDIR };
}

/** The bounds of the commands of an agent in a workspace. Throws the system's errors. */
export function boundAgent(
  workspace: Workspace,
  { commonDir, boardDir }: { readonly commonDir: string; readonly boardDir: string },
  sandbox: Settings['sandbox'],
): Promise<Confinement> {
  const branch = workspace.kind === 'branch' ? workspace.branch : null;
  return confineAgent({ path: workspace.path, branch, commonDir }, closeToken(sandbox, boardDir));
}
