/** An agent's own words at its end. */
import type { NamedLoss } from './base-conflict.ts';
import type { JudgeComment } from './judgement.ts';
import type { Proposal } from './proposal.ts';
import type { CommentAnswer } from './review-comment.ts';

/** The agent's structured report at its end (`--json-schema`), checked and bounded. */
export interface AgentReport {
  readonly status: 'done' | 'nothing-to-do' | 'needs-input' | 'failed';
  readonly summary: string;
  readonly questions: readonly string[];
  /** Answers to choose from, where it asks one question. */
  readonly options: readonly string[];
  readonly followUps: readonly string[];
  /** Of a planner: the tasks that it cuts its own into. */
  readonly subtasks: readonly Proposal[];
  /** Its answers to the user's comments, where it was sent back with some. */
  readonly answers: readonly CommentAnswer[];
  /** Of one that resolves a conflict: what of the two sides is not in the result as it was. */
  readonly dropped: readonly NamedLoss[];
  /** Of one that judges another's work: whether it approves, and what is to be different. */
  readonly judgement: { readonly approves: boolean; readonly comments: readonly JudgeComment[] } | null;
}

/** The agent's own account of its end: the `result` line of its stream that counts. */
export interface AgentResult {
  readonly isError: boolean;
  /** The kind of end in the agent's own word, such as `success`; only its driver knows what it means. */
  readonly subtype: string;
  /** The HTTP status behind an error, or null. */
  readonly apiErrorStatus: number | null;
  readonly numTurns: number;
  readonly costUsd: number;
  /** The last text that the agent wrote for people, bounded by `maxReportChars`: of a role that only reads, its report. */
  readonly text: string;
  readonly errors: readonly string[];
  /** The structured result; null where the agent gave none that fits. */
  readonly report: AgentReport | null;
}

/** The words of a result, each thing once. */
export function quoteResult({ text, errors }: AgentResult): string {
  return [...new Set([text, ...errors])].filter((said) => said !== '').join('\n');
}
