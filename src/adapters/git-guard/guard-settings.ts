/**
 * Hands the git guard to Claude Code: a hook that judges each command before it runs. Its command line is the same for
 * every run, since a shell reads it; a variable carries the differences between runs.
 */
import { quote } from 'shell-quote';
import type { RunRequest } from '../../ports.ts';
import { builtProgram } from '../machine/package-files.ts';
import { guardVariable, type GuardedRun } from './guarded-run.ts';
import { allowsAll } from './rules.ts';

/** The part of Claude Code's settings that sets the guard up. */
export interface GuardSettings {
  /** False, so that no other settings switch the guard off. */
  readonly disableAllHooks: false;
  readonly env: Readonly<Record<string, string>>;
  readonly hooks: {
    readonly PreToolUse: readonly {
      readonly matcher: string;
      readonly hooks: readonly { readonly type: 'command'; readonly command: string }[];
    }[];
  };
}

/** The built program. */
export const guardMainPath: string = builtProgram('adapters/git-guard/guard-main');

/** Settings for `claude --settings` that put the guard before a run's commands; null where its user allowed all of them. */
export function gitGuardSettings(
  request: Pick<RunRequest, 'plan' | 'permissionMode' | 'userRules'>,
  mainPath = guardMainPath,
): GuardSettings | null {
  const { plan, permissionMode, userRules: rules } = request;
  if (allowsAll(rules, permissionMode)) return null;
  const run: GuardedRun = { worktree: plan.workspace.path, rules };
  // A guard that breaks refuses: to Claude Code any exit code but 2 would mean to go on.
  const command = `${quote([process.execPath, mainPath])} || exit 2`;
  return {
    disableAllHooks: false,
    env: { [guardVariable]: JSON.stringify(run) },
    hooks: { PreToolUse: [{ matcher: 'Bash|Monitor', hooks: [{ type: 'command', command }] }] },
  };
}
