/**
 * The dependency graph: the dependencies that a task waits for, cycles, and the length of the chain behind each task.
 */
import { findVerdict, type Board, type FinishedTask, type Task, type WaitingOn } from '../domain/board.ts';
import { isUnreadable } from '../domain/task-facts.ts';
import type { Handoff } from '../domain/effect.ts';
import { childrenOf, type Verdict } from '../domain/verdict.ts';
import { keyOf, type TaskId, type TaskKey } from '../domain/task.ts';
import { findRivals } from './named-dependencies.ts';
import { findAsks } from './granted-rights.ts';

/** The dependencies of a task that are not done, each with why; empty when it may start. */
export function findWaitingOn(board: Board, task: Task): readonly WaitingOn[] {
  return task.spec.dependsOn.flatMap((id): WaitingOn[] => {
    const why = explainUnfinished(board, keyOf(id));
    const rivals = why === 'unknown' ? findRivals(board, task.spec, id) : [];
    if (rivals.length > 0) return [{ id, why: 'ambiguous', rivals }];
    return why === null ? [] : [{ id, why }];
  });
}

/** Why a dependency is not done; null where it is. */
export function explainUnfinished(board: Board, key: TaskKey): Exclude<WaitingOn['why'], 'ambiguous'> | null {
  const live = board.live.get(key);
  if (live?.state === 'settling') return 'active';
  if (live !== undefined) return live.state === 'queued' && findAsks(board, live.spec) !== null ? 'rights' : live.state;
  const finished = board.finished.get(key);
  if (finished === undefined) return 'unknown';
  // Without its verdict nothing is known of the branch that a dependent starts from.
  if (finished.verdict === undefined) return 'unknown';
  if (isUnreadable(finished.verdict)) return finished.verdict;
  if (finished.file.column === 'done') return null;
  // A task that was done before it was put away still counts; one that was cancelled, or is not wanted, does not.
  if (finished.review?.state === 'discarded') return 'discarded';
  return finished.verdict?.column === 'done' ? null : 'cancelled';
}

/** Finished tasks that live ones depend on and whose verdicts were not read yet. */
export function findUnreadDependencies(board: Board): readonly FinishedTask[] {
  const unread = new Set<FinishedTask>();
  for (const task of board.live.values()) {
    for (const id of withChildren(board, task.spec.dependsOn)) {
      const finished = board.finished.get(keyOf(id));
      if (finished !== undefined && finished.verdict === undefined) unread.add(finished);
    }
  }
  return [...unread];
}

/** The dependencies with the tasks that those which are plans were cut into: the work is theirs. */
function withChildren(board: Board, dependsOn: readonly TaskId[]): readonly TaskId[] {
  const found = new Map<TaskKey, TaskId>();
  const open = [...dependsOn];
  for (let id = open.shift(); id !== undefined; id = open.shift()) {
    if (found.has(keyOf(id))) continue;
    found.set(keyOf(id), id);
    const verdict = findVerdict(board, id);
    if (verdict !== null) open.push(...childrenOf(verdict));
  }
  return [...found.values()];
}

/** The hand-offs of a task's dependencies, in the order it names them. All of them are done. */
export function collectHandoffs(board: Board, dependsOn: readonly TaskId[]): readonly Handoff[] {
  return withChildren(board, dependsOn).map((id) => {
    const verdict = findVerdict(board, id);
    return verdict === null
      ? emptyHandoff(id)
      : handOff(id, verdict, board.finished.get(keyOf(id))?.review?.sentBack ?? []);
  });
}

function handOff(id: TaskId, verdict: Verdict, sentBack: Handoff['sentBack']): Handoff {
  const { title, branch, tip, base, summary, diffstat, elsewhere, report } = verdict;
  return { id, title, branch, tip, base, summary, diffstat, elsewhere, report, sentBack };
}

function emptyHandoff(id: TaskId): Handoff {
  return {
    id,
    title: id,
    branch: null,
    tip: null,
    base: null,
    summary: null,
    diffstat: null,
    elsewhere: [],
    report: null,
    sentBack: [],
  };
}

/**
 * Cycles among live tasks, each as the ids in the order in which they depend on each other.
 * Tarjan's strongly connected components, without recursion so that a long chain can't overflow the stack.
 */
