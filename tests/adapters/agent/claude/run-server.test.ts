/** The server of a run's tools: what it says to its client, and how an answer comes through it. */
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { addProposal, runServer, runToolNames, readQuestion } from '../../../../src/adapters/agent/claude/run-tools.ts';
import { serveLine } from '../../../../src/adapters/agent/claude/run-server.ts';
import type { JsonObject } from '../../../../src/adapters/machine/json-shape.ts';
import { limits } from '../../../../src/domain/limits.ts';

let notes: string;
beforeEach(() => (notes = mkdtempSync(join(tmpdir(), 'run-server-'))));
afterEach(() => rmSync(notes, { recursive: true, force: true }));

async function serve(request: unknown, answerWaitMs = 60_000): Promise<readonly unknown[]> {
  const sent: unknown[] = [];
  const line = typeof request === 'string' ? request : JSON.stringify(request);
  await serveLine({ notes, answerWaitMs, send: (text) => sent.push(JSON.parse(text)) }, line);
  return sent;
}

const callOf = (toolUseId: unknown, name = 'ask_user') => ({
  ...{ jsonrpc: '2.0', id: 7, method: 'tools/call' },
  params: { name, arguments: { question: 'Which?' }, _meta: { progressToken: 1, 'claudecode/toolUseId': toolUseId } },
});
const resultOf = (text: unknown) => [{ jsonrpc: '2.0', id: 7, result: { content: [{ type: 'text', text }] } }];

it('begins in the version of its client, lists its tool, and refuses what it does not know', async () => {
  const begin = { id: 1, method: 'initialize', params: { protocolVersion: '2024-11-05' } };
  expect(await serve(begin)).toMatchObject([{ id: 1, result: { protocolVersion: '2024-11-05' } }]);
  expect(await serve({ id: 'x', method: 'ping' })).toEqual([{ jsonrpc: '2.0', id: 'x', result: {} }]);
  const [listed] = await serve({ id: 2, method: 'tools/list' });
  expect(listed).toMatchObject({
    result: {
      tools: [
        { name: 'ask_user', annotations: { readOnlyHint: true } },
        { name: 'report_progress' },
        { name: 'propose_task' },
      ],
    },
  });
  expect(await serve(callOf('t', 'report_progress'))).toEqual(resultOf('The user sees it.'));
  expect(await serve(callOf('t', 'propose_task'))).toEqual(resultOf(expect.stringContaining('when your run ends')));
  expect(await serve({ id: 3, method: 'resources/list' })).toMatchObject([{ error: { code: -32601 } }]);
  expect(await serve(callOf('t', 'merge'))).toMatchObject([{ error: { code: -32602 } }]);
  for (const none of ['', '{', '[]', { method: 'notifications/initialized' }]) expect(await serve(none)).toEqual([]);
});

it('gives the answer of its own question, and takes it', async () => {
  const path = (name: string) => join(notes, name);
  writeFileSync(path('answer-other.answer'), '"Not this"\n');
  writeFileSync(path('k.note'), '"Not this"\n');
  const asked = serve(callOf('t-1'));
  writeFileSync(path('new'), '"Shown \\"so\\""\n{"text":"so"}\n');
  // As the board lays it down: whole, under its name.
  renameSync(path('new'), path('answer-t-1.answer'));
  expect(await asked).toEqual(resultOf('Shown "so"'));
  expect(readdirSync(notes).sort()).toEqual(['answer-other.answer', 'answer-t-1.read', 'k.note']);
});

it('says that nobody answered, at once to a call that no answer could be for', async () => {
  const unanswered = resultOf(expect.stringMatching(/^Nobody answered in time\..*needs-input/));
  expect(await serve(callOf('t-1'), 0)).toEqual(unanswered);
  for (const id of [undefined, 7, '', '../../x', 'a'.repeat(81)]) expect(await serve(callOf(id))).toEqual(unanswered);
});

it('is started for a run with its folder alone, before the first turn', () => {
  const entry = runServer('/notes', 1_000)['branchboard-run'];
  expect(entry).toMatchObject({ command: process.execPath, alwaysLoad: true });
  expect(JSON.stringify(entry)).toMatch(/run-server-main\.js","\/notes","1000"/);
});

it('has its questions read out of the calls of the stream, bounded', () => {
  const [name] = runToolNames;
  const read = (input: unknown, more = {}) => readQuestion({ type: 'tool_use', id: 't', name, input, ...more });
  expect(read({ question: ' Which? ', options: ['a', 'a', 7, 'b\nc'] })).toEqual({
    ...{ id: 't', text: 'Which?', options: ['a', 'b c'] },
  });
  expect(read({ question: 'x'.repeat(10_000) })?.text).toHaveLength(limits.maxSummaryChars);
  for (const none of [{}, { question: ' ' }, { question: 7 }, null]) expect(read(none)).toBeNull();
  expect(read({ question: 'Which?' }, { name: 'mcp__other__ask_user' })).toBeNull();
  expect(read({ question: 'Which?' }, { id: '../x' })).toBeNull();
});

it('reads the tasks that an agent proposes, each once, bounded, and nothing else', () => {
  const call = (input: unknown, name = 'mcp__branchboard-run__propose_task') =>
    ({ type: 'tool_use', name, input }) as JsonObject;
  const task = {
    id: 'Add limits!',
    title: 'Add\n\u202elimits',
    body: ' Do it. ',
    agent: 'tester',
    depends_on: ['a b', 7],
  };
  const known = addProposal([], call(task));
  expect(known).toEqual([
    {
      name: 'add-limits',
      title: 'Add limits',
      body: 'Do it.',
      agent: 'tester',
      dependsOn: ['a-b'],
      touches: [],
      verify: [],
    },
  ]);
  for (const other of [task, null, {}, { title: 'T' }, { body: 'B' }, { title: 7, body: 7 }]) {
    expect(addProposal(known, call(other))).toBe(known);
  }
  expect(addProposal([], call(task, 'propose_task'))).toEqual([]);
  const many = Array.from({ length: limits.maxSubtasks + 5 }, (_, n) =>
    call({ title: `T${String(n)}`, body: 'x'.repeat(20_000) }),
  );
  const kept = many.reduce<ReturnType<typeof addProposal>>(addProposal, []);
  expect([kept.length, kept[0]?.body.length]).toEqual([limits.maxSubtasks, limits.maxProposalChars]);
});
