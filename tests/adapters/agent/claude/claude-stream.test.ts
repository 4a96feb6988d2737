import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fc } from '../../../properties.ts';
import {
  closeStream,
  noteLingering,
  openStream,
  readStreamLine,
  type StreamState,
} from '../../../../src/adapters/agent/claude/claude-stream.ts';
import { limits } from '../../../../src/domain/limits.ts';
import type { Refusal } from '../../../../src/domain/refusal.ts';
import { emptyRunView, type RunView, type Session } from '../../../../src/domain/run.ts';
import type { AgentResult } from '../../../../src/domain/agent-report.ts';

const captures = fileURLToPath(new URL('../../../fixtures/captures/', import.meta.url));
const versions = ['2.1.197', '2.1.330'] as const;
type Version = (typeof versions)[number];

const own: Session = { mode: 'fresh', id: 'own' };
const unread = openStream(own);

function readLines(lines: readonly string[], state: StreamState = unread): StreamState {
  return lines.reduce(readStreamLine, state);
}

/** Messages of the run's own session, unless they name another. */
function read(messages: readonly object[], state: StreamState = unread): StreamState {
  return readLines(
    messages.map((message) => JSON.stringify({ session_id: own.id, ...message })),
    state,
  );
}

function readMessages(...messages: readonly object[]): RunView {
  return read(messages).view;
}

/** A capture as the stream of the run that made it. */
function readCapture(lines: readonly string[]): StreamState {
  const first = lines[0] === undefined ? {} : (JSON.parse(lines[0]) as Record<string, unknown>);
  return readLines(lines, openStream({ mode: 'fresh', id: String(first['session_id']) }));
}

