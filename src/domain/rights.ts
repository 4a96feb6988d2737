/**
 * Finds what a task's file asks for beyond what every file may have. A file asks for work, and anybody may have written
 * it. Rights come from the user alone: to all tasks by the settings, to every file that asks by `task_rights`, and to
 * one task by a grant.
 *
 *   key in the file                asks where it
 *   permission_mode                allows more than the settings' mode, or is not known
 *   allowed_tools                  names what the settings don't allow word for word
 *   verify                         leaves out a check of the settings; or, where nothing confines it, adds a command
 *   budget_usd, timeout, retries   is more than the settings'
 *   base                           is another one than the settings'
 *   runner                         is another kind of agent than the settings'
 *
 * A base decides which hooks, agents, tools and scripts count as the repository's own. Any agent can make a branch, so
 * a branch's name does not show who wrote its content. A kind of agent decides what is spent and what is confined.
 */
import type { Sandbox } from './sandbox.ts';
import type { Settings } from './settings.ts';
import { formatCommand, type TaskId, type TaskSpec } from './task.ts';

/** Keys of a task's file that can ask for rights. */
export const rightKeys = [
  'permission_mode',
  'allowed_tools',
  'verify',
  'budget_usd',
  'timeout',
  'retries',
  'base',
  'runner',
] as const;
/** One of {@link rightKeys}. */
export type RightKey = (typeof rightKeys)[number];

/**
 * One right as a file asks for it: the key and its value, such as `allowed_tools Bash(npm test *)`. Two rights are the
 * same exactly if their texts are. Invisible characters stand there as codes, such as `⟨U+200B⟩`.
 */
export type Right = `${RightKey} ${string}`;

/** The fact of how a task came here and what its user gave it, kept as `grants/TASK.json`. */
export interface Grant {
  readonly version: 1;
  readonly task: TaskId;
  /** `added` by a command of the user's; `dropped` by anybody who can write into the inbox. */
  readonly origin: 'added' | 'dropped';
  readonly rights: readonly Right[];
}

/** Where a task came from. */
export type Origin =
  | { readonly kind: 'added' }
  | { readonly kind: 'dropped' }
  | { readonly kind: 'imported'; readonly from: string }
  | { readonly kind: 'child'; readonly of: TaskId };

/** Where a task came from; `grant` is its own, if it has one. */
export function originOf(spec: TaskSpec, grant: Grant | null): Origin {
  if (spec.imported !== undefined) return { kind: 'imported', from: spec.imported };
  if (spec.parent !== undefined) return { kind: 'child', of: spec.parent };
  return { kind: grant?.origin ?? 'dropped' };
}

/** An origin in a word or two: `added`, `dropped`, `imported`, `child-of db-schema`. */
export function formatOrigin(origin: Origin): string {
  return origin.kind === 'child' ? `child-of ${origin.of}` : origin.kind;
}

/** The keys under which rights are asked for, each once, for messages where a value could hold a secret. */
export function listKeys(rights: readonly Right[]): readonly RightKey[] {
  return rightKeys.filter((key) => rights.some((right) => right.startsWith(`${key} `)));
}

/** Whether a text is a right. */
export function isRight(text: string): text is Right {
  return rightKeys.some((key) => text.startsWith(`${key} `));
}

/** The rights that a task's file asks for beyond the settings and their `task_rights`; empty for most. */
export function listAsks(spec: TaskSpec, settings: Settings, sandbox: Sandbox | null): readonly Right[] {
  const { taskRights } = settings;
  const { permissionMode: mode, base, runner, budgetUsd, timeoutMs, retries } = spec;
  const asks: Right[] = [];
  const ask = (key: RightKey, value: string): number => asks.push(`${key} ${reveal(value)}`);
  if (mode !== undefined && !isNoMore(mode, settings.permissionMode) && !taskRights.permissionModes.includes(mode)) {
    ask('permission_mode', mode);
  }
  for (const tool of listNewTools(spec, settings)) ask('allowed_tools', tool);
  for (const check of describeNewChecks(spec, settings, sandbox)) ask('verify', check);
  // Where the settings set no bound, a bound of the file's own only narrows.
  if (isOver(budgetUsd, settings.budgetUsd, taskRights.budgetUsd)) ask('budget_usd', String(budgetUsd));
  if (isOver(timeoutMs, settings.timeoutMs, taskRights.timeoutMs)) ask('timeout', formatDuration(timeoutMs));
  if (isOver(retries, settings.retries, taskRights.retries)) ask('retries', String(retries));
  if (base !== undefined && base !== settings.base && !taskRights.base.includes(base)) ask('base', base);
  if (runner !== undefined && runner !== settings.agent.kind && !taskRights.runner.includes(runner))
    ask('runner', runner);
  return [...new Set(asks)];
}

