import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyStreamState, readStreamLine, type StreamState } from '../../../src/adapters/agent/claude-stream.ts';
import { limits } from '../../../src/domain/limits.ts';
import { emptyRunView, type AgentResult, type RunView } from '../../../src/domain/run.ts';

const captures = fileURLToPath(new URL('../../fixtures/captures/', import.meta.url));
const versions = ['2.1.197', '2.1.330'] as const;
type Version = (typeof versions)[number];

function readLines(lines: readonly string[], state: StreamState = emptyStreamState): StreamState {
  return lines.reduce(readStreamLine, state);
}

function readMessages(...messages: readonly unknown[]): RunView {
  return readLines(messages.map((message) => JSON.stringify(message))).view;
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

const fine = { isError: false, subtype: 'success', apiErrorStatus: null, errors: [], denials: [], report: null };
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
    'connection-dropped': { result: { ...apiError, apiErrorStatus: null, text: dropped } },
    'credit-too-low-400': { result: { ...apiError, apiErrorStatus: 400, text: 'Credit balance is too low' } },
    'edit-allowed': { view: { lastText: 'Done.' }, result: { ...fine, numTurns: 2, costUsd: cost(2), text: 'Done.' } },
    'edit-outside-denied': {
      view: { denials: ['Write'] },
      result: { ...fine, numTurns: 2, costUsd: cost(2), denials: ['Write'] },
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
      view: { denials: ['Bash', 'Write'] },
      result: { ...fine, numTurns: 3, costUsd: cost(3), denials: ['Bash', 'Write'] },
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
        report: { status: 'done', summary: 'ok', questions: [], followUps: [] },
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
    const { view } = readLines(lines);
    const first = lines.map((line) => JSON.parse(line) as Record<string, unknown>)[0];
    const begun = first?.['subtype'] === 'init';
    expect(view).toMatchObject({ noiseLines: 0, ...(begun ? { model: model[version] } : {}), ...partial });
    expect(view.sessionId).toBe(begun ? first['session_id'] : null);
    if (result === null) expect(view.result).toBeNull();
    else expect(view).toMatchObject({ result, openTools: 0, costUsd: view.result?.costUsd });
  });

  it('tells the same with the keys of each line in another order', () => {
    for (const name of Object.keys(expected)) {
      const lines = linesOf(version, name);
      const reversed = lines.map((line) =>
        JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line) as object).reverse())),
      );
      expect(readLines(reversed).view).toEqual(readLines(lines).view);
    }
  });

  it('shows the steps while they are made and done', () => {
    const seen = new Set<string>();
    linesOf(version, 'progress-tasks').reduce((state, line) => {
      const next = readStreamLine(state, line);
      seen.add(JSON.stringify(next.view.progress));
      return next;
    }, emptyStreamState);
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
    const retrying = readLines([init, retry, again]);
    expect(retrying.view.apiRetry).toBe('overloaded (529)');
    expect(readStreamLine(retrying, answer).view.apiRetry).toBeNull();
    expect(readLines(linesOf(version, 'connection-dropped').slice(0, 2)).view.apiRetry).toBe('connection lost');
  });
});

const text = (said: string, parent: string | null = null): unknown => ({
  ...{ type: 'assistant', parent_tool_use_id: parent },
  message: { content: [{ type: 'text', text: said }] },
});
const call = (id: string, name: string, input: unknown = {}, parent: string | null = null): unknown => ({
  ...{ type: 'assistant', parent_tool_use_id: parent },
  message: { content: [{ type: 'tool_use', id, name, input }] },
});
const answer = (id: string, isError = false): unknown => ({
  type: 'user',
  message: { content: [{ type: 'tool_result', tool_use_id: id, content: 'x', is_error: isError }] },
});
const end = (more: object = {}): unknown => ({ type: 'result', subtype: 'success', is_error: false, ...more });

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
            readStreamLine(emptyStreamState, JSON.stringify(shape));
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
    const told = (id: unknown) => readMessages({ type: 'system', subtype: 'init', session_id: id }).sessionId;
    const bad = ['--dangerously-skip-permissions', '-p', '', '_x', '../x', 'a b', 'a\n--x', 'a\n', 'x'.repeat(65), 7];
    for (const id of bad) expect({ id, told: told(id) }).toEqual({ id, told: null });
    const good = ['0b7d2f7e-4a55-4c0e-9a53-2f1d5f0a2a11', 's-good', 'x'.repeat(64)];
    for (const id of good) expect(told(id)).toBe(id);
  });

  it('lets only the first result count', () => {
    const view = readMessages(end({ result: 'first', total_cost_usd: 1 }), end({ is_error: true, total_cost_usd: 2 }));
    expect(view.result).toMatchObject({ isError: false, text: 'first' });
    expect(view.costUsd).toBe(1);
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
    const made = (id: string, step: string): unknown => ({
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
    const update = (id: string, status: string): readonly unknown[] => [
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
      follow_ups: 'none',
    };
    const report = readMessages(end({ structured_output: output })).result?.report;
    expect(report).toMatchObject({ status: 'needs-input', followUps: [] });
    expect(report?.summary).toHaveLength(limits.maxSummaryChars);
    expect(report?.questions).toHaveLength(limits.maxQuestions);
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
