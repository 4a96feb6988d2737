/**
 * Decides which values of a file are claims, for all files of a repository that hold any. A default value claims
 * nothing, nor do the keys that are listed here as harmless: an unlisted key needs trust, so that one that is added
 * later does as well.
 *
 * A list is judged by its items and a map by its entries. Whoever adds a line below one that came with a clone has not
 * said yes to that one, and whoever said yes to a list is asked for its new item alone.
 */
import type { AgentKind } from '../domain/agent-kind.ts';
import { canonicalJson, isRecord, type Claim } from '../domain/claim.ts';
import { defaultSettings, type Settings } from '../domain/settings.ts';

/** The settings file, as claims name it. */
export const settingsSource = '.orchestrator/config.yaml';
/** Claude Code's settings of a repository, as claims name them. */
export const projectSettingsSource = '.claude/settings.json';
/** A repository's MCP servers, as claims name them. */
export const mcpSource = '.mcp.json';

/** The parts of a file's values that are judged each for itself; keys are dotted. */
interface Rules {
  /** These give no right and run nothing. */
  readonly harmless: ReadonlySet<string>;
  /** Lists and maps that mean something only as a whole, such as a command with its arguments. */
  readonly whole: ReadonlySet<string>;
}

const settingsRules: Rules = {
  harmless: new Set([
    'max_parallel',
    'retries',
    'timeout_ms',
    'stall_after_ms',
    'answer_wait_ms',
    'base',
    'conflicts',
    'branch_prefix',
    'fallback_model',
    'worktrees.reuse',
    'watch',
    'budget_usd',
    'daily_budget_usd',
    'max_subtasks',
    'max_depth',
  ]),
  whole: new Set(['agent', 'notify', 'open_with']),
};

/** Keys of Claude Code's settings that choose among what the user has, change how it looks, or take rights away. */
const projectSettingsRules: Rules = {
  harmless: new Set([
    '$schema',
    'model',
    'effortLevel',
    'alwaysThinkingEnabled',
    'outputStyle',
    'language',
    'attribution',
    'includeCoAuthoredBy',
    'cleanupPeriodDays',
    'respectGitignore',
    'companyAnnouncements',
    'spinnerTipsEnabled',
    'showTurnDuration',
    'prefersReducedMotion',
    'terminalProgressBarEnabled',
    'disabledMcpjsonServers',
    'permissions.deny',
    'permissions.ask',
    'permissions.disableBypassPermissionsMode',
  ]),
  whole: new Set(),
};

const noRules: Rules = { harmless: new Set(), whole: new Set() };

/** The claims of settings, whichever file their values are from. */
export function claimsOfSettings(settings: Settings): readonly Claim[] {
  return listClaims(settingsSource, arrange(settings), arrange(defaultSettings), settingsRules);
}

/**
 * The claims of a role: the tools that it may use without being asked (see `prompt/permissions`), and the kind of agent
 * that it chooses. Its instructions ask for work, a bare name of a tool gives no right, and any task may choose its own
 * model.
 */
export function claimsOfRole(
  name: string,
  allowedTools: readonly string[],
  runner: AgentKind | null,
): readonly Claim[] {
  // Where a file system does not tell case apart, one file answers to several names.
  const source = `role ${name.toLowerCase()}`;
  const tools = allowedTools.map((value) => ({ source, key: 'tools', value }));
  return runner === null ? tools : [...tools, { source, key: 'runner', value: runner }];
}

/** The claims of a JSON file of Claude Code; null where it is no JSON. */
export function claimsOfProjectFile(
  source: typeof projectSettingsSource | typeof mcpSource,
  text: string,
): readonly Claim[] | null {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(values)) return null;
  return listClaims(source, values, {}, source === mcpSource ? noRules : projectSettingsRules);
}

/** The settings in the words of their file. The program with its arguments is one thing; each variable is another. */
function arrange({ agent: { env, ...program }, ...rest }: Settings): Readonly<Record<string, unknown>> {
  return { ...inWordsOfFile(rest), agent: program, 'agent.env': env };
}

function inWordsOfFile(values: object): Readonly<Record<string, unknown>> {
  const entries: readonly (readonly [string, unknown])[] = Object.entries(values);
  return Object.fromEntries(
    entries.map(([key, value]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      isRecord(value) ? inWordsOfFile(value) : value,
    ]),
  );
}

function listClaims(
  source: string,
  values: Readonly<Record<string, unknown>>,
  defaults: Readonly<Record<string, unknown>>,
  rules: Rules,
): readonly Claim[] {
  return Object.entries(values).flatMap(([key, value]) => claimsAt(key, value, defaults[key], true));

  function claimsAt(key: string, value: unknown, standard: unknown, isOutermost: boolean): readonly Claim[] {
    if (rules.harmless.has(key) || canonicalJson(value) === canonicalJson(standard)) return [];
    if (!rules.whole.has(key) && Array.isArray(value)) {
      const known: readonly unknown[] = Array.isArray(standard) ? standard : [];
      const removed = without(known, value).map((item) => ({ without: item }));
      return [...without(value, known), ...removed].map((item) => ({ source, key, value: item }));
    }
    if (!rules.whole.has(key) && isOutermost && isRecord(value)) {
      const inner = isRecord(standard) ? standard : {};
      return Object.entries(value).flatMap(([name, each]) => claimsAt(`${key}.${name}`, each, inner[name], false));
    }
    return [{ source, key, value }];
  }
}

function without(items: readonly unknown[], known: readonly unknown[]): readonly unknown[] {
  const texts = new Set(known.map(canonicalJson));
  return items.filter((item) => !texts.has(canonicalJson(item)));
}
