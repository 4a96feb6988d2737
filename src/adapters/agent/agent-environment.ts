/**
 * The environment that an agent gets: an allow-list of the daemon's own, then the user's `agent.env`, then what the
 * board sets. Nothing of git's (`GIT_*`) is inherited, or a hook's `GIT_DIR` would send the agent's commits elsewhere.
 */
import path from 'node:path';
import { formatRunId, type RunPlan } from '../../domain/run.ts';

/** Variables of the daemon that an agent inherits, by what they are for; `*` stands for the rest of a name. */
export const inherited: Readonly<Record<string, readonly string[]>> = {
  'the user and the machine': [
    ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TERM', 'COLORTERM', 'LANG', 'LANGUAGE', 'LC_*', 'TZ', 'TMPDIR'],
    ...['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'XDG_STATE_HOME'],
  ],
  'Claude Code: login, model, limits': [
    ...['ANTHROPIC_*', 'CLAUDE_*', 'IS_SANDBOX', 'API_TIMEOUT_MS', 'MAX_THINKING_TOKENS', 'MAX_MCP_OUTPUT_TOKENS'],
    ...['BASH_DEFAULT_TIMEOUT_MS', 'BASH_MAX_TIMEOUT_MS', 'BASH_MAX_OUTPUT_LENGTH', 'MCP_TIMEOUT', 'MCP_TOOL_TIMEOUT'],
    ...['DISABLE_TELEMETRY', 'DISABLE_ERROR_REPORTING', 'DISABLE_PROMPT_CACHING*', 'DISABLE_AUTO_COMPACT'],
    ...['DISABLE_INTERLEAVED_THINKING'],
  ],
  'the network': [
    ...['http_proxy', 'https_proxy', 'no_proxy', 'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'],
    ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'],
  ],
  'where languages and their tools are': [
    ...['NVM_DIR', 'NVM_BIN', 'N_PREFIX', 'NODENV_ROOT', 'VOLTA_HOME', 'FNM_DIR', 'FNM_MULTISHELL_PATH', 'PNPM_HOME'],
    ...['BUN_INSTALL', 'ASDF_DIR', 'ASDF_DATA_DIR', 'MISE_DATA_DIR', 'MISE_CONFIG_DIR', 'PYENV_ROOT', 'VIRTUAL_ENV'],
    ...['RBENV_ROOT', 'JAVA_HOME', 'SDKMAN_DIR', 'GOPATH', 'GOROOT', 'CARGO_HOME', 'RUSTUP_HOME'],
  ],
};

/** Variables that any program needs which works for the user on this machine, and over its network. */
export const machineVariables: readonly string[] = ['the user and the machine', 'the network'].flatMap(
  (purpose) => inherited[purpose] ?? [],
);

/** Those of an environment's variables that have one of the names; `*` stands for the rest of a name. */
export function pickVariables(environment: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && matchesAny(name, names)) picked[name] = value;
  }
  return picked;
}

/** The same for a cloud that Claude Code is told to work with; each of `switches` turns it on. */
export interface CloudVariables {
  readonly switches: readonly string[];
  readonly names: readonly string[];
}

/** A cloud's credentials are an agent's only where its model is called by them. */
export const inheritedForClouds: readonly CloudVariables[] = [
  {
    switches: ['CLAUDE_CODE_USE_BEDROCK', 'CLAUDE_CODE_USE_MANTLE', 'CLAUDE_CODE_USE_ANTHROPIC_AWS'],
    names: ['AWS_*'],
  },
  {
    switches: ['CLAUDE_CODE_USE_VERTEX', 'CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD'],
    names: ['GOOGLE_*', 'VERTEX_*', 'CLOUD_ML_REGION', 'GCLOUD_PROJECT'],
  },
  { switches: ['CLAUDE_CODE_USE_FOUNDRY'], names: ['AZURE_*'] },
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
  const isOn = (name: string) => isSwitchedOn(request.configured[name] ?? request.inherited[name]);
  const clouds = inheritedForClouds.filter(({ switches }) => switches.some(isOn));
  const patterns = [...Object.values(inherited).flat(), ...clouds.flatMap(({ names }) => names)];
  for (const [name, value] of Object.entries(request.inherited)) {
    if (value !== undefined && !notInherited.includes(name) && matchesAny(name, patterns)) env[name] = value;
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

function matchesAny(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern));
}

/** As Claude Code reads its switches. */
function isSwitchedOn(value: string | undefined): boolean {
  return /^(?:1|true|yes|on)$/i.test(value?.trim() ?? '');
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
