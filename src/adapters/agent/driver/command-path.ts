/** Finds the program that a run is to execute before anything is spawned, so that an error can name the reason. */
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { agentTraits } from '../../../domain/agent-kind.ts';
import type { Settings } from '../../../domain/settings.ts';
import { PortError } from '../../../ports.ts';

/**
 * The absolute path of a command: looked for in `searchPath` (as `$PATH`), or, where it holds a slash, relative to
 * `repoDir`. Throws PortError with `no-agent` that says what to do.
 */
export function resolveCommand(command: string, searchPath: string, repoDir: string): string {
  const candidates = command.includes('/')
    ? [path.resolve(repoDir, command)]
    : searchPath
        .split(path.delimiter)
        .filter((folder) => path.isAbsolute(folder))
        .map((folder) => path.join(folder, command));
  let refused: string | null = null;
  for (const candidate of command === '' ? [] : candidates) {
    const kind = probe(candidate);
    if (kind === 'executable') return candidate;
    if (kind === 'refused') refused ??= candidate;
  }
  const problem =
    refused === null ? `${command || '(empty)'}: command not found` : `${refused}: is no program that may be executed`;
  const todo =
    refused === null
      ? `install it, or set agent.command in .orchestrator/config.yaml`
      : `make it executable (chmod +x), or set agent.command in .orchestrator/config.yaml`;
  const detail = `${problem}; ${todo}`;
  throw new PortError(detail, {
    fault: { reason: 'spawn-failed', detail },
    pause: 'no-agent',
  });
}

/** The agent's program as a run would find it, or null for one that is built in. Throws as {@link resolveCommand} does. */
export function findAgent({ agent }: Settings, environment: NodeJS.ProcessEnv, repoDir: string): string | null {
  if (agentTraits[agent.kind].isBuiltIn) return null;
  return resolveCommand(agent.command, agent.env['PATH'] ?? environment['PATH'] ?? '', repoDir);
}

function probe(file: string): 'executable' | 'refused' | 'absent' {
  try {
    if (!statSync(file).isFile()) return 'refused';
  } catch {
    return 'absent';
  }
  try {
    accessSync(file, constants.X_OK);
    return 'executable';
  } catch {
    return 'refused';
  }
}
