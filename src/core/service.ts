/**
 * Decides whether the account or the service, not the task, ended a run. Claude Code shows it by the HTTP status where
 * there was one, by an event about the usage limit, and in words that change from version to version. In both versions
 * that were measured, a failed call of the API is a result of subtype `success` that is an error.
 */
import type { AgentResult, PauseReason, RunExit } from '../domain/run.ts';
import { findResetTime } from './reset-time.ts';

/** The hold that the board has to wait for. */
export interface ServiceFault {
  readonly reason: PauseReason;
  readonly detail: string;
  /** When it is over, as the service said, in milliseconds since the epoch; null where it did not. */
  readonly until: number | null;
}

const loginWords = /please run \/login|not logged in|invalid api key|oauth (?:token|session)|authentication/i;
const creditWords = /credit balance|billing|specified API usage limits/i;
const limitWords = /hit your .*limit|usage limit|limit reached|out of (?:extra )?usage/i;
const overloadWords = /overload|\b5\d\d\b|server-side/i;
/** Of the request itself: it would be refused again. */
const requestWords = /too (?:long|large|many)|context (?:window|length)|\bmodel\b|\bimage\b/i;

/** The service's part in a run's end; null where the end is the agent's own. */
export function findServiceFault(exit: RunExit): ServiceFault | null {
  const { usageLimit } = exit.view;
  const result = wasBrokenOff(exit.view.result) ? null : exit.view.result;
  if (result?.isError === false || /^error_max_/.test(result?.subtype ?? '')) return null;
  const detail = result === null ? '' : quoteResult(result);
  if (usageLimit?.status === 'rejected') {
    const until = usageLimit.resetsAt ?? findResetTime(detail, exit.endedAt);
    return { reason: 'usage-limit', detail: detail || 'The usage limit is reached.', until };
  }
  if (result === null) return findRetried(exit);
  const reason = findReason(result, detail);
  if (reason === null) return null;
  return { reason, detail, until: reason === 'usage-limit' ? findResetTime(detail, exit.endedAt) : null };
}

/** The words of a result, each thing once. */
export function quoteResult({ text, errors }: AgentResult): string {
  return [...new Set([text, ...errors])].filter((said) => said !== '').join('\n');
}

/** An agent that is ended in its middle says no more than that, as a result of its own. */
export function wasBrokenOff(result: AgentResult | null): boolean {
  return result?.subtype === 'error_during_execution' && result.apiErrorStatus === null && !isSessionLost(result);
}

/** The session that was to be gone on with is not there. */
export function isSessionLost(result: AgentResult): boolean {
  return [result.text, ...result.errors].some((said) => /No conversation found/i.test(said));
}

/** An agent that was ended for its silence while it tried to reach the service. */
function findRetried({ stopped, view }: RunExit): ServiceFault | null {
  if (view.apiRetry === null || (stopped !== 'stalled' && stopped !== 'timeout')) return null;
  return { reason: overloadWords.test(view.apiRetry) ? 'overload' : 'connection', detail: view.apiRetry, until: null };
}

function findReason({ apiErrorStatus: status, subtype, report }: AgentResult, detail: string): PauseReason | null {
  switch (status) {
    case 401:
    case 403:
      return 'auth';
    case 402:
      return 'credit';
    case 408:
      return 'connection';
    case 400:
      return findSpent(detail);
    case 429:
      return findSpent(detail) ?? 'overload';
    case null:
      break;
    default:
      return status >= 500 ? 'overload' : null;
  }
  // A result of another kind, or one that the model reported, is the agent's own failure.
  if (subtype !== 'success' || report !== null) return null;
  if (loginWords.test(detail)) return 'auth';
  const spent = findSpent(detail);
  if (spent !== null) return spent;
  if (overloadWords.test(detail)) return 'overload';
  return requestWords.test(detail) ? null : 'connection';
}

function findSpent(detail: string): PauseReason | null {
  if (creditWords.test(detail)) return 'credit';
  return limitWords.test(detail) ? 'usage-limit' : null;
}
