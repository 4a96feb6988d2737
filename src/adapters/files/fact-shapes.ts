/**
 * The formats of the facts on disk. Anybody may have written them: what is of another shape is damaged, so that nothing
 * that reads a fact meets a time that is no time, or a path that is no text.
 *
 * Each shape is of exactly its type in the domain. What one of them learns and the other doesn't is an error of types,
 * and what the board itself may write must fit.
 *
 * Boards outlive versions of this program. A field that is added gets a default here, for facts that were written before
 * it. A change that no default can express raises the format's version, and its shape then reads the older version too.
 */
import * as z from 'zod/mini';
import type { AskedLine } from '../../domain/agent-note.ts';
import { agentKinds } from '../../domain/agent-kind.ts';
import { askingWays, type CommandRequest } from '../../domain/command.ts';
import type { Hold } from '../../domain/hold.ts';
import type { HistoryEntry } from '../../domain/history.ts';
import { reasons, type RunPlan, type RunRecord } from '../../domain/run.ts';
import { pullStates } from '../../domain/pull-request.ts';
import { runPurposes } from '../../domain/run-purpose.ts';
import type { Review } from '../../domain/review.ts';
import type { WrittenPage } from '../../domain/work-page.ts';
import type { Verdict } from '../../domain/verdict.ts';
import { isRight, type Grant, type Right } from '../../domain/rights.ts';
import { baseConflict, mergeEvidence, namedLosses } from './conflict-shape.ts';
import { amount, judgeComments, proposals, refusals, runView, time, toldTime } from './run-view-shape.ts';
import { defaultSettings } from '../../domain/settings.ts';
import { command, commandId, seen, taskId } from './command-shape.ts';

/** Read-only all through, as the domain's types are, and nothing optional, so that no field is left out unseen. */
type Whole<T> = T extends string | number | boolean | null ? T : { readonly [K in keyof T]-?: Whole<T[K]> };
type IsSame<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** The reader of one kind of fact, for every version that wrote it. */
export interface FactFormat<Fact> {
  /** The newest version that this program knows, and the one that it writes. */
  readonly version: number;
  readonly shape: z.ZodMiniType<Fact>;
}

/** Takes a shape only if it is of exactly that type. */
function shapeOf<Fact>() {
  return <Shape extends z.ZodMiniType<Fact>>(
    shape: Shape & (IsSame<Whole<Fact>, Whole<z.output<Shape>>> extends true ? unknown : never),
  ): z.ZodMiniType<Fact> => shape;
}

const version = z.literal(1);
const text = z.string();
const flag = z.boolean();
const count = z.int().check(z.gte(0));
const runNumber = z.int().check(z.gte(1));
const argv = z.tuple([text], text);
const fault = z.object({ reason: z.enum(reasons), detail: text });
const attemptFaults = z._default(z.array(z.object({ run: runNumber, attempt: runNumber, fault })), []);
const diffstat = z.object({ files: count, insertions: count, deletions: count });

const waitReason = z.enum(['usage-limit', 'overload', 'connection', 'auth', 'credit', 'no-agent', 'budget']);
const stopCauses = ['timeout', 'stalled', 'lingering', 'output-limit', 'cancelled', 'requeued', 'shutdown'] as const;
const pauseReason = z.enum([...waitReason.options, 'user', 'disk-full']);

const holdShape = shapeOf<Hold & { readonly version: 1 }>()(
  z.object({ version, reason: waitReason, detail: text, since: time, until: time, isTold: flag, strikes: count }),
);

const terms = z.object({
  permissionMode: text,
  budgetUsd: z.nullable(amount),
  timeoutMs: amount,
  verify: z.array(argv),
  stallAfterMs: amount,
  answerWaitMs: z._default(amount, defaultSettings.answerWaitMs),
  allowedTools: z.array(text),
  setup: z.array(argv),
  copy: z.array(text),
  sandbox: z.object({
    mode: z.enum(['auto', 'on', 'off']),
    allowedDomains: z.array(text),
    denyRead: z.array(text),
  }),
  agent: z.object({ kind: z.enum(agentKinds), command: text, args: z.array(text) }),
  isConfined: z._default(flag, true),
});

