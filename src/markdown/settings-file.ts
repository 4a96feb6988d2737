/** Parses the text of a settings file into settings with every default filled in, or into all of its errors. */
import type { Parsed } from '../domain/diagnostic.ts';
import { limits } from '../domain/limits.ts';
import { defaultSettings } from '../domain/settings.ts';
import type { SandboxMode } from '../domain/sandbox.ts';
import type { ConflictsMode, LocalSettings, Settings, WatchMode } from '../domain/settings.ts';
import { openFields, refuse, refuseWith } from './fields.ts';
import type { Fields, Read } from './fields.ts';
import { stripByteOrderMark } from './frontmatter.ts';
import {
  readAgentKind,
  readArgument,
  readBoolean,
  readCommand,
  readDollars,
  readDurationMs,
  readInteger,
  readLine,
  readLongDurationMs,
  readList,
  readModel,
  readNameOrNone,
  readRepositoryPath,
  readText,
  readTools,
  readWord,
} from './readers.ts';
import { createReporter, reportControlCharacter } from './reporter.ts';
import { parseYamlMap } from './yaml.ts';

const maxParallelRuns = 64;
const maxRetries = 10;
const maxTaskDepth = 10;
const maxBranchPrefixChars = 64;
const sandboxModes = ['auto', 'on', 'off'] as const satisfies readonly SandboxMode[];
const conflictsModes = ['agent', 'ask'] as const satisfies readonly ConflictsMode[];
const watchModes = ['auto', 'polling'] as const satisfies readonly WatchMode[];

/**
 * Reads settings; `file` is what diagnostics name. The value is undefined exactly if there is an error, and an unknown
 * key is one: a misspelt setting must not pass for a default. Never throws, whatever the text.
 */
export function parseSettings(text: string, file: string): Parsed<Settings> {
  return parseKeys(text, file, readSettings);
}

/** Reads what need not be in the repository, in the same way. */
export function parseLocalSettings(text: string, file: string): Parsed<LocalSettings> {
  return parseKeys(text, file, (fields) => ({
    agent: { env: fields.section('agent').read('env', readEnvironment) ?? null },
    notify: fields.read('notify', readCommand) ?? null,
    openWith: fields.read('open_with', readCommand) ?? null,
  }));
}

function parseKeys<Value>(text: string, file: string, read: (fields: Fields) => Value): Parsed<Value> {
  const clean = stripByteOrderMark(text);
  const reporter = createReporter(file, clean);
  const bytes = Buffer.byteLength(clean);
  if (bytes > limits.maxSettingsFileBytes) {
    reporter.report(null, {
      message: `the file has ${String(bytes)} bytes`,
      expected: `at most ${String(limits.maxSettingsFileBytes)}`,
    });
    return reporter.finish<Value>(undefined);
  }
  if (reportControlCharacter(clean, reporter)) return reporter.finish<Value>(undefined);
  const map = parseYamlMap(clean, 0, reporter);
  if (map === undefined) return reporter.finish<Value>(undefined);
  const fields = openFields(map, reporter);
  const value = read(fields);
  fields.reportUnknown('error');
  return reporter.finish(value);
}

function readSettings(fields: Fields): Settings {
  const defaults = defaultSettings;
  return {
    maxParallel: fields.read('max_parallel', readInteger(1, maxParallelRuns)) ?? defaults.maxParallel,
    conflicts: fields.read('conflicts', readWord(conflictsModes)) ?? defaults.conflicts,
    review: (fields.read('review', readNameOrNone) ?? { name: defaults.review }).name,
    reviewRounds: fields.read('review_rounds', readInteger(0, maxRetries)) ?? defaults.reviewRounds,
    retries: fields.read('retries', readInteger(0, maxRetries)) ?? defaults.retries,
    timeoutMs: fields.read('timeout', readDurationMs) ?? defaults.timeoutMs,
    stallAfterMs: fields.read('stall_after', readDurationMs) ?? defaults.stallAfterMs,
    answerWaitMs: fields.read('answer_wait', readDurationMs) ?? defaults.answerWaitMs,
    base: fields.read('base', readArgument) ?? defaults.base,
    branchPrefix: fields.read('branch_prefix', readBranchPrefix) ?? defaults.branchPrefix,
    agent: readAgent(fields.section('agent')),
    sandbox: fields.read('sandbox', readSandbox) ?? defaults.sandbox,
    commands: { env: fields.section('commands').read('env', readList(readVariableName)) ?? defaults.commands.env },
    fallbackModel: fields.read('fallback_model', readModel) ?? defaults.fallbackModel,
    permissionMode: fields.read('permission_mode', readArgument) ?? defaults.permissionMode,
    allowedTools: [...new Set([...defaults.allowedTools, ...(fields.read('allowed_tools', readTools) ?? [])])],
    taskRights: readTaskRights(fields.section('task_rights')),
    verify: fields.read('verify', readList(readCommand)) ?? defaults.verify,
    setup: fields.read('setup', readList(readCommand)) ?? defaults.setup,
    copy: fields.read('copy', readList(readRepositoryPath)) ?? defaults.copy,
    worktrees: readWorktrees(fields.section('worktrees')),
    watch: fields.read('watch', readWord(watchModes)) ?? defaults.watch,
    keepMs: fields.read('keep', readLongDurationMs) ?? defaults.keepMs,
    budgetUsd: fields.read('budget_usd', readDollars) ?? defaults.budgetUsd,
    dailyBudgetUsd: fields.read('daily_budget_usd', readDollars) ?? defaults.dailyBudgetUsd,
    autoAccept: fields.read('auto_accept', readBoolean) ?? defaults.autoAccept,
    maxSubtasks: fields.read('max_subtasks', readInteger(1, limits.maxSubtasks)) ?? defaults.maxSubtasks,
    maxDepth: fields.read('max_depth', readInteger(1, maxTaskDepth)) ?? defaults.maxDepth,
    notify: fields.read('notify', readCommand) ?? defaults.notify,
    openWith: fields.read('open_with', readCommand) ?? defaults.openWith,
  };
}