export function findCycles(live: ReadonlyMap<TaskKey, Task>): readonly (readonly TaskId[])[] {
  const index = new Map<TaskKey, number>();
  const low = new Map<TaskKey, number>();
  const onStack = new Set<TaskKey>();
  const stack: TaskKey[] = [];
  const components: TaskKey[][] = [];

  for (const root of live.keys()) {
    if (index.has(root)) continue;
    const work = [visit(root)];
    for (let frame = work.at(-1); frame !== undefined; frame = work.at(-1)) {
      const successor = frame.successors[frame.position++];
      if (successor === undefined) {
        work.pop();
        const parent = work.at(-1);
        if (parent !== undefined) lower(parent.key, low.get(frame.key));
        if (low.get(frame.key) === index.get(frame.key)) components.push(popComponent(frame.key));
      } else if (!index.has(successor)) {
        work.push(visit(successor));
      } else if (onStack.has(successor)) {
        lower(frame.key, index.get(successor));
      }
    }
  }
  return components.filter((component) => component.length > 1).map((component) => traceCycle(component, live));

  function visit(key: TaskKey): { key: TaskKey; successors: readonly TaskKey[]; position: number } {
    index.set(key, index.size);
    low.set(key, index.size - 1);
    stack.push(key);
    onStack.add(key);
    const dependencies = live.get(key)?.spec.dependsOn ?? [];
    return { key, successors: dependencies.map(keyOf).filter((each) => live.has(each)), position: 0 };
  }

  function lower(key: TaskKey, candidate: number | undefined): void {
    low.set(key, Math.min(low.get(key) ?? Infinity, candidate ?? Infinity));
  }

  function popComponent(root: TaskKey): TaskKey[] {
    const component = stack.splice(stack.indexOf(root));
    for (const key of component) onStack.delete(key);
    return component;
  }
}

/** Walks one cycle inside a strongly connected component, for showing it. */
function traceCycle(component: readonly TaskKey[], live: ReadonlyMap<TaskKey, Task>): readonly TaskId[] {
  const members = new Set(component);
  const path: TaskKey[] = [];
  let key = [...component].sort()[0];
  while (key !== undefined && !path.includes(key)) {
    path.push(key);
    key = live
      .get(key)
      ?.spec.dependsOn.map(keyOf)
      .find((each) => members.has(each));
  }
  const cycle = key === undefined ? path : path.slice(path.indexOf(key));
  return cycle.flatMap((each) => live.get(each)?.id ?? []);
}

/** The ids from one task along dependencies to another, both named; null where none leads there. */
export function findPath(live: ReadonlyMap<TaskKey, Task>, from: TaskId, to: TaskId): readonly TaskId[] | null {
  const before = new Map<TaskKey, TaskId | null>([[keyOf(from), null]]);
  const waiting = [from];
  for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
    if (keyOf(id) === keyOf(to)) {
      const path: TaskId[] = [];
      for (let each: TaskId | null = id; each !== null; each = before.get(keyOf(each)) ?? null) path.unshift(each);
      return path;
    }
    for (const next of live.get(keyOf(id))?.spec.dependsOn ?? []) {
      if (before.has(keyOf(next))) continue;
      before.set(keyOf(next), id);
      waiting.push(next);
    }
  }
  return null;
}

/**
 * The longest chain of live dependents behind each task, in tasks: 0 where nothing waits for it.
 * Tasks in a cycle count what is outside it.
 */
export function measureChains(live: ReadonlyMap<TaskKey, Task>): ReadonlyMap<TaskKey, number> {
  const unvisited = new Map<TaskKey, number>();
  for (const key of live.keys()) unvisited.set(key, 0);
  for (const task of live.values()) {
    for (const dependency of new Set(task.spec.dependsOn.map(keyOf))) {
      if (live.has(dependency)) unvisited.set(dependency, (unvisited.get(dependency) ?? 0) + 1);
    }
  }
  // From the ends of the chains upwards, in topological order.
  const chains = new Map<TaskKey, number>();
  const ready = [...unvisited].filter(([, count]) => count === 0).map(([key]) => key);
  for (const key of live.keys()) chains.set(key, 0);
  for (let key = ready.pop(); key !== undefined; key = ready.pop()) {
    for (const dependency of new Set(live.get(key)?.spec.dependsOn.map(keyOf))) {
      if (!live.has(dependency)) continue;
      chains.set(dependency, Math.max(chains.get(dependency) ?? 0, (chains.get(key) ?? 0) + 1));
      const left = (unvisited.get(dependency) ?? 0) - 1;
      unvisited.set(dependency, left);
      if (left === 0) ready.push(dependency);
    }
  }
  return chains;
}
