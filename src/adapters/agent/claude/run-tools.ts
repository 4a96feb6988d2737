/**
 * The tools that a run's agent has for talking with the user. Claude Code starts their server for the run, from a file of the
 * run's folder (`run-server-main`), so that it outlives the board. It decides nothing: a question is read out of the
 * agent's stream, and its answer is a file that the board lays down (`files/note-files`).
 */
import type { AgentQuestion } from '../../../domain/agent-question.ts';
import { limits } from '../../../domain/limits.ts';
import { builtProgram } from '../../machine/package-files.ts';
import { keepStart } from '../../machine/bounded-text.ts';
import { asObject, asString, type JsonObject } from '../../machine/json-shape.ts';
import { readOptions } from './agent-result.ts';
import { askTool, isQuestionId } from './run-server.ts';

const serverName = 'branchboard-run';

/** The names under which Claude Code offers them. */
export const runToolNames: readonly string[] = [`mcp__${serverName}__${askTool.name}`];

/**
 * The entry of `--mcp-config` that starts the server. Claude Code waits for a server that is always loaded, and offers its
 * tools from the first turn; those of others may come later or be hidden behind a search.
 */
export function runServer(notes: string, answerWaitMs: number): JsonObject {
  const args = [builtProgram('adapters/agent/claude/run-server-main'), notes, String(answerWaitMs)];
  return { [serverName]: { type: 'stdio', command: process.execPath, args, alwaysLoad: true } };
}

/** The question that a `tool_use` block asks the user; null where it asks none. */
export function readQuestion(block: JsonObject): AgentQuestion | null {
  const [id, input] = [asString(block['id']), asObject(block['input'])];
  const text = asString(input?.['question'])?.trim() ?? '';
  if (!runToolNames.includes(asString(block['name']) ?? '') || id === null || !isQuestionId(id) || text === '')
    return null;
  return { id, text: keepStart(text, limits.maxSummaryChars), options: readOptions(input?.['options']) };
}