function readAgent(fields: Fields): Settings['agent'] {
  const defaults = defaultSettings.agent;
  return {
    kind: fields.read('kind', readAgentKind) ?? defaults.kind,
    command: fields.read('command', readArgument) ?? defaults.command,
    args: fields.read('args', readList(readLine)) ?? defaults.args,
    env: fields.read('env', readEnvironment) ?? defaults.env,
  };
}

/** A word alone is the mode. Paths are added to those that can't be read by default; one after a `!` is taken out. */
const readSandbox: Read<Settings['sandbox']> = (field) => {
  const defaults = defaultSettings.sandbox;
  if (field.node.kind !== 'map') {
    const mode = readWord(sandboxModes)(field);
    return mode === null ? null : { ...defaults, mode };
  }
  const keys = openFields(field.node, field.reporter, `${field.name}.`);
  const paths = keys.read('deny_read', readList(readHomePath)) ?? [];
  const allowed = paths.filter((path) => path.startsWith('!')).map((path) => path.slice(1));
  const denied = paths.filter((path) => !path.startsWith('!'));
  const sandbox = {
    mode: keys.read('mode', readWord(sandboxModes)) ?? defaults.mode,
    allowedDomains: keys.read('allowed_domains', readList(readDomain)) ?? defaults.allowedDomains,
    denyRead: [...new Set([...defaults.denyRead, ...denied])].filter((path) => !allowed.includes(path)),
  };
  keys.reportUnknown('error');
  return sandbox;
};

/** An absolute path, or one in the home folder; a pattern would be read differently by each system. */
const readHomePath: Read<string> = (field) => {
  const text = readLine(field);
  if (text === null || /^!?(?:~\/|\/)[^*?[]+$/.test(text)) return text?.replace(/\/$/, '') ?? null;
  return refuse(field, 'a path that begins with `/` or `~/`, without wildcards; after a `!` it can be read again');
};

const readDomain: Read<string> = (field) => {
  const text = readLine(field);
  if (text === null || /^(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::\d{1,5})?$/.test(text)) return text;
  return refuse(field, 'a domain without `https://` and path, such as `registry.npmjs.org` or `*.example.com`');
};

const readVariableName: Read<string> = (field) => {
  const text = readLine(field);
  return text === null || variableName.test(text) ? text : refuse(field, 'the name of an environment variable');
};

function readTaskRights(fields: Fields): Settings['taskRights'] {
  const defaults = defaultSettings.taskRights;
  return {
    permissionModes: fields.read('permission_modes', readList(readArgument)) ?? defaults.permissionModes,
    allowedTools: fields.read('allowed_tools', readTools) ?? defaults.allowedTools,
    verify: fields.read('verify', readFreeChecks) ?? defaults.verify,
    budgetUsd: fields.read('budget_usd', readDollars) ?? defaults.budgetUsd,
    timeoutMs: fields.read('timeout', readDurationMs) ?? defaults.timeoutMs,
    retries: fields.read('retries', readInteger(0, maxRetries)) ?? defaults.retries,
    base: fields.read('base', readList(readArgument)) ?? defaults.base,
    runner: fields.read('runner', readList(readAgentKind)) ?? defaults.runner,
  };
}

/** `true` for any command, `false` for none, or the commands. */
const readFreeChecks: Read<Settings['taskRights']['verify']> = (field) => {
  const value = field.node.kind === 'scalar' ? field.node.value : null;
  if (typeof value === 'boolean') return value ? 'any' : [];
  return readList(readCommand)(field);
};

function readWorktrees(fields: Fields): Settings['worktrees'] {
  const defaults = defaultSettings.worktrees;
  return {
    dir: fields.read('dir', readArgument) ?? defaults.dir,
    reuse: fields.read('reuse', readReuse) ?? defaults.reuse,
  };
}

/** A key of the format that no board honours yet: to take it silently would promise what does not happen. */
const readReuse: Read<boolean> = (field) => {
  const reuse = readBoolean(field);
  return reuse === true ? refuse(field, 'false; worktrees are not reused yet') : reuse;
};

/** Such as `task/`: what may begin a branch's name. */
const readBranchPrefix: Read<string> = (field) => {
  const text = readArgument(field);
  if (text === null) return null;
  const parts = text.replace(/\/$/, '').split('/');
  const isRight = parts.every((part) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(part) && !/\.\.|\.lock$|\.$/.test(part));
  if (isRight && text.length <= maxBranchPrefixChars) return text;
  return refuse(field, 'what may begin the name of a branch, such as `task/`');
};

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

const readEnvironment: Read<Readonly<Record<string, string>>> = (field) => {
  const example = 'names with values, such as `API_URL: http://localhost`';
  // The value may be a secret, so the message does not repeat it.
  if (field.node.kind !== 'map') return refuseWith(field, { message: `${field.name} has no keys`, expected: example });
  const variables = field.node.entries.map(({ key, keyOffset, value }) => {
    const variable = { ...field, name: `${field.name}.${key}`, node: value };
    if (!variableName.test(key)) {
      field.reporter.report(keyOffset, {
        message: `${JSON.stringify(key.slice(0, 64))} can't name an environment variable`,
        expected: 'letters, digits and `_`, no digit first',
      });
    }
    return [key, readText(variable) ?? ''] as const;
  });
  return Object.fromEntries(variables);
};
