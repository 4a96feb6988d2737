/** Prints what Claude Code would print with `--output-format stream-json`, each line written at once. */
import { writeSync } from 'node:fs';
import { messageOf } from '../../../domain/error-message.ts';
import type { AgentReport } from '../../../domain/agent-report.ts';
import type { JsonObject } from '../../machine/json-shape.ts';

const stdout = 1;

/** The text of the result of an agent that was interrupted. */
export const interruptedText = 'Interrupted';

/** The end of a scripted run. */
export interface ScriptedResult {
  readonly isError: boolean;
  readonly subtype: 'success' | 'error_during_execution';
  readonly text: string;
  readonly report: AgentReport | null;
  readonly subtasks: readonly JsonObject[];
}

/** The stream of one scripted run. */
export class ScriptedStream {
  readonly #session: string;
  #turns = 0;
  #calls = 0;
  #ended = false;

  constructor(session: string) {
    this.#session = session;
  }

  /** The first line. */
  begin(): void {
    this.#print({ type: 'system', subtype: 'init', model: 'scripted (no model)', tools: [], cwd: process.cwd() });
  }

  say(text: string): void {
    this.#turns += 1;
    this.#print({ type: 'assistant', message: { role: 'assistant', content: [{ type: 'text', text }] } });
  }

  /** Prints a tool call around a piece of real work. An error of `work` becomes the tool's, and is thrown on. */
  async callTool<T>(name: string, input: JsonObject, work: () => Promise<T> | T): Promise<T> {
    this.#turns += 1;
    this.#calls += 1;
    const id = `scripted_${String(this.#calls)}`;
    const content = [{ type: 'tool_use', id, name, input }];
    this.#print({ type: 'assistant', message: { role: 'assistant', content } });
    try {
      const done = await work();
      this.#printToolResult(id, 'ok', false);
      return done;
    } catch (error) {
      this.#printToolResult(id, messageOf(error), true);
      throw error;
    }
  }

  /** The last line; only the first call prints. */
  end(result: ScriptedResult): void {
    if (this.#ended) return;
    this.#ended = true;
    const { report } = result;
    this.#print({
      type: 'result',
      subtype: result.subtype,
      is_error: result.isError,
      api_error_status: null,
      num_turns: Math.max(1, this.#turns),
      total_cost_usd: 0,
      result: result.text,
      permission_denials: [],
      ...(result.isError ? { errors: [result.text] } : {}),
      ...(report === null
        ? {}
        : {
            structured_output: {
              status: report.status,
              summary: report.summary,
              questions: report.questions,
              options: report.options,
              follow_ups: report.followUps,
              subtasks: result.subtasks,
              answers: report.answers,
              dropped: report.dropped.map(({ path: file, line, reason }) => ({ file, line, reason })),
              ...tellJudgement(report.judgement),
            },
          }),
    });
  }

  #printToolResult(id: string, content: string, isError: boolean): void {
    const result = { type: 'tool_result', tool_use_id: id, content, is_error: isError };
    this.#print({ type: 'user', message: { role: 'user', content: [result] } });
  }

  #print(line: JsonObject): void {
    writeSync(stdout, `${JSON.stringify({ ...line, parent_tool_use_id: null, session_id: this.#session })}\n`);
  }
}

function tellJudgement(judgement: AgentReport['judgement']): JsonObject {
  if (judgement === null) return {};
  const comments = judgement.comments.map(({ path: file, line, reason }) => ({ file, line, reason }));
  return { verdict: judgement.approves ? 'approve' : 'changes', comments };
}
