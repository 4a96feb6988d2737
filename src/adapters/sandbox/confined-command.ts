/** Starts a command inside the sandbox, by way of `confined-main.ts`, and reports what the sandbox refused it. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '../../domain/settings.ts';
import type { Argv } from '../../domain/task.ts';
import { builtProgram } from '../machine/package-files.ts';
import { cacheVariables, confineCommand, findCacheFolder } from './confinement.ts';
import { explainConnections, explainWrites } from './refusals.ts';

const mainPath = builtProgram('adapters/sandbox/confined-main');

/** A command that is ready to be started inside. */
export interface ConfinedCommand {
  readonly argv: Argv;
  /** To be set besides the command's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The refusals, as sentences with the setting that would allow each; `output` is what the command printed. */
  explainRefusals(output: string): Promise<readonly string[]>;
  /** Removes the command's temp folder. */
  end(): Promise<void>;
}

/** Prepares a command for the sandbox. Throws the system's errors. */
export async function confine(argv: Argv, worktree: string, sandbox: Settings['sandbox']): Promise<ConfinedCommand> {
  // Short, since tests put sockets there, and made for this command alone, so that no task leaves anything for another.
  const own = await mkdtemp(join(tmpdir(), 'bb-'));
  const tempDir = await mkdtemp(join(own, 't'));
  const caches = await findCacheFolder(worktree);
  // A folder that is not there can't be opened for writing.
  if (caches !== null) await mkdir(caches, { recursive: true, mode: 0o700 });
  const bounds = await confineCommand(worktree, sandbox, tempDir);
  const file = join(own, 'request.json');
  const refusals = join(own, 'refusals');
  await writeFile(file, JSON.stringify({ argv, ...bounds, tempDir, refusals }), { mode: 0o600 });
  return {
    argv: [process.execPath, mainPath, file],
    env: caches === null ? {} : cacheVariables(caches),
    async explainRefusals(output) {
      const lines = await readFile(refusals, 'utf8').catch(() => '');
      return [...explainConnections(lines), ...explainWrites(output)];
    },
    end: () => rm(own, { recursive: true, force: true }),
  };
}
