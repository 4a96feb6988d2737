/** What Claude Code's own words tell of a run's end. */
import { describe, expect, it } from 'vitest';
import { explainClaudeEnd } from '../../../../src/adapters/agent/claude/claude-end.ts';
import type { RawExit } from '../../../../src/adapters/agent/driver/agent-driver.ts';
import { emptyRunView, type RunView } from '../../../../src/domain/run.ts';
import type { AgentResult } from '../../../../src/domain/agent-report.ts';

const report = {
  status: 'failed',
  summary: '',
  questions: [],
  options: [],
  followUps: [],
  subtasks: [],
  answers: [],
  dropped: [],
  judgement: null,
} as const;
const failedResult = (more: Partial<AgentResult> = {}): AgentResult => ({
  ...{ isError: true, subtype: 'success', apiErrorStatus: null, numTurns: 3, costUsd: 0.1, text: 'Done.' },
  ...{ errors: [], report: null },
  ...more,
});
const exitOf = (view: Partial<RunView>, more: Partial<RawExit> = {}): RawExit => ({
  ...{ endedAt: 1000, exitCode: 1, signal: null, stopped: null, stderrTail: '', moved: [] },
  view: { ...emptyRunView, ...view },
  ...more,
});
const rejected = { status: 'rejected', resetsAt: 9_000, kind: 'five_hour' } as const;
const brokenOff = failedResult({ subtype: 'error_during_execution', text: '', errors: ['aborted'] });

/** What the versions say where the API could not be called, and what the board waits for. */
const walls: readonly [string, Partial<AgentResult>, string | null][] = [
  [
    'no name server',
    { text: "API Error: Can't reach the API server — check your internet or DNS (ENOTFOUND)" },
    'connection',
  ],
  ['no answer in time', { text: 'Request timed out. Check your internet connection and proxy settings' }, 'connection'],
  ['another page in its place', { text: 'API returned an empty or malformed response (HTTP 200)' }, 'connection'],
  ['words of a version to come', { text: 'The server went fishing' }, 'connection'],
  ['408', { apiErrorStatus: 408, text: 'API Error: 408 Request timeout' }, 'connection'],
  ['overload in the middle', { text: 'API Error: Repeated 529 Overloaded errors' }, 'overload'],
  ['520', { apiErrorStatus: 520, text: 'API Error: 520 error code: 520' }, 'overload'],
  ['500', { apiErrorStatus: 500, text: 'API Error: 500 Internal server error' }, 'overload'],
  ['no login', { text: 'Not logged in · Please run /login' }, 'auth'],
  ['403', { apiErrorStatus: 403, text: 'API Error: 403' }, 'auth'],
  ['no credit, without a status', { text: 'Credit balance is too low' }, 'credit'],
  ['spent', { apiErrorStatus: 400, text: 'You have reached your specified API usage limits.' }, 'credit'],
  ['402', { apiErrorStatus: 402, text: 'Payment required' }, 'credit'],
  ['a limit, without a status', { text: "You've hit your weekly limit · resets Nov 25, 3pm (UTC)" }, 'usage-limit'],
  ['extra usage', { apiErrorStatus: 429, text: "You're out of extra usage · resets 5pm (UTC)" }, 'usage-limit'],
  ['a request that is too large', { text: 'Prompt is too long' }, null],
  ['a model that is not there', { apiErrorStatus: 404, text: 'There is an issue with the selected model (x).' }, null],
  ['what the model itself reports', { report, text: 'I give up' }, null],
  ['a bad request', { apiErrorStatus: 400, text: 'prompt is too long' }, null],
  [
    'a structured result that never came',
    { subtype: 'error_max_structured_output_retries', apiErrorStatus: 529 },
    null,
  ],
  ['an invalid key', { apiErrorStatus: 401, text: 'Invalid API key' }, 'auth'],
  ['no credit', { apiErrorStatus: 400, text: 'Credit balance is too low' }, 'credit'],
  ['529', { apiErrorStatus: 529 }, 'overload'],
  ['a rate limit', { apiErrorStatus: 429, text: 'Request rejected (429)' }, 'overload'],
  ['a dropped connection', { text: 'API Error: Unable to connect to API (ECONNRESET)' }, 'connection'],
];

describe('explainClaudeEnd', () => {
  it.each(walls)('puts %s down to whom it belongs', (_, more, reason) => {
    const service = { kind: 'service', service: { reason } };
    expect(explainClaudeEnd(exitOf({ result: failedResult(more) }))).toMatchObject(
      reason === null ? { kind: 'ended' } : service,
    );
  });

  it.each([
    ['error_max_turns', 'max-turns'],
    ['error_max_budget_usd', 'budget'],
  ])('takes %s for a limit that it was given, whatever else it says', (subtype, reason) => {
    const exit = exitOf({ usageLimit: rejected, result: failedResult({ subtype, text: 'overloaded' }) });
    expect(explainClaudeEnd(exit)).toEqual({ kind: 'limit', reason });
  });

  it('finds the end of a limit in its event, or in its words where none came', () => {
    const endedAt = Date.UTC(2026, 10, 24, 12);
    const result = failedResult({ apiErrorStatus: 429, text: "You're out of extra usage · resets 5pm (UTC)" });
    const untilOf = (view: Partial<RunView>) => explainClaudeEnd(exitOf({ result, ...view }, { endedAt }));
    expect(untilOf({ usageLimit: rejected })).toMatchObject({ service: { until: 9_000 } });
    expect(untilOf({})).toMatchObject({ service: { until: Date.UTC(2026, 10, 24, 17) } });
    const vague = failedResult({ apiErrorStatus: 429, text: "You've hit your session limit · resets 10:10am" });
    expect(untilOf({ result: vague })).toMatchObject({ service: { reason: 'usage-limit', until: null } });
  });

  it('takes no limit that was only warned of for the end of a success', () => {
    const usageLimit = { ...rejected, status: 'allowed-warning' } as const;
    expect(explainClaudeEnd(exitOf({ usageLimit, result: failedResult({ isError: false }) }))).toEqual({
      kind: 'ended',
    });
  });

  it.each([null, brokenOff])(
    'knows an agent that was ended in its middle, and the limit that it met (%#)',
    (result) => {
      expect(explainClaudeEnd(exitOf({ result }))).toEqual({ kind: 'broken-off', service: null });
      expect(explainClaudeEnd(exitOf({ result, usageLimit: rejected }))).toMatchObject({
        kind: 'broken-off',
        service: { reason: 'usage-limit', until: 9_000 },
      });
    },
  );

  it.each([
    ['overloaded (529)', 'overload'],
    ['connection error', 'connection'],
  ])('knows the service that an agent tried to reach when it was ended for its silence (%s)', (apiRetry, reason) => {
    const exit = exitOf({ apiRetry, result: brokenOff }, { stopped: 'stalled' });
    expect(explainClaudeEnd(exit)).toMatchObject({ kind: 'broken-off', service: { reason } });
    expect(explainClaudeEnd({ ...exit, stopped: 'cancelled' })).toMatchObject({ service: null });
  });

  it('knows a session that is gone', () => {
    const errors = ['No conversation found with session ID: x'];
    const result = failedResult({ subtype: 'error_during_execution', text: '', errors });
    expect(explainClaudeEnd(exitOf({ result }))).toEqual({ kind: 'session-lost' });
  });
});
