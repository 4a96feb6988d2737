/**
 * The terms of a run: of the settings and of its task's file what it is made, done and judged by. They are decided when
 * it is planned and kept in its plan, so that a run ends by the terms it began with, whatever is edited meanwhile; the
 * next run is planned by what stands there then.
 *
 * Values of variables (`agent.env`) are no terms: they may be secrets, and a key that was renewed counts at once.
 */
import type { AgentKind } from './agent-kind.ts';
import type { Sandbox } from './sandbox.ts';
import type { Settings } from './settings.ts';
import type { Argv, TaskSpec } from './task.ts';

type ByTask = Pick<Settings, 'permissionMode' | 'budgetUsd' | 'timeoutMs' | 'verify'>;
type ByBoard = Pick<Settings, 'stallAfterMs' | 'answerWaitMs' | 'allowedTools' | 'setup' | 'copy' | 'sandbox'>;

/** See the file's head. */
export interface RunTerms extends ByTask, ByBoard {
  readonly agent: Omit<Settings['agent'], 'env'>;
  /** Whether its commands were to be confined: a check that a file brought may then be one that nobody granted. */
  readonly isConfined: boolean;
}

/**
 * The terms of a run that is planned now; `runner` is the kind of agent that its role names, or null. What the file asks
 * for beyond its rights must be taken out of `spec` before.
 */
export function agreeTerms(
  settings: Settings,
  spec: TaskSpec,
  sandbox: Sandbox | null,
  runner: AgentKind | null,
): RunTerms {
  const { stallAfterMs, answerWaitMs, allowedTools, setup, copy, agent } = settings;
  const { command, args } = agent;
  return {
    permissionMode: spec.permissionMode ?? settings.permissionMode,
    budgetUsd: spec.budgetUsd ?? settings.budgetUsd,
    timeoutMs: spec.timeoutMs ?? settings.timeoutMs,
    verify: spec.verify ?? settings.verify,
    ...{ stallAfterMs, answerWaitMs, allowedTools: [...allowedTools, ...(spec.allowedTools ?? [])], setup, copy },
    sandbox: settings.sandbox,
    agent: { kind: spec.runner ?? runner ?? agent.kind, command, args },
    isConfined: sandbox?.kind === 'on',
  };
}

/** Whether a session of one run can be gone on with in another: it is known to the kind of agent that it was held with. */
export function mayShareSession(a: RunTerms | null, b: RunTerms | null): boolean {
  return a === null || b === null || a.agent.kind === b.agent.kind;
}

/** Whether two runs would be made, done and judged alike. */
export function areSameTerms(a: RunTerms, b: RunTerms): boolean {
  // Both were made above, so that their keys stand in one order.
  return JSON.stringify(agreed(a)) === JSON.stringify(agreed(b));
}

function agreed({ agent, sandbox, ...rest }: RunTerms): readonly unknown[] {
  return [Object.entries(rest).sort(), Object.entries(agent).sort(), Object.entries(sandbox).sort()];
}

/** The checks of the work that a run left: those of the settings where it has no terms, or its own can't be confined any more. */
export function checksOf(terms: RunTerms | null, { verify }: Settings, sandbox: Sandbox | null): readonly Argv[] {
  return terms === null || (terms.isConfined && sandbox?.kind !== 'on') ? verify : terms.verify;
}

/** The settings as a run goes by them: those in force, and its own terms in their place. */
export function applyTerms(settings: Settings, terms: RunTerms | null): Settings {
  return terms === null ? settings : { ...settings, ...terms, agent: { ...settings.agent, ...terms.agent } };
}
