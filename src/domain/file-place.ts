/** Where a task's file lies. */
import type { Column } from './task.ts';

declare const brand: unique symbol;

/** Names a file by where it lies, as `column/name`; made by {@link placeOf}. */
export type Place = string & { readonly [brand]: 'Place' };

/** The name of a file's place. */
export function placeOf({ column, name }: { readonly column: Column; readonly name: string }): Place {
  return `${column}/${name}` as Place;
}

/** The name of a file by its path below `.orchestrator/`, such as `inbox/a.md`. */
export function nameInPath(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
