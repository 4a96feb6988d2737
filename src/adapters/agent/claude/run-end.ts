/**
 * Decides which `result` line of a stream is the run's end. The stream is a file, and any process of the user's can add
 * lines to it, with the run's own session too; so a result counts by where it stands among the lines that Claude Code
 * prints:
 *
 *   init ─► work … ─► result ─► init ─► work … ─► result with an `origin` ─► …     then the process ends
 *                               └── a further turn: a task in the background has ended ──┘
 *
 *   a result, then work without an `init`            was none of the agent's: it is withdrawn
 *   a second result without work in between          passed over: the first one stands
 *   … with work in between                           the later one stands
 *   a result while a tool runs                       stands, but the agent is not through; a success is withdrawn if the
 *                                                    agent is ended by force then
 *   a result, then the board ends the agent for      the agent was still at work
 *   staying, and it says that it was broken off
 */
import type { AgentResult } from '../../../domain/agent-report.ts';
import type { ProcessEnd } from '../driver/agent-driver.ts';

/** The end of a run as far as the lines so far show it. */
export interface RunEnd {
  readonly result: AgentResult | null;
  /** The result is the answer to the board's prompt, and not to what ended in the background. */
  readonly answersPrompt: boolean;
  /** The result came while a tool was at work. */
  readonly isEarly: boolean;
  /** The board ends the agent because it stays after its result. */
  readonly isLingering: boolean;
  /** Lines of the agent that came after the result. */
  readonly since: 'nothing' | 'init' | 'work';
  /** A success that stood before and was withdrawn or replaced. */
  readonly replaced: AgentResult | null;
}

/** A stream without a result so far. */
export const noEnd: RunEnd = {
  result: null,
  answersPrompt: false,
  isEarly: false,
  isLingering: false,
  since: 'nothing',
  replaced: null,
};

/** An end after one more line, and whether the stream holds a line that the agent can't have written. */
export interface EndReading {
  readonly end: RunEnd;
  readonly isStray: boolean;
}

/** Whether the agent has said all that it had to say. */
export function isThrough(end: RunEnd): boolean {
  return end.result !== null && !end.isEarly && end.since === 'nothing';
}

/** The session begins, or begins a further turn. */
export function noteInit(end: RunEnd): RunEnd {
  return end.result === null || end.since !== 'nothing' ? end : { ...end, since: 'init' };
}

/** The agent works: it spoke, or a tool gave it something. */
export function noteWork(end: RunEnd): EndReading {
  if (end.result === null || end.since === 'work') return { end, isStray: false };
  if (end.since === 'init' && !end.isEarly) return { end: { ...end, since: 'work' }, isStray: false };
  return { end: { ...noEnd, isLingering: end.isLingering, replaced: keepSuccess(end) }, isStray: true };
}

/** A result of the run's own session. */
export function noteResult(
  end: RunEnd,
  result: AgentResult,
  line: { readonly answersPrompt: boolean; readonly isEarly: boolean },
): EndReading {
  const placed: RunEnd = { ...end, ...line, result, since: 'nothing' };
  if (end.result === null) return { end: placed, isStray: false };
  if (!line.answersPrompt) return { end: { ...end, since: 'nothing' }, isStray: false };
  if (!end.answersPrompt) return { end: placed, isStray: false };
  const wasBrokenOff = end.isLingering && result.subtype === 'error_during_execution';
  if (end.since !== 'work' && !wasBrokenOff) return { end, isStray: true };
  return { end: { ...placed, replaced: keepSuccess(end) }, isStray: true };
}

/** The process has ended: what counts in the end. Claude Code exits with 0 only where its own result is a success. */
export function concludeEnd(end: RunEnd, { exitCode, isForced }: ProcessEnd): EndReading {
  if (end.result?.isError === false && end.isEarly && isForced) return { end: noEnd, isStray: true };
  const isContradicted = exitCode === 0 && !isForced && end.result?.isError !== false;
  if (!isContradicted || end.replaced === null) return { end, isStray: false };
  return { end: { ...end, result: end.replaced }, isStray: false };
}

function keepSuccess({ result, replaced }: RunEnd): AgentResult | null {
  return result?.isError === false ? result : replaced;
}
