/** Parses a task file's text into the task, or into all of its errors; and writes tasks for commands. */
import type { Parsed } from '../domain/diagnostic.ts';
import { findHiddenCharacters, nameCharacter } from '../domain/hidden-characters.ts';
import { limits } from '../domain/limits.ts';
import { parseTaskId, plannerRole } from '../domain/task.ts';
import type { TaskId, TaskSpec } from '../domain/task.ts';
import { endAtWord } from '../domain/visible-text.ts';
import { readDependencies } from './dependency-names.ts';
import { openFields, refuse } from './fields.ts';
import type { Fields, Read } from './fields.ts';
import { cutFrontmatter, stripByteOrderMark } from './frontmatter.ts';
import type { Frontmatter } from './frontmatter.ts';
import { findForeignFrontmatter, findOrderLines } from './foreign-frontmatter.ts';
import { findFirstHeading } from './heading.ts';
import { reportHiddenLines } from './hidden-lines.ts';
import { clip, quote, toOneLine } from './plain-text.ts';
import {
  readAgentKind,
  readBoolean,
  readArgument,
  readCommand,
  readDollars,
  readDurationMs,
  readEffort,
  readInteger,
  readLine,
  readList,
  readModel,
  readNameOrNone,
  readPriority,
  readRepositoryPath,
  readRoleName,
  readText,
  readTools,
} from './readers.ts';
import { createReporter, reportControlCharacter } from './reporter.ts';
import type { Reporter } from './reporter.ts';
import { idOfName, listLostLetters, makeTaskId, markdownEnding } from '../domain/slug.ts';
import { stripStory } from './story.ts';
import { translateKeys } from './task-keys.ts';
import { parseYamlMap } from './yaml.ts';
import type { YamlEntry } from './yaml.ts';

/** The role of a task that names none. */
const defaultAgent = 'developer';
const maxTurns = 10_000;
const maxRetries = 10;
/** Letters that an id can't hold and that a message names. */
const maxLostNamed = 10;

/** Which file a text is from. */
export interface TaskSource {
  /** The file as diagnostics name it, such as `.orchestrator/inbox/Add auth.md`. */
  readonly file: string;
  /** Its name in its folder, such as `Add auth.md`: the default id is made of it. */
  readonly fileName: string;
}

/**
 * Reads a task file. The value is undefined exactly if there is an error among the diagnostics; unknown keys are
 * warnings. Never throws, whatever the text.
 */
export function parseTaskFile(text: string, source: TaskSource): Parsed<TaskSpec> {
  const clean = stripByteOrderMark(text);
  const reporter = createReporter(source.file, clean);
  if (reportControlCharacter(clean, reporter)) return reporter.finish<TaskSpec>(undefined);
  const cut = cutFrontmatter(clean);
  if (cut.kind === 'broken') {
    reporter.report(cut.offset, cut.problem);
    return reporter.finish<TaskSpec>(undefined);
  }
  const map =
    cut.kind === 'none'
      ? { kind: 'map' as const, entries: [], offset: 0 }
      : parseYamlMap(clean.slice(cut.start, cut.end), cut.start, reporter);
  if (map === undefined) return reporter.finish<TaskSpec>(undefined);
  reportHiddenLines(stripStory(clean), reporter);
  const body = stripStory(clean.slice(cut.bodyStart)).trimEnd();
  const foreign = findForeignFrontmatter(body, cut.kind === 'found');
  if (foreign !== null) reporter.report(cut.bodyStart + foreign.offset, foreign.problem);
  else reportOrderLines(body, cut, clean, reporter);
  const { map: known, dependencies } = translateKeys(map, reporter);
  return reporter.finish(
    readTask(openFields(known, reporter), dependencies, { body, fileName: source.fileName }, reporter),
  );
}

/** Warns of lines about the order in the text, but for those that name what the frontmatter names as well. */
function reportOrderLines(
  body: string,
  cut: Exclude<Frontmatter, { kind: 'broken' }>,
  clean: string,
  reporter: Reporter,
): void {
  const read = clean.slice(0, cut.bodyStart).toLowerCase();
  for (const { offset, text, names } of findOrderLines(body)) {
    if (names.every((name) => read.includes(name.toLowerCase()))) continue;
    reporter.report(cut.bodyStart + offset, {
      severity: 'warning',
      message: `${quote(text)} is text for the agent here, and the board waits for nothing because of it`,
      expected: '`depends_on` in the frontmatter if the task is to wait',
    });
  }
}

