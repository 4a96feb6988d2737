/**
 * The keys of a task's frontmatter in other tools' words. Case and separators never count: `dependsOn`, `Depends on` and
 * `depends-on` are one word. A word that says the same as a key of ours is read as that key. What is about the order of
 * tasks is never passed over: a slip of the pen and a word for the opposite order are errors.
 */
import { distance } from 'fastest-levenshtein';
import { findNear } from './fields.ts';
import { clip, quote } from './plain-text.ts';
import type { Problem, Reporter } from './reporter.ts';
import type { YamlEntry, YamlMap, YamlNode } from './yaml.ts';

/** The keys of a task file, but for dependencies. */
export const taskKeys = [
  ...['id', 'title', 'agent', 'priority', 'base', 'runner', 'model', 'effort', 'max_turns', 'budget_usd', 'timeout'],
  ...['retries', 'verify', 'permission_mode', 'allowed_tools', 'context', 'touches', 'parent', 'imported', 'plan'],
  ...['auto_accept', 'review'],
];

/** Words that mean nothing but the key. */
const synonyms: Readonly<Record<string, string>> = {
  ...{ taskid: 'id', name: 'title', tasktitle: 'title', role: 'agent', prio: 'priority', urgency: 'priority' },
  ...{ importance: 'priority', basebranch: 'base', maxbudgetusd: 'budget_usd' },
};

/** Words that may mean the key, or something else: the key is only named. */
const hints: Readonly<Record<string, string>> = {
  ...{ assignee: 'agent', assignedto: 'agent', owner: 'agent', persona: 'agent', assignees: 'agent', agents: 'agent' },
  ...{ severity: 'priority', files: 'touches', scope: 'touches', paths: 'touches', references: 'context' },
  ...{ test: 'verify', tests: 'verify', check: 'verify', checks: 'verify', tools: 'allowed_tools' },
  ...{ budget: 'budget_usd', timelimit: 'timeout', duration: 'timeout', attempts: 'retries', key: 'id', slug: 'id' },
  ...{ summary: 'title', subject: 'title', branch: 'base' },
};

const listed = (words: string) => new Set(words.split(' '));

/** Words for the tasks that must be done before this one. */
const before = listed(
  'dependson dependencies dependency depends dependencyids dependenton dependanton dependencieson dependsupon ' +
    'deps dep blockedby blockedon blockers blocker after runafter runsafter startafter startsafter comesafter ' +
    'requires require required needs need prerequisites prerequisite prereqs prereq prerequisitetasks requiredtasks ' +
    'waitfor waitsfor waiton waitson waitingfor waitingon waituntil waitsuntil predecessors predecessor precededby ' +
    'follows mustfollow upstream ' +
    'relieson buildson stackedon',
);

/** Words for the tasks that must be done after this one. */
const afterwards = listed(
  'blocks block blocking before runbefore runsbefore precedes unblocks enables dependents dependent dependentofthis ' +
    'requiredby requiredfor neededby neededfor dependencyof dependencyfor prerequisiteof prerequisitefor ' +
    'successors successor followedby downstream next nexttask then',
);

/** Words for a place in an order of which the board knows nothing. */
const places = listed('order sequence sequencenumber runorder executionorder taskorder');

/** Of these a slip of the pen is told; the other words are too short or too common. */
const oftenMeant = listed(
  'dependson dependencies dependency blockedby blockers requires prerequisites prereqs waitsfor predecessors ' +
    'after needs deps blocks precedes unblocks requiredby dependents',
);

/** What a word is that says where the task stands: its folder does. */
const states = listed('status state draft done completed blocked ready archived closed stage');

/** A map with our keys alone, and the entries that name dependencies. */
export interface TaskKeys {
  readonly map: YamlMap;
  readonly dependencies: readonly YamlEntry[];
}

