/** Readers of single values, shared by task files and settings. */
import { agentKinds } from '../domain/agent-kind.ts';
import { highestEffort } from '../domain/role.ts';
import { priorities } from '../domain/task.ts';
import type { Argv, Priority } from '../domain/task.ts';
import { parseArgv } from './argv.ts';
import { findNear, findNearest, refuse, refuseWith } from './fields.ts';
import type { Field, Read } from './fields.ts';
import { findControlCharacter } from './plain-text.ts';

/** The longest value of one line, in characters. */
const maxLineChars = 1000;
/** Timers can't wait longer than 24 days. */
const maxDurationMs = 7 * 24 * 60 * 60_000;
/** The longest that anything is kept: ten years. */
const maxLongDurationMs = 3_650 * 24 * 60 * 60_000;

/** Text; a number or a truth value counts as it is written, so that `010` stays `010`. */
export const readText: Read<string> = (field) =>
  field.node.kind === 'scalar' && field.node.value !== null ? field.node.source : refuse(field, 'text');

/** Text of one line that is not empty. */
export const readLine: Read<string> = (field) => {
  const text = readText(field);
  if (text === null) return null;
  const isLine = !/[\r\n]/.test(text) && findControlCharacter(text) === undefined && text.length <= maxLineChars;
  return text.trim() !== '' && isLine ? text : refuse(field, `one line of text, at most ${maxLineChars} characters`);
};

/** A line that may become an argument of a program: it does not begin with `-`, and so can't pass for an option. */
export const readArgument: Read<string> = (field) => {
  const text = readLine(field);
  return text?.startsWith('-') === true ? refuse(field, 'a value that does not begin with `-`') : text;
};

/** Short names of models that Claude Code knows. */
const modelAliases = ['default', 'best', 'fable', 'opus', 'opusplan', 'sonnet', 'haiku', 'inherit'];

/** A model. Services and gateways have names of their own, so that only a slip in a short name of Claude Code's is told. */
export const readModel: Read<string> = (field) => {
  const text = readArgument(field);
  if (text === null || !/^[a-z]+$/i.test(text) || modelAliases.includes(text)) return text;
  const meant = findNear(text, modelAliases);
  return meant === null ? text : refuse(field, `a model (the nearest is \`${meant}\`)`);
};

/** A level of effort. Without `known` levels any word may be one: the agent's program passes over those that it lacks. */
export const readEffort =
  (known: readonly string[] | null): Read<string> =>
  (field) => {
    if (known !== null) return readWord([...known, highestEffort])(field);
    const text = readArgument(field);
    return text === null || /^[a-z]+$/.test(text) ? text : refuse(field, `a word such as high, or ${highestEffort}`);
  };

/** A whole number from `min` to `max`. */
export function readInteger(min: number, max: number): Read<number> {
  return (field) => {
    const value = field.node.kind === 'scalar' ? field.node.value : null;
    const isRight = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
    return isRight ? value : refuse(field, `a whole number from ${String(min)} to ${String(max)}`);
  };
}

/** An amount of US dollars over 0. */
export const readDollars: Read<number> = (field) => {
  const value = field.node.kind === 'scalar' ? field.node.value : null;
  const isRight = typeof value === 'number' && Number.isFinite(value) && value > 0;
  return isRight ? value : refuse(field, 'an amount of US dollars over 0, such as 2.50');
};

/** `true` or `false`. */
export const readBoolean: Read<boolean> = (field) => {
  const value = field.node.kind === 'scalar' ? field.node.value : null;
  return typeof value === 'boolean' ? value : refuse(field, '`true` or `false`');
};

/** One of the words given. */
export function readWord<Word extends string>(words: readonly Word[]): Read<Word> {
  return (field) => {
    const text = field.node.kind === 'scalar' ? field.node.source : undefined;
    const nearest = text === undefined ? '' : ` (the nearest is \`${findNearest(text.toLowerCase(), words)}\`)`;
    return words.find((word) => word === text) ?? refuse(field, `one of ${words.join(', ')}${nearest}`);
  };
}

/** A kind of agent. */
export const readAgentKind = readWord(agentKinds);

/** A task's priority, in the words of other tools, too. */
export const readPriority: Read<Priority> = (field) => {
  const priority = field.node.kind === 'scalar' ? parsePriority(field.node.source) : null;
  return priority ?? refuse(field, `one of ${priorities.join(', ')}`);
};

