/** An agent's stream as text: what it says, which tools it uses, how it ends. */
import colors from 'picocolors';
import { readReport } from '../../adapters/agent/claude/agent-result.ts';
import { describeToolCall, isResultCall } from '../../adapters/agent/claude/tool-call.ts';
import {
  asArray,
  asNumber,
  asObject,
  asString,
  parseObject,
  type JsonObject,
} from '../../adapters/machine/json-shape.ts';
import { countOf, formatUsd } from '../../domain/amounts.ts';
import type { AgentReport } from '../../domain/agent-report.ts';
import { cleanLine, cleanLines } from '../../markdown/safe-text.ts';

const maxTextChars = 10_000;
const maxToolChars = 160;

/** The readable lines for one line of the stream; none for what says nothing to a person. */
export function formatStreamLine(line: string): readonly string[] {
  const event = parseObject(line);
  if (event === null) return line.trim() === '' ? [] : [colors.dim(cleanLine(line, maxToolChars))];
  switch (asString(event['type'])) {
    case 'system':
      return formatSystem(event);
    case 'assistant':
      return listContent(event).flatMap(formatAssistantBlock);
    case 'user':
      return listContent(event).flatMap(formatToolResult);
    case 'result':
      return formatResult(event);
    default:
      return [];
  }
}

/** A text from the stream on one line, bounded; empty where it is none. */
function lineOf(value: unknown): string {
  return cleanLine(asString(value) ?? '', maxToolChars);
}

function listContent(event: JsonObject): readonly JsonObject[] {
  return asArray(asObject(event['message'])?.['content'])
    .map(asObject)
    .filter((block) => block !== null);
}

function formatSystem(event: JsonObject): readonly string[] {
  switch (asString(event['subtype'])) {
    case 'init':
      return [colors.dim(`session ${lineOf(event['session_id'])} · ${lineOf(event['model'])}`)];
    case 'api_retry':
      return [
        colors.yellow(
          `the API failed (${lineOf(event['error'])}); trying again, attempt ${asNumber(event['attempt']) ?? 0}`,
        ),
      ];
    case 'permission_denied':
      return [colors.yellow(`refused: ${lineOf(event['message'] ?? event['tool_name'])}`)];
    default:
      return [];
  }
}

function formatAssistantBlock(block: JsonObject): readonly string[] {
  if (asString(block['type']) === 'text') return cleanLines(asString(block['text']) ?? '', maxTextChars);
  // The call by which an agent hands in its result says nothing that the result does not.
  if (asString(block['type']) !== 'tool_use' || isResultCall(block)) return [];
  return [colors.cyan(`→ ${lineOf(describeToolCall(block))}`)];
}

function formatToolResult(block: JsonObject): readonly string[] {
  if (asString(block['type']) !== 'tool_result' || block['is_error'] !== true) return [];
  const content =
    asString(block['content']) ??
    asArray(block['content'])
      .map((part) => asString(asObject(part)?.['text']) ?? '')
      .join(' ');
  return [colors.red(`  ${cleanLine(content, maxToolChars)}`)];
}

/** How an agent's own result ends a run, in words. */
const statusWords: Readonly<Record<AgentReport['status'], string>> = {
  done: 'done',
  'nothing-to-do': 'nothing to do',
  'needs-input': 'needs your answer',
  failed: 'gave up',
};

function formatResult(event: JsonObject): readonly string[] {
  const failed = event['is_error'] !== false;
  const report = readReport(event['structured_output']);
  const how = failed ? lineOf(event['subtype'] ?? 'error') : statusWords[report?.status ?? 'done'];
  const turns = countOf(asNumber(event['num_turns']) ?? 0, 'turn');
  const head = `■ ${how} · ${turns} · ${formatUsd(asNumber(event['total_cost_usd']) ?? 0)}`;
  const text = asString(event['result']);
  return [
    failed ? colors.red(head) : report?.status === 'needs-input' ? colors.yellow(head) : colors.green(head),
    ...(failed && text !== null ? cleanLines(text, maxTextChars) : []),
    ...(report === null ? [] : formatReport(report)),
  ];
}

/** The questions come last, where a reader's eye is when the run is over. */
function formatReport({ summary, questions }: AgentReport): readonly string[] {
  return [
    ...(summary === '' ? [] : cleanLines(summary, maxTextChars)),
    ...questions.map((question) => colors.yellow(`? ${cleanLine(question, maxTextChars)}`)),
  ];
}
