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

describe('interpretExit', () => {
  it.each(exits)('reads %s', (_, exit, meaning) => {
    expect(interpretExit(exit)).toMatchObject(meaning);
  });

  it('shows the end of stderr where an agent said nothing else', () => {
    const exit = exitOf({}, { exitCode: 1, stderrTail: 'cannot be used with root/sudo privileges' });
    expect(JSON.stringify(interpretExit(exit))).toContain('cannot be used with root');
  });
});

const evidence = (more: Partial<Evidence> = {}): Evidence => ({
  ...{ tip: 't', commits: 1, diffstat: { files: 1, insertions: 1, deletions: 0 }, dirty: [], verify: [] },
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
