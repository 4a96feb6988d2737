import { describe, expect, it } from 'vitest';
import { interpretExit, judgeWork } from '../../src/core/outcome.ts';
import type { AgentReport, AgentResult, Evidence, RunExit } from '../../src/domain/run.ts';
import { exitOf, planOf } from './boards.ts';

const report = (more: Partial<AgentReport> = {}): AgentReport => ({
  status: 'done',
  summary: 'Did it.',
  questions: [],
  followUps: [],
  ...more,
});
const result = (more: Partial<AgentResult> = {}): AgentResult => ({
  ...{
    isError: false,
    subtype: 'success',
    apiErrorStatus: null,
    numTurns: 3,
    costUsd: 0.1,
    text: 'Done.',
    errors: [],
    denials: [],
    report: report(),
  },
  ...more,
});
const failedResult = (more: Partial<AgentResult>) => result({ isError: true, report: null, ...more });
const rejected = { status: 'rejected', resetsAt: 9_000, kind: 'five_hour' } as const;

/** What ends a run, and what it means. */
const exits: readonly [string, RunExit, object][] = [
  [
    'a good result is looked at further, whatever the exit code',
    exitOf({ result: result() }, { exitCode: 1 }),
    { kind: 'inspect' },
  ],
  [
    'a limit that was met in silence is no stall',
    exitOf({ usageLimit: rejected }, { stopped: 'stalled' }),
    { outcome: { kind: 'interrupted', pause: 'usage-limit', until: 9_000 } },
  ],
  ['exit 0 without a result', exitOf(), { outcome: { fault: { reason: 'no-result' } } }],
  [
    'success without a turn (a slash command)',
    exitOf({ result: result({ numTurns: 0 }) }),
    { outcome: { fault: { reason: 'no-result' } } },
  ],
  [
    'the turns are used up',
    exitOf({ result: failedResult({ subtype: 'error_max_turns' }) }),
    { outcome: { fault: { reason: 'max-turns' } } },
  ],
  [
    'the budget is used up',
    exitOf({ result: failedResult({ subtype: 'error_max_budget_usd' }) }),
    { outcome: { fault: { reason: 'budget' } } },
  ],
  [
    'an invalid key',
    exitOf({ result: failedResult({ apiErrorStatus: 401, text: 'Invalid API key' }) }),
    { outcome: { pause: 'auth' } },
  ],
  [
    'no credit',
    exitOf({ result: failedResult({ apiErrorStatus: 400, text: 'Credit balance is too low' }) }),
    { outcome: { pause: 'credit' } },
  ],
  [
    'a bad request that is about something else',
    exitOf({ result: failedResult({ apiErrorStatus: 400, text: 'prompt is too long' }) }),
    { outcome: { fault: { reason: 'agent-error' } } },
  ],
  ['overload', exitOf({ result: failedResult({ apiErrorStatus: 529 }) }), { outcome: { pause: 'overload' } }],
  [
    'a rate limit',
    exitOf({ result: failedResult({ apiErrorStatus: 429, text: 'Request rejected (429)' }) }),
    { outcome: { pause: 'overload' } },
  ],
  [
    'a dropped connection',
    exitOf({ result: failedResult({ text: 'API Error: Unable to connect to API (ECONNRESET)' }) }),
    { outcome: { pause: 'connection' } },
  ],
  [
    'a usage limit with its reset',
    exitOf({
      usageLimit: rejected,
      result: failedResult({ apiErrorStatus: 429, text: "You've hit your session limit" }),
    }),
    { outcome: { pause: 'usage-limit', until: 9_000 } },
  ],
  [
    'a usage limit told by text alone',
    exitOf({ result: failedResult({ apiErrorStatus: 429, text: "You've hit your session limit · resets 10:10am" }) }),
    { outcome: { pause: 'usage-limit', until: null } },
  ],
  [
    'a limit that was only warned of',
    exitOf({ usageLimit: { ...rejected, status: 'allowed-warning' }, result: result() }),
    { kind: 'inspect' },
  ],
  [
    'a session that is gone',
    exitOf({
      result: failedResult({
        subtype: 'error_during_execution',
        text: '',
        errors: ['No conversation found with session ID: x'],
      }),
    }),
    { kind: 'session-lost' },
  ],
  ['a timeout', exitOf({}, { stopped: 'timeout' }), { outcome: { fault: { reason: 'timeout' } } }],
  ['silence', exitOf({}, { stopped: 'stalled' }), { outcome: { fault: { reason: 'stalled' } } }],
  [
    'the board’s end',
    exitOf({ result: failedResult({ subtype: 'error_during_execution' }) }, { stopped: 'shutdown' }),
    { outcome: { kind: 'interrupted', pause: null } },
  ],
  ['the board’s end after a good result', exitOf({ result: result() }, { stopped: 'shutdown' }), { kind: 'inspect' }],
  [
    'staying after a good result',
    exitOf({ result: result() }, { stopped: 'lingering', signal: 'SIGKILL' }),
    { kind: 'inspect' },
  ],
  [
    'being ended for a result that was not its own, at which it said that it was broken off',
    exitOf({ result: failedResult({ subtype: 'error_during_execution' }) }, { stopped: 'lingering' }),
    { outcome: { kind: 'interrupted', pause: null, blame: 'service' } },
  ],
  [
    'being ended for a result that was withdrawn',
    exitOf({}, { stopped: 'lingering' }),
    { outcome: { kind: 'interrupted', pause: null, blame: 'service' } },
  ],
  ['printing without end', exitOf({}, { stopped: 'output-limit' }), { outcome: { fault: { reason: 'output-limit' } } }],
  [
    'lines of another session alone',
    exitOf({ strayLines: 3 }, { exitCode: 1 }),
    {
      outcome: {
        fault: { reason: 'no-result', detail: 'The agent ended without a result of its own session (exit code 1).' },
      },
    },
  ],
  [
    'the user’s cancel, though it had succeeded',
    exitOf({ result: result() }, { stopped: 'cancelled' }),
    { outcome: { kind: 'cancelled' } },
  ],
  [
    'a question',
    exitOf({ result: result({ report: report({ status: 'needs-input', questions: ['v1 or v2?'] }) }) }),
    { outcome: { kind: 'question', question: 'v1 or v2?' } },
  ],
  [
    'the agent’s own word that it failed',
    exitOf({ result: result({ report: report({ status: 'failed' }) }) }),
    { outcome: { fault: { reason: 'agent-error' } } },
  ],
  ['a success without a structured result', exitOf({ result: result({ report: null }) }), { kind: 'inspect' }],
];

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
  ['what the model itself reports', { report: report({ status: 'failed' }), text: 'I give up' }, null],
  ['turns that are used up, whatever they say', { subtype: 'error_max_turns', text: 'overloaded' }, null],
];

