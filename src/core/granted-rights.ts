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
import { agreeTerms, type RunTerms } from '../domain/run-terms.ts';
import type { RunPlan } from '../domain/run.ts';
import { keyOf, type TaskId, type TaskSpec } from '../domain/task.ts';
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

/**
 * What a run is done and judged by. A plan that kept no terms goes by the settings and the task's file as they are; so do
 * the checks of one that was to be confined, on a board that can't confine any more.
 */
export function termsOf(board: Board, spec: TaskSpec, { terms }: Pick<RunPlan, 'terms'>): RunTerms {
  const now = () => agreeTerms(board.settings, limit(board, spec), board.sandbox);
  if (terms === null) return now();
  return terms.isConfined && board.sandbox?.kind !== 'on' ? { ...terms, verify: now().verify } : terms;
}

/** How often a task is tried again by itself. */
export function retriesOf(board: Board, spec: TaskSpec): number {
  return limit(board, spec).retries ?? board.settings.retries;
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
