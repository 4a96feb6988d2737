/**
 * Composes the command line of Claude Code for one run. The prompt comes on stdin: an argument would be bounded and
 * readable by all.
 */
import { highestEffort, type Role } from '../../../domain/role.ts';
import type { Settings } from '../../../domain/settings.ts';
import { PortError, type RunRequest } from '../../../ports.ts';
import type { Abilities } from './abilities.ts';
import { reportSchema } from './agent-result.ts';
import type { ClaudeFiles } from './claude-settings.ts';
import { closedTools } from './claude-doors.ts';
import { runToolNames } from './run-tools.ts';

/**
 * The arguments of `agent.command` for a run, with what the board wrote for it in `files`. The user's `agent.args` come first, so that `command` may be a program
 * that runs another (`npx`, `docker`). Throws PortError with `spawn-failed` where a value looks like an option.
 */
export function claudeArguments(
  request: RunRequest,
  agent: Settings['agent'],
  files: ClaudeFiles,
  abilities: Abilities,
): readonly string[] {
  const { session } = request.plan;
  return [
    ...agent.args,
    '-p',
    ...['--output-format', 'stream-json', '--verbose'],
    ...option(session.mode === 'resume' ? '--resume' : '--session-id', [session.id]),
    ...['--json-schema', JSON.stringify(reportSchema)],
    ...['--settings', files.settings],
    ...(files.asCheckedOut ? [] : ['--setting-sources', 'user', '--strict-mcp-config']),
    ...['--mcp-config', files.mcp],
    ...option('--permission-mode', [request.permissionMode]),
    ...(abilities.permissionPrompts ? ['--permission-prompts', 'none'] : []),
    ...option('--model', [request.model]),
    ...option('--fallback-model', [request.fallbackModel]),
    ...option('--effort', [request.effort === highestEffort ? (abilities.efforts.at(-1) ?? null) : request.effort]),
    ...option('--max-turns', [request.maxTurns]),
    ...option('--max-budget-usd', [request.budgetUsd]),
    ...agentOptions(request.ownRole),
    ...option('--allowedTools', [...request.allowedTools, ...runToolNames]),
    ...option('--disallowedTools', [...request.disallowedTools, ...closedTools]),
  ];
}

/**
 * The repository's own agent, given as data: its file may not be in the worktree, and where it lists its tools the one
 * for the structured result has to be among them.
 */
function agentOptions(role: Role | null): readonly string[] {
  if (role === null) return [];
  const { name, description, instructions: prompt, tools, model } = role;
  const agent = {
    description,
    prompt,
    ...(tools === null ? {} : { tools: [...tools, 'StructuredOutput', ...runToolNames] }),
    ...(model === null ? {} : { model }),
  };
  return ['--agents', JSON.stringify({ [name]: agent }), ...option('--agent', [name])];
}

/** An option with its values; nothing where there is none. */
function option(name: string, values: readonly (string | number | null)[]): readonly string[] {
  const given = values.filter((value) => value !== null && value !== '').map(String);
  const bad = given.find((value) => value.startsWith('-'));
  if (bad !== undefined) {
    // Tasks' files and agents give some of these; they must not be able to smuggle in an option such as one that skips permissions.
    const detail = `"${bad}" can't be a value of ${name}: it begins with "-". Change it in the task's file or in .orchestrator/config.yaml.`;
    throw new PortError(detail, { fault: { reason: 'spawn-failed', detail } });
  }
  return given.length === 0 ? [] : [name, ...given];
}
