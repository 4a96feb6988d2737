/**
 * Reads dependencies as people name them: by id, by the task's file or branch, by a link to it, by its title. What is no
 * plain id is kept with its words, since the board alone knows titles.
 *
 *   a   a.md   ./a   inbox/a.md   task/a   @a   #a   [[a]]   [[a|first]]   [first](a.md)   "The first"
 *   a, b   a b   [a, b]   {a: , b: }   [{id: a}, {task: b}]
 */
import { limits } from '../domain/limits.ts';
import { idsOfName, keyOf, parseTaskId, type DependencyName, type TaskId, type TaskKey } from '../domain/task.ts';
import { refuseWith, type Field } from './fields.ts';
import { quote, toOneLine } from './plain-text.ts';
import type { Problem, Reporter } from './reporter.ts';
import { makeTaskId } from '../domain/slug.ts';
import { describeOpposite, foldKey, isAfterwards, isBefore } from './task-keys.ts';
import type { YamlEntry, YamlMap, YamlNode, YamlScalar } from './yaml.ts';

/** The dependencies of a file, as ids; with their words where one is named otherwise. */
export interface ReadDependencies {
  readonly dependsOn: readonly TaskId[];
  readonly dependencyNames?: readonly DependencyName[];
}

interface Named extends DependencyName {
  readonly offset: number;
}

const expected = "a task's id";

/** Each dependency once, in the order written; the task itself, by id or title, is refused. */
export function readDependencies(
  entries: readonly YamlEntry[],
  own: { readonly id: TaskId; readonly title: string },
  reporter: Reporter,
): ReadDependencies {
  const named = entries.flatMap(({ key, value }) => readNode({ name: key, node: value, reporter }));
  const names = new Map<TaskKey, DependencyName>();
  for (const { offset, ...name } of named) {
    if (isOwn(name, own)) reporter.report(offset, describeOwn(name, own));
    if (!names.has(keyOf(name.id))) names.set(keyOf(name.id), name);
    if (names.size > limits.maxDependencies) {
      const most = `at most ${String(limits.maxDependencies)}`;
      reporter.report(offset, { message: 'the task names too many dependencies', expected: most });
      break;
    }
  }
  const ids = new Map<TaskKey, TaskId>();
  for (const id of [...names.values()].flatMap(idsOfName)) if (!ids.has(keyOf(id))) ids.set(keyOf(id), id);
  const dependsOn = [...ids.values()];
  return [...names.values()].every(isPlain) ? { dependsOn } : { dependsOn, dependencyNames: [...names.values()] };
}

function isPlain({ words, id, parts }: DependencyName): boolean {
  return words === id && parts.length === 0;
}

/** By id; and by title, where what is written is no id. */
function isOwn(name: DependencyName, own: { readonly id: TaskId; readonly title: string }): boolean {
  if (idsOfName(name).some((id) => keyOf(id) === keyOf(own.id)) || keyOf(name.id) === keyOf(own.id)) return true;
  return !isPlain(name) && name.words.toLowerCase() === own.title.toLowerCase();
}

function describeOwn(name: DependencyName, own: { readonly id: TaskId }): Problem {
  const message = `the task depends on itself (${quote(name.words)})`;
  const isById = [name.id, ...name.parts].some((id) => keyOf(id) === keyOf(own.id));
  return {
    message,
    expected: "another task's id",
    ...(!isById && { hint: 'That is its own title; if another task has it too, write the id of that one.' }),
  };
}

/** Words for no dependency at all. */
const nothing = /^(?:none|nothing|nil|null|n\/a|no|false|-|\[\])$/i;

function readNode(field: Field): readonly Named[] {
  const { node } = field;
  switch (node.kind) {
    case 'scalar':
      if (hidesMore(node)) return refuseAll(field, hiddenByComment(node));
      return isNothing(node) ? [] : readText(field, node, true);
    case 'list':
      if (node.items.length === 1 && node.items.every(isNothing)) return [];
      return node.items.flatMap((item) => readItem({ ...field, name: `an item of ${field.name}`, node: item }));
    case 'map':
      return readMap(field, node);
  }
}

function readItem(field: Field): readonly Named[] {
  const { node } = field;
  if (node.kind !== 'scalar') return readNode(field);
  if (hidesMore(node)) return refuseAll(field, hiddenByComment(node));
  return node.value === null ? refuseAll(field, notPlain(field, '')) : readText(field, node, false);
}

function isNothing(node: YamlNode): boolean {
  if (node.kind !== 'scalar' || hidesMore(node)) return false;
  return node.value === null || node.source === '' || nothing.test(node.source.trim());
}

