/** Reads out of the history where the last board left each task's file. */
import type { HistoryEntry } from '../../domain/history.ts';
import { followPlace, placingLines, type LastPlace } from '../../domain/last-place.ts';
import type { TaskKey } from '../../domain/task.ts';

/** The places by a history's text; a line that can't be understood tells nothing. */
export function findLastPlaces(text: string): ReadonlyMap<TaskKey, LastPlace> {
  const places = new Map<TaskKey, LastPlace>();
  const isPlacing = new RegExp(`"type":"(?:${placingLines.join('|')})"`);
  for (const line of text.split('\n')) {
    // Most lines are of another kind; only those that can tell are parsed.
    if (!isPlacing.test(line)) continue;
    try {
      followPlace(places, JSON.parse(line) as HistoryEntry);
    } catch {
      // It was cut off by a crash, or is of an earlier version.
    }
  }
  return places;
}
