/** `grant`: the user's yes to exactly what a task's file asks for. */
import { readGrant, readInboxGrant, writeGrant, writeInboxGrant } from '../../adapters/files/grants.ts';
import { readTextFile } from '../../adapters/files/reader.ts';
import { parseTask } from '../../daemon/parse-task.ts';
import { formatDiagnostic } from '../../domain/diagnostic.ts';
import { limits } from '../../domain/limits.ts';
import type { Grant } from '../../domain/rights.ts';
import { keyOf, parseTaskId, type TaskSpec } from '../../domain/task.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { readInboxFiles } from '../inbox-files.ts';
import { findPlace, type GlobalOptions, type Place } from '../place.ts';
import { readAsking, refuseAgents } from '../asked-rights.ts';
import { findTask, type FoundTask } from '../task-files.ts';
import { print, type Verb } from '../verb.ts';

/** The verb `grant`. */
export const grantCommand: Verb = (command) =>
  command.action(async (text: string, options: GlobalOptions) => {
    refuseAgents();
    const place = await findPlace(options);
    const { spec, grant, write } =
      (await findInInbox(place, text)) ?? (await readFound(place, await findTask(place, text)));
    const { asks, refusal, shown } = await readAsking(place, spec);
    if (asks.length === 0) {
      print(`${spec.id} asks for nothing that it may not have already.`);
      return;
    }
    if (refusal !== null) throw new CliError(exitCodes.usage, refusal);
    await write({ version: 1, task: spec.id, origin: grant?.origin ?? 'dropped', rights: asks });
    print(`Granted to ${spec.id}, as its file stands now:`);
    for (const right of shown) print(`  ${right}`);
  });

/** A task whose file was read, and how a grant to it is kept. */
interface Grantee {
  readonly spec: TaskSpec;
  /** Its grant so far, or null. */
  readonly grant: Grant | null;
  readonly write: (grant: Grant) => Promise<void>;
}

/** Throws CliError where the file can't be read, or is put away. */
async function readFound(place: Place, { id, column, path }: FoundTask): Promise<Grantee> {
  if (column === 'archive') {
    throw new CliError(exitCodes.usage, `${id} is in archive/`, `To queue it again: branchboard retry ${id}`);
  }
  const name = `${id}.md`;
  const read = await readTextFile(path, `.orchestrator/${column}/${name}`, 2 * limits.maxTaskFileBytes);
  if (!read.ok) {
    const why =
      read.failure.kind === 'refused'
        ? read.failure.diagnostics.map(formatDiagnostic).join('\n')
        : `${id} is being moved`;
    throw new CliError(exitCodes.usage, why, 'Try it again.');
  }
  const { text, identity } = read.value;
  const { value, diagnostics } = parseTask({
    text,
    file: { column, name, identity },
  });
  if (value === undefined) throw new CliError(exitCodes.usage, diagnostics.map(formatDiagnostic).join('\n'));
  return {
    spec: { ...value, id },
    grant: await readGrant(place.layout, id),
    write: (grant) => writeGrant(place.layout, grant),
  };
}

/** A file that no board took in yet; null where none there becomes that task, or a task has its id already. */
async function findInInbox(place: Place, wanted: string): Promise<Grantee | null> {
  const id = parseTaskId(wanted);
  const isTask =
    id === undefined ||
    (await findTask(place, wanted).then(
      ({ column }) => column !== 'archive',
      () => false,
    ));
  if (isTask) return null;
  for (const { task } of await readInboxFiles(place)) {
    if (task === null || keyOf(task.spec.id) !== keyOf(id)) continue;
    const { text, spec } = task;
    return {
      spec,
      grant: await readInboxGrant(place.layout, spec.id, text),
      write: (grant) => writeInboxGrant(place.layout, grant, text),
    };
  }
  return null;
}
