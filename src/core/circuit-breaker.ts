/**
 * A circuit breaker for the whole board: while the account or the service can't serve a run, no new run starts. Here an
 * open one is a hold, and half-open is a probe.
 *
 *   none ──► held until T ──► one probe ──► none, if it gets through
 *              ▲                  │
 *              └── doubled ◄──────┘ if it does not
 */
import { agentTraits } from '../domain/agent-kind.ts';
import type { Hold } from '../domain/hold.ts';
import { limits } from '../domain/limits.ts';
import type { Outcome, RunPlan } from '../domain/run.ts';
import { backOff } from './backoff.ts';
import type { Draft } from './draft.ts';

/**
 * Holds the board. `said` is when the service said that it is over, or null: then it backs off, longer each time in a
 * row, and also where that time is beyond what any limit lasts.
 */
export function placeHold(draft: Draft, reason: Hold['reason'], detail: string, said: number | null): void {
  const { hold } = draft.board;
  const until = said !== null && isPlausible(said, draft.at) ? said : null;
  // Several agents hit the same wall at once: that is one strike.
  const sameWall = hold !== null && hold.reason === reason && draft.at < hold.until;
  if (sameWall && (until === null || until <= hold.until)) return;
  const strikes = (hold?.strikes ?? 0) + (sameWall ? 0 : 1);
  const earliest = draft.at + backoffMs(reason, strikes, draft.at);
  const placed: Hold = {
    reason,
    detail,
    since: hold?.reason === reason ? hold.since : draft.at,
    until: until !== null && until > draft.at ? until : earliest,
    isTold: until !== null && until > draft.at,
    strikes,
  };
  // Another wall that is met meanwhile does not open the first one sooner.
  if (hold !== null && !sameWall && draft.at < hold.until && placed.until <= hold.until) return;
  draft.set({ hold: placed });
  draft.emit({ type: 'write-hold', hold: placed });
  draft.journal({ type: 'held', reason, until: placed.until, detail });
}

/** Holds the board where that is what a run's interruption means. */
export function placeHoldFor(draft: Draft, { pause, detail, until }: Outcome & { readonly kind: 'interrupted' }): void {
  if (pause !== null && pause !== 'user' && pause !== 'disk-full') placeHold(draft, pause, detail, until);
}

function isPlausible(until: number, at: number): boolean {
  return until - at <= limits.maxLimitWaitMs;
}

/** With jitter from the time itself, so that the reducer needs no randomness; without a time, the longest that it can be. */
function backoffMs(reason: Hold['reason'], strikes: number, at = 999): number {
  if (needsUser({ reason })) return limits.authProbeEveryMs;
  const first = reason === 'usage-limit' ? limits.firstUsageLimitBackoffMs : limits.firstBackoffMs;
  const full = backOff(first, strikes);
  return full + Math.round((at % 1000) * (full / 4000));
}

/**
 * Restores the hold of an earlier start. The user may have mended it by now where only the user can, so that is probed
 * at once, as is a hold with an impossible end. The board's own wait is never longer than if it began now: the clock
 * may have been wrong.
 */
export function recallHold(draft: Draft, hold: Hold): void {
  const longest = hold.isTold ? hold.until : draft.at + backoffMs(hold.reason, hold.strikes);
  const isProbed = needsUser(hold) || !isPlausible(hold.until, draft.at);
  const recalled = { ...hold, until: isProbed ? draft.at : Math.min(hold.until, longest) };
  draft.set({ hold: recalled });
  draft.journal({ type: 'held', reason: recalled.reason, until: recalled.until, detail: recalled.detail });
}

/** Whether only the user can mend what a hold is about. */
export function needsUser({ reason }: Pick<Hold, 'reason'>): boolean {
  return reason === 'auth' || reason === 'credit' || reason === 'no-agent';
}

/**
 * Ends a hold because its probe got through; a run from before proves nothing, nor does an agent that asks no service,
 * where others do. A spent budget is ended by the next day alone.
 */
export function liftHold(draft: Draft, plan: RunPlan): void {
  const { hold, settings } = draft.board;
  if (hold === null || hold.reason === 'budget' || plan.plannedAt < hold.until) return;
  const kind = plan.terms?.agent.kind ?? settings.agent.kind;
  if (agentTraits[kind].isBuiltIn && !agentTraits[settings.agent.kind].isBuiltIn) return;
  endHold(draft);
}

/** Ends a hold, whatever its reason. */
export function endHold(draft: Draft): void {
  const { hold } = draft.board;
  if (hold === null) return;
  draft.set({ hold: null });
  draft.emit({ type: 'write-hold', hold: null });
  draft.journal({ type: 'hold-lifted', reason: hold.reason });
}
