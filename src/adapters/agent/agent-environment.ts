/**
 * The environment that an agent gets: an allow-list of the daemon's own, then the user's `agent.env`, then what the
 * board sets. Nothing of git's (`GIT_*`) is inherited, or a hook's `GIT_DIR` would send the agent's commits elsewhere.
 */
import path from 'node:path';
import { formatRunId, type RunPlan } from '../../domain/run.ts';

/** Variables of the daemon that an agent inherits, by name. */
export const inheritedNames: readonly string[] = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TERM', 'COLORTERM', 'LANG', 'LANGUAGE', 'TZ', 'TMPDIR'],
  ...['SSH_AUTH_SOCK', 'IS_SANDBOX', 'CLOUD_ML_REGION', 'GCLOUD_PROJECT'],
  ...['http_proxy', 'https_proxy', 'no_proxy', 'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'],
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'],
  ...['NVM_DIR', 'NVM_BIN', 'N_PREFIX', 'NODENV_ROOT', 'VOLTA_HOME', 'ASDF_DIR', 'ASDF_DATA_DIR', 'PNPM_HOME'],
  ...['BUN_INSTALL', 'PYENV_ROOT', 'VIRTUAL_ENV', 'RBENV_ROOT', 'JAVA_HOME', 'SDKMAN_DIR', 'GOPATH', 'GOROOT'],
  ...['CARGO_HOME', 'RUSTUP_HOME'],
];

/** Variables of the daemon that an agent inherits, by the beginning of their names. */
export const inheritedPrefixes: readonly string[] = [
  ...['LC_', 'XDG_', 'ANTHROPIC_', 'CLAUDE_', 'AWS_', 'GOOGLE_', 'VERTEX_', 'AZURE_', 'DISABLE_', 'MISE_', 'FNM_'],
];

/** Variables that tie a process to the Claude Code session that started it; an agent must not take them for its own. */
export const notInherited: readonly string[] = [
  ...['CLAUDE_CODE_ENTRYPOINT', 'CLAUDE_CODE_SSE_PORT', 'CLAUDE_CODE_SESSION_ID', 'CLAUDE_CODE_CHILD_SESSION'],
  ...['CLAUDE_CODE_TASK_LIST_ID', 'CLAUDE_PROJECT_DIR', 'CLAUDE_ENV_FILE', 'CLAUDE_PLUGIN_ROOT', 'CLAUDE_EFFORT'],
];

/** Who an agent's commits are by. */
export interface GitIdentity {
  readonly name: string;
  readonly email: string;
}

/** Marks every process of a run, however far from its agent: both variables are inherited by all it starts. */
export interface RunTag {
  /** `BRANCHBOARD_RUN`: `TASK/N`. */
  readonly run: string;
  /** `BRANCHBOARD_BOARD`: the board's absolute folder, so that two boards' runs of one name are told apart. */
  readonly board: string;
}

/** The tag of a run of the board in `boardDir` (absolute). */
export function tagOf(run: RunPlan | { readonly task: RunPlan['task']; readonly n: number }, boardDir: string): RunTag {
  return { run: formatRunId(run), board: boardDir };
}

/** The tag as it stands in a process's environment. */
export function formatTag(tag: RunTag): readonly [string, string] {
  return [`BRANCHBOARD_RUN=${tag.run}`, `BRANCHBOARD_BOARD=${tag.board}`];
}

/** What {@link composeEnvironment} needs. */
export interface EnvironmentRequest {
  readonly plan: RunPlan;
  /** Absolute. */
  readonly boardDir: string;
  /** The daemon's own environment. */
  readonly inherited: NodeJS.ProcessEnv;
  /** The user's `agent.env`. */
  readonly configured: Readonly<Record<string, string>>;
  /** Lent to the agent's commits; null where the machine has an identity of its own. */
  readonly identity: GitIdentity | null;
}

/** Composes an agent's whole environment. */
export function composeEnvironment(request: EnvironmentRequest): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.inherited)) {
    if (value !== undefined && isInherited(name)) env[name] = value;
  }
  env['CLAUDE_CODE_ENABLE_TODO_TOOLS'] = '1';
  env['DISABLE_AUTOUPDATER'] = '1';
  for (const [name, value] of Object.entries(request.configured)) {
    if (!name.startsWith('GIT_')) env[name] = value;
  }
  const tag = tagOf(request.plan, request.boardDir);
  return {
    ...env,
    ...composeGitEnvironment(request.identity),
    // In a worktree that lost its `.git` link, git would go up and take the user's checkout for the agent's.
    GIT_CEILING_DIRECTORIES: path.dirname(request.plan.workspace.path),
    BRANCHBOARD_RUN: tag.run,
    BRANCHBOARD_BOARD: tag.board,
    BRANCHBOARD_ATTEMPT: String(request.plan.attempt),
  };
}

function isInherited(name: string): boolean {
  if (notInherited.includes(name)) return false;
  return inheritedNames.includes(name) || inheritedPrefixes.some((prefix) => name.startsWith(prefix));
}

function composeGitEnvironment(identity: GitIdentity | null): Record<string, string> {
  // Housekeeping in one worktree would race with the other agents; signing may wait for a passphrase for ever.
  const config = [
    ['gc.auto', '0'],
    ['maintenance.auto', 'false'],
    ['commit.gpgsign', 'false'],
    ['tag.gpgsign', 'false'],
  ] as const;
  const env: Record<string, string> = { GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_COUNT: String(config.length) };
  for (const [index, [key, value]] of config.entries()) {
    env[`GIT_CONFIG_KEY_${String(index)}`] = key;
    env[`GIT_CONFIG_VALUE_${String(index)}`] = value;
  }
  if (identity === null) return env;
  return {
    ...env,
    GIT_AUTHOR_NAME: identity.name,
    GIT_AUTHOR_EMAIL: identity.email,
    GIT_COMMITTER_NAME: identity.name,
    GIT_COMMITTER_EMAIL: identity.email,
  };
}
