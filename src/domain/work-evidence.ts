/** What is found in a worktree after a run. */
import type { MergeEvidence } from './base-conflict.ts';
import type { MovedRef } from './moved-ref.ts';
import type { Argv } from './task.ts';

/** Lines and files changed. */
export interface Diffstat {
  readonly files: number;
  readonly insertions: number;
  readonly deletions: number;
}

/** The outcome of one `verify` or `setup` command. */
export interface CommandOutcome {
  readonly argv: Argv;
  readonly ok: boolean;
  /** The end of what it printed, bounded by `maxTailChars`. */
  readonly outputTail: string;
}

/** The state of the worktree after a run. */
export interface Evidence {
  /** The tip of the task's branch; for a workspace without a branch, its HEAD. */
  readonly tip: string;
  /** Commits on the branch that are not in its base. */
  readonly commits: number;
  readonly diffstat: Diffstat;
  /** Changed files that decide what runs for whoever merges them, such as `.claude/settings.json`; bounded. */
  readonly changesWhatRuns: readonly string[];
  /** Paths with uncommitted changes, at most `maxDirtyFilesNamed`. */
  readonly dirty: readonly string[];
  /** Paths that differ from the commit as they did before any agent came, at most `maxDirtyFilesNamed`. */
  readonly asGiven: readonly string[];
  /** Of a run that left nothing else: what it wrote where git ignores it, each with the rule; at most `maxDirtyFilesNamed`. */
  readonly ignored: readonly string[];
  /** Repositories inside the worktree, whose files the branch does not hold; bounded. */
  readonly repositories: readonly string[];
  /** What the branch only points to: sentences for reviewers and dependents. */
  readonly elsewhere: readonly string[];
  /** Of a run that integrates. */
  readonly merge: MergeEvidence | null;
  readonly verify: readonly CommandOutcome[];
  /** The same as of the run's exit, once `verify` is through: its commands run what the agent wrote. */
  readonly moved: readonly MovedRef[];
}

/** As many of the paths are named. */
const maxGivenNamed = 5;

/** Says of paths that differed before any agent came that they are nobody's fault, and what to do about them. */
export function describeGiven(paths: readonly string[]): string {
  const more = paths.length - maxGivenNamed;
  const named = paths.slice(0, maxGivenNamed).join(', ');
  const others = more > 0 ? ` and ${String(more)} more` : '';
  return `${named}${others} differed from the commit before the agent came, as the checkout (filters, line ends) or \`setup\` left it: this is not the agent's and was not committed. Commit it on the base branch, or ignore it, or let \`setup\` leave it alone (\`npm ci\` in place of \`npm install\`).`;
}
