/** Works that change the same lines: whichever is merged first, the other has to be mended then. */
import { limits } from './limits.ts';
import type { TaskId } from './task.ts';

/** The work of another task that is ready as well, and the files that both change in the same places. */
export interface Overlap {
  readonly id: TaskId;
  /** At most `maxOverlapFiles`. */
  readonly files: readonly string[];
}

/** Two works that change the same lines of these files. */
export interface OverlappingPair {
  readonly between: readonly [TaskId, TaskId];
  readonly files: readonly string[];
}

/** All that a task's work overlaps with. */
export interface TaskOverlaps {
  readonly id: TaskId;
  readonly overlaps: readonly Overlap[];
}

/** The pairs as each of these tasks sees them, the others by their ids. */
export function overlapsOf(tasks: readonly TaskId[], pairs: readonly OverlappingPair[]): readonly TaskOverlaps[] {
  return tasks.map((id) => {
    const overlaps = pairs.flatMap(({ between: [one, other], files }): readonly Overlap[] => {
      const kept = files.slice(0, limits.maxOverlapFiles);
      return one === id ? [{ id: other, files: kept }] : other === id ? [{ id: one, files: kept }] : [];
    });
    return { id, overlaps: overlaps.sort((a, b) => (a.id < b.id ? -1 : 1)) };
  });
}

/** Whether both name the same tasks and files. */
export function areSameOverlaps(one: readonly Overlap[], other: readonly Overlap[]): boolean {
  const tell = (overlaps: readonly Overlap[]) => JSON.stringify(overlaps.map(({ id, files }) => [id, files]));
  return tell(one) === tell(other);
}

/** In a sentence, which works change the same lines; null where none does. */
export function describeOverlaps(overlaps: readonly Overlap[]): string | null {
  if (overlaps.length === 0) return null;
  const named = overlaps
    .slice(0, limits.maxOverlapsNamed)
    .map(({ id, files }) => `\`${id}\` (${joinSome(files.slice(0, limits.maxOverlapsNamed), files.length)})`);
  return `It changes the same lines as ${joinSome(named, overlaps.length)}: what is merged last has to be mended`;
}

/** Some of `all` words, and how many there are besides. */
function joinSome(words: readonly string[], all: number): string {
  const rest = all - words.length;
  return rest === 0 ? words.join(', ') : `${words.join(', ')} and ${String(rest)} more`;
}