describe('interpretExit', () => {
  it.each(walls)('puts %s down to the service, not the task', (_, more, pause) => {
    const meaning = interpretExit(exitOf({ result: failedResult(more) }));
    expect(meaning).toMatchObject({ outcome: pause === null ? { kind: 'failed' } : { kind: 'interrupted', pause } });
  });

  it('finds the end of a limit in its words', () => {
    const at = Date.UTC(2026, 10, 24, 12);
    const text = "You're out of extra usage · resets 5pm (UTC)";
    const exit = exitOf({ result: failedResult({ apiErrorStatus: 429, text }) }, { endedAt: at });
    expect(interpretExit(exit)).toMatchObject({ outcome: { until: Date.UTC(2026, 10, 24, 17), blame: 'nobody' } });
  });

  const brokenOff = failedResult({ subtype: 'error_during_execution', text: '', errors: ['aborted'] });

  it.each(['stalled', 'timeout'] as const)(
    'waits for the limit that an agent met before it was ended (%s)',
    (stopped) => {
      // Claude Code answers INT with a result of its own.
      const exit = exitOf({ usageLimit: rejected, result: brokenOff }, { stopped });
      expect(interpretExit(exit)).toMatchObject({
        outcome: { kind: 'interrupted', pause: 'usage-limit', until: 9_000 },
      });
    },
  );

  it.each([
    ['overloaded (529)', 'overload'],
    ['connection error', 'connection'],
  ])('waits for the service that an agent tried to reach when it was ended (%s)', (apiRetry, pause) => {
    const exit = exitOf({ apiRetry, result: brokenOff }, { stopped: 'stalled' });
    expect(interpretExit(exit)).toMatchObject({ outcome: { kind: 'interrupted', pause, blame: 'service' } });
    const silent = exitOf({ apiRetry: null, result: brokenOff }, { stopped: 'stalled' });
    expect(interpretExit(silent)).toMatchObject({ outcome: { fault: { reason: 'stalled' } } });
  });

  it.each(exits)('reads %s', (_, exit, meaning) => {
    expect(interpretExit(exit)).toMatchObject(meaning);
  });

  it('shows the end of stderr where an agent said nothing else', () => {
    const exit = exitOf({}, { exitCode: 1, stderrTail: 'cannot be used with root/sudo privileges' });
    expect(JSON.stringify(interpretExit(exit))).toContain('cannot be used with root');
  });
});

