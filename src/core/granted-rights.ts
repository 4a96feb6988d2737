/**
 * What a task's file asks for, and what of it counts. A task that asks for more than it was given waits; once it runs,
 * an edit of its file gives it nothing more, and whatever it lacks is as the settings say.
 */
import type { Board, Waiting } from '../domain/board.ts';
import {
  combineGrants,
  explainUngrantable,
  limitSpec,
  listAsks,
  listKeys,
  type Grant,
  type Right,
} from '../domain/rights.ts';
import { keyOf, type Argv, type TaskId, type TaskSpec } from '../domain/task.ts';
import type { Draft } from './draft.ts';

/** What the user granted to a task, or null. */
export function findGrant(board: Board, id: TaskId): Grant | null {
  return board.grants.get(keyOf(id)) ?? null;
}

/** What a task asks for and was not given: what it waits for; null where that is nothing. */
export function findAsks(board: Board, spec: TaskSpec): (Waiting & { readonly kind: 'rights' }) | null {
  const given = listGiven(board, spec);
  const asks = listAsks(spec, board.settings, board.sandbox).filter((right) => !given.includes(right));
  if (asks.length === 0) return null;
  return { kind: 'rights', asks, refusal: explainUngrantable(spec, asks, findParentGrant(board, spec)) };
}

/** What a task has beyond the settings because it was granted. */
export function listGranted(board: Board, spec: TaskSpec): readonly Right[] {
  const given = listGiven(board, spec);
  return listAsks(spec, board.settings, board.sandbox).filter((right) => given.includes(right));
}

/** How long a run of a task may take, in milliseconds. */
export function timeoutOf(board: Board, spec: TaskSpec): number {
  return limit(board, spec).timeoutMs ?? board.settings.timeoutMs;
}

/** How often a task is tried again by itself. */
export function retriesOf(board: Board, spec: TaskSpec): number {
  return limit(board, spec).retries ?? board.settings.retries;
}

/** The commands that must succeed before a task is done. */
export function checksOf(board: Board, spec: TaskSpec): readonly Argv[] {
  return limit(board, spec).verify ?? board.settings.verify;
}

/** Tells in the history that a task waits for its user to grant something. Only keys: a value may hold a secret. */
export function journalAsks(draft: Draft, spec: TaskSpec): void {
  const waiting = findAsks(draft.board, spec);
  if (waiting === null) return;
  draft.journal({ type: 'task-asks', task: spec.id, keys: listKeys(waiting.asks) });
}

function limit(board: Board, spec: TaskSpec): TaskSpec {
  return limitSpec(spec, board.settings, board.sandbox, listGiven(board, spec));
}

function listGiven(board: Board, spec: TaskSpec): readonly Right[] {
  return combineGrants(spec, findGrant(board, spec.id), findParentGrant(board, spec));
}

function findParentGrant(board: Board, spec: TaskSpec): Grant | null {
  return spec.parent === undefined ? null : findGrant(board, spec.parent);
}
