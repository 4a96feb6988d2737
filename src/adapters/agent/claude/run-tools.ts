/**
 * The tools that a run's agent has for talking with the user. Claude Code starts their server for the run, from a file of the
 * run's folder (`run-server-main`), so that it outlives the board. It decides nothing: a question is read out of the
 * agent's stream, and its answer is a file that the board lays down (`files/note-files`).
 */
import type { AgentQuestion } from '../../../domain/agent-question.ts';
import { limits } from '../../../domain/limits.ts';
import type { Proposal } from '../../../domain/proposal.ts';
import type { Progress } from '../../../domain/run.ts';
import { builtProgram } from '../../machine/package-files.ts';
import { keepStart } from '../../machine/bounded-text.ts';
import { asNumber, asObject, asString, type JsonObject } from '../../machine/json-shape.ts';
import { readOptions } from './agent-result.ts';
import { readProposal } from './read-proposals.ts';
import { askTool, isQuestionId, progressTool, proposeTool, serverName, toolName } from './run-server.ts';

/** The names under which Claude Code offers them. */
export const runToolNames: readonly string[] = [askTool, progressTool, proposeTool].map(({ name }) => toolName(name));

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
  if (block['name'] !== toolName(askTool.name) || id === null || !isQuestionId(id) || text === '') return null;
  return { id, text: keepStart(text, limits.maxSummaryChars), options: readOptions(input?.['options']) };
}

/** The tasks that are proposed, with the one that a `tool_use` block proposes, once. */
export function addProposal(known: readonly Proposal[], block: JsonObject): readonly Proposal[] {
  if (block['name'] !== toolName(proposeTool.name) || known.length >= limits.maxSubtasks) return known;
  const added = readProposal(block['input']);
  return added === null || known.some(({ title }) => title === added.title) ? known : [...known, added];
}

/** How far an agent says that it is by a `tool_use` block; null where it says nothing of it. */
export function readProgressReport(block: JsonObject): Progress | null {
  if (block['name'] !== toolName(progressTool.name)) return null;
  const input = asObject(block['input']);
  const [done, total] = [asNumber(input?.['done']), asNumber(input?.['total'])];
  const isCount = (count: number | null): count is number => count !== null && Number.isSafeInteger(count);
  if (!isCount(done) || !isCount(total) || done < 0 || done > total || total === 0) return null;
  const what = asString(input?.['what'])?.trim() ?? '';
  return { done, total, step: what === '' ? null : keepStart(what, limits.maxTitleChars) };
}
