/** A tool call in words, such as `Bash npm test`: the tool, and what tells most of what it was called with. */
import { keepStart } from '../../machine/bounded-text.ts';
import { asObject, asString, type JsonObject } from '../../machine/json-shape.ts';
import { runToolNames } from './run-tools.ts';
import { isStepTool } from './step-list.ts';

/** Kept of a call's words: a worktree's path may be in them, and is long. */
const maxCallChars = 300;
/** The inputs that tell what a call is about, the best first. */
const tellingInputs = [
  'command',
  'file_path',
  'notebook_path',
  'path',
  'pattern',
  'subject',
  'description',
  'url',
  'query',
];

/** What tells most of what a tool is called with: its command line, path, address or words; empty where nothing does. */
export function findAim(input: JsonObject | null): string {
  return tellingInputs.map((name) => asString(input?.[name])).find((value) => value !== null) ?? '';
}

/** The words for a `tool_use` block, bounded. They are an agent's: whoever shows them takes control characters out. */
export function describeToolCall(block: JsonObject): string {
  const told = findAim(asObject(block['input']));
  return keepStart(`${asString(block['name']) ?? 'tool'} ${told}`.trimEnd(), maxCallChars);
}

/** Whether a call is work on the task, and not the agent's list of steps, its talk with the user, or the result that it hands in. */
export function isWorkCall(block: JsonObject): boolean {
  const name = asString(block['name']) ?? '';
  return !isStepTool(name) && !isResultCall(block) && !runToolNames.includes(name);
}

/** Whether an agent hands in its structured result by this call. */
export function isResultCall(block: JsonObject): boolean {
  return block['name'] === 'StructuredOutput';
}
