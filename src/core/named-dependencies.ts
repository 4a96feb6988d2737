/**
 * Says which tasks a file means by its dependencies. An id comes first; then a title, whatever its case; then ids in one
 * text. A name by which the board knows nothing is waited for, and looked up again whenever the board changes.
 */
import { verdictOf, type Board } from '../domain/board.ts';
import { idsOfName, keyOf, type DependencyName, type TaskId, type TaskKey, type TaskSpec } from '../domain/task.ts';
import type { Draft } from './draft.ts';

/** Looks up whom the queued tasks mean; of a task that was started it is settled, as long as those are there. */
export function settleNames(draft: Draft): void {
  for (const task of draft.board.live.values()) {
    if (task.state !== 'queued' && task.spec.dependsOn.every((id) => isKnown(draft.board, id))) continue;
    const spec = nameDependencies(draft.board, task.spec);
    if (spec !== task.spec) draft.putTask({ ...task, spec });
  }
}

/** The same spec with the ids of the tasks that it means; the very same where nothing is to be said. */
export function nameDependencies(board: Board, spec: TaskSpec): TaskSpec {
  const { dependencyNames } = spec;
  if (dependencyNames === undefined && spec.dependsOn.every((id) => isKnown(board, id))) return spec;
  const names = dependencyNames ?? spec.dependsOn.map((id) => ({ words: id, id, parts: [] }));
  const ids = new Map<TaskKey, TaskId>();
  for (const id of names.flatMap((name) => findNamed(board, spec.id, name))) {
    if (!ids.has(keyOf(id))) ids.set(keyOf(id), id);
  }
  const dependsOn = [...ids.values()];
  const isSame = dependsOn.length === spec.dependsOn.length && dependsOn.every((id, at) => id === spec.dependsOn[at]);
  return isSame ? spec : { ...spec, dependsOn, dependencyNames: names };
}

function findNamed(board: Board, own: TaskId, name: DependencyName): readonly TaskId[] {
  if (isKnown(board, name.id)) return [name.id];
  const [called, ...others] = findCalled(board, own, name.words);
  if (called !== undefined && others.length === 0) return [called];
  return name.parts.some((id) => isKnown(board, id)) ? name.parts : idsOfName(name);
}

function isKnown({ live, finished }: Board, id: TaskId): boolean {
  return live.has(keyOf(id)) || finished.has(keyOf(id));
}

/** The tasks that fit a dependency which the board does not know by its id: two or more where its words are the title of several. */
export function findRivals(board: Board, spec: TaskSpec, id: TaskId): readonly TaskId[] {
  if (isKnown(board, id)) return [];
  const names = spec.dependencyNames?.filter((name) => idsOfName(name).some((each) => keyOf(each) === keyOf(id)));
  const words = names === undefined || names.length === 0 ? [id] : names.map((name) => name.words);
  return words.map((each) => findCalled(board, spec.id, each)).find((called) => called.length > 1) ?? [];
}

/** The tasks of a title, but for the one that asks. */
function findCalled(board: Board, own: TaskId, words: string): readonly TaskId[] {
  const key = foldTitle(words);
  const called = [...(titlesOfLive(board.live).get(key) ?? []), ...(titlesOfFinished(board.finished).get(key) ?? [])];
  return called.filter((id) => keyOf(id) !== keyOf(own));
}

/** A title as two of them are compared. */
export function foldTitle(title: string): string {
  return title.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim();
}

type Titles = ReadonlyMap<string, readonly TaskId[]>;

const titlesOfLive = remember((live: Board['live']) =>
  groupByTitle([...live.values()].map(({ id, spec }) => [id, spec.title])),
);
/** Of those in `done/` whose verdicts are known, which the newest ones' always are. */
const titlesOfFinished = remember((finished: Board['finished']) =>
  groupByTitle(
    [...finished.values()].flatMap((task) => {
      const title = task.file.column === 'done' ? verdictOf(task)?.title : undefined;
      return title === undefined ? [] : [[task.id, title] as const];
    }),
  ),
);

/** Made once for each map: a map of the board is never changed. */
function remember<Key extends object>(make: (key: Key) => Titles): (key: Key) => Titles {
  const made = new WeakMap<Key, Titles>();
  return (key) => {
    const titles = made.get(key) ?? make(key);
    made.set(key, titles);
    return titles;
  };
}

function groupByTitle(tasks: readonly (readonly [TaskId, string])[]): Titles {
  const titles = new Map<string, readonly TaskId[]>();
  for (const [id, title] of tasks) {
    const key = foldTitle(title);
    titles.set(key, [...(titles.get(key) ?? []), id]);
  }
  return titles;
}
