/** The run that the git guard watches, as JSON in one variable of its environment. */

/** The variable's name. */
export const guardVariable = 'BRANCHBOARD_GIT_GUARD';

/** Facts about a run that the guard's decisions depend on. */
export interface GuardedRun {
  /** Absolute path of the worktree. */
  readonly worktree: string;
  /** The permission rules that do not come from the board itself, such as `Bash(npm test)`. */
  readonly rules: readonly string[];
}

/** Reads the variable's value; throws if it holds no run. */
export function readGuardedRun(text: string | undefined): GuardedRun {
  const run: unknown = JSON.parse(text ?? 'null');
  if (isRecord(run)) {
    const { worktree, rules } = run;
    if (typeof worktree === 'string' && isStrings(rules)) return { worktree, rules };
  }
  throw new Error(`the git guard finds no run in ${guardVariable}; nothing was run`);
}

/** Whether a value has properties that can be looked at. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