function readTask(
  fields: Fields,
  dependencies: readonly YamlEntry[],
  { body, fileName }: { readonly body: string; readonly fileName: string },
  reporter: Reporter,
): TaskSpec {
  const id = fields.read('id', readTaskId) ?? makeDefaultId(fileName, reporter);
  const writtenTitle = fields.read('title', readTitle);
  const heading = writtenTitle === undefined ? findFirstHeading(body) : undefined;
  const title = writtenTitle ?? (heading === undefined ? '' : boundTitle(heading));
  if (body.trim() === '' && writtenTitle === undefined) reporter.report(null, emptyTask);
  const agent = fields.read('agent', readRoleName);
  return {
    id,
    title: title === '' ? id : title,
    agent: agent ?? (fields.read('plan', readBoolean) === true ? plannerRole : defaultAgent),
    ...readDependencies(dependencies, { id, title }, reporter),
    priority: fields.read('priority', readPriority) ?? 'normal',
    body,
    context: fields.read('context', readList(readRepositoryPath)) ?? [],
    touches: fields.read('touches', readList(readRepositoryPath)) ?? [],
    ...readOverrides(fields),
  };
}

type Overrides = Omit<
  TaskSpec,
  'id' | 'title' | 'agent' | 'dependsOn' | 'dependencyNames' | 'priority' | 'body' | 'context' | 'touches'
>;

/** Values from the board's settings where the task leaves them out. */
function readOverrides(fields: Fields): Overrides {
  const base = fields.read('base', readArgument);
  const runner = fields.read('runner', readAgentKind);
  const model = fields.read('model', readModel);
  const effort = fields.read('effort', readEffort(null));
  const turns = fields.read('max_turns', readInteger(1, maxTurns));
  const budgetUsd = fields.read('budget_usd', readDollars);
  const timeoutMs = fields.read('timeout', readDurationMs);
  const retries = fields.read('retries', readInteger(0, maxRetries));
  const verify = fields.read('verify', readList(readCommand));
  const review = fields.read('review', readNameOrNone);
  const permissionMode = fields.read('permission_mode', readArgument);
  const allowedTools = fields.read('allowed_tools', readTools);
  const autoAccept = fields.read('auto_accept', readBoolean);
  const parent = fields.read('parent', readParent);
  const imported = fields.read('imported', readLine);
  return {
    ...(base !== undefined && { base }),
    ...(runner !== undefined && { runner }),
    ...(model !== undefined && { model }),
    ...(effort !== undefined && { effort }),
    ...(turns !== undefined && { maxTurns: turns }),
    ...(budgetUsd !== undefined && { budgetUsd }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(retries !== undefined && { retries }),
    ...(verify !== undefined && { verify }),
    ...(review !== undefined && { review: review.name }),
    ...(permissionMode !== undefined && { permissionMode }),
    ...(allowedTools !== undefined && { allowedTools }),
    ...(autoAccept !== undefined && { autoAccept }),
    ...(parent !== undefined && { parent }),
    ...(imported !== undefined && { imported }),
  };
}

const emptyTask = {
  message: 'the task is empty',
  expected: 'text that says what to do, or at least a title',
  hint: 'Write what the agent should do below the frontmatter, in plain markdown.',
};

const idRule =
  'an id: a letter or digit, then letters, digits, `.`, `_`, `-`, at most 64 in all, no `..`, not ending in `.` or `.lock`';

const readTaskId: Read<TaskId> = (field) => {
  const text = readText(field);
  if (text === null) return null;
  return parseTaskId(text) ?? refuse(field, idRule, `Write \`${makeTaskId(text)}\`.`);
};

function makeDefaultId(fileName: string, reporter: Reporter): TaskId {
  const id = idOfName(fileName);
  reportLostLetters(fileName.replace(markdownEnding, ''), id, reporter);
  return id;
}

/**
 * Warns where an id has only some of the letters of the file's name: a Cyrillic `а` looks like a Latin one. An id that was
 * made up because none of them could stay is taken for nothing else.
 */
function reportLostLetters(stem: string, id: TaskId, reporter: Reporter): void {
  if (!/[a-z0-9]/i.test(stem)) return;
  const hidden = new Set(findHiddenCharacters(stem).map(({ name }) => name));
  const named = [...listLostLetters(stem).map((letter) => `${letter} (${nameCharacter(letter)})`), ...hidden];
  if (named.length === 0) return;
  const shown = named.slice(0, maxLostNamed).join(', ');
  reporter.report(null, {
    severity: 'warning',
    message: `the task is called ${quote(id)}: an id can't hold ${shown}${named.length > maxLostNamed ? ', …' : ''}`,
    hint: 'To choose another, name the file by Latin letters, or write `id:` in its frontmatter.',
  });
}

const readTitle: Read<string> = (field) => {
  const text = readText(field);
  if (text === null) return null;
  const comment = field.node.kind === 'scalar' ? field.node.comment : null;
  if (comment !== null && /^\S/.test(comment)) {
    field.reporter.report(field.node.offset, {
      severity: 'warning',
      message: `YAML takes ${quote(`#${comment}`)} as a comment, so that the title ends before it`,
      hint: 'If it belongs to the title, put the title in quotes.',
    });
  }
  const title = boundTitle(text);
  return title === '' ? null : title;
};

function boundTitle(text: string): string {
  const line = toOneLine(text);
  return endAtWord(clip(line, limits.maxTitleChars), line);
}

const readParent: Read<TaskId> = (field) => {
  const text = readText(field);
  return text === null ? null : (parseTaskId(text) ?? refuse(field, "a task's id"));
};
