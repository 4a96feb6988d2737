/** The shape of a run as its agent's stream showed it, for facts on disk; `fact-shapes.ts` says what holds of all shapes. */
import * as z from 'zod/mini';
import { namedLosses } from './conflict-shape.ts';
import { refusers, type Refusal } from '../../domain/refusal.ts';

/** The latest time that JavaScript can tell as a date, in milliseconds since the epoch. */
const latestTime = 8.64e15;

const text = z.string();
const flag = z.boolean();
/** Any number. */
export const amount = z.number();
/** A time in milliseconds since the epoch. */
export const time = z.number().check(z.gte(0), z.lte(latestTime));
/** A time that an agent may have told: an absurd one counts as not told. */
export const toldTime = z.catch(z.nullable(time), null);

/** Refused calls. Of those that were recorded before their calls were kept only the tool is known. */
export const refusals = z.array(
  z.union([
    z.object({
      tool: text,
      call: text,
      parts: z.array(text),
      by: z.enum(refusers),
      said: text,
      times: z.int().check(z.gte(1)),
    }),
    z.pipe(
      text,
      z.transform((tool: string): Refusal => ({ tool, call: '', parts: [], by: 'rules', said: '', times: 1 })),
    ),
  ]),
);

/** Tasks that an agent proposes. */
export const proposals = z.array(
  z.object({
    ...{ name: text, title: text, body: text, agent: z.nullable(text) },
    ...{ dependsOn: z.array(text), touches: z.array(text), verify: z.array(text) },
  }),
);

/** The changes that a reviewing agent wants. */
export const judgeComments = z.array(z.object({ path: text, line: z.nullable(z.int()), reason: text }));

const agentReport = z.object({
  status: z.enum(['done', 'nothing-to-do', 'needs-input', 'failed']),
  summary: text,
  questions: z.array(text),
  options: z._default(z.array(text), []),
  followUps: z.array(text),
  subtasks: z._default(proposals, []),
  answers: z._default(z.array(z.object({ comment: z.int(), answer: text })), []),
  dropped: z._default(namedLosses, []),
  judgement: z._default(z.nullable(z.object({ approves: flag, comments: judgeComments })), null),
});

const agentResult = z.object({
  isError: flag,
  subtype: text,
  apiErrorStatus: z.nullable(amount),
  numTurns: amount,
  costUsd: amount,
  text,
  errors: z.array(text),
  report: z.nullable(agentReport),
});

/** The view of a run. */
export const runView = z.object({
  sessionId: z.nullable(text),
  model: z.nullable(text),
  agentVersion: z._default(z.nullable(text), null),
  warnings: z._default(z.array(text), []),
  progress: z.nullable(z.object({ done: amount, total: amount, step: z.nullable(text) })),
  lastText: z.nullable(text),
  lastTool: z._default(z.nullable(text), null),
  answered: flag,
  openTools: amount,
  questions: z._default(z.array(z.object({ id: text, text, options: z.array(text) })), []),
  proposals: z._default(proposals, []),
  denials: refusals,
  failedCommit: z._default(z.nullable(z.object({ command: text, said: text })), null),
  usageLimit: z.nullable(
    z.object({
      status: z.enum(['allowed', 'allowed-warning', 'rejected']),
      resetsAt: toldTime,
      kind: z.nullable(text),
    }),
  ),
  apiRetry: z.nullable(text),
  costUsd: amount,
  claimedUsd: z._default(amount, 0),
  result: z.nullable(agentResult),
  noiseLines: amount,
  strayLines: z._default(amount, 0),
});
