/** What differs between two states of the board's data, for who follows it. */

/** The board as data: tasks by their ids, and other fields. */
export interface BoardState {
  /** Grows with each change, as long as one daemon runs. */
  readonly revision: number;
  readonly tasks: readonly { readonly id: string }[];
}

/** A change: the tasks that are new or differ, the ids of those that are gone, and all other fields as they are now. */
export type BoardChange<State extends BoardState> = Omit<State, 'tasks'> & {
  readonly changed: State['tasks'];
  readonly gone: readonly string[];
  /** The ids of all tasks, in their order. */
  readonly order: readonly string[];
};

/** See the file's head. */
export function findChange<State extends BoardState>(before: State, after: State): BoardChange<State> {
  const known = new Map(before.tasks.map((task) => [task.id, JSON.stringify(task)]));
  const { tasks, ...rest } = after;
  const order = tasks.map(({ id }) => id);
  const there = new Set(order);
  return {
    ...rest,
    changed: tasks.filter((task) => known.get(task.id) !== JSON.stringify(task)),
    gone: [...known.keys()].filter((id) => !there.has(id)),
    order,
  };
}