/** Words for the priorities whose meaning is plain. Numbers count from the most urgent one, as in most tools. */
const priorityWords: Readonly<Record<Priority, string>> = {
  high: 'urgent critical highest higher veryhigh major important blocker asap immediate immediately top must p0 p1 0 1',
  normal: 'medium med mid middle moderate default standard regular average should none p2 2',
  low: 'lowest lower verylow minor trivial optional someday later backlog could nicetohave p3 p4 p5 3 4 5',
};

/** The priority that a word means, whatever its case; null where that is not plain. */
export function parsePriority(text: string): Priority | null {
  const word = text.toLowerCase().replace(/priority|(?<=[a-z0-9])[^a-z0-9]+/g, '');
  return priorities.find((priority) => priority === word || priorityWords[priority].split(' ').includes(word)) ?? null;
}

/** A duration such as `90s`, `30m`, `1h30m`, in milliseconds; over 0 and at most a week. */
export const readDurationMs: Read<number> = (field) =>
  readBounded(field, maxDurationMs, 'a duration such as 90s, 30m, 2h or 1h30m, at most 168h');

/** A duration such as `36h` or `14d`, in milliseconds; over 0 and at most ten years. */
export const readLongDurationMs: Read<number> = (field) =>
  readBounded(field, maxLongDurationMs, 'a duration such as 90s, 36h or 14d, at most 3650d');

function readBounded(field: Field, maxMs: number, expected: string): number | null {
  if (field.node.kind !== 'scalar') return refuse(field, expected);
  const { source } = field.node;
  if (typeof field.node.value === 'number' && /^\d+$/.test(source)) {
    return refuse(field, expected, `Write \`${source}m\` for minutes or \`${source}s\` for seconds.`);
  }
  const match = /^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/.exec(source);
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = [1, 2, 3, 4].map((group) => Number(match?.[group] ?? 0));
  const ms = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  return ms > 0 && ms <= maxMs ? ms : refuse(field, expected);
}

/** A list; each item is read by `readItem`. A single value is a list of one. Null if any item is wrong. */
export function readList<Item>(readItem: Read<Item>): Read<readonly Item[]> {
  return (field) => {
    if (field.node.kind === 'map') return refuse(field, 'a list', 'Write it as `[a, b]` or as lines `- a`.');
    const items =
      field.node.kind === 'list'
        ? field.node.items.map((node) => readItem({ ...field, name: `an item of ${field.name}`, node }))
        : [readItem(field)];
    const right = items.filter((item) => item !== null);
    return right.length === items.length ? right : null;
  };
}

/** A command that is run without a shell. */
export const readCommand: Read<Argv> = (field) => {
  const text = readText(field);
  if (text === null) return null;
  const argv = parseArgv(text);
  if (argv.ok) return argv.value;
  const [problem, ...advice] = argv.failure.split('; ');
  return refuseWith(field, {
    message: `the command in ${field.name} ${problem ?? ''}`,
    expected: 'a program and its arguments',
    ...(advice.length > 0 && { hint: `${upperFirst(advice.join('; '))}.` }),
  });
};

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Names of tools: a list, or one text with commas between them; commas within brackets belong to the name. */
export const readTools: Read<readonly string[]> = (field) => {
  if (field.node.kind !== 'scalar') return readList(readArgument)(field);
  const text = readArgument(field);
  return text === null ? null : splitTools(text);
};

/** The names of tools in one text; commas within brackets part nothing. */
export function splitTools(text: string): readonly string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((tool) => tool.trim())
    .filter((tool) => tool !== '');
}

/** A path or glob within the repository: relative, and not climbing out of it. */
export const readRepositoryPath: Read<string> = (field: Field) => {
  const path = readLine(field);
  if (path === null) return null;
  const climbs = path.split(/[\\/]/).includes('..');
  const isAbsolute = /^(?:[\\/~]|[A-Za-z]:)/.test(path);
  if (climbs || isAbsolute) return refuse(field, 'a path relative to the repository, without `..`');
  return path;
};

/** A role's name. */
export const readRoleName: Read<string> = (field) => {
  const text = readText(field);
  if (text === null || /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) return text;
  return refuse(field, "a role's name: letters, digits, `.`, `_`, `-`, at most 64", 'Write, for example, `developer`.');
};

/** A role's name; the word `none`, or false, is no role. */
export const readNameOrNone: Read<{ readonly name: string | null }> = (field) => {
  if (field.node.kind === 'scalar' && /^(none|false|no|off)$/i.test(field.node.source)) return { name: null };
  const name = readRoleName(field);
  return name === null ? null : { name };
};
