/** Where the last board left each task's file, as its history tells: a file that is elsewhere now was moved meanwhile. */
import { targetColumns } from './command.ts';
import type { HistoryEntry } from './history.ts';
import { columns, keyOf, type Column, type TaskId, type TaskKey } from './task.ts';

/** See the file's head. */
export interface LastPlace {
  readonly task: TaskId;
  readonly column: Column;
  /** When it came there, in milliseconds since the epoch. */
  readonly at: number;
  /** Where the user moved it, as the history tells, before the board had settled that; null where nothing is left to settle. */
  readonly told: 'archive' | 'active' | 'queued' | null;
}

/** The kinds of lines that {@link followPlace} reads. */
export const placingLines = [
  'task-accepted',
  'run-started',
  'task-settled',
  'command',
] as const satisfies readonly HistoryEntry['type'][];

/** How the history tells of a file that the user deleted. */
export const deletedFrom = 'deleted from ';

const targets: Readonly<Partial<Record<string, Column>>> = targetColumns;

/** Takes one more line of the history into account. */
export function followPlace(places: Map<TaskKey, LastPlace>, entry: HistoryEntry): void {
  switch (entry.type) {
    case 'task-accepted':
      put(places, entry.task, 'queued', entry.at);
      return;
    case 'run-started':
      put(places, entry.run.task, 'active', entry.at);
      return;
    case 'task-settled':
      put(places, entry.task, entry.column, entry.at);
      return;
    case 'command': {
      const { command, outcome, said, at } = entry;
      if (outcome !== 'done' || !('task' in command)) return;
      const told = /→ (\w+)\/$/.exec(said)?.[1];
      const to = columns.find((column) => column === told) ?? targets[command.kind];
      const place = places.get(keyOf(command.task));
      if (said.startsWith(deletedFrom)) places.delete(keyOf(command.task));
      else if (place !== undefined && (to === 'archive' || to === 'active')) {
        if (place.column !== to) places.set(keyOf(command.task), { ...place, told: to });
      } else if (to !== undefined && to !== 'archive') put(places, command.task, to, at);
      return;
    }
    default:
  }
}

function put(places: Map<TaskKey, LastPlace>, task: TaskId, column: Column, at: number): void {
  places.set(keyOf(task), { task, column, at, told: null });
}