const planShape = shapeOf<RunPlan>()(
  z.object({
    version,
    task: taskId,
    n: runNumber,
    purpose: z._default(z.enum(runPurposes), 'work'),
    role: z._default(z.nullable(text), null),
    conflict: z._default(z.nullable(baseConflict), null),
    attempt: runNumber,
    freeRestarts: count,
    cause: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('first') }),
      z.object({ kind: z.literal('failed'), fault }),
      z.object({ kind: z.literal('retried'), fault: z.nullable(fault) }),
      z.object({ kind: z.literal('interrupted') }),
      z.object({ kind: z.literal('answered'), question: text, answer: text }),
      z.object({ kind: z.literal('sent-back') }),
      z.object({ kind: z.literal('judging') }),
      z.object({ kind: z.literal('judged'), summary: text, comments: judgeComments }),
    ]),
    session: z.discriminatedUnion('mode', [
      z.object({ mode: z.literal('fresh'), id: text }),
      z.object({ mode: z.literal('resume'), id: text }),
    ]),
    workspace: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('branch'), path: text, base: text, branch: text }),
      z.object({ kind: z.literal('detached'), path: text, base: text }),
    ]),
    taskHash: text,
    bootId: z.nullable(text),
    plannedAt: time,
    terms: z._default(z.nullable(terms), null),
  }),
);

const moved = z._default(
  z.array(z.object({ ref: text, from: z.nullable(text), to: z.nullable(text), checkout: z.nullable(text) })),
  [],
);

const serviceFault = z.object({ reason: pauseReason, detail: text, until: toldTime });

const endedBy = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ended') }),
  z.object({ kind: z.literal('broken-off'), service: z.nullable(serviceFault) }),
  z.object({ kind: z.literal('session-lost') }),
  z.object({ kind: z.literal('limit'), reason: z.enum(['max-turns', 'budget']) }),
  z.object({ kind: z.literal('service'), service: serviceFault }),
]);

const runExit = z.object({
  endedAt: time,
  exitCode: z.nullable(amount),
  signal: z.nullable(text),
  stopped: z.nullable(z.enum([...stopCauses, 'lost'])),
  // The outcome beside it tells what came of an end that was recorded before drivers explained ends.
  endedBy: z._default(endedBy, { kind: 'ended' }),
  view: runView,
  stderrTail: text,
  moved,
});

const evidence = z.object({
  tip: text,
  commits: count,
  diffstat,
  changesWhatRuns: z._default(z.array(text), []),
  dirty: z.array(text),
  asGiven: z._default(z.array(text), []),
  ignored: z._default(z.array(text), []),
  repositories: z._default(z.array(text), []),
  elsewhere: z._default(z.array(text), []),
  merge: z._default(z.nullable(mergeEvidence), null),
  verify: z.array(z.object({ argv, ok: flag, outputTail: text })),
  moved,
});

const outcome = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('done'), summary: text }),
  z.object({ kind: z.literal('reported'), summary: text, report: text }),
  z.object({ kind: z.literal('judged'), approves: flag, summary: text, comments: judgeComments }),
  z.object({ kind: z.literal('integrated'), summary: text, tip: text, named: namedLosses }),
  z.object({ kind: z.literal('question'), question: text, options: z._default(z.array(text), []), summary: text }),
  z.object({ kind: z.literal('failed'), fault }),
  z.object({
    kind: z.literal('interrupted'),
    detail: text,
    blame: z.enum(['nobody', 'service', 'loss']),
    pause: z.nullable(pauseReason),
    until: toldTime,
  }),
  z.object({ kind: z.literal('cancelled') }),
]);

const recordShape = shapeOf<RunRecord>()(z.object({ version, exit: runExit, evidence: z.nullable(evidence), outcome }));

const judgement = z.object({
  run: runNumber,
  role: text,
  commit: text,
  result: z.enum(['approved', 'changes', 'failed']),
  summary: text,
  comments: judgeComments,
});

const verdictShape = shapeOf<Verdict>()(
  z.object({
    version,
    column: z.enum(['attention', 'done', 'archive']),
    run: z.nullable(runNumber),
    at: time,
    title: text,
    agent: text,
    dependsOn: z._default(z.array(taskId), []),
    parent: z._default(z.nullable(taskId), null),
    fault: z.nullable(fault),
    faults: attemptFaults,
    question: z.nullable(text),
    options: z._default(z.array(text), []),
    summary: z.nullable(text),
    branch: z.nullable(text),
    base: z.nullable(text),
    tip: z.nullable(text),
    commits: count,
    diffstat: z.nullable(diffstat),
    verified: flag,
    checks: z._default(z.array(z.object({ argv, ok: flag })), []),
    judgements: z._default(z.array(judgement), []),
    changesWhatRuns: z._default(z.array(text), []),
    nothingToDo: flag,
    report: z.nullable(text),
    followUps: z.array(text),
    proposals: z._default(proposals, []),
    taken: z._default(z.array(z.object({ name: text, id: taskId, by: commandId })), []),
    sessionId: z.nullable(text),
    attempts: count,
    costUsd: amount,
    workedMs: amount,
    warnings: z._default(z.array(text), []),
    refusals: z._default(refusals, []),
    elsewhere: z._default(z.array(text), []),
    worktree: z._default(z.nullable(text), null),
    moved,
  }),
);

