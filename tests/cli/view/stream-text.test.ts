import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { formatStreamLine } from '../../../src/cli/view/stream-text.ts';

const format = (event: unknown) => formatStreamLine(JSON.stringify(event)).map(stripVTControlCharacters);
const assistant = (...content: unknown[]) => ({ type: 'assistant', message: { content } });

test('what the agent says and which tools it calls is shown', () => {
  expect(
    format(
      assistant(
        { type: 'text', text: 'First line\nsecond line' },
        { type: 'tool_use', name: 'Bash', input: { command: 'npm test', description: 'x' } },
        { type: 'tool_use', name: 'Read', input: { file_path: '/a.ts' } },
        { type: 'tool_use', name: 'Odd', input: null },
        { type: 'thinking', thinking: 'hm' },
      ),
    ),
  ).toEqual(['First line', 'second line', '→ Bash npm test', '→ Read /a.ts', '→ Odd']);
});

test('of what tools answer only errors are shown', () => {
  const answer = (is_error: boolean, content: unknown) => ({
    type: 'user',
    message: { content: [{ type: 'tool_result', is_error, content }] },
  });
  expect(format(answer(false, 'fine'))).toEqual([]);
  expect(format(answer(true, 'no such file'))).toEqual(['  no such file']);
  expect(
    format(
      answer(true, [
        { type: 'text', text: 'in' },
        { type: 'text', text: 'parts' },
      ]),
    ),
  ).toEqual(['  in parts']);
});

test('the beginning, retries, refusals and the end are shown', () => {
  expect(format({ type: 'system', subtype: 'init', session_id: 's1', model: 'm' })).toEqual(['session s1 · m']);
  expect(format({ type: 'system', subtype: 'api_retry', error: 'overloaded', attempt: 2 })).toEqual([
    'the API failed (overloaded); trying again, attempt 2',
  ]);
  expect(format({ type: 'system', subtype: 'permission_denied', tool_name: 'Bash' })).toEqual(['refused: Bash']);
  expect(
    format({ type: 'result', is_error: false, subtype: 'success', num_turns: 3, total_cost_usd: 0.5, result: 'text' }),
  ).toEqual(['■ done · 3 turns · $0.50']);
  expect(format({ type: 'result', is_error: true, subtype: 'error_max_turns', result: 'too many' })).toEqual([
    '■ error_max_turns · 0 turns · $0.00',
    'too many',
  ]);
});

test('a structured result is shown in words, its questions last, and not the call that hands it in', () => {
  const call = { type: 'tool_use', name: 'StructuredOutput', input: { status: 'done', summary: 'Mended it.' } };
  expect(format(assistant(call))).toEqual([]);
  const end = (structured_output: unknown) =>
    format({ type: 'result', is_error: false, num_turns: 1, total_cost_usd: 0.5, result: '{}', structured_output });
  expect(end({ status: 'done', summary: 'Mended it.\nAll green.' })).toEqual([
    '■ done · 1 turn · $0.50',
    'Mended it.',
    'All green.',
  ]);
  expect(end({ status: 'needs-input', summary: 'I need a word.', questions: ['Stripe\nor Adyen?', 'When?'] })).toEqual([
    '■ needs your answer · 1 turn · $0.50',
    'I need a word.',
    '? Stripe or Adyen?',
    '? When?',
  ]);
  expect(end({ status: 'nothing-to-do', summary: '' })).toEqual(['■ nothing to do · 1 turn · $0.50']);
  expect(end({ status: 'failed', summary: 'I may not.' })).toEqual(['■ gave up · 1 turn · $0.50', 'I may not.']);
  expect(end({ status: 'odd' })).toEqual(['■ done · 1 turn · $0.50']);
});

test('text from an agent can not steer the terminal', () => {
  const evil = 'a\u001B]0;title\u0007\u001B[2Jb\u009Bc\rd';
  const events = [
    assistant({ type: 'text', text: evil }, { type: 'tool_use', name: evil, input: { command: evil } }),
    { type: 'user', message: { content: [{ type: 'tool_result', is_error: true, content: evil }] } },
    { type: 'system', subtype: 'init', session_id: evil, model: evil },
    { type: 'system', subtype: 'api_retry', error: evil },
    { type: 'system', subtype: 'permission_denied', tool_name: evil },
    { type: 'result', is_error: true, subtype: evil, result: evil },
  ];
  const lines = [...events.map((event) => JSON.stringify(event)), evil].flatMap(formatStreamLine).join('');
  for (const character of stripColors(lines)) {
    expect(character < ' ' || (character >= '\u007F' && character <= '\u009F')).toBe(false);
  }
});

test.each([
  '',
  '   ',
  '{',
  'null',
  '[]',
  '3',
  '{"type":7}',
  '{"type":"assistant"}',
  '{"type":"assistant","message":{"content":"text"}}',
  '{"type":"user","message":null}',
  '{"type":"result"}',
  '{"type":"from-the-future"}',
])('an odd line does not throw: %j', (line) => {
  expect(Array.isArray(formatStreamLine(line))).toBe(true);
});

describe('real streams', () => {
  const captures = fileURLToPath(new URL('../../fixtures/captures/2.1.330', import.meta.url));
  for (const name of readdirSync(captures).filter((file) => file.endsWith('.jsonl'))) {
    test(`${name} is readable`, () => {
      const lines = readFileSync(join(captures, name), 'utf8').split('\n');
      for (const line of lines.flatMap(formatStreamLine)) expect(stripVTControlCharacters(line)).not.toMatch(/^\{/);
    });
  }
});

/** Removes the colours that the formatter itself gives, and nothing else. */
function stripColors(text: string): string {
  return ['0', '1', '2', '22', '31', '32', '33', '36', '39'].reduce(
    (rest, code) => rest.replaceAll(`\u001B[${code}m`, ''),
    text,
  );
}
