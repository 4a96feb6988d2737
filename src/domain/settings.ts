import type { AgentKind } from './agent-kind.ts';
import type { SandboxMode } from './sandbox.ts';
import type { Argv } from './task.ts';

/** How changes of files are noticed: reported by the system, or looked for, as network mounts need it. */
export type WatchMode = 'auto' | 'polling';
/** Who resolves a conflict of what a task builds on: an agent in the role {@link integratorRole}, or the user. */
export type ConflictsMode = 'agent' | 'ask';

/** The board's settings: `config.yaml` with every default filled in, and what `local.yaml` says instead. */
export interface Settings {
  readonly maxParallel: number;
  readonly retries: number;
  readonly timeoutMs: number;
  readonly stallAfterMs: number;
  /** An agent that asks in the middle of its run waits so long for the answer. */
  readonly answerWaitMs: number;
  /** The branch or commit that tasks start from; null is the branch that is checked out. */
  readonly base: string | null;
  readonly branchPrefix: string;
  readonly agent: {
    readonly kind: AgentKind;
    readonly command: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
  readonly sandbox: {
    readonly mode: SandboxMode;
    /** Domains that confined commands may reach, such as `registry.npmjs.org` or `*.example.com`. */
    readonly allowedDomains: readonly string[];
    /** Paths that confined commands can't read; `~` is the home folder. */
    readonly denyRead: readonly string[];
  };
  readonly commands: {
    /** Names of variables of the board's own environment that `verify` and `setup` get besides the agent's. */
    readonly env: readonly string[];
  };
  /** The model that serves where the one that a run asks for is overloaded; null is none. */
  readonly fallbackModel: string | null;
  readonly permissionMode: string;
  readonly allowedTools: readonly string[];
  /** Rights that any task's file may have beyond these settings without a yes of the user. */
  readonly taskRights: {
    readonly permissionModes: readonly string[];
    readonly allowedTools: readonly string[];
    /** Commands that files may add; `any` lets them leave out those of the settings as well. */
    readonly verify: 'any' | readonly Argv[];
    /** The most that files may give themselves; null is what these settings give. */
    readonly budgetUsd: number | null;
    readonly timeoutMs: number | null;
    readonly retries: number | null;
    /** Branches and commits that files may start from. */
    readonly base: readonly string[];
    /** Kinds of agents that files may choose. */
    readonly runner: readonly AgentKind[];
  };
  readonly verify: readonly Argv[];
  readonly conflicts: ConflictsMode;
  /** The role that judges work before its user does; null is none. */
  readonly review: string | null;
  /** How often the changes that it wants go back to the author. */
  readonly reviewRounds: number;
  readonly setup: readonly Argv[];
  /** Globs of ignored files that are copied into a new worktree. */
  readonly copy: readonly string[];
  readonly worktrees: {
    /** Where worktrees are made, relative to the repository; null is beside the checkout. */
    readonly dir: string | null;
    readonly reuse: boolean;
  };
  readonly watch: WatchMode;
  /** How long what is kept of merged and put-away tasks stays: logs, prompts, internal refs, worktrees. */
  readonly keepMs: number;
  readonly budgetUsd: number | null;
  readonly dailyBudgetUsd: number | null;
  /** Whether plans are taken in without their user's word. */
  readonly autoAccept: boolean;
  /** The most tasks that a plan may have. */
  readonly maxSubtasks: number;
  /** How many tasks a task may descend from whose proposals are taken in still, at most. */
  readonly maxDepth: number;
  /** A command run with each noteworthy event in its environment. */
  readonly notify: Argv | null;
  /** The editor that `open` opens worktrees in; null is the user's own. */
  readonly openWith: Argv | null;
}

/** The settings of `local.yaml`, which the repository does not hold; null where it says nothing. */
export interface LocalSettings {
  readonly agent: { readonly env: Settings['agent']['env'] | null };
  readonly notify: Settings['notify'];
  readonly openWith: Settings['openWith'];
}

/** The settings of `config.yaml` with what `local.yaml` says instead; of `agent.env` each variable counts for itself. */
export function applyLocalSettings(settings: Settings, { agent, notify, openWith }: LocalSettings): Settings {
  return {
    ...settings,
    agent: { ...settings.agent, env: { ...settings.agent.env, ...agent.env } },
    notify: notify ?? settings.notify,
    openWith: openWith ?? settings.openWith,
  };
}

/** Where a home folder keeps keys and logins: of ssh, clouds, package registries, browsers and agents. */
const credentialPaths: readonly string[] = [
  ...['~/.ssh', '~/.gnupg', '~/.pki', '~/.netrc', '~/.authinfo', '~/.git-credentials', '~/.password-store'],
  ...['~/.config/git/credentials', '~/.config/gh', '~/.config/glab-cli', '~/.config/hub', '~/.config/op'],
  ...['~/.aws', '~/.azure', '~/.config/gcloud', '~/.config/doctl', '~/.oci', '~/.kube', '~/.docker', '~/.terraform.d'],
  ...['~/.npmrc', '~/.yarnrc.yml', '~/.pypirc', '~/.config/pip', '~/.cargo/credentials', '~/.cargo/credentials.toml'],
  ...['~/.gem/credentials', '~/.m2/settings.xml', '~/.gradle/gradle.properties', '~/.nuget/NuGet/NuGet.Config'],
  ...['~/.pgpass', '~/.my.cnf', '~/.vault-token', '~/.config/rclone', '~/.local/share/keyrings'],
  ...[
    '~/.mozilla',
    '~/.config/google-chrome',
    '~/.config/chromium',
    '~/.config/BraveSoftware',
    '~/.config/microsoft-edge',
  ],
  ...['~/snap/firefox', '~/.thunderbird', '~/Library/Keychains', '~/Library/Cookies'],
  ...['~/Library/Application Support/Google/Chrome', '~/Library/Application Support/Firefox', '~/Library/Safari'],
  ...['~/.claude/.credentials.json', '~/.claude/projects', '~/.claude/history.jsonl', '~/.claude.json'],
  ...['~/.codex', '~/.gemini', '~/.config/github-copilot', '~/.local/state/branchboard'],
  ...['~/.bash_history', '~/.zsh_history', '~/.python_history', '~/.node_repl_history', '~/.psql_history'],
];

/** The default of every key that `config.yaml` leaves out. */
export const defaultSettings: Settings = {
  maxParallel: 3,
  retries: 1,
  timeoutMs: 60 * 60_000,
  stallAfterMs: 10 * 60_000,
  answerWaitMs: 10 * 60_000,
  base: null,
  branchPrefix: 'task/',
  agent: { kind: 'claude', command: 'claude', args: [], env: {} },
  sandbox: { mode: 'auto', allowedDomains: [], denyRead: credentialPaths },
  commands: { env: [] },
  fallbackModel: null,
  permissionMode: 'acceptEdits',
  allowedTools: [
    // Without a sandbox a guard judges the options of all of these (src/adapters/git-guard).
    'Bash(git add *)',
    'Bash(git commit *)',
    'Bash(git status *)',
    'Bash(git status)',
    'Bash(git diff *)',
    'Bash(git diff)',
    'Bash(git log *)',
    'Bash(git log)',
    'Bash(git show *)',
  ],
  taskRights: {
    permissionModes: [],
    allowedTools: [],
    verify: [],
    budgetUsd: null,
    timeoutMs: null,
    retries: null,
    base: [],
    runner: [],
  },
  verify: [],
  conflicts: 'agent',
  review: null,
  reviewRounds: 1,
  setup: [],
  copy: [],
  worktrees: { dir: null, reuse: false },
  watch: 'auto',
  keepMs: 14 * 24 * 60 * 60_000,
  budgetUsd: null,
  dailyBudgetUsd: null,
  autoAccept: false,
  maxSubtasks: 12,
  maxDepth: 2,
  notify: null,
  openWith: null,
};