const anchor = { path: z.nullable(text), side: z.enum(['old', 'new']), line: z.nullable(z.int()), quote: text };
const sentBack = z._default(
  z.array(
    z.object({
      ...{ round: runNumber, at: time, text },
      comments: z._default(z.array(z.object({ ...anchor, text })), []),
      run: z._default(count, 0),
      work: z._default(z.nullable(z.object({ commit: text, base: text })), null),
    }),
  ),
  [],
);

const restack = z.optional(z.object({ from: text, base: text, tip: text }));
const overlaps = z.optional(z.array(z.object({ id: taskId, files: z.array(text) })));
const pull = z.optional(z.object({ url: text, number: count, into: text, commit: text, state: z.enum(pullStates) }));
const reviewed = { version, round: runNumber, sentBack, behind: z.optional(z.array(taskId)), overlaps, pull, restack };
const reviewShape = shapeOf<Review>()(
  z.discriminatedUnion('state', [
    z.object({ ...reviewed, state: z.enum(['ready', 'sent-back']) }),
    z.object({ ...reviewed, state: z.literal('merged'), at: time }),
    z.object({ ...reviewed, state: z.literal('discarded'), at: time, branch: text, tip: text }),
  ]),
);

const pageShape = shapeOf<WrittenPage>()(
  z.object({ version, round: runNumber, lines: z.array(z.object({ text, anchor: z.nullable(z.object(anchor)) })) }),
);

const grantShape = shapeOf<Grant>()(
  z.object({
    version,
    task: taskId,
    origin: z.enum(['added', 'dropped']),
    rights: z.array(z.custom<Right>((value) => typeof value === 'string' && isRight(value))),
  }),
);

interface AskedLines {
  readonly version: 1;
  readonly lines: readonly AskedLine[];
}

const commandShape = shapeOf<CommandRequest>()(
  z.object({ version, id: commandId, by: z.enum(askingWays), at: time, seen, command }),
);

const linesShape = shapeOf<AskedLines>()(
  z.object({ version, lines: z.array(z.object({ task: taskId, text, id: commandId, isAsked: flag })) }),
);

/** `lines.json`. */
export const linesFormat: FactFormat<AskedLines> = { version: 1, shape: linesShape };
/** `commands/ID.json`. */
export const commandFormat: FactFormat<CommandRequest> = { version: 1, shape: commandShape };
/** `hold.json`. */
export const holdFormat: FactFormat<Hold & { readonly version: 1 }> = { version: 1, shape: holdShape };
/** `plan.json`. */
export const planFormat: FactFormat<RunPlan> = { version: 1, shape: planShape };
/** `exit.json`. */
export const recordFormat: FactFormat<RunRecord> = { version: 1, shape: recordShape };
/** `verdict.json`. */
export const verdictFormat: FactFormat<Verdict> = { version: 1, shape: verdictShape };
/** `review.json`. */
export const reviewFormat: FactFormat<Review> = { version: 1, shape: reviewShape };
/** `review/STAMP.json`. */
export const pageFormat: FactFormat<WrittenPage> = { version: 1, shape: pageShape };
/** The part of a verdict that tells a review, from before those had files of their own. */
export const reviewedVerdictFormat: FactFormat<{ readonly column: string; readonly mergedAt: number | null }> = {
  version: 1,
  shape: z.object({ column: text, mergedAt: z._default(z.nullable(time), null) }),
};
/** `grants/TASK.json`. */
export const grantFormat: FactFormat<Grant> = { version: 1, shape: grantShape };

/** The line of the history that is read again: what a run cost. */
export const runEndedShape = shapeOf<Extract<HistoryEntry, { readonly type: 'run-ended' }>>()(
  z.object({
    type: z.literal('run-ended'),
    at: time,
    run: z.object({ task: taskId, n: runNumber }),
    plannedAt: time,
    outcome: text,
    detail: text,
    costUsd: amount,
    workedMs: amount,
  }),
);
