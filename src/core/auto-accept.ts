/**
 * Asks for a plan to be taken in where its file or the settings say so beforehand. It is a command as its user's tick would
 * be, laid down before the task's file says that it waits; its id follows from the run, so that a board which was killed
 * in between asks once.
 */
import type { Board, TaskBase } from '../domain/board.ts';
import { makeRequest, type CommandRequest } from '../domain/command.ts';
import { hashName } from '../domain/slug.ts';
import { isPlan, type Verdict } from '../domain/verdict.ts';

/** The command that takes in the plan with this verdict; null for one that waits for its user, and for what is no plan. */
export function acceptByItself({ settings }: Board, { id, spec }: TaskBase, verdict: Verdict): CommandRequest | null {
  const { at, run, column, taken } = verdict;
  const isWanted = spec.autoAccept ?? settings.autoAccept;
  if (!isWanted || !isPlan(verdict) || taken.length > 0) return null;
  const command = { kind: 'accept', task: id, only: [], without: [], said: [] } as const;
  return makeRequest(at, hashName(`${id}/${String(run)}`), { by: 'auto', seen: { column, run }, command });
}
