import type { Argv } from './task.ts';

/** Which program does the work: Claude Code, or the built-in agent that follows a script in the task and calls no model. */
export type AgentKind = 'claude' | 'scripted';

/** The board's settings: `config.yaml` with every default filled in. */
export interface Settings {
  readonly maxParallel: number;
  readonly retries: number;
  readonly timeoutMs: number;
  readonly stallAfterMs: number;
  /** The branch or commit that tasks start from; null is the branch that is checked out. */
  readonly base: string | null;
  readonly branchPrefix: string;
  readonly agent: {
    readonly kind: AgentKind;
    readonly command: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
  readonly permissionMode: string;
  readonly allowedTools: readonly string[];
  readonly verify: readonly Argv[];
  readonly setup: readonly Argv[];
  /** Globs of ignored files that are copied into a new worktree. */
  readonly copy: readonly string[];
  readonly worktrees: {
    /** Where worktrees are made, relative to the repository; null is `.orchestrator/worktrees`. */
    readonly dir: string | null;
    readonly reuse: boolean;
  };
  readonly budgetUsd: number | null;
  readonly dailyBudgetUsd: number | null;
  /** A command run with each noteworthy event in its environment. */
  readonly notify: Argv | null;
}

/** What holds where `config.yaml` is silent. */
export const defaultSettings: Settings = {
  maxParallel: 3,
  retries: 1,
  timeoutMs: 60 * 60_000,
  stallAfterMs: 10 * 60_000,
  base: null,
  branchPrefix: 'task/',
  agent: { kind: 'claude', command: 'claude', args: [], env: {} },
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
  verify: [],
  setup: [],
  copy: [],
  worktrees: { dir: null, reuse: false },
  budgetUsd: null,
  dailyBudgetUsd: null,
  notify: null,
};
