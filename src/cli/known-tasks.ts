/** What a board knows, for who is about to add a task: the ids that are in use, the titles, and the roles. */
import { foldTitle } from '../core/named-dependencies.ts';
import { idOfName } from '../domain/slug.ts';
import {
  columns,
  idsOfName,
  keyOf,
  type Column,
  type DependencyName,
  type TaskId,
  type TaskKey,
  type TaskSpec,
} from '../domain/task.ts';
import { findNear } from '../markdown/fields.ts';
import { composeRoles } from './compose-roles.ts';
import { CliError, exitCodes } from './exit-code.ts';
import { readInboxFiles } from './inbox-files.ts';
import type { Place } from './place.ts';
import { readBoardData } from './read-board.ts';
import { listTasks } from './task-files.ts';

/** Where an id is in use: `given` is an argument of the same command. */
export interface KnownId {
  readonly where: Column | 'inbox' | 'given';
  /** The file that has it, as a message shows it. */
  readonly shownAs: string;
  /** Null where its file was not read. */
  readonly title: string | null;
}

/** The ids that are in use. */
export type KnownIds = ReadonlyMap<TaskKey, KnownId>;

/** Reads the ids that are in use; a file in the inbox that is no task yet has the one that its name gives. */
export async function readKnownIds(place: Place): Promise<KnownIds> {
  const known = new Map<TaskKey, KnownId>();
  for (const { name, shownAs, task } of await readInboxFiles(place)) {
    known.set(keyOf(task?.spec.id ?? idOfName(name)), { where: 'inbox', shownAs, title: task?.spec.title ?? null });
  }
  for (const column of [...columns].reverse()) {
    for (const { id } of await listTasks(place, column)) {
      known.set(keyOf(id), { where: column, shownAs: `.orchestrator/${column}/${id}.md`, title: null });
    }
  }
  return known;
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

/** Titles, folded as the board compares them, with the ids of the tasks that have them. */
export type Titles = ReadonlyMap<string, readonly string[]>;

/** The titles of all tasks that wait or are on the board; none where the new tasks name all dependencies by ids in use. */
export async function readTitles(place: Place, specs: readonly TaskSpec[], known: KnownIds): Promise<Titles> {
  const titles = new Map<string, readonly string[]>();
  if (specs.every((spec) => listNames(spec).every(({ id }) => known.has(keyOf(id))))) return titles;
  const { data } = await readBoardData(place);
  const titled = [
    ...data.tasks.filter(({ column }) => column !== 'archive'),
    ...[...known].flatMap(([id, { title }]) => (title === null ? [] : { id, title })),
  ];
  for (const { id, title } of titled) titles.set(foldTitle(title), [...(titles.get(foldTitle(title)) ?? []), id]);
  return titles;
}

/** Throws CliError where a dependency is the title of several tasks: the board would refuse the file. */
export function refuseAmbiguous(spec: TaskSpec, known: KnownIds, titles: Titles): void {
  for (const { id, words } of listNames(spec)) {
    const called = known.has(keyOf(id)) ? [] : findCalled(titles, spec, words);
    if (called.length < 2) continue;
    throw new CliError(
      exitCodes.usage,
      `${spec.id} depends on "${words}", and that is the title of ${called.join(' and ')}`,
      `Name it by its id, such as \`depends_on: [${called[0] ?? ''}]\`. Nothing was added.`,
    );
  }
}

function findCalled(titles: Titles, { id: own }: TaskSpec, words: string): readonly string[] {
  return (titles.get(foldTitle(words)) ?? []).filter((id) => id.toLowerCase() !== keyOf(own));
}

function listNames({ dependencyNames, dependsOn }: TaskSpec): readonly DependencyName[] {
  return dependencyNames ?? dependsOn.map((id) => ({ words: id, id, parts: [] }));
}

/** What a new task names that is not there, its role and its dependencies, each with the nearest. */
export async function listUnknown(
  place: Place,
  spec: TaskSpec,
  known: KnownIds,
  titles: Titles,
): Promise<readonly string[]> {
  const roles = (await composeRoles(place).listRoles()).map(({ name }) => name);
  const isKnown = (id: TaskId) => known.has(keyOf(id));
  const missing = listNames(spec).flatMap((name): readonly string[] => {
    if (isKnown(name.id) || findCalled(titles, spec, name.words).length > 0) return [];
    if (name.parts.some(isKnown)) return name.parts.filter((id) => !isKnown(id));
    const ids = idsOfName(name);
    return ids.length === 1 && name.words !== ids[0] ? [name.words] : ids;
  });
  const all = [...known.keys(), ...titles.keys()];
  return [
    ...[spec.agent, spec.review ?? null].flatMap((name) =>
      name === null || roles.includes(name) ? [] : [`no role ${name}${describeNearest(name, roles)}`],
    ),
    ...missing.map((name) => `no task ${name} yet${describeNearest(name, all)}; ${spec.id} waits until there is one`),
  ];
}

function describeNearest(written: string, known: readonly string[]): string {
  const near = findNear(written, known);
  return near === null ? '' : `; the nearest is ${near}`;
}
