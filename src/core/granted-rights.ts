/**
 * Decides which rights of a task's file count. A task that asks for more than it was given waits; once it runs, an edit
 * of its file gives it nothing more, and keys without a grant fall back to the settings.
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

/** The user's grant to a task, or null. */
export function findGrant(board: Board, id: TaskId): Grant | null {
  return board.grants.get(keyOf(id)) ?? null;
}

/** The rights that a task asks for and waits for; null where there are none. */
export function findAsks(board: Board, spec: TaskSpec): (Waiting & { readonly kind: 'rights' }) | null {
  const given = listGiven(board, spec);
  const asks = listAsks(spec, board.settings, board.sandbox).filter((right) => !given.includes(right));
  if (asks.length === 0) return null;
  return { kind: 'rights', asks, refusal: explainUngrantable(spec, asks, findParentGrant(board, spec)) };
}

/** The rights beyond the settings that a task was granted. */
export function listGranted(board: Board, spec: TaskSpec): readonly Right[] {
  const given = listGiven(board, spec);
  return listAsks(spec, board.settings, board.sandbox).filter((right) => given.includes(right));
}

/**
 * The terms of a run. A plan without terms takes the settings and the task's file as they are now, and so do the checks
 * of a run that was to be confined, on a board that can't confine any more.
 */
export function termsOf(board: Board, spec: TaskSpec, { terms }: Pick<RunPlan, 'terms'>): RunTerms {
  const now = () => agreeTerms(board.settings, limit(board, spec), board.sandbox, null);
  if (terms === null) return now();
  return terms.isConfined && board.sandbox?.kind !== 'on' ? { ...terms, verify: now().verify } : terms;
}

/** The number of retries of a task. */
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