function linesOf(version: Version, name: string): readonly string[] {
  return readFileSync(`${captures}${version}/${name}.jsonl`, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

interface Expected {
  readonly view?: Partial<RunView>;
  /** Null: the run printed none. */
  readonly result: Partial<AgentResult> | null;
}

const fine = { isError: false, subtype: 'success', apiErrorStatus: null, errors: [], report: null };
const outside: Refusal = {
  ...{ tool: 'Write', call: '/elsewhere/out.txt', parts: [], by: 'outside', times: 1 },
  said: "Claude requested permissions to write to /elsewhere/out.txt, but you haven't granted it yet.",
} as const;
const reported = {
  status: 'done' as const,
  summary: 'S',
  questions: [],
  options: [],
  followUps: [],
  subtasks: [],
  answers: [],
  dropped: [],
  judgement: null,
};
const apiError = { isError: true, subtype: 'success', numTurns: 1, costUsd: 0, report: null };
const stopped = { isError: true, apiErrorStatus: null, report: null };
const model = { '2.1.197': 'claude-opus-4-8[1m]', '2.1.330': 'claude-opus-5-5' };
const callCost = { '2.1.197': 0.00175, '2.1.330': 0.0014 };

/** What each capture must be read as; every capture of both versions is in here. */
function expectations(version: Version): Record<string, Expected> {
  const cost = (calls: number): number => Number((callCost[version] * calls).toFixed(6));
  const old = version === '2.1.197';
  const overloaded =
    'API Error: 529 Overloaded. This is a server-side issue, usually temporary — try again in a moment. If it persists, check your inference gateway (127.0.0.1:8080).';
  const limit = old
    ? "You've hit your session limit · resets 10:45am (UTC)"
    : "You've hit your 5-hour limit · resets 10:44am (UTC)";
  const dropped = old
    ? 'API Error: Unable to connect to API (ECONNRESET)'
    : 'API Error: Connection dropped (ECONNRESET). Check the gateway set in ANTHROPIC_BASE_URL, then try again.';
  return {
    'auth-failed-401': {
      view: { apiRetry: null, lastText: 'Invalid API key · Fix external API key' },
      result: { ...apiError, apiErrorStatus: 401, text: 'Invalid API key · Fix external API key' },
    },
    'background-agent': {
      view: { costUsd: old ? 0.005625000000000001 : 0.0045 },
      result: { ...fine, report: reported },
    },
    'background-command': {
      view: { costUsd: old ? 0.0033750000000000004 : 0.0027 },
      result: { ...fine, report: reported },
    },
    'connection-dropped': { result: { ...apiError, apiErrorStatus: null, text: dropped } },
    'credit-too-low-400': { result: { ...apiError, apiErrorStatus: 400, text: 'Credit balance is too low' } },
    'edit-allowed': { view: { lastText: 'Done.' }, result: { ...fine, numTurns: 2, costUsd: cost(2), text: 'Done.' } },
    'edit-outside-denied': {
      view: { denials: [outside] },
      result: { ...fine, numTurns: 2, costUsd: cost(2) },
    },
    'hangup-sighup': { view: { openTools: old ? 1 : 0, costUsd: 0 }, result: null },
    'hooks-note-and-stop': { result: { ...fine, numTurns: 6, costUsd: cost(6), text: 'final; saw: note' } },
    'interrupted-sigint': {
      view: { openTools: 0 },
      result: {
        ...{ ...stopped, subtype: 'error_during_execution', numTurns: 3, text: '' },
        errors: ['[ede_diagnostic] result_type=user last_content_type=n/a stop_reason=tool_use'],
      },
    },
    'interrupted-thinking': { result: null },
    'live-user-message': { result: { ...fine, numTurns: 5, costUsd: cost(5), text: 'final; saw: note' } },
    'max-budget': {
      view: { openTools: 0 },
      result: { ...stopped, subtype: 'error_max_budget_usd', numTurns: 3, errors: ['Reached maximum budget ($0.004)'] },
    },
    'max-turns': {
      result: { ...stopped, subtype: 'error_max_turns', numTurns: 4, errors: ['Reached maximum number of turns (3)'] },
    },
    'mcp-progress': { view: { progress: null, lastText: 'Done.' }, result: { ...fine, numTurns: 2 } },
    'overloaded-529': { result: { ...apiError, apiErrorStatus: 529, text: overloaded } },
    'permission-denied': {
      view: {
        denials: [
          {
            ...{ tool: 'Bash', call: 'rm -rf /elsewhere/x && touch made', by: 'rules', times: 1 },
            parts: ['rm -rf /elsewhere/x', 'touch made'],
            said: 'This Bash command contains multiple operations. The following parts require approval: rm -rf /elsewhere/x, touch made',
          },
          { ...outside, call: '/elsewhere/x.txt', said: outside.said.replace('out.txt', 'x.txt') },
        ],
      },
      result: { ...fine, numTurns: 3, costUsd: cost(3) },
    },
    'progress-tasks': { view: { progress: { done: 1, total: 2, step: null } }, result: { ...fine, numTurns: 5 } },
    'rate-limited-429': {
      view: { usageLimit: null },
      result: {
        ...{ ...apiError, apiErrorStatus: 429 },
        text: "API Error: Request rejected (429) · This request would exceed your account's rate limit.",
      },
    },
    'resume-unknown': {
      view: { sessionId: null, model: null, lastText: null },
      result: {
        ...{ ...stopped, subtype: 'error_during_execution', numTurns: 0, costUsd: 0 },
        errors: ['No conversation found with session ID: 11111111-2222-3333-4444-555555555555'],
      },
    },
    'root-refused': { view: emptyRunView, result: null },
    'structured-output': {
      result: {
        ...fine,
        numTurns: 2,
        text: 'ok',
        report: {
          status: 'done',
          summary: 'ok',
          questions: [],
          options: [],
          followUps: [],
          subtasks: [],
          answers: [],
          dropped: [],
          judgement: null,
        },
      },
    },
    'structured-output-ignored': { result: { ...fine, numTurns: 2, text: 'Done.', report: null } },
    'terminated-sigterm': { view: { openTools: old ? 1 : 0 }, result: null },
    'usage-limit': {
      view: {
        model: old ? 'claude-sonnet-5' : 'claude-sonnet-5-5',
        usageLimit: { status: 'rejected', resetsAt: old ? 1795344327000 : 1795344288000, kind: 'five_hour' },
      },
      result: { ...apiError, apiErrorStatus: 429, text: limit },
    },
  };
}

describe.each(versions)('what Claude Code %s prints', (version) => {
  const expected = expectations(version);
  const names = readdirSync(`${captures}${version}`).filter((name) => name.endsWith('.jsonl'));

  it('is expected for each capture', () => {
    expect(names.map((name) => name.replace('.jsonl', '')).sort()).toEqual(Object.keys(expected).sort());
  });

  it.each(Object.entries(expected))('is understood: %s', (name, { view: partial = {}, result }) => {
    const lines = linesOf(version, name);
    const { view } = readCapture(lines);
    const first = lines.map((line) => JSON.parse(line) as Record<string, unknown>)[0];
    const begun = first?.['subtype'] === 'init';
    expect(view).toMatchObject({
      noiseLines: 0,
      strayLines: 0,
      ...(begun ? { model: model[version] } : {}),
      ...partial,
    });
    expect(view.sessionId).toBe(begun ? first['session_id'] : null);
    if (result === null) expect(view.result).toBeNull();
    else expect(view).toMatchObject({ result, openTools: 0, costUsd: view.result?.costUsd, ...partial });
  });

  it('tells the same with the keys of each line in another order', () => {
    for (const name of Object.keys(expected)) {
      const lines = linesOf(version, name);
      const reversed = lines.map((line) =>
        JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line) as object).reverse())),
      );
      expect(readCapture(reversed).view).toEqual(readCapture(lines).view);
    }
  });

  it('shows the steps while they are made and done', () => {
    const seen = new Set<string>();
    const lines = linesOf(version, 'progress-tasks');
    for (const [index] of lines.entries()) {
      seen.add(JSON.stringify(readCapture(lines.slice(0, index + 1)).view.progress));
    }
    expect([...seen].map((text) => JSON.parse(text) as unknown)).toEqual([
      null,
      { done: 0, total: 1, step: null },
      { done: 0, total: 2, step: null },
      { done: 0, total: 2, step: 'Reading code' },
      { done: 1, total: 2, step: null },
    ]);
  });

  it('says that the API is tried again until the agent speaks', () => {
    const [init = '', retry = '', again = '', answer = ''] = linesOf(version, 'overloaded-529');
    const retrying = readCapture([init, retry, again]);
    expect(retrying.view.apiRetry).toBe('overloaded (529)');
    expect(readStreamLine(retrying, answer).view.apiRetry).toBeNull();
    expect(readCapture(linesOf(version, 'connection-dropped').slice(0, 2)).view.apiRetry).toBe('connection lost');
  });
});

