/** What a board knows, for who is about to add a task: the ids that are in use, and the roles. */
import { readdir } from 'node:fs/promises';
import { isPassedOver } from '../adapters/files/scanner.ts';
import { codeOf } from '../adapters/machine/errors.ts';
import { columns, keyOf, type Column, type TaskId, type TaskKey, type TaskSpec } from '../domain/task.ts';
import { findNear } from '../markdown/fields.ts';
import { idOfName } from '../domain/slug.ts';
import { composeRoles } from './compose-roles.ts';
import { CliError, exitCodes } from './exit-code.ts';
import type { Place } from './place.ts';
import { listTasks } from './task-files.ts';

/** Where an id is in use: `given` is an argument of the same command. */
export interface KnownId {
  readonly where: Column | 'inbox' | 'given';
  /** The file that has it, as a message shows it. */
  readonly shownAs: string;
}

/** The ids that are in use. */
export type KnownIds = ReadonlyMap<TaskKey, KnownId>;

/** Reads the ids that are in use; of a file in the inbox the one that its name gives. */
export async function readKnownIds(place: Place): Promise<KnownIds> {
  const known = new Map<TaskKey, KnownId>();
  for (const name of await listInbox(place)) {
    known.set(keyOf(idOfName(name)), { where: 'inbox', shownAs: `.orchestrator/inbox/${name}` });
  }
  for (const column of [...columns].reverse()) {
    for (const { id } of await listTasks(place, column)) {
      known.set(keyOf(id), { where: column, shownAs: `.orchestrator/${column}/${id}.md` });
    }
  }
  return known;
}

async function listInbox({ layout }: Place): Promise<readonly string[]> {
  const names = await readdir(layout.inbox).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => !isPassedOver(name));
}

/**
 * Throws CliError with what to do where an id is in use. What was put away holds none: the board takes in another task
 * of its id.
 */
export function refuseUsed(id: TaskId, known: KnownIds): void {
  const found = known.get(keyOf(id));
  if (found === undefined || found.where === 'archive') return;
  const { where, shownAs } = found;
  const rename = 'For a task of its own, give the file another name, or another `id:` in its frontmatter.';
  const again = `To have that one run again: branchboard retry ${id}\n`;
  throw new CliError(
    exitCodes.usage,
    where === 'inbox' ? `${shownAs} is there already and waits to be taken in` : `the id ${id} is in use by ${shownAs}`,
    `${where === 'attention' || where === 'done' ? again : ''}${rename} Nothing was added.`,
  );
}

/** What a new task names that is not there, its role and its dependencies, each with the nearest. */
export async function listUnknown(place: Place, spec: TaskSpec, known: KnownIds): Promise<readonly string[]> {
  const roles = (await composeRoles(place).listRoles()).map(({ name }) => name);
  // Whoever names a task by words may mean its title, which the board looks for once it takes the task in.
  const byWords = new Set(
    spec.dependencyNames?.filter(({ words, id }) => words !== id).flatMap(({ id, parts }) => [id, ...parts]),
  );
  const missing = spec.dependsOn.filter((id) => !known.has(keyOf(id)) && !byWords.has(id));
  return [
    ...(roles.includes(spec.agent) ? [] : [`no role ${spec.agent}${describeNearest(spec.agent, roles)}`]),
    ...missing.map(
      (id) => `no task ${id} yet${describeNearest(id, [...known.keys()])}; ${spec.id} waits until there is one`,
    ),
  ];
}

function describeNearest(written: string, known: readonly string[]): string {
  const near = findNear(written, known);
  return near === null ? '' : `; the nearest is ${near}`;
}
