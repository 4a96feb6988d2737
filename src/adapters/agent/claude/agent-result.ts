/** Reads the `result` line: the agent's own account of its end, with the structured report that was asked for. */
import * as z from 'zod/mini';
import { limits } from '../../../domain/limits.ts';
import type { AgentReport, AgentResult } from '../../../domain/agent-report.ts';
import { proposalSchema, readProposals } from './read-proposals.ts';
import { keepStart } from '../../machine/bounded-text.ts';
import { toVisibleLine } from '../../../domain/visible-text.ts';
import { asArray, asNumber, asObject, asString, parseObject, type JsonObject } from '../../machine/json-shape.ts';

/** Kept of the errors that a result lists. */
const maxErrors = 20;

/** The ways in which a result says that it ended. Any other word is shown as it is, where there is no better text. */
const subtypes: readonly string[] = [
  ...['success', 'error_during_execution', 'error_max_turns', 'error_max_budget_usd'],
  'error_max_structured_output_retries',
];

const texts = (max: number) =>
  z.pipe(
    z.catch(z.array(z.unknown()), []),
    z.transform((items: unknown[]) =>
      items
        .filter((item) => typeof item === 'string')
        .map((item) => keepStart(item.trim(), limits.maxSummaryChars))
        .filter((item) => item !== '')
        .slice(0, max),
    ),
  );

/** A list of what is read of at most `max` items; those that can't be read are left out. */
const items = <Item extends object>(max: number, read: (item: unknown) => Item | null) =>
  z.pipe(
    z.catch(z.array(z.unknown()), []),
    z.transform((listed: unknown[]) =>
      listed
        .slice(0, max)
        .map(read)
        .filter((item) => item !== null),
    ),
  );

const options = z.pipe(z.catch(z.unknown(), []), z.transform(readOptions));

const answerShape = z.object({ comment: z.int().check(z.gte(1), z.lte(limits.maxComments)), answer: z.string() });

const answers = items(limits.maxComments, (item) => {
  const { data } = answerShape.safeParse(item);
  return data === undefined ? null : { ...data, answer: keepStart(data.answer.trim(), limits.maxAnswerChars) };
});

const judgeComment = z.object({
  file: z.pipe(
    z.string(),
    z.transform((path: string) => keepStart(toVisibleLine(path).trim(), limits.maxOptionChars)),
  ),
  line: z.catch(z.nullable(z.int().check(z.gte(1))), null),
  reason: z.pipe(
    z.string(),
    z.transform((reason: string) => keepStart(reason.trim(), limits.maxAnswerChars)),
  ),
});

const comments = items(limits.maxComments, (item) => {
  const { data } = judgeComment.safeParse(item);
  return data === undefined || data.reason === '' ? null : placed(data);
});

const namedLoss = z.object({
  file: z.pipe(
    z.string(),
    z.transform((path: string) => toVisibleLine(path).trim()),
  ),
  line: z.catch(z.nullable(z.string()), null),
  reason: z.pipe(
    z.catch(z.string(), ''),
    z.transform((reason: string) => keepStart(toVisibleLine(reason).trim(), limits.maxAnswerChars)),
  ),
});

const dropped = items(limits.maxLossesNamed, (item) => {
  const { data } = namedLoss.safeParse(item);
  return data === undefined ? null : placed(data);
});

function placed<Line>({ file, line, reason }: { readonly file: string; readonly line: Line; readonly reason: string }) {
  return { path: file, line, reason };
}

const reportShape = z.object({
  status: z.pipe(
    z.pipe(
      z.string(),
      z.transform((status: string) => status.trim().toLowerCase().replaceAll('_', '-').replaceAll(' ', '-')),
    ),
    z.enum(['done', 'nothing-to-do', 'needs-input', 'failed']),
  ),
  summary: z.pipe(
    z.catch(z.string(), ''),
    z.transform((summary: string) => keepStart(summary.trim(), limits.maxSummaryChars)),
  ),
  questions: texts(limits.maxQuestions),
  options,
  follow_ups: texts(limits.maxFollowUps),
  subtasks: z.pipe(z.catch(z.unknown(), []), z.transform(readProposals)),
  answers,
  verdict: z.catch(z.nullable(z.enum(['approve', 'changes'])), null),
  comments,
  dropped,
});

