/** Why no new runs start, in words for every place that shows it, and the way on. */
import type { PauseReason } from '../domain/run.ts';

/** See the file's head. `way` is what the user can do about it, or null where waiting is all there is. */
export interface PauseWords {
  readonly why: string;
  readonly way: string | null;
}

/** The words for each reason. */
export const pauseWords: Readonly<Record<PauseReason, PauseWords>> = {
  user: { why: 'paused by you', way: 'branchboard resume' },
  auth: { why: 'not logged in', way: 'claude, /login' },
  credit: { why: 'no credit left', way: 'add credit to the account' },
  'no-agent': { why: 'claude was not found', way: 'branchboard doctor' },
  budget: { why: "today's budget is spent", way: 'daily_budget_usd in config.yaml, or branchboard resume' },
  'disk-full': { why: 'the disk is full', way: 'make room' },
  'usage-limit': { why: 'the usage limit is reached', way: null },
  overload: { why: 'the service is overloaded', way: null },
  connection: { why: 'the service could not be reached', way: null },
};

/** Such as `not logged in → claude, /login`. */
export function describeWhy(reason: PauseReason): string {
  const { why, way } = pauseWords[reason];
  return way === null ? why : `${why} → ${way}`;
}
