/** The parts of the repository's configuration of Claude Code that count in a run. */
export type ProjectConfiguration =
  /** The worktree's is that of the commit that the user's tasks start from: Claude Code reads it as always. */
  | { readonly kind: 'as-checked-out' }
  /** The worktree's differs: nothing of it counts, and the texts of that commit are given instead. */
  | {
      readonly kind: 'of-the-base';
      /** The paths that differ. */
      readonly differs: readonly string[];
      /** The content of `.claude/settings.json`, or null. */
      readonly settings: Readonly<Record<string, unknown>> | null;
      /** The content of `.mcp.json`, or null. */
      readonly mcp: Readonly<Record<string, unknown>> | null;
      /** `CLAUDE.md`, or null. */
      readonly instructions: string | null;
    };
