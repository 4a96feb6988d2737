import { describe, expect, it } from 'vitest';
import { interpretExit, judgeWork as judgeRun } from '../../src/core/outcome.ts';
import type { PauseReason, RunExit, RunPlan } from '../../src/domain/run.ts';
import type { AgentReport, AgentResult } from '../../src/domain/agent-report.ts';
import type { Refusal } from '../../src/domain/refusal.ts';
import type { Evidence } from '../../src/domain/work-evidence.ts';
import { exitOf, planOf } from './boards.ts';

const judgeWork = (exit: RunExit, plan: RunPlan, found: Evidence) => judgeRun(exit, plan, found, 12);

const report = (more: Partial<AgentReport> = {}): AgentReport => ({
  status: 'done',
  summary: 'Did it.',
  questions: [],
  options: [],
  followUps: [],
  subtasks: [],
  answers: [],
  dropped: [],
  judgement: null,
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
    report: report(),
  },
  ...more,
});
const refusal = (more: Partial<Refusal> = {}): Refusal => ({
  ...{ tool: 'Bash', call: 'npm test', parts: [], by: 'rules', said: '', times: 1 },
  ...more,
});
const failed = result({ isError: true, report: null, text: 'It broke.' });
const brokenOff = { kind: 'broken-off', service: null } as const;
const byService = (reason: PauseReason, until: number | null = null) => ({ reason, detail: 'The wall.', until });

/** What ends a run, and what it means. */
const exits: readonly [string, RunExit, object][] = [
  [
    'a good result is looked at further, whatever the exit code',
    exitOf({ result: result() }, { exitCode: 1 }),
    { kind: 'inspect' },
  ],
  ['exit 0 without a result', exitOf(), { outcome: { fault: { reason: 'no-result' } } }],
  [
    'success without a turn (a slash command)',
    exitOf({ result: result({ numTurns: 0 }) }),
    { outcome: { fault: { reason: 'no-result' } } },
  ],
  [
    'the turns are used up',
    exitOf({ result: { ...failed, text: '' } }, { endedBy: { kind: 'limit', reason: 'max-turns' } }),
    { outcome: { fault: { reason: 'max-turns', detail: 'The agent used up its turns.' } } },
  ],
  [
    'the budget is used up',
    exitOf({ result: failed }, { endedBy: { kind: 'limit', reason: 'budget' } }),
    { outcome: { fault: { reason: 'budget', detail: 'It broke.' } } },
  ],
  [
    'a failure of the agent’s own',
    exitOf({ result: failed }),
    { outcome: { fault: { reason: 'agent-error', detail: 'It broke.' } } },
  ],
  [
    'a usage limit with its reset',
    exitOf({ result: failed }, { endedBy: { kind: 'service', service: byService('usage-limit', 9_000) } }),
    { outcome: { kind: 'interrupted', detail: 'The wall.', blame: 'nobody', pause: 'usage-limit', until: 9_000 } },
  ],
  [
    'a session that is gone',
    exitOf({ result: failed }, { endedBy: { kind: 'session-lost' } }),
    { kind: 'session-lost' },
  ],
  ['a timeout', exitOf({}, { stopped: 'timeout' }), { outcome: { fault: { reason: 'timeout' } } }],
  ['silence', exitOf({}, { stopped: 'stalled' }), { outcome: { fault: { reason: 'stalled' } } }],
  [
    'the board’s end',
    exitOf({ result: failed }, { stopped: 'shutdown', endedBy: brokenOff }),
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
    exitOf({ result: failed }, { stopped: 'lingering', endedBy: brokenOff }),
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
    exitOf({
      result: result({ report: report({ status: 'needs-input', questions: ['v1 or v2?'], options: ['v1', 'v2'] }) }),
    }),
    { outcome: { kind: 'question', question: 'v1 or v2?', options: ['v1', 'v2'] } },
  ],
  [
    'two questions, whose answers could be for either',
    exitOf({
      result: result({ report: report({ status: 'needs-input', questions: ['A?', 'B?'], options: ['yes', 'no'] }) }),
    }),
    { outcome: { kind: 'question', question: 'A?\nB?', options: [] } },
  ],
  [
    'the agent’s own word that it failed',
    exitOf({ result: result({ report: report({ status: 'failed' }) }) }),
    { outcome: { fault: { reason: 'agent-error' } } },
  ],
  ['a success without a structured result', exitOf({ result: result({ report: null }) }), { kind: 'inspect' }],
];