/** The task as it counts: a key that asks for more than was `given` falls back to the settings. */
export function limitSpec(
  spec: TaskSpec,
  settings: Settings,
  sandbox: Sandbox | null,
  given: readonly Right[],
): TaskSpec {
  const refused = listAsks(spec, settings, sandbox).filter((right) => !given.includes(right));
  if (refused.length === 0) return spec;
  const keys = listKeys(refused);
  const limited: { -readonly [Key in keyof TaskSpec]: TaskSpec[Key] } = { ...spec };
  if (keys.includes('permission_mode')) delete limited.permissionMode;
  if (keys.includes('allowed_tools')) delete limited.allowedTools;
  if (keys.includes('verify')) delete limited.verify;
  if (keys.includes('budget_usd')) delete limited.budgetUsd;
  if (keys.includes('timeout')) delete limited.timeoutMs;
  if (keys.includes('retries')) delete limited.retries;
  if (keys.includes('base')) delete limited.base;
  if (keys.includes('runner')) delete limited.runner;
  return limited;
}

/**
 * The rights of a task by its own grant and its parent's: a child never has more than its parent, and an imported task
 * has none.
 */
export function combineGrants(spec: TaskSpec, own: Grant | null, parent: Grant | null): readonly Right[] {
  if (own === null || spec.imported !== undefined) return [];
  return spec.parent === undefined ? own.rights : own.rights.filter((right) => parent?.rights.includes(right) === true);
}

/** Why a task can't be given what it asks for, in a sentence that says what to do; null where its user can give it. */
export function explainUngrantable(spec: TaskSpec, asks: readonly Right[], parent: Grant | null): string | null {
  if (asks.length === 0) return null;
  const remedy = `Take it out of the file of ${spec.id}, or give the task what it needs under \`task_rights\` in config.yaml.`;
  if (spec.imported !== undefined) {
    return `${spec.id} was imported, so its file can't be given rights. ${remedy}`;
  }
  const more = asks.filter((right) => parent?.rights.includes(right) !== true);
  if (spec.parent === undefined || more.length === 0) return null;
  return `${spec.id} is a child of ${spec.parent}, which was not given ${more.join(', ')}, and never has more than it. ${remedy}`;
}

/** The modes from least to most allowed. `manual` is the newer word for `default`. */
const modeRanks: ReadonlyMap<string, number> = new Map([
  ['plan', 0],
  ['dontAsk', 1],
  ['default', 2],
  ['manual', 2],
  ['acceptEdits', 3],
  ['auto', 4],
  ['bypassPermissions', 5],
]);

function isNoMore(mode: string, own: string): boolean {
  return mode === own || (modeRanks.get(mode) ?? Infinity) <= (modeRanks.get(own) ?? -1);
}

function listNewTools(spec: TaskSpec, settings: Settings): readonly string[] {
  if (spec.allowedTools === undefined) return [];
  const checks = settings.verify.map((argv) => `Bash(${formatCommand(argv)})`);
  const allowed = [...settings.allowedTools, ...checks, ...settings.taskRights.allowedTools];
  return spec.allowedTools.filter((tool) => !allowed.includes(tool));
}

/** Checks that are added, as they would be typed, and those of the settings that are left out. */
function describeNewChecks(spec: TaskSpec, settings: Settings, sandbox: Sandbox | null): readonly string[] {
  const { verify: free } = settings.taskRights;
  if (spec.verify === undefined || free === 'any') return [];
  const wanted = spec.verify.map(formatCommand);
  const own = settings.verify.map(formatCommand);
  const allowed = [...own, ...free.map(formatCommand)];
  // A command confined as the agent is can do no more than the agent itself.
  const added = sandbox?.kind === 'on' ? [] : wanted.filter((command) => !allowed.includes(command));
  const dropped = own.filter((command) => !wanted.includes(command));
  // No command is typed so: a program's name with a bracket would stand in quotes.
  return [...added, ...dropped.map((command) => `(without ${command})`)];
}

function isOver(wanted: number | undefined, own: number | null, free: number | null): wanted is number {
  return wanted !== undefined && own !== null && wanted > Math.max(own, free ?? 0);
}

/** As it would be written in a task's file, such as `1h30m`. */
function formatDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts: readonly [number, string][] = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
  return parts.flatMap(([count, unit]) => (count === 0 ? [] : [`${String(count)}${unit}`])).join('');
}

/**
 * Characters without ink or like a plain space, and the bracket of the codes themselves, so that no text passes for a
 * code.
 */
const unseen = /(?! )[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Zs}\p{Default_Ignorable_Code_Point}\u2800⟨]/gu;

function reveal(text: string): string {
  return text.replace(
    unseen,
    (char) => `⟨U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  );
}