/** A word without case and separators. */
export function foldKey(key: string): string {
  return key
    .slice(0, 64)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** Whether a word, folded, names dependencies, or the tasks that depend on this one. */
export function isAboutOrder(folded: string): boolean {
  return isBefore(folded) || isAfterwards(folded) || explainNearMiss(folded) !== null;
}

/** Whether a word, folded, names dependencies; also one such as `after_tasks` or `blockedByIds`. */
export function isBefore(folded: string): boolean {
  return before.has(folded) || before.has(withoutTasks(folded));
}

/** Whether a word, folded, names the tasks that depend on this one. */
export function isAfterwards(folded: string): boolean {
  return afterwards.has(folded) || afterwards.has(withoutTasks(folded));
}

function withoutTasks(folded: string): string {
  return folded.replace(/(?:tasks?)?(?:ids?)?$/, '');
}

/** Whether a word, folded, is seldom written but as a key of a task. */
export function isTaskKey(folded: string): boolean {
  return isAboutOrder(folded) || ['id', 'taskid', 'title', 'agent', 'priority'].includes(folded);
}

/** Reads each key as ours. Reports an error for what is about the order and can't be read, and warns of unknown keys. */
export function translateKeys(map: YamlMap, reporter: Reporter): TaskKeys {
  const known = new Map(taskKeys.map((key) => [foldKey(key), key]));
  const entries = new Map<string, YamlEntry>();
  const dependencies: YamlEntry[] = [];
  for (const entry of map.entries) {
    const folded = foldKey(entry.key);
    const key = known.get(folded) ?? (Object.hasOwn(synonyms, folded) ? synonyms[folded] : undefined);
    if (key !== undefined) {
      if (entries.has(key)) reporter.report(entry.keyOffset, describeTwice(entry.key, key));
      else entries.set(key, { ...entry, key });
    } else if (isBefore(folded)) dependencies.push(entry);
    else reporter.report(entry.keyOffset, explainUnread(entry, folded));
  }
  return { map: { ...map, entries: [...entries.values()] }, dependencies };
}

function describeTwice(written: string, key: string): Problem {
  return { message: `the key ${quote(written)} means \`${key}\`, which is here already`, expected: 'each key once' };
}

function explainUnread(entry: YamlEntry, folded: string): Problem {
  if (isAfterwards(folded)) return describeOpposite(entry);
  const told = quote(entry.key);
  if (places.has(folded)) {
    return {
      message: `${told} is not read, and this board knows no numbers of tasks`,
      expected: '`depends_on`, with the ids of the tasks that must be done before',
      hint: 'Take it out where any order is right; of tasks that are ready, `priority: high` goes first.',
    };
  }
  const miss = explainNearMiss(folded);
  if (miss !== null) return { message: `unknown key ${told}`, ...miss };
  const nested = findNestedOrder(entry.value);
  if (nested !== null) {
    return {
      message: `${quote(nested)} stands below ${told}, where it is not read`,
      expected: '`depends_on` at the beginning of its line',
    };
  }
  return { severity: 'warning', ...describeUnknown(entry.key, folded) };
}

function describeUnknown(key: string, folded: string): Problem {
  const message = `unknown key ${quote(key)}, passed over`;
  if (states.has(folded)) return { message: `${message}: a task's folder says where it stands` };
  const meant = Object.hasOwn(hints, folded) ? hints[folded] : findNear(folded, taskKeys, 2);
  return meant == null ? { message } : { message, expected: `\`${meant}\` if that is what it means` };
}

/** Ids that a message repeats. */
const maxNamed = 3;

/** A key for the tasks that wait for this one. */
export function describeOpposite({ key, value }: YamlEntry): Problem {
  const named = listWords(value).slice(0, maxNamed);
  const where = named.length === 0 ? 'those tasks' : named.map((word) => quote(word)).join(', ');
  return {
    message: `${quote(key)} names tasks that wait for this one, which is not read here`,
    expected: '`depends_on` in the files of those that wait',
    hint: `Take it out, and write this task's id under \`depends_on\` in the file of ${where}.`,
  };
}

function listWords(node: YamlNode): readonly string[] {
  if (node.kind === 'scalar') return node.value === null ? [] : [clip(node.source.trim(), 64)];
  return node.kind === 'list' ? node.items.flatMap(listWords) : node.entries.map(({ key }) => key);
}

/** What a word about the order was meant to be, where it is near one or holds one; null for others. */
function explainNearMiss(folded: string): Pick<Problem, 'expected' | 'hint'> | null {
  if (isBefore(folded) || isAfterwards(folded) || folded.includes('independen')) return null;
  const near = [...oftenMeant].find((word) => distance(folded, word) <= toleranceOf(word));
  const holds = /depend|prereq|blockedby/.test(folded);
  if (near === undefined && !holds) return null;
  const hint = near !== undefined && afterwards.has(near) ? describeTurn(near) : undefined;
  return {
    expected: '`depends_on`, with the ids of the tasks that must be done before',
    hint: hint ?? 'Take it out if it is not about the order of tasks.',
  };
}

function describeTurn(word: string): string {
  return `If it means \`${word}\`, write \`depends_on\` into the files of the tasks that wait for this one.`;
}

/** The most letters that a slip changes: of a short word, one is a word of its own already. */
function toleranceOf(word: string): number {
  return word.length < 7 ? 1 : 2;
}

function findNestedOrder(node: YamlNode): string | null {
  if (node.kind === 'scalar') return null;
  if (node.kind === 'list') return node.items.map(findNestedOrder).find((found) => found !== null) ?? null;
  for (const { key, value } of node.entries) {
    const folded = foldKey(key);
    if (isBefore(folded) || isAfterwards(folded)) return key;
    const deeper = findNestedOrder(value);
    if (deeper !== null) return deeper;
  }
  return null;
}