const text = (said: string, parent: string | null = null): object => ({
  ...{ type: 'assistant', parent_tool_use_id: parent },
  message: { content: [{ type: 'text', text: said }] },
});
const call = (id: string, name: string, input: unknown = {}, parent: string | null = null): object => ({
  ...{ type: 'assistant', parent_tool_use_id: parent },
  message: { content: [{ type: 'tool_use', id, name, input }] },
});
const answer = (id: string, isError = false): object => ({
  type: 'user',
  message: { content: [{ type: 'tool_result', tool_use_id: id, content: 'x', is_error: isError }] },
});
const end = (more: object = {}): object => ({ type: 'result', subtype: 'success', is_error: false, ...more });

describe('readStreamLine', () => {
  it('counts what is no JSON object as noise and never throws', () => {
    expect(readLines(['plain words', '[1]', '"x"', '{"type":', 'null', '{}']).view.noiseLines).toBe(5);
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('system', 'assistant', 'user', 'result', 'rate_limit_event'),
        (value, type) => {
          const shapes = [value, { type, message: value }, { type, message: { content: [value] } }];
          const more = { type, subtype: 'init', rate_limit_info: value, structured_output: value, errors: value };
          for (const shape of [...shapes, more, { ...more, permission_denials: [value], result: value }]) {
            readStreamLine(unread, JSON.stringify(shape));
          }
        },
      ),
    );
  });

  it('gives the same view where a line changes nothing in it', () => {
    const state = readLines([JSON.stringify(text('hello'))]);
    const thought = { type: 'assistant', message: { content: [{ type: 'thinking', thinking: 'hm' }] } };
    expect(readStreamLine(state, JSON.stringify(thought)).view).toBe(state.view);
    expect(readStreamLine(state, '{"type":"stream_event"}').view).toBe(state.view);
    expect(readStreamLine(state, JSON.stringify(text('hello'))).view).toBe(state.view);
  });

  it('takes no text for a session’s id that could be an option, a path or a sentence', () => {
    const resumed = openStream({ mode: 'resume', id: 'own' });
    const told = (id: unknown) => read([{ type: 'system', subtype: 'init', session_id: id }], resumed).view.sessionId;
    const bad = ['--dangerously-skip-permissions', '-p', '', '_x', '../x', 'a b', 'a\n--x', 'a\n', 'x'.repeat(65), 7];
    for (const id of bad) expect({ id, told: told(id) }).toEqual({ id, told: null });
    const good = ['0b7d2f7e-4a55-4c0e-9a53-2f1d5f0a2a11', '11111111-1111-4111-8111-111111111111', 'x'.repeat(64)];
    for (const id of good) expect(told(id)).toBe(id);
  });

  it('takes no text of an agent’s own for one of the words that are told as they are', () => {
    for (const odd of ['hunter2-long-secret', '', 7, null]) {
      expect(readMessages(end({ subtype: odd })).result?.subtype).toBe('unknown');
      const info = { status: 'rejected', rateLimitType: odd };
      expect(readMessages({ type: 'rate_limit_event', rate_limit_info: info }).usageLimit?.kind).toBeNull();
    }
  });

  it('takes a result that does not say whether it is an error for one', () => {
    expect(readMessages({ type: 'result', subtype: 'success' }).result?.isError).toBe(true);
  });

  it('counts a subagent’s open tools but takes neither its words nor its steps', () => {
    const before = [
      text('I ask a helper'),
      call('t1', 'Task'),
      text('helper here', 't1'),
      call('t2', 'Bash', {}, 't1'),
    ];
    const steps = call('t3', 'TodoWrite', { todos: [{ content: 'a', status: 'pending' }] }, 't1');
    const view = readMessages(...before, steps, answer('t3'));
    expect(view).toMatchObject({ openTools: 2, lastText: 'I ask a helper', progress: null });
    expect(readMessages(...before, answer('t1')).openTools).toBe(0);
  });

  it('tells the last tool that was called for the task, and not the list of steps or the handed-in result', () => {
    const bash = call('t1', 'Bash', { command: 'npm test', description: 'Run the tests' });
    expect(readMessages(bash).lastTool).toBe('Bash npm test');
    const others = [call('t2', 'TodoWrite', { todos: [] }), call('t3', 'StructuredOutput', { summary: 'x' })];
    expect(readMessages(bash, answer('t1'), ...others).lastTool).toBe('Bash npm test');
    expect(readMessages(bash, call('t4', 'Read', { file_path: '/w/a.ts' }, 't1')).lastTool).toBe('Read /w/a.ts');
    expect(readMessages(call('t1', 'Bash', { command: 'x'.repeat(10_000) })).lastTool).toHaveLength(300);
    expect(readMessages().lastTool).toBeNull();
  });

  it('tells the progress that the agent reports before that of its list, and drops what is no count', () => {
    const told = (done: unknown, total: unknown, what: unknown = 'Wiring') =>
      call('t9', 'mcp__branchboard-run__report_progress', { done, total, what });
    const todos = call('t1', 'TodoWrite', { todos: [{ content: 'A', status: 'completed' }] });
    const progress = { done: 2, total: 5, step: 'Wiring' };
    expect(readMessages(told(2, 5), todos, answer('t1'))).toMatchObject({ progress, lastTool: null });
    for (const odd of [told(6, 5), told(-1, 5), told(0, 0), told(0.5, 2), told('2', 5), told(1e300, 1e301)]) {
      expect(readMessages(told(2, 5), odd).progress).toEqual(progress);
      expect(readMessages(odd).progress).toBeNull();
    }
  });

  it('tells what it asks the user as long as the call waits', () => {
    const ask = (id: string) => call(id, 'mcp__branchboard-run__ask_user', { question: `${id}?`, options: ['a'] });
    const asked = [ask('t1'), ask('t2')];
    const [first, second] = ['t1', 't2'].map((id) => ({ id, text: `${id}?`, options: ['a'] }));
    expect(readMessages(...asked).questions).toEqual([first, second]);
    expect(readMessages(...asked, answer('t1')).questions).toEqual([second]);
    expect(readMessages(...asked, answer('t1'), answer('t2', true)).questions).toEqual([]);
    const many = Array.from({ length: limits.maxQuestions + 1 }, (_, at) => ask(`q${String(at)}`));
    expect(readMessages(...many).questions).toHaveLength(limits.maxQuestions);
  });

  it('reads TodoWrite, and only if it went well', () => {
    const todos = [
      { content: 'Look', status: 'completed' },
      { content: 'Do', status: 'in_progress', activeForm: 'Doing' },
      { content: 'Check', status: 'pending' },
    ];
    const write = call('t1', 'TodoWrite', { todos });
    expect(readMessages(write, answer('t1')).progress).toEqual({ done: 1, total: 3, step: 'Doing' });
    expect(readMessages(write, answer('t1', true)).progress).toBeNull();
  });

  it('reads step ids from the text of a result, forgets deleted steps, and passes over unknown ones', () => {
    const made = (id: string, step: string): object => ({
      type: 'user',
      message: {
        content: [{ type: 'tool_result', tool_use_id: id, content: [{ type: 'text', text: `Task #${step} created` }] }],
      },
    });
    const create = [
      call('a', 'TaskCreate', { subject: 'A' }),
      made('a', '7'),
      call('b', 'TaskCreate', { subject: 'B' }),
      made('b', '8'),
    ];
    const update = (id: string, status: string): readonly object[] => [
      call(`u${id}`, 'TaskUpdate', { taskId: id, status }),
      answer(`u${id}`),
    ];
    expect(readMessages(...create, ...update('7', 'in_progress')).progress).toEqual({ done: 0, total: 2, step: 'A' });
    expect(readMessages(...create, ...update('7', 'deleted')).progress).toEqual({ done: 0, total: 1, step: null });
    expect(readMessages(...update('9', 'completed')).progress).toBeNull();
  });

  it('gives what was said for people, not the JSON of the structured result, as the final text', () => {
    const structured = { status: 'done', summary: 'short' };
    const view = readMessages(
      text('# The report'),
      end({ result: JSON.stringify(structured), structured_output: structured }),
    );
    expect(view.result?.text).toBe('# The report');
    expect(view.result?.report?.summary).toBe('short');
  });

  it('reads a structured result leniently and bounds it', () => {
    const output = {
      status: 'needs_input',
      summary: 's'.repeat(limits.maxSummaryChars + 1),
      questions: ['Which?', 7, ' ', ...Array<string>(50).fill('More?')],
      options: ['yes', 'yes', 'n\no', 'x'.repeat(500), 'a', 'b', 'c'],
      follow_ups: 'none',
    };
    const report = readMessages(end({ structured_output: output })).result?.report;
    expect(report).toMatchObject({ status: 'needs-input', followUps: [], subtasks: [], answers: [], judgement: null });
    expect(report?.summary).toHaveLength(limits.maxSummaryChars);
    expect(report?.questions).toHaveLength(limits.maxQuestions);
    expect(report?.options.slice(0, 3)).toEqual(['yes', 'n o', 'x'.repeat(limits.maxOptionChars)]);
    expect(readMessages(end({ structured_output: { status: 'perhaps' } })).result?.report).toBeNull();
    expect(readMessages(end({ structured_output: 'done' })).result?.report).toBeNull();
  });

  it('bounds the last words and cuts no character in two', () => {
    const { lastText } = readMessages(text(`${'a'.repeat(10)}${'😀'.repeat(limits.maxTailChars)}`));
    expect(lastText?.length).toBeLessThanOrEqual(limits.maxTailChars);
    expect(Buffer.from(lastText ?? '').toString()).toBe(lastText);
    const odd = readMessages(text(`${'😀'.repeat(limits.maxTailChars)}a`)).lastText ?? '';
    expect(odd.codePointAt(0)).toBe('😀'.codePointAt(0));
  });

  it('keeps the last words from a whole word on', () => {
    const last = (said: string) => readMessages(text(said)).lastText ?? '';
    const tail = ` ${'x '.repeat(limits.maxTailChars / 2 - 10)}x`;
    expect(last(`ghp_${'aB3dE6gH9'.repeat(4)}${tail}`)).toBe(tail);
    expect(last(`{"a":"ghp_${'aB3dE6gH9'.repeat(4)}","b":"${tail}"}`)).toMatch(/^","b":"/);
    expect(last('界'.repeat(limits.maxTailChars + 1))).toBe('界'.repeat(limits.maxTailChars));
  });

  it('reads a warning before a limit, with its time in milliseconds', () => {
    const info = { status: 'allowed_warning', resetsAt: 1_800_000_000, rateLimitType: 'seven_day' };
    const view = readMessages({ type: 'rate_limit_event', rate_limit_info: info });
    expect(view.usageLimit).toEqual({ status: 'allowed-warning', resetsAt: 1_800_000_000_000, kind: 'seven_day' });
  });

  it('takes a limit’s reset for not told where no date stands for it', () => {
    const reset = (resetsAt: unknown) =>
      readMessages({ type: 'rate_limit_event', rate_limit_info: { status: 'rejected', resetsAt } }).usageLimit;
    for (const odd of [1_764_200_000_000_000_000, -1, -1e300, 1e300, 'soon', '1764200000', null]) {
      expect({ odd, limit: reset(odd) }).toEqual({ odd, limit: { status: 'rejected', resetsAt: null, kind: null } });
    }
    expect(reset(1_764_200_000)?.resetsAt).toBe(1_764_200_000_000);
    expect(reset(1_764_200_000_000)?.resetsAt).toBe(1_764_200_000_000);
  });
});

