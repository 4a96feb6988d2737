/** The rules for what an agent may do without asking, since nobody is there to answer. */
import { defaultSettings, type Settings } from '../domain/settings.ts';
import { formatCommand, type TaskSpec } from '../domain/task.ts';

/** A role as the prompt and the permissions need it. */
export interface PromptRole {
  readonly name: string;
  /** Tools that the role may use; null is no restriction. */
  readonly tools: readonly string[] | null;
  /** Its instructions in markdown; may be empty. */
  readonly instructions: string;
}

/** An agent's permissions, in Claude Code's terms. */
export interface Permissions {
  readonly permissionMode: string;
  readonly allowedTools: readonly string[];
  readonly disallowedTools: readonly string[];
  /** Of the allowed tools those that settings, task, role and checks add to the board's own. */
  readonly userRules: readonly string[];
}

const writingTools = ['Write', 'Edit', 'MultiEdit', 'NotebookEdit'];

/**
 * Denied to every agent: having git write its output into a file, which could be anywhere, and moving into another
 * worktree, which some versions of Claude Code do unasked and then take for the agent's own.
 */
const refusedToAll = ['Bash(git * --output*)', 'EnterWorktree'];

/** Looking at files and at history. Paths reach no further than the worktree; the git guard judges the options. */
const readersTools = [
  'Read(./**)',
  'Grep(./**)',
  'Glob(./**)',
  ...['status', 'diff', 'log'].map((command) => `Bash(git ${command})`),
  ...['status', 'diff', 'log', 'show', 'blame', 'ls-files', 'merge-base', 'rev-parse', 'shortlog'].map(
    (command) => `Bash(git ${command} *)`,
  ),
];

/** Whether a role only reads: it lists its tools, and none of them writes files. */
export function isReader(role: Pick<PromptRole, 'tools'>): boolean {
  return role.tools !== null && !role.tools.some((tool) => writingTools.includes(toolName(tool)));
}

/** Those of a role's tools that it may use without being asked: the ones with a pattern, such as `Bash(npm test *)`. */
export function toolsAllowedBy(role: Pick<PromptRole, 'tools'>): readonly string[] {
  return (role.tools ?? []).filter((tool) => tool.includes('('));
}

/**
 * A run's permissions. `readable` are absolute paths outside of the worktree that the prompt names, such as reports
 * of dependencies. Of a role's own tools those with a pattern, such as `Bash(npm test *)`, are allowed as well: a bare
 * name says what the role works with, not that it may do anything with it. A bypass comes from the user alone.
 */
export function permissionsFor(
  role: Pick<PromptRole, 'tools'>,
  settings: Settings,
  spec: TaskSpec,
  readable: readonly string[] = [],
): Permissions {
  const forAll = [...(spec.allowedTools ?? []), ...toolsAllowedBy(role), ...readable.map((path) => `Read(/${path})`)];
  if (isReader(role)) {
    return {
      permissionMode: spec.permissionMode ?? 'dontAsk',
      ...allow(readersTools, forAll),
      disallowedTools: [...writingTools, ...refusedToAll],
    };
  }
  const verify = (spec.verify ?? settings.verify).map((argv) => `Bash(${formatCommand(argv)})`);
  return {
    permissionMode: spec.permissionMode ?? settings.permissionMode,
    ...allow(defaultSettings.allowedTools, [...settings.allowedTools, ...verify, ...forAll]),
    disallowedTools: refusedToAll,
  };
}

/** The board's own rules and others; what repeats one of the board's is the board's. */
function allow(own: readonly string[], others: readonly string[]): Pick<Permissions, 'allowedTools' | 'userRules'> {
  const userRules = [...new Set(others)].filter((tool) => !own.includes(tool));
  return { allowedTools: [...own, ...userRules], userRules };
}

function toolName(tool: string): string {
  return tool.replace(/\(.*$/s, '').trim();
}
