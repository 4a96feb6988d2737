/** `add`: puts tasks into the inbox. */
import { randomUUID } from 'node:crypto';
import { link, realpath, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { buffer as readStream } from 'node:stream/consumers';
import { Option } from 'commander';
import { codeOf } from '../../adapters/machine/errors.ts';
import { makeFolder, privateMode } from '../../adapters/machine/durable.ts';
import { forgetInboxGrant, readInboxGrant, writeInboxGrant } from '../../adapters/files/grants.ts';
import { readTextFile } from '../../adapters/files/reader.ts';
import { formatDiagnostic } from '../../domain/diagnostic.ts';
import { limits } from '../../domain/limits.ts';
import type { Right } from '../../domain/rights.ts';
import { fileNameOf, parseTaskId, priorities, type TaskId, type TaskSpec } from '../../domain/task.ts';
import { parseTaskFile } from '../../markdown/task-file.ts';
import { serializeTaskFile } from '../../markdown/task-writer.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { findPlace, type GlobalOptions, type Place } from '../place.ts';
import { isCalledByAgent, readAsking, refuseAgents } from '../asked-rights.ts';
import { print, type Verb } from '../verb.ts';

interface AddOptions extends GlobalOptions {
  readonly title?: string;
  readonly agent?: string;
  readonly after?: readonly string[];
  readonly priority?: string;
  readonly allow?: boolean;
}

const longAgo = new Date(0);

/** The verb `add`. */
export const addCommand: Verb = (command) =>
  command
    .option('--title <text>', 'the title')
    .option('--agent <role>', 'who does it, such as backend-developer')
    .option('--after <id...>', 'tasks that must be done before')
    .addOption(new Option('--priority <word>', 'how urgent it is').choices(priorities))
    .option('--allow', 'grant the files what they ask for beyond the settings')
    .action(async (files: readonly string[], options: AddOptions) => {
      const place = await findPlace(options);
      if (options.title !== undefined && files.length > 1) {
        throw new CliError(exitCodes.usage, 'one title can only be given to one file', 'Add the files one by one.');
      }
      // All are checked before the first is added.
      const tasks = await Promise.all(files.map((file) => readTask(file, options)));
      const asking = await Promise.all(tasks.map((task) => readAsking(place, task.spec)));
      const refusal = asking.find((each) => each.refusal !== null)?.refusal ?? null;
      if (options.allow === true) {
        refuseAgents();
        if (refusal !== null) throw new CliError(exitCodes.usage, refusal, 'Nothing was added.');
      }
      for (const [index, task] of tasks.entries()) {
        const { asks = [], shown = [], refusal: why = null } = asking[index] ?? {};
        print(`Added ${await add(place, task, options.allow === true ? asks : [])}`);
        for (const line of describeAsking(task.spec.id, shown, why, options.allow === true)) print(line);
      }
    });

interface NewTask {
  readonly name: string;
  readonly text: string;
  readonly spec: TaskSpec;
}

/** The message about a file that asks for more than the settings give; empty for others. */
function describeAsking(
  id: TaskId,
  shown: readonly string[],
  refusal: string | null,
  isAllowed: boolean,
): readonly string[] {
  if (shown.length === 0) return [];
  if (isAllowed) return [`  granted: ${shown.join(', ')}`];
  const advice = refusal ?? `It waits until you grant exactly this: branchboard grant ${id}`;
  return [`  asks for ${shown.join(', ')}. ${advice}`];
}

/** Puts a task into the inbox with what it is granted; an agent's own are nothing that its user added. */
async function add(place: Place, { name, text, spec }: NewTask, rights: readonly Right[]): Promise<string> {
  if (isCalledByAgent()) return drop(place, name, text);
  const before = await readInboxGrant(place.layout, spec.id, text);
  await writeInboxGrant(place.layout, { version: 1, task: spec.id, origin: 'added', rights }, text);
  try {
    return await drop(place, name, text);
  } catch (error) {
    if (before === null) await forgetInboxGrant(place.layout, spec.id, text);
    else await writeInboxGrant(place.layout, before, text);
    throw error;
  }
}

async function readTask(file: string, options: AddOptions): Promise<NewTask> {
  const body = file === '-' ? await readStandardInput() : await readInput(file);
  const fields = {
    ...(options.title === undefined ? {} : { title: options.title }),
    ...(options.agent === undefined ? {} : { agent: options.agent }),
    ...(options.after === undefined ? {} : { dependsOn: options.after }),
    ...(options.priority === undefined ? {} : { priority: options.priority }),
  };
  const text = Object.keys(fields).length === 0 ? body : serializeTaskFile(fields, body);
  const shownAs = file === '-' ? 'standard input' : file;
  const fileName = file === '-' ? `${options.title ?? 'task'}.md` : nameInInbox(file);
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.maxTaskFileBytes) {
    const tooLong = `${shownAs} would be a task file of ${bytes} bytes; expected at most ${limits.maxTaskFileBytes}`;
    throw new CliError(exitCodes.usage, tooLong, 'Nothing was added.');
  }
  const { value, diagnostics } = parseTaskFile(text, { file: shownAs, fileName });
  for (const diagnostic of diagnostics)
    process.stderr.write(`${diagnostic.severity}: ${formatDiagnostic(diagnostic)}\n`);
  if (value === undefined) throw new CliError(exitCodes.usage, `${shownAs} is no task yet; nothing was added`);
  const isNamed = file !== '-' && parseTaskId(fileName.replace(/\.md$/, '')) !== undefined;
  return { name: isNamed ? fileName : fileNameOf(value.id), text, spec: value };
}

/** The board takes in files named as markdown, and skips all others. */
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
    throw new CliError(exitCodes.usage, `${file} ${code === 'ENOENT' ? 'does not exist' : `can't be read (${code})`}`);
  }
}

async function readStandardInput(): Promise<string> {
  const bytes = await readStream(process.stdin);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CliError(exitCodes.usage, 'standard input is not UTF-8', 'Nothing was added.');
  }
}

/** Puts a file into the inbox whole, never over another one; says under which name. */
async function drop(place: Place, name: string, text: string): Promise<string> {
  const { inbox } = place.layout;
  await makeFolder(inbox);
  const temporary = join(inbox, `.${randomUUID().slice(0, 8)}.tmp`);
  await writeFile(temporary, text, { flag: 'wx', mode: privateMode });
  // It is whole, so the board need not wait for its writer as it does for a file that is fresh.
  await utimes(temporary, longAgo, longAgo);
  try {
    await link(temporary, join(inbox, name));
    return `.orchestrator/inbox/${name}`;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    throw new CliError(
      exitCodes.usage,
      `.orchestrator/inbox/${name} is there already and waits to be taken in`,
      'Give the file another name.',
    );
  } finally {
    await rm(temporary, { force: true });
  }
}