describe('interpretExit', () => {
  it.each([
    ['overload', 'service'],
    ['connection', 'service'],
    ['auth', 'nobody'],
    ['credit', 'nobody'],
    ['usage-limit', 'nobody'],
  ] as const)('puts %s down to the service, not the task', (pause, blame) => {
    const exit = exitOf({ result: failed }, { endedBy: { kind: 'service', service: byService(pause) } });
    expect(interpretExit(exit)).toMatchObject({ outcome: { kind: 'interrupted', pause, blame } });
  });

  it.each(['stalled', 'timeout'] as const)(
    'waits for what an agent waited for when it was ended (%s), and blames the task for silence alone',
    (stopped) => {
      const waiting = { kind: 'broken-off', service: byService('usage-limit', 9_000) } as const;
      expect(interpretExit(exitOf({ result: failed }, { stopped, endedBy: waiting }))).toMatchObject({
        outcome: { kind: 'interrupted', pause: 'usage-limit', until: 9_000 },
      });
      const silent = exitOf({ result: failed }, { stopped, endedBy: brokenOff });
      expect(interpretExit(silent)).toMatchObject({ outcome: { fault: { reason: stopped } } });
    },
  );

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
  ...{ changesWhatRuns: [], asGiven: [], ignored: [], repositories: [], elsewhere: [], merge: null },
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
    const ignored = evidence({ commits: 0, ignored: ['dist/x.js (.gitignore:1: dist)'] });
    expect(judgeWork(good, plan, ignored)).toMatchObject({
      fault: {
        reason: 'no-changes',
        detail: expect.stringMatching(/git ignores.*\ndist\/x\.js \(\.gitignore:1: dist\)\n.*git add -f/) as string,
      },
    });
  });

  it('blames refused tools where nothing was committed, and names them', () => {
    const denied = exitOf({ result: result(), denials: [refusal({ call: 'npm install left-pad' })] });
    const told =
      '`npm install left-pad` → to allow it, write into config.yaml: `allowed_tools: ["Bash(npm install *)"]`';
    expect(judgeWork(denied, plan, evidence({ commits: 0 }))).toMatchObject({
      fault: { reason: 'permission-denied', detail: expect.stringContaining(told) as string },
    });
    expect(judgeWork(denied, plan, evidence()).kind).toBe('done');
  });

  it('tells what the last commit met before what is left uncommitted', () => {
    const failedCommit = { command: 'git commit -m x', said: 'Exit code 1\nlint: b.txt is ugly' };
    const refusedByHook = exitOf({ result: result(), failedCommit });
    for (const work of [evidence({ dirty: ['b.txt'] }), evidence({ commits: 0 })]) {
      expect(judgeWork(refusedByHook, plan, work)).toMatchObject({
        fault: {
          reason: 'commit-failed',
          detail: expect.stringMatching(/^`git commit -m x` failed:\n.*\nlint/) as string,
        },
      });
    }
    expect(judgeWork(refusedByHook, plan, evidence()).kind).toBe('done');
    const denials = [refusal({ call: 'git commit -m x', by: 'deny-rule' }), refusal({ call: 'npm test' })];
    const refused = exitOf({ result: result(), failedCommit, denials });
    expect(judgeWork(refused, plan, evidence({ dirty: ['b.txt'] }))).toMatchObject({
      fault: {
        reason: 'permission-denied',
        detail: expect.stringMatching(/board can't allow it[^]*b\.txt$/) as string,
      },
    });
  });

  it('calls a repository inside the worktree no delivered work, whatever else is there', () => {
    const link = evidence({ repositories: ['web'], dirty: ['web/', 'a.txt'] });
    expect(judgeWork(good, plan, link)).toMatchObject({
      fault: {
        reason: 'uncommitted',
        detail: expect.stringMatching(
          /^web is a repository of its own[^]*rm -rf web && mv web.new web[^]*changes:\na\.txt$/,
        ) as string,
      },
    });
    const idle = exitOf({ result: result({ report: report({ status: 'nothing-to-do' }) }) });
    expect(judgeWork(idle, plan, evidence({ commits: 0, repositories: ['web'] })).kind).toBe('failed');
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