/** The schema of what {@link placed} reads. */
function placedSchema(line: { readonly type: string; readonly description: string }, reason: string) {
  return {
    type: 'object',
    properties: {
      file: { type: 'string', description: 'Path, relative to the repository.' },
      line,
      reason: { type: 'string', description: reason },
    },
    required: ['file', 'reason'],
    additionalProperties: false,
  } as const;
}

/**
 * The JSON schema that is asked of the agent (`--json-schema`); {@link readReport} reads what comes back. A reader's
 * report is no part of it: that is the last text, or the model would write it twice.
 */
export const reportSchema = {
  type: 'object',
  properties: {
    status: {
      type: 'string',
      enum: ['done', 'nothing-to-do', 'needs-input', 'failed'],
      description:
        'done: the task is finished. nothing-to-do: it needed no change. needs-input: only the user can settle ' +
        'something, see questions. failed: it could not be done, the summary says why.',
    },
    summary: { type: 'string', description: 'What was done and what the reviewer should know, in a few sentences.' },
    questions: { type: 'array', items: { type: 'string' }, description: 'For needs-input: what the user must answer.' },
    options: {
      type: 'array',
      items: { type: 'string' },
      description: 'For needs-input with one question: the answers to choose from, a few words each.',
    },
    follow_ups: { type: 'array', items: { type: 'string' }, description: 'Work found on the way and left undone.' },
    subtasks: {
      type: 'array',
      items: proposalSchema,
      description: 'Only in the role planner: the tasks of the plan.',
    },
    answers: {
      type: 'array',
      items: {
        type: 'object',
        properties: { comment: { type: 'integer' }, answer: { type: 'string' } },
        required: ['comment', 'answer'],
        additionalProperties: false,
      },
      description: 'Only where the user sent the work back with numbered comments: what you did about each.',
    },
    verdict: {
      type: 'string',
      enum: ['approve', 'changes'],
      description: 'Only where you review the work of another: whether it can go to the user as it is.',
    },
    comments: {
      type: 'array',
      items: placedSchema(
        { type: 'integer', description: 'The line in the new version of the file.' },
        'What is wrong there, and what would be right.',
      ),
      description: 'With the verdict changes only: what must be different.',
    },
    dropped: {
      type: 'array',
      items: placedSchema(
        { type: 'string', description: 'The line as the side had it; none for a file as a whole.' },
        'What is there in its place, or why nothing is.',
      ),
      description:
        'Only where you resolve a conflict of two works: each line of theirs that is not in the result as it was.',
    },
  },
  required: ['status', 'summary'],
  additionalProperties: false,
} as const;

/** Reads answers to choose from: each on one line, so that what is shown is what is told. */
export function readOptions(value: unknown): readonly string[] {
  const lines = asArray(value).map((item) =>
    keepStart(toVisibleLine(asString(item) ?? '').trim(), limits.maxOptionChars),
  );
  return [...new Set(lines)].filter((line) => line !== '').slice(0, limits.maxOptions);
}

/** Reads a structured result; null where there is none or its status is none that was offered. */
export function readReport(value: unknown): AgentReport | null {
  const read = reportShape.safeParse(value);
  if (!read.success) return null;
  const { follow_ups: followUps, verdict, comments: said, ...rest } = read.data;
  const judgement = verdict === null ? null : { approves: verdict === 'approve', comments: said };
  return { ...rest, followUps, judgement };
}

/**
 * Reads a `result` line. `lastText` is the last that the agent said: with a structured result the line's own text is
 * that result's JSON, and what the agent wrote for people came before it.
 */
export function readResult(line: JsonObject, lastText: string): AgentResult {
  const structured = asObject(line['structured_output']);
  const own = asString(line['result']) ?? '';
  const report = readReport(structured);
  const text = structured !== null && parseObject(own) !== null ? lastText || (report?.summary ?? '') : own;
  return {
    isError: line['is_error'] !== false,
    subtype: subtypes.find((known) => known === line['subtype']) ?? 'unknown',
    apiErrorStatus: asNumber(line['api_error_status']),
    numTurns: asNumber(line['num_turns']) ?? 0,
    costUsd: Math.max(0, asNumber(line['total_cost_usd']) ?? 0),
    text: keepStart(text, limits.maxReportChars),
    errors: asArray(line['errors'])
      .filter((error) => typeof error === 'string')
      .slice(0, maxErrors)
      .map((error) => keepStart(error, limits.maxSummaryChars)),
    report,
  };
}
