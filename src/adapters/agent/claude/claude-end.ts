/**
 * Reads out of Claude Code's words what ended a run: itself, a limit that it was given, or the account or the service.
 * The service shows by the HTTP status where there was one, by an event about the usage limit, and in words that change
 * from version to version. In both versions that were measured, a failed call of the API is a result of subtype
 * `success` that is an error.
 */
import type { EndedBy, PauseReason, ServiceFault } from '../../../domain/run.ts';
import { quoteResult, type AgentResult } from '../../../domain/agent-report.ts';
import type { RawExit } from '../driver/agent-driver.ts';
import { findResetTime } from './reset-time.ts';

const loginWords = /please run \/login|not logged in|invalid api key|oauth (?:token|session)|authentication/i;
const creditWords = /credit balance|billing|specified API usage limits/i;
const limitWords = /hit your .*limit|usage limit|limit reached|out of (?:extra )?usage/i;
const overloadWords = /overload|\b5\d\d\b|server-side/i;
/** Of the request itself: it would be refused again. */
const requestWords = /too (?:long|large|many)|context (?:window|length)|\bmodel\b|\bimage\b/i;

/** What ended a run of Claude Code. */
export function explainClaudeEnd(exit: RawExit): EndedBy {
  const { result } = exit.view;
  if (result === null || wasBrokenOff(result)) return { kind: 'broken-off', service: findServiceFault(exit, null) };
  if (!result.isError) return { kind: 'ended' };
  if (isSessionLost(result)) return { kind: 'session-lost' };
  switch (result.subtype) {
    case 'error_max_turns':
      return { kind: 'limit', reason: 'max-turns' };
    case 'error_max_budget_usd':
      return { kind: 'limit', reason: 'budget' };
  }
  const service = result.subtype.startsWith('error_max_') ? null : findServiceFault(exit, result);
  return service === null ? { kind: 'ended' } : { kind: 'service', service };
}

/** An agent that is ended in its middle says no more than that, as a result of its own. */
function wasBrokenOff(result: AgentResult): boolean {
  return result.subtype === 'error_during_execution' && result.apiErrorStatus === null && !isSessionLost(result);
}

function isSessionLost(result: AgentResult): boolean {
  return [result.text, ...result.errors].some((said) => /No conversation found/i.test(said));
}

/** The service's part in an end; `result` is the agent's own account of an error, or null where it gave none. */
function findServiceFault(exit: RawExit, result: AgentResult | null): ServiceFault | null {
  const { usageLimit } = exit.view;
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

/** An agent that was ended for its silence while it tried to reach the service. */
function findRetried({ stopped, view }: RawExit): ServiceFault | null {
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
