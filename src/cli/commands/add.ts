/** `add`: puts tasks into the inbox. */
import { randomUUID } from 'node:crypto';
import { link, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Option } from 'commander';
import { findDaemon } from '../../adapters/daemon-lock/daemon-lock.ts';
import { forgetInboxGrant, readInboxGrant, writeInboxGrant } from '../../adapters/files/grants.ts';
import { readTextFile } from '../../adapters/files/reader.ts';
import { makeFolder, privateMode } from '../../adapters/machine/durable.ts';
import { codeOf } from '../../adapters/machine/errors.ts';
import { limits } from '../../domain/limits.ts';
import type { Right } from '../../domain/rights.ts';
import { fileNameOf, keyOf, priorities, type TaskId } from '../../domain/task.ts';
import type { TaskFields } from '../../markdown/task-writer.ts';
import { isCalledByAgent, readAsking, refuseAgents } from '../asked-rights.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { listUnknown, readKnownIds, readTitles, refuseAmbiguous, refuseUsed, type KnownIds } from '../known-tasks.ts';
import { makeTask, numberId, type NewTask } from '../new-task.ts';
import { findPlace, type GlobalOptions, type Place } from '../place.ts';
import { print, type Verb } from '../verb.ts';

interface AddOptions extends GlobalOptions {
  readonly title?: string;
  readonly agent?: string;
  readonly after?: readonly string[];
  readonly priority?: string;
  readonly allow?: boolean;
}

const examples = `
Examples:
  branchboard add "Add a login page" --agent frontend-developer
  branchboard add login.md --after schema
  git diff | branchboard add - --title "Review my changes"`;

/** The verb `add`. */
export const addCommand: Verb = (command) =>
  command
    .option('--title <text>', 'the title')
    .option('--agent <role>', 'who does it, such as backend-developer')
    .option('--after <id...>', 'tasks that must be done before')
    .addOption(new Option('--priority <word>', 'how urgent it is').choices(priorities))
    .option('--allow', 'grant the files what they ask for beyond the settings')
    .addHelpText('after', examples)
    .action(async (given: readonly string[], options: AddOptions) => {
      const place = await findPlace(options);
      if (options.title !== undefined && given.length > 1) {
        throw new CliError(exitCodes.usage, 'one title can only be given to one task', 'Add them one by one.');
      }
      const known = new Map(await readKnownIds(place));
      // All are checked before the first is added.
      const tasks: NewTask[] = [];
      for (const argument of given) {
        const task = await makeTask(argument, fieldsOf(options), known);
        // The same file, added with a yes, is the task that is there, and grants it what it asks for.
        if (options.allow !== true || !(await isTaskThere(place, task, known))) refuseUsed(task.spec.id, known);
        known.set(keyOf(task.spec.id), { where: 'given', shownAs: argument, title: task.spec.title });
        tasks.push(task);
      }
      const specs = tasks.map(({ spec }) => spec);
      const titles = await readTitles(place, specs, known);
      for (const spec of specs) refuseAmbiguous(spec, known, titles);
      const asking = await Promise.all(tasks.map((task) => readAsking(place, task.spec)));
      const refusal = asking.find((each) => each.refusal !== null)?.refusal ?? null;
      if (options.allow === true) {
        refuseAgents();
        if (refusal !== null) throw new CliError(exitCodes.usage, refusal, 'Nothing was added.');
      }
      for (const [index, task] of tasks.entries()) {
        const { asks = [], shown = [], refusal: why = null } = asking[index] ?? {};
        const id = await addNumbered(place, task, options.allow === true ? asks : [], known);
        print(`Added .orchestrator/inbox/${fileNameOf(id)}`);
        for (const line of describeAsking(id, shown, why, options.allow === true)) print(line);
        for (const line of await listUnknown(place, task.spec, known, titles))
          process.stderr.write(`warning: ${line}\n`);
      }
      if ((await findDaemon(place.layout.root)) === null) print('No board runs: branchboard start');
    });

function fieldsOf({ title, agent, after, priority }: AddOptions): TaskFields {
  return {
    ...(title !== undefined && { title }),
    ...(agent !== undefined && { agent }),
    ...(after !== undefined && { dependsOn: after }),
    ...(priority !== undefined && { priority }),
  };
}

/** Whether a task in a column has the same file. */
async function isTaskThere(place: Place, { text, spec }: NewTask, known: KnownIds): Promise<boolean> {
  const found = known.get(keyOf(spec.id));
  if (found === undefined || found.where === 'inbox' || found.where === 'given') return false;
  const read = await readTextFile(join(place.topLevel, found.shownAs), found.shownAs, limits.maxTaskFileBytes);
  return read.ok && read.value.text === text;
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

/** Puts a task into the inbox, under a number where another command has just used its name; says under which id. */
async function addNumbered(
  place: Place,
  { text, spec, isNamed }: NewTask,
  rights: readonly Right[],
  known: KnownIds,
): Promise<TaskId> {
  const taken = new Map(known);
  for (let id = spec.id; ; id = numberId(spec.id, taken)) {
    if (await add(place, id, text, rights)) return id;
    taken.set(keyOf(id), { where: 'inbox', shownAs: `.orchestrator/inbox/${fileNameOf(id)}`, title: spec.title });
    if (isNamed) refuseUsed(id, taken);
  }
}

/** Puts a task into the inbox with what it is granted; an agent's own are nothing that its user added. */
async function add(place: Place, id: TaskId, text: string, rights: readonly Right[]): Promise<boolean> {
  if (isCalledByAgent()) return drop(place, id, text);
  const before = await readInboxGrant(place.layout, id, text);
  const undo = () =>
    before === null ? forgetInboxGrant(place.layout, id, text) : writeInboxGrant(place.layout, before, text);
  await writeInboxGrant(place.layout, { version: 1, task: id, origin: 'added', rights }, text);
  try {
    const isAdded = await drop(place, id, text);
    if (!isAdded) await undo();
    return isAdded;
  } catch (error) {
    await undo();
    throw error;
  }
}

/** Puts a file into the inbox whole; false where another one has its name. */
async function drop({ layout: { inbox } }: Place, id: TaskId, text: string): Promise<boolean> {
  await makeFolder(inbox);
  const temporary = join(inbox, `.${randomUUID().slice(0, 8)}.tmp`);
  await writeFile(temporary, text, { flag: 'wx', mode: privateMode });
  // It is whole, so the board need not wait for its writer as it does for a file that is fresh.
  const written = new Date(Date.now() - limits.inboxQuietMs);
  await utimes(temporary, written, written);
  try {
    await link(temporary, join(inbox, fileNameOf(id)));
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}
