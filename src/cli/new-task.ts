/**
 * Makes a task of what `add` is given: a file, standard input, or a sentence. A sentence and an input get an id of their
 * title, heading or first line, with a number where that is taken; a file keeps its own.
 */
import { realpath } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { buffer as readStream } from 'node:stream/consumers';
import { codeOf } from '../adapters/machine/errors.ts';
import { exists } from '../adapters/machine/file-presence.ts';
import { readTextFile } from '../adapters/files/reader.ts';
import { formatDiagnostic } from '../domain/diagnostic.ts';
import { limits } from '../domain/limits.ts';
import { fileNameOf, keyOf, maxTaskIdChars, type TaskId, type TaskSpec } from '../domain/task.ts';
import { makeTaskId } from '../domain/slug.ts';
import { parseTaskFile } from '../markdown/task-file.ts';
import { serializeTaskFile, type TaskFields } from '../markdown/task-writer.ts';
import { CliError, exitCodes } from './exit-code.ts';
import type { KnownIds } from './known-tasks.ts';

/** A task that is to be put into the inbox. */
export interface NewTask {
  readonly text: string;
  readonly spec: TaskSpec;
  /** Whether its file, or what is in it, says which id it has, so that it can't be given another. */
  readonly isNamed: boolean;
}

/** The text that a task is made of. */
interface Source {
  readonly text: string;
  /** As messages call it. */
  readonly shownAs: string;
  /** The file that it came from; null where it came from none. */
  readonly fileName: string | null;
}

/**
 * Makes the task, and prints what is wrong with it. `taken` are ids that one gets only where it says so itself. Throws
 * CliError where it is none yet.
 */
export async function makeTask(argument: string, fields: TaskFields, taken: KnownIds): Promise<NewTask> {
  const source = await readSource(argument);
  const text = serializeTaskFile(fields, source.text);
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.maxTaskFileBytes) {
    const tooLong = `${source.shownAs} would be a task file of ${bytes} bytes; expected at most ${limits.maxTaskFileBytes}`;
    throw new CliError(exitCodes.usage, tooLong, 'Nothing was added.');
  }
  const fileName = source.fileName ?? fileNameOf(chooseId(text, taken));
  const { value, diagnostics } = parseTaskFile(text, { file: source.shownAs, fileName });
  for (const diagnostic of diagnostics) {
    process.stderr.write(`${diagnostic.severity}: ${formatDiagnostic(diagnostic)}\n`);
  }
  if (value === undefined) throw new CliError(exitCodes.usage, `${source.shownAs} is no task yet; nothing was added`);
  const isNamed = source.fileName !== null || fileNameOf(value.id) !== fileName;
  return { text, spec: value, isNamed };
}

/** What a text is called that has no title and no words. */
const unnamed = 'task';

/** An id of a text that says none: of its title, heading or first line. */
function chooseId(text: string, taken: KnownIds): TaskId {
  const { value } = parseTaskFile(text, { file: '', fileName: fileNameOf(makeTaskId(unnamed)) });
  const title = value === undefined || value.title === unnamed ? undefined : value.title;
  const firstLine = value?.body.split('\n').find((line) => /[\p{L}\p{N}]/u.test(line));
  return numberId(makeTaskId(title ?? firstLine ?? unnamed), taken);
}

/** The id, with a number behind it where it is taken. */
export function numberId(id: TaskId, taken: KnownIds): TaskId {
  for (let number = 1; ; number++) {
    const ending = number === 1 ? '' : `-${String(number)}`;
    const candidate = makeTaskId(`${id.slice(0, maxTaskIdChars - ending.length)}${ending}`);
    if (!taken.has(keyOf(candidate))) return candidate;
  }
}

async function readSource(argument: string): Promise<Source> {
  if (argument === '-') return { text: await readStandardInput(), shownAs: 'standard input', fileName: null };
  if (isSentence(argument) && !(await exists(argument))) {
    return { text: writeSentence(argument), shownAs: 'the sentence', fileName: null };
  }
  return { text: await readInput(argument), shownAs: argument, fileName: nameInInbox(argument) };
}

/** Several words, and no path of a file. */
function isSentence(argument: string): boolean {
  return /\S\s+\S/.test(argument) && !argument.includes('/') && !/\.(?:md|markdown)$/i.test(argument.trim());
}

/** Its first line becomes the heading, unless it is one, or too long. */
function writeSentence(sentence: string): string {
  const text = sentence.trim();
  const isHeading = !text.startsWith('#') && (text.split('\n')[0] ?? '').length <= limits.maxTitleChars;
  return `${isHeading ? '# ' : ''}${text}\n`;
}

/** Named as markdown, so that its name is the id. */
function nameInInbox(file: string): string {
  const name = basename(file);
  return /\.(?:md|markdown)$/i.test(name) ? name : `${basename(file, extname(file))}.md`;
}

async function readInput(file: string): Promise<string> {
  try {
    // Follow a symlink named on the command line; links in the inbox are refused, since anybody may have put them
    // there.
    const read = await readTextFile(await realpath(file), file, limits.maxTaskFileBytes);
    if (read.ok) return read.value.text;
    const why =
      read.failure.kind === 'refused'
        ? read.failure.diagnostics.map(formatDiagnostic).join('\n')
        : `${file} is being written`;
    throw new CliError(exitCodes.usage, why, 'Nothing was added.');
  } catch (error) {
    const code = codeOf(error);
    if (code === null) throw error;
    if (code !== 'ENOENT') throw new CliError(exitCodes.usage, `${file} can't be read (${code})`);
    throw new CliError(exitCodes.usage, `${file} does not exist`, adviseOnWords(file));
  }
}

/** What to type where words were meant, such as `login` or `Fix client/server`. */
function adviseOnWords(argument: string): string {
  return argument.includes('/')
    ? 'To add a task in your own words: echo "Add a login page" | branchboard add -'
    : 'To add a task in your own words: branchboard add "Add a login page"';
}

async function readStandardInput(): Promise<string> {
  const bytes = await readStream(process.stdin);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CliError(exitCodes.usage, 'standard input is not UTF-8', 'Nothing was added.');
  }
}
