/**
 * The settings that the board gives Claude Code for one run (`--settings`), in a file of the run's folder. They come
 * from the user, the commit that the user trusts, and the board; nothing of the branch under work is among them.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Confinement } from '../sandbox/confinement.ts';
import { loginVariables } from './agent-environment.ts';

/** What the settings are made of. */
export interface ClaudeSettingsRequest {
  /** The bounds of the agent's commands; null where the machine can't confine them. */
  readonly confinement: Confinement | null;
  /** Who only reads runs what is allowed by name, inside as well: its worktree can't be closed as a whole. */
  readonly readsOnly: boolean;
}

/** Composes the settings as plain data. */
export function composeClaudeSettings(request: ClaudeSettingsRequest): Readonly<Record<string, unknown>> {
  const { confinement, readsOnly } = request;
  return confinement === null ? {} : { sandbox: composeSandbox(confinement, readsOnly) };
}

/** Every command runs inside, or not at all. */
function composeSandbox(bounds: Confinement, readsOnly: boolean): Readonly<Record<string, unknown>> {
  return {
    enabled: true,
    failIfUnavailable: true,
    autoAllowBashIfSandboxed: !readsOnly,
    allowUnsandboxedCommands: false,
    excludedCommands: [],
    filesystem: { allowWrite: bounds.allowWrite, denyWrite: bounds.denyWrite, denyRead: bounds.denyRead },
    network: { allowedDomains: bounds.allowedDomains },
    credentials: { envVars: loginVariables.map((name) => ({ name, mode: 'deny' })) },
  };
}

/** Writes the settings into a run's folder, for the user alone; returns the file's path. Throws the system's errors. */
export async function writeClaudeSettings(
  folder: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<string> {
  const file = path.join(folder, 'settings.json');
  await writeFile(file, JSON.stringify(settings), { mode: 0o600 });
  return file;
}
