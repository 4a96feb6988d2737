/**
 * Writes the settings and MCP servers for one run of Claude Code, in files of the run's folder. They come from the
 * user, the commit that tasks start from, and the board, and never from the branch under work.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { quote } from 'shell-quote';
import { limits } from '../../../domain/limits.ts';
import type { ProjectConfiguration } from '../../../domain/trusted-project.ts';
import type { GuardSettings } from '../../git-guard/guard-settings.ts';
import type { Confinement } from '../../sandbox/confinement.ts';
import { loginVariables } from '../../machine/environment.ts';
import { noteCommand } from '../../machine/note-script.ts';
import { closeDoors } from './claude-doors.ts';
import { runServer } from './run-tools.ts';
import { asArray, asObject } from '../../machine/json-shape.ts';

/** The parts that the settings are made of. */
export interface ClaudeSettingsRequest {
  /** The bounds of the agent's commands; null where the machine can't confine them. */
  readonly confinement: Confinement | null;
  /**
   * A role that only reads runs commands that are allowed by name, also inside the sandbox: its worktree can't be
   * closed as a whole.
   */
  readonly readsOnly: boolean;
  readonly project: ProjectConfiguration;
  /** The hook that judges git commands that are allowed by name; null where the sandbox holds them. */
  readonly guard: GuardSettings | null;
  /** The folder of the notes to this task's agents. */
  readonly notes: string;
  /** A question of the agent's waits so long, in milliseconds. */
  readonly answerWaitMs: number;
  /** The user's `agent.env`. */
  readonly configured: Readonly<Record<string, string>>;
}

/** Where a run's settings and MCP servers are. */
export interface ClaudeFiles {
  readonly settings: string;
  readonly mcp: string;
  /** Whether Claude Code is to look for further servers, and for the project's settings, itself. */
  readonly asCheckedOut: boolean;
}

type Data = Readonly<Record<string, unknown>>;

/** Writes both into a run's folder, for the user alone. Throws the system's errors. */
export async function writeClaudeFiles(folder: string, request: ClaudeSettingsRequest): Promise<ClaudeFiles> {
  const { project, notes } = request;
  const settings = await writeJson(path.join(folder, 'settings.json'), composeSettings(request));
  const asCheckedOut = project.kind === 'as-checked-out';
  const ofBase = asCheckedOut ? {} : asObject(project.mcp?.['mcpServers']);
  const mcpServers = { ...ofBase, ...runServer(notes, request.answerWaitMs) };
  return { settings, mcp: await writeJson(path.join(folder, 'mcp.json'), { mcpServers }), asCheckedOut };
}

function composeSettings(request: ClaudeSettingsRequest): Data {
  const { confinement, readsOnly, project, guard, notes, configured } = request;
  const ofBase = (project.kind === 'of-the-base' ? project.settings : null) ?? {};
  const doors = closeDoors(configured);
  return {
    ...ofBase,
    ...doors,
    env: { ...asObject(ofBase['env']), ...asObject(doors['env']), ...guard?.env },
    ...(guard === null ? {} : { disableAllHooks: guard.disableAllHooks }),
    hooks: joinHooks(ofBase['hooks'], guard?.hooks ?? {}, noteHooks(notes)),
    ...(confinement === null ? {} : { sandbox: composeSandbox(confinement, readsOnly) }),
  };
}

/** The hooks of the base and the board's own behind them, so that the guard judges what theirs let through. */
function joinHooks(ofBase: unknown, ...own: readonly Data[]): Data {
  const joined = { ...asObject(ofBase) };
  for (const [event, hooks] of own.flatMap((each) => Object.entries(each))) {
    joined[event] = [...asArray(joined[event]), ...asArray(hooks)];
  }
  return joined;
}

/**
 * After each tool call the agent is told a note that waits. Not after the structured result: the model is not asked again
 * then, so that nobody would read it.
 */
function noteHooks(folder: string): Data {
  const hooksOf = (event: string) => {
    const command = quote(noteCommand(folder, event));
    const hooks = [{ type: 'command', command, timeout: limits.noteTimeoutSeconds }];
    return { [event]: [{ matcher: '^(?!StructuredOutput$)', hooks }] };
  };
  return { ...hooksOf('PostToolUse'), ...hooksOf('PostToolUseFailure') };
}

/** Every command runs inside, or not at all. */
function composeSandbox(bounds: Confinement, readsOnly: boolean): Data {
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

async function writeJson(file: string, data: Data): Promise<string> {
  await writeFile(file, JSON.stringify(data), { mode: 0o600 });
  return file;
}