/** YAML takes `#a` for a comment, so that nothing of it is left. */
function hidesMore({ comment }: YamlScalar): boolean {
  return comment !== null && /^[^\s#!-]/.test(comment);
}

function hiddenByComment({ comment }: YamlScalar): Problem {
  const told = quote(`#${comment ?? ''}`);
  return {
    message: `YAML takes ${told} for a comment, so that no dependency is left of it`,
    expected,
    hint: `Write ${quote(comment ?? '')} without the \`#\`; for a comment, put a space behind the \`#\`.`,
  };
}

/** Keys under which other tools put the name of one dependency. */
const nameKeys = new Set(['id', 'task', 'taskid', 'name', 'title', 'ref', 'file', 'path', 'tasks', 'ids', 'on']);

/** A map names its keys, or, where it describes a dependency, what stands under the key for its name. */
function readMap(field: Field, map: YamlMap): readonly Named[] {
  const filled = map.entries.filter(({ value }) => !isEmpty(value));
  const opposite = filled.find(({ key }) => isAfterwards(foldKey(key)));
  if (opposite !== undefined) return refuseAll(field, describeOpposite(opposite));
  const describing = filled.filter(({ key }) => nameKeys.has(foldKey(key)) || isBefore(foldKey(key)));
  if (describing.length > 0) {
    return describing.slice(0, 1).flatMap(({ value }) => readNode({ ...field, node: value }));
  }
  return map.entries.flatMap(({ key, keyOffset, value }) => {
    const node: YamlScalar = { kind: 'scalar', value: key, source: key, comment: null, offset: keyOffset };
    const named = { ...field, node };
    if (value.kind === 'scalar' && value.value === false) {
      return refuseAll(named, { message: `${quote(key)} is \`false\` here`, expected: 'the dependencies alone' });
    }
    return readText(named, node, false);
  });
}

function isEmpty(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

function refuseAll(field: Field, problem: Problem): readonly Named[] {
  refuseWith(field, problem);
  return [];
}

const wikiLink = /!?\[\[([^[\]|#^]*)[^[\]]*\]\]/g;
const markdownLink = /\[([^\]]*)\]\(<?([^()<>]*)>?(?:\s+"[^"]*")?\)/g;

/** A text: links, ids with commas between them, one id, or a title. A list's item with a comma is a title, unless all its parts are ids. */
function readText(field: Field, { source, offset }: YamlScalar, isWhole: boolean): readonly Named[] {
  const links = [
    ...[...source.matchAll(wikiLink)].map(([, target = '']) => target),
    ...[...source.matchAll(markdownLink)].map(([, , target = '']) => decode(target)),
  ];
  if (links.length > 0) {
    const rest = source
      .replace(wikiLink, ' ')
      .replace(markdownLink, ' ')
      .replace(/(?<!\S)(?:and|then)(?!\S)/gi, '');
    if (/[^\s,;&-]/.test(rest)) return refuseAll(field, notPlain(field, source));
    return links.flatMap((target) => readOne(field, target, offset));
  }
  const chunks = source
    .split(/[,;\n]/)
    .map((chunk) => chunk.trim())
    .filter((chunk) => chunk !== '');
  const isList = isWhole || chunks.every((chunk) => !/\s/.test(chunk));
  if (chunks.length === 0) return refuseAll(field, notPlain(field, source));
  return (isList ? chunks : [toOneLine(source)]).flatMap((chunk) => readOne(field, chunk, offset));
}

function decode(target: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    return target;
  }
}

function notPlain({ name }: Field, source: string): Problem {
  return { message: `${name} is ${source === '' ? 'empty' : quote(source)}`, expected };
}

/** Words between ids. Where the text is a title, it is one with them. */
const joining = /^(?:and|&|\+|then|on|tasks?|[-=]*>|→)$/i;

function readOne(field: Field, text: string, offset: number): readonly Named[] {
  const words = unwrap(text.replace(/\|.*$/, ''));
  const stem = words === '' ? null : findStem(words);
  if (stem === null || !/[\p{L}\p{N}]/u.test(stem)) {
    const hint = describeId(words);
    return refuseAll(field, { ...notPlain(field, text), ...(hint !== undefined && { hint }) });
  }
  // What stands in parentheses may be a remark; where it is part of a title, that is found by all its words.
  const told = words.replaceAll(/(?:^|\s)\([^()]*\)(?=\s|$)/g, ' ').trim();
  const single = stem.includes(' ') ? told.split(/\s+/).filter((word) => !joining.test(word)) : [];
  const singles = single.map((word) => findStem(unwrap(word)));
  const ids = singles.flatMap((each) => (each === null ? [] : (parseTaskId(each) ?? [])));
  const parts = ids.length === singles.length ? ids : [];
  return [{ words: toOneLine(stem), id: parseTaskId(stem) ?? makeTaskId(stem), parts, offset }];
}

/** Without the quotes and marks around it: a mention, a number of an issue. */
function unwrap(text: string): string {
  return text
    .trim()
    .replace(/^(["'`“”‘’])(.*)["'`“”‘’]$/u, '$2')
    .trim()
    .replace(/^[@#](?=\S)/, '')
    .trim();
}

/** Where a task's file, or its branch, is looked for, and what may stand above that. */
const folders = new Set('. inbox queued active attention done archive task tasks heads'.split(' '));
const above = new Set('.. .orchestrator refs remotes origin'.split(' '));

/** The name of the task's file without its ending; null where the text leads to something else, such as a web page. */
function findStem(words: string): string | null {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(words)) return null;
  const segments = words.split(/[\\/]/);
  const last = (segments.at(-1) ?? '').replace(/#.*$/, '');
  const isFile = /\.(?:md|markdown)$/i.test(last);
  const path = segments.slice(0, -1).map((segment) => segment.toLowerCase());
  const isBoards =
    path.every((segment) => folders.has(segment) || above.has(segment)) && folders.has(path.at(-1) ?? '.');
  if (!isBoards && !(isFile && folders.has(path.at(-1) ?? '') && path.at(-2) === '.orchestrator')) return null;
  return last.replace(/\.(?:md|markdown)$/i, '').trim();
}

function describeId(words: string): string | undefined {
  const last = words.split(/[\\/#]/).findLast((part) => /[\p{L}\p{N}]/u.test(part));
  if (last === undefined) return undefined;
  return `If it is the task \`${makeTaskId(last.replace(/\.(?:md|markdown)$/i, ''))}\`, write that.`;
}
