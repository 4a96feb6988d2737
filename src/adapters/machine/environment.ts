/**
 * The environment that an agent gets: an allow-list of the daemon's own, then the user's `agent.env`, then what the
 * board sets. Nothing of git's (`GIT_*`) is inherited, or a hook's `GIT_DIR` would send the agent's commits elsewhere.
 */
import path from 'node:path';
import { formatRunId, type RunPlan } from '../../domain/run.ts';
import { traceVariables } from './git-trace.ts';

/** Variables of the daemon that an agent inherits, by what they are for; `*` stands for the rest of a name. */
export const inherited: Readonly<Record<string, readonly string[]>> = {
  'the user and the machine': [
    ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TERM', 'COLORTERM', 'LANG', 'LANGUAGE', 'LC_*', 'TZ', 'TMPDIR'],
    ...['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'XDG_STATE_HOME'],
  ],
  // By name: Claude Code reads a thousand more variables. Some tie a session to another one, to a bridge or to a socket,
  // some wait out limits, some loosen permissions. The user gives these by `agent.env`.
  'Claude Code: login and service': [
    ...['CLAUDE_CONFIG_DIR', 'CLAUDE_CODE_OAUTH_TOKEN', 'CLAUDE_CODE_OAUTH_REFRESH_TOKEN', 'CLAUDE_CODE_OAUTH_SCOPES'],
    ...[
      'ANTHROPIC_API_KEY',
      'ANTHROPIC_AUTH_TOKEN',
      'ANTHROPIC_BASE_URL',
      'ANTHROPIC_BETAS',
      'ANTHROPIC_CUSTOM_HEADERS',
    ],
    ...['ANTHROPIC_PROFILE', 'ANTHROPIC_CONFIG_DIR', 'ANTHROPIC_IDENTITY_TOKEN', 'ANTHROPIC_IDENTITY_TOKEN_FILE'],
    ...['ANTHROPIC_ORGANIZATION_ID', 'ANTHROPIC_WORKSPACE_ID', 'ANTHROPIC_FEDERATION_RULE_ID'],
    ...['ANTHROPIC_SERVICE_ACCOUNT_ID', 'ANTHROPIC_SCOPE', 'CLAUDE_CODE_API_KEY_HELPER_TTL_MS'],
    ...['ANTHROPIC_BEDROCK_*', 'ANTHROPIC_VERTEX_*', 'ANTHROPIC_FOUNDRY_*', 'ANTHROPIC_AWS_*'],
    ...[
      'ANTHROPIC_GOOGLE_CLOUD_*',
      'CLAUDE_CODE_USE_BEDROCK',
      'CLAUDE_CODE_USE_MANTLE',
      'CLAUDE_CODE_USE_ANTHROPIC_AWS',
    ],
    ...['CLAUDE_CODE_USE_VERTEX', 'CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD', 'CLAUDE_CODE_USE_FOUNDRY'],
    ...['CLAUDE_CODE_SKIP_BEDROCK_AUTH', 'CLAUDE_CODE_SKIP_MANTLE_AUTH', 'CLAUDE_CODE_SKIP_ANTHROPIC_AWS_AUTH'],
    ...[
      'CLAUDE_CODE_SKIP_VERTEX_AUTH',
      'CLAUDE_CODE_SKIP_ANTHROPIC_GOOGLE_CLOUD_AUTH',
      'CLAUDE_CODE_SKIP_FOUNDRY_AUTH',
    ],
    ...['CLAUDE_CODE_CLIENT_CERT', 'CLAUDE_CODE_CLIENT_KEY', 'CLAUDE_CODE_CLIENT_KEY_PASSPHRASE'],
    ...['CLAUDE_CODE_CERT_STORE', 'CLAUDE_CODE_PROXY_RESOLVES_HOSTS', 'CLAUDE_CODE_EXTRA_BODY'],
  ],
  'Claude Code: model and limits': [
    ...['ANTHROPIC_MODEL', 'ANTHROPIC_DEFAULT_*', 'ANTHROPIC_CUSTOM_MODEL_*', 'ANTHROPIC_SMALL_FAST_MODEL*'],
    ...['CLAUDE_CODE_EFFORT_LEVEL', 'CLAUDE_CODE_SUBAGENT_MODEL', 'CLAUDE_CODE_SUBAGENT_EFFORT', 'MAX_THINKING_TOKENS'],
    ...['CLAUDE_CODE_MAX_OUTPUT_TOKENS', 'CLAUDE_CODE_MAX_CONTEXT_TOKENS', 'CLAUDE_CODE_AUTO_COMPACT_WINDOW'],
    ...['CLAUDE_AUTOCOMPACT_PCT_OVERRIDE', 'CLAUDE_CODE_DISABLE_1M_CONTEXT', 'CLAUDE_CODE_DISABLE_FAST_MODE'],
    ...['CLAUDE_CODE_DISABLE_ADAPTIVE_THINKING', 'CLAUDE_CODE_DISABLE_THINKING', 'DISABLE_INTERLEAVED_THINKING'],
    ...['CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS', 'CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK'],
    ...['DISABLE_PROMPT_CACHING*', 'DISABLE_AUTO_COMPACT', 'CLAUDE_CODE_MAX_RETRIES', 'API_TIMEOUT_MS'],
    ...['CLAUDE_STREAM_IDLE_TIMEOUT_MS', 'CLAUDE_CODE_MAX_TOOL_USE_CONCURRENCY', 'ENABLE_TOOL_SEARCH'],
    ...['CLAUDE_CODE_FILE_READ_MAX_OUTPUT_TOKENS', 'MAX_MCP_OUTPUT_TOKENS', 'MCP_TIMEOUT', 'MCP_TOOL_TIMEOUT'],
    ...['BASH_DEFAULT_TIMEOUT_MS', 'BASH_MAX_TIMEOUT_MS', 'BASH_MAX_OUTPUT_LENGTH'],
  ],
  'Claude Code: what it leaves out': [
    ...['IS_SANDBOX', 'DISABLE_TELEMETRY', 'DISABLE_ERROR_REPORTING', 'CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC'],
    ...['CLAUDE_CODE_DISABLE_AUTO_MEMORY', 'CLAUDE_CODE_DISABLE_CLAUDE_MDS', 'CLAUDE_CODE_DISABLE_GIT_INSTRUCTIONS'],
    ...['CLAUDE_CODE_DISABLE_BACKGROUND_TASKS', 'CLAUDE_CODE_DISABLE_BUNDLED_SKILLS', 'CLAUDE_CODE_DISABLE_WEB_FETCH'],
    ...['CLAUDE_CODE_SUBPROCESS_ENV_SCRUB', 'CLAUDE_CODE_TMPDIR'],
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

/** Those of an environment's variables that have one of the names, less git's own; `*` stands for the rest of a name. */
export function pickVariables(environment: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !name.startsWith('GIT_') && matchesAny(name, names)) picked[name] = value;
  }
  return picked;
}

/** The same for a cloud that Claude Code is set to work with; each of `switches` turns it on. */
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

/**
 * Variables that the board sets unless `agent.env` says otherwise: the tools for a list of steps, which give the
 * progress, and limits for an agent's own agents, since each may cost as much as the agent itself. They start none of
 * their own, and four work at once.
 */
export const presets: Readonly<Record<string, string>> = {
  CLAUDE_CODE_ENABLE_TODO_TOOLS: '1',
  CLAUDE_CODE_MAX_SUBAGENT_SPAWN_DEPTH: '1',
  CLAUDE_CODE_MAX_CONCURRENT_SUBAGENTS: '4',
  DISABLE_AUTOUPDATER: '1',
};

/** The author of an agent's commits. */
export interface GitIdentity {
  readonly name: string;
  readonly email: string;
}

/** Marks every process of a run, however far from its agent: both variables are inherited by all it starts. */
export interface RunTag {
  /** `BRANCHBOARD_RUN`: `TASK/N`. */
  readonly run: string;
  /** `BRANCHBOARD_BOARD`: the board's absolute folder, which tells runs of one name of two boards apart. */
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

/** The first words of the groups of {@link inherited} that an agent's own program needs and its commands do not. */
const ofClaudeCode = 'Claude Code:';

/** Logins among an agent's variables: they are for its own program, and none of the commands that it runs needs them. */
export const loginVariables: readonly string[] = [
  ...['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_CUSTOM_HEADERS', 'ANTHROPIC_FOUNDRY_API_KEY'],
  ...['CLAUDE_CODE_OAUTH_TOKEN', 'CLAUDE_CODE_OAUTH_REFRESH_TOKEN', 'CLAUDE_CODE_CLIENT_KEY_PASSPHRASE'],
  ...['CLAUDE_CODE_MESSAGING_TOKEN', 'CLAUDE_CODE_SESSION_ACCESS_TOKEN'],
  ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_BEARER_TOKEN_BEDROCK'],
  ...['AZURE_CLIENT_SECRET', 'AZURE_API_KEY', 'GOOGLE_API_KEY'],
];

/** Dependencies of {@link composeCommandEnvironment}. */
export interface CommandEnvironmentRequest {
  /** The worktree, absolute. */
  readonly cwd: string;
  readonly tag: RunTag;
  /** The daemon's own environment. */
  readonly inherited: NodeJS.ProcessEnv;
  /** The user's `agent.env`. */
  readonly configured: Readonly<Record<string, string>>;
  /** The user's `commands.env`: names of variables of the daemon's own environment. */
  readonly named: readonly string[];
}

/** Composes the environment of `verify` and `setup`: an agent's without its login, and what the user named. */
export function composeCommandEnvironment(request: CommandEnvironmentRequest): Record<string, string> {
  const patterns = Object.entries(inherited).flatMap(([group, names]) => (group.startsWith(ofClaudeCode) ? [] : names));
  const { tag, named } = request;
  const lent = Object.entries(request.configured).filter(([name]) => !loginVariables.includes(name));
  return {
    ...pickVariables(request.inherited, [...patterns, ...named]),
    ...pickVariables(Object.fromEntries(lent), ['*']),
    GIT_TERMINAL_PROMPT: '0',
    GIT_CEILING_DIRECTORIES: path.dirname(request.cwd),
    BRANCHBOARD_RUN: tag.run,
    BRANCHBOARD_BOARD: tag.board,
    CI: 'true',
  };
}

/** Dependencies of {@link composeEnvironment}. */
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
  /** Whether the repository's git hooks run for the agent's commits. */
  readonly hooks: boolean;
  /** For an agent whose commands are confined: its `core.excludesFile`, and variables that move caches; else null. */
  readonly confined: { readonly excludesFile: string; readonly caches: Readonly<Record<string, string>> } | null;
}

/** Composes an agent's whole environment. */
export function composeEnvironment(request: EnvironmentRequest): Record<string, string> {
  const isOn = (name: string) => isSwitchedOn(request.configured[name] ?? request.inherited[name]);
  const clouds = inheritedForClouds.filter(({ switches }) => switches.some(isOn));
  const patterns = [...Object.values(inherited).flat(), ...clouds.flatMap(({ names }) => names)];
  const tag = tagOf(request.plan, request.boardDir);
  return {
    ...pickVariables(request.inherited, patterns),
    ...presets,
    ...request.confined?.caches,
    ...pickVariables(request.configured, ['*']),
    ...composeGitEnvironment(request),
    ...traceVariables(path.join(request.boardDir, 'runs', request.plan.task, String(request.plan.n))),
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

function composeGitEnvironment({ identity, hooks, confined }: EnvironmentRequest): Record<string, string> {
  // Housekeeping in one worktree would race with the other agents; signing may wait for a passphrase for ever.
  const config = [
    ['gc.auto', '0'],
    ['maintenance.auto', 'false'],
    ['commit.gpgsign', 'false'],
    ['tag.gpgsign', 'false'],
    ...(hooks ? [] : [['core.hooksPath', '/dev/null'] as const]),
    ...(confined === null ? [] : [['core.excludesFile', confined.excludesFile] as const]),
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