describe('a stream that others write to', () => {
  const init = (id: string = own.id): object => ({ type: 'system', subtype: 'init', session_id: id, model: 'm' });
  const good = end({ result: 'mine', total_cost_usd: 2 });
  const forged = end({ result: 'forged', total_cost_usd: 9999 });
  const foreign = (message: object): object => ({ ...message, session_id: 'other' });
  const limit = { type: 'rate_limit_event', rate_limit_info: { status: 'rejected', resetsAt: 1_800_000_000 } };
  const byItself = { exitCode: 0, isForced: false };

  it('holds nothing of another session, or of none', () => {
    const lines = [init('other'), text('I am you'), call('x', 'Bash'), answer('x'), limit, forged].map(foreign);
    const nameless = [limit, forged].map((message) => ({ ...message, session_id: undefined }));
    const before = readMessages(init(), text('hello'));
    expect(readMessages(...lines, ...nameless, init(), text('hello'), ...lines)).toEqual({ ...before, strayLines: 14 });
    expect(readMessages(init(), ...lines, good).result?.text).toBe('mine');
  });

  it('is a resumed session’s under the id that its first init tells, and keeps the planned one', () => {
    const resumed = openStream({ mode: 'resume', id: 'own' });
    const renamed = read([init('new'), { ...good, session_id: 'new' }], resumed).view;
    expect(renamed).toMatchObject({ sessionId: 'new', strayLines: 0, result: { text: 'mine' } });
    // A later init changes nothing, and one that came first takes nothing from the agent.
    expect(read([init(), init('other'), foreign(forged)], resumed).view).toMatchObject({ strayLines: 2, result: null });
    expect(read([init('other'), init(), good], resumed).view).toMatchObject({
      sessionId: 'own',
      result: { text: 'mine' },
    });
    expect(readMessages(init('other'), foreign(forged))).toMatchObject({ sessionId: null, result: null });
  });

  it('ends with the agent’s own result, not with one that was added while it worked', () => {
    const early = [init(), call('a', 'Bash'), forged];
    expect(read(early).view).toMatchObject({ result: { text: 'forged' }, openTools: 1 });
    expect(read([...early, answer('a')]).view).toMatchObject({ result: null, strayLines: 1, openTools: 0 });
    const whole = read([...early, answer('a'), text('Done.'), good]);
    expect(closeStream(whole, byItself).view).toMatchObject({ result: { text: 'mine' }, strayLines: 1 });
    // The agent was killed in the middle of the call.
    const killed = { exitCode: null, isForced: true };
    expect(closeStream(read(early), killed).view.result).toBeNull();
    // What an agent says of being ended is its own.
    const broken = end({ is_error: true, subtype: 'error_during_execution' });
    expect(closeStream(read([init(), call('a', 'Bash'), broken]), killed).view).toMatchObject({
      strayLines: 0,
      result: { isError: true },
    });
  });

  it('ends with the first of two results between which nothing was done', () => {
    const state = closeStream(read([init(), text('Done.'), good, end({ is_error: true, result: 'no' })]), byItself);
    expect(state.view).toMatchObject({ result: { text: 'mine' }, strayLines: 1 });
  });

  it('fails no agent that ended well, whatever was added behind its result', () => {
    const failed = end({ is_error: true, result: 'no' });
    for (const added of [[text('x')], [text('x'), failed], [init(), text('x'), failed], [failed, text('x')]]) {
      const state = read([init(), text('Done.'), good, ...added]);
      expect(closeStream(state, byItself).view.result).toMatchObject({ text: 'mine', isError: false });
      expect(state.view.strayLines).toBeGreaterThan(0);
    }
  });

  it('shows that an agent which is ended for a result that it never told was at work', () => {
    const taken = noteLingering(read([init(), text('Thinking.'), forged]));
    const broken = end({ is_error: true, subtype: 'error_during_execution' });
    expect(read([broken], taken).view.result).toMatchObject({ subtype: 'error_during_execution' });
    const asked = { type: 'user', message: { content: [{ type: 'text', text: '[Request interrupted by user]' }] } };
    expect(closeStream(read([asked], taken), { exitCode: 0, isForced: true }).view.result).toBeNull();
  });

  it('holds no limit that the model answers after', () => {
    const asked = readMessages(init(), limit);
    expect(asked.usageLimit?.status).toBe('rejected');
    expect(readMessages(init(), limit, text('Going on.')).usageLimit).toBeNull();
    const refused = { type: 'assistant', message: { model: '<synthetic>', content: [] } };
    expect(readMessages(init(), limit, refused).usageLimit?.status).toBe('rejected');
  });

  it('counts the highest cost that its own lines tell, and none that no run can have', () => {
    const costs = [0.5, 3, 0, -7, 1e300, Number.NaN, '12', limits.maxRunCostUsd + 1];
    const view = readMessages(init(), ...costs.map((usd) => end({ total_cost_usd: usd })), foreign(forged));
    expect(view).toMatchObject({ costUsd: 3, claimedUsd: 1e300 });
  });

  it('is read on behind half a line of somebody else’s', () => {
    const glued = `{"type":"resu${JSON.stringify({ session_id: 'own', ...good })}`;
    expect(readLines([glued]).view).toMatchObject({ noiseLines: 1, result: { text: 'mine' } });
  });

  it('never makes of others’ lines, wherever they stand, a result of theirs or a loss of the agent’s', () => {
    const mine = [init(), text('a'), call('t', 'Bash'), answer('t'), text('b'), good];
    const theirs = fc.constantFrom<object>(
      foreign(init('other')),
      foreign(forged),
      foreign(limit),
      foreign(text('x')),
      foreign(answer('t')),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(mine.length), theirs)), (added) => {
        const mixed = mine.flatMap((line, at) => [...added.filter(([to]) => to === at).map(([, it]) => it), line]);
        const late = added.filter(([to]) => to === mine.length).map(([, it]) => it);
        const { view } = closeStream(read([...mixed, ...late]), byItself);
        expect(view).toEqual({ ...closeStream(read(mine), byItself).view, strayLines: added.length });
      }),
    );
  });
});