const evidence = (more: Partial<Evidence> = {}): Evidence => ({
  ...{ tip: 't', commits: 1, diffstat: { files: 1, insertions: 1, deletions: 0 }, dirty: [], verify: [], moved: [] },
  changesWhatRuns: [],
  ...more,
});

describe('judgeWork', () => {
  const plan = planOf('x');
  const good = exitOf({ result: result() });

  it('calls committed and verified work done', () => {
    expect(judgeWork(good, plan, evidence({ verify: [{ argv: ['true'], ok: true, outputTail: '' }] }))).toEqual({
      kind: 'done',
      summary: 'Did it.',
    });
  });

  it('does not take the agent’s word without a commit, but for nothing to do', () => {
    expect(judgeWork(good, plan, evidence({ commits: 0 }))).toMatchObject({ fault: { reason: 'no-changes' } });
    const idle = exitOf({ result: result({ report: report({ status: 'nothing-to-do' }) }) });
    expect(judgeWork(idle, plan, evidence({ commits: 0 })).kind).toBe('done');
  });

  it('blames refused tools where nothing was committed, and names them', () => {
    const denied = exitOf({ result: result(), denials: ['Bash', 'Write', 'Bash'] });
    expect(judgeWork(denied, plan, evidence({ commits: 0 }))).toMatchObject({
      fault: { reason: 'permission-denied', detail: expect.stringContaining('Bash; Write') as string },
    });
    expect(judgeWork(denied, plan, evidence()).kind).toBe('done');
  });

  it('names what is not committed', () => {
    expect(judgeWork(good, plan, evidence({ dirty: ['src/a.ts'] }))).toMatchObject({
      fault: { reason: 'uncommitted', detail: expect.stringContaining('src/a.ts') as string },
    });
  });

  it('shows the command that is red, and its output', () => {
    const verify = [{ argv: ['npm', 'test'] as const, ok: false, outputTail: '1 failed' }];
    expect(judgeWork(good, plan, evidence({ verify }))).toMatchObject({
      fault: { reason: 'verify-failed', detail: '`npm test` failed:\n1 failed' },
    });
  });

  it('takes a reader’s report for its work, and misses it where it is empty', () => {
    const reader = planOf('x', { workspace: { kind: 'detached', path: '/w', base: 'b' } });
    const nothing = evidence({ commits: 0 });
    expect(judgeWork(exitOf({ result: result({ text: '# Review' }) }), reader, nothing)).toMatchObject({
      kind: 'reported',
      report: '# Review',
    });
    expect(judgeWork(exitOf({ result: result({ text: ' ' }) }), reader, nothing)).toMatchObject({
      fault: { reason: 'no-result' },
    });
  });
});
