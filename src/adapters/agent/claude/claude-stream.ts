/**
 * Reads what Claude Code prints with `--output-format stream-json`: a pure reducer from lines to a view of the run.
 *
 *   system/init ──► assistant ◄──► user (tool results) … ──► result
 *                      │ system/api_retry, system/permission_denied, rate_limit_event come in between
 *
 * No order of keys matters, and no shape makes it throw: unknown messages are skipped. Lines of another session are
 * counted and change nothing else (`own-session`); `run-end` decides which result counts.
 */
import { limits } from '../../../domain/limits.ts';
import { emptyRunView, type Progress, type RunView, type Session } from '../../../domain/run.ts';
import type { ProcessEnd } from '../driver/agent-driver.ts';
import { readResult } from './agent-result.ts';
import { keepEnd, keepStart } from '../../machine/bounded-text.ts';
import { readStartWarnings, readVersion } from './claude-init.ts';
import {
  asArray,
  asNumber,
  asObject,
  asString,
  findObjectBehind,
  parseObject,
  type JsonObject,
} from '../../machine/json-shape.ts';
import { hearInit, isOwnLine, planSession, type OwnSession } from './own-session.ts';
import { concludeEnd, noEnd, noteInit, noteResult, noteWork, type EndReading, type RunEnd } from './run-end.ts';
import { explainToolRefusals } from '../../sandbox/refusals.ts';
import { beginCall, endCall, noCalls, refuseCall, type ToolCalls } from './call-account.ts';
import { readUsageLimit } from './usage-limit.ts';
import { applyStepCall, findCreatedId, isStepTool, toProgress, type StepCall, type StepList } from './step-list.ts';
import { addProposal, readProgressReport, readQuestion } from './run-tools.ts';
import { describeToolCall, isWorkCall } from './tool-call.ts';

/** Open tool calls beyond this many are not tracked. */
const maxTrackedTools = 1_000;
/** The view so far, with what is needed to read on. */
export interface StreamState {
  readonly view: RunView;
  /** The permission mode that was asked for; null where that is not known. */
  readonly askedMode: string | null;
  readonly session: OwnSession;
  readonly end: RunEnd;
  /** Open tool calls by id, each with the call of the subagent it belongs to, or null. */
  readonly openTools: ReadonlyMap<string, string | null>;
  readonly calls: ToolCalls;
  readonly stepCalls: ReadonlyMap<string, StepCall>;
  readonly steps: StepList;
  /** Its progress as it told it by the board's own tool, which counts before its list of steps. */
  readonly reported: Progress | null;
  /** The last text of the main agent, bounded by `maxReportChars`. */
  readonly lastText: string;
}

/** The stream of a run of which nothing was read yet. `askedMode` is the permission mode it asked for, where that is known. */
export function openStream(session: Session, askedMode: string | null = null): StreamState {
  return {
    view: emptyRunView,
    askedMode,
    session: planSession(session),
    end: noEnd,
    openTools: new Map(),
    calls: noCalls,
    stepCalls: new Map(),
    steps: new Map(),
    reported: null,
    lastText: '',
  };
}

/** Reads one line. `view` stays the same object where the line changed nothing in it. */
export function readStreamLine(state: StreamState, line: string): StreamState {
  const message = parseObject(line);
  if (message !== null) return readMessage(state, message);
  // Half a line of somebody else's must not hide the agent's own.
  const behind = findObjectBehind(line);
  const noisy = addNoise(state, 1);
  return behind === null ? noisy : readMessage(noisy, behind);
}

function readMessage(state: StreamState, message: JsonObject): StreamState {
  const { type, subtype } = message;
  if (type === 'system' && subtype === 'init') return readInit(state, message);
  const isWork = type === 'assistant' || type === 'user' || type === 'system';
  if (!isOwnLine(state.session, message, isWork)) return isKnown(type) ? addStray(state) : state;
  switch (type) {
    case 'system':
      return readSystem(state, message);
    case 'assistant':
      return readAssistant(state, message);
    case 'user':
      return readUser(state, message);
    case 'rate_limit_event':
      return noteUsageLimit(state, message);
    case 'result':
      return readEnd(state, message);
    default:
      return state;
  }
}

/** The board ends the agent because it stays after its result. */
export function noteLingering(state: StreamState): StreamState {
  return { ...state, end: { ...state.end, isLingering: true } };
}

/** The process has ended, and all that it printed was read. */
export function closeStream(state: StreamState, process: ProcessEnd): StreamState {
  return takeEnd(state, concludeEnd(state.end, process));
}

/** Counts lines that could not be read. */
export function addNoise(state: StreamState, lines: number): StreamState {
  return lines === 0 ? state : patchView(state, { noiseLines: state.view.noiseLines + lines });
}

/** Counts a line that the run's agent can't have written. */
export function addStray(state: StreamState): StreamState {
  return patchView(state, { strayLines: state.view.strayLines + 1 });
}

function isKnown(type: unknown): boolean {
  return typeof type === 'string' && ['system', 'assistant', 'user', 'rate_limit_event', 'result'].includes(type);
}

function readInit(state: StreamState, message: JsonObject): StreamState {
  const session = hearInit(state.session, message);
  const heard = { ...state, session };
  if (!isOwnLine(session, message, false)) return addStray(heard);
  // The planned id is never given up for another that somebody told before it.
  const isPlanned = message['session_id'] === session.planned;
  return patchView(
    { ...heard, end: noteInit(state.end) },
    {
      sessionId: isPlanned ? session.planned : (state.view.sessionId ?? session.renamed),
      model: asString(message['model']) ?? state.view.model,
      agentVersion: readVersion(message),
      warnings: readStartWarnings(message, state.askedMode),
    },
  );
}

function readSystem(state: StreamState, message: JsonObject): StreamState {
  switch (message['subtype']) {
    case 'api_retry':
      return patchView(state, { apiRetry: describeRetry(message) });
    case 'permission_denied':
      return noteDenial(state, message, asString(message['message']));
    default:
      return state;
  }
}

/** A call was refused, as an event or the result line tells; `said` is null where only the call's id is told. */
function noteDenial(state: StreamState, told: JsonObject | null, said: string | null): StreamState {
  const tool = asString(told?.['tool_name']);
  if (tool === null) return state;
  const [id, input] = [asString(told?.['tool_use_id']), asObject(told?.['tool_input'])];
  return takeCalls(state, refuseCall(state.calls, { id, tool, input, said }));
}

function takeCalls(state: StreamState, calls: ToolCalls): StreamState {
  return patchView({ ...state, calls }, { denials: calls.denials, failedCommit: calls.failedCommit });
}

function describeRetry(message: JsonObject): string {
  const status = asNumber(message['error_status']);
  const error = asString(message['error']) ?? 'unknown';
  const known = error === 'unknown' ? (status === null ? 'connection lost' : 'error') : error.replaceAll('_', ' ');
  const words = keepStart(known, limits.maxTitleChars);
  return status === null ? words : `${words} (${String(status)})`;
}

function readAssistant(state: StreamState, message: JsonObject): StreamState {
  const parent = asString(message['parent_tool_use_id']);
  // Claude Code speaks itself, of an error or a limit, where the model did not answer.
  const answers = asObject(message['message'])?.['model'] !== '<synthetic>';
  const { usageLimit } = state.view;
  let next = patchView(parent === null ? takeWork(state) : state, {
    apiRetry: null,
    answered: state.view.answered || answers,
    // A model that answers was not refused, whatever was told of a limit before.
    usageLimit: answers && usageLimit?.status === 'rejected' ? null : usageLimit,
  });
  for (const block of contentOf(message)) {
    if (block['type'] === 'tool_use') next = openTool(next, block, parent);
    const text = block['type'] === 'text' ? (asString(block['text']) ?? '').trim() : '';
    if (text === '' || parent !== null) continue;
    const lastText = keepStart(text, limits.maxReportChars);
    next = patchView({ ...next, lastText }, { lastText: keepEnd(text, limits.maxTailChars) });
  }
  return next;
}

function openTool(state: StreamState, block: JsonObject, parent: string | null): StreamState {
  const id = asString(block['id']);
  if (id === null || state.openTools.size >= maxTrackedTools) return state;
  const tool = asString(block['name']) ?? '';
  const openTools = new Map(state.openTools).set(id, parent);
  const input = asObject(block['input']);
  const stepCalls =
    parent === null && input !== null && isStepTool(tool)
      ? new Map(state.stepCalls).set(id, { tool, input })
      : state.stepCalls;
  const lastTool = isWorkCall(block) ? describeToolCall(block) : state.view.lastTool;
  const calls = beginCall(state.calls, id, tool, input);
  const question = readQuestion(block);
  const known = state.view.questions;
  const questions = question === null || known.length >= limits.maxQuestions ? known : [...known, question];
  const reported = (parent === null ? readProgressReport(block) : null) ?? state.reported;
  const opened = patchProgress({ ...state, openTools, calls, stepCalls, reported });
  const proposals = addProposal(state.view.proposals, block);
  return patchView(opened, { openTools: openTools.size, lastTool, questions, proposals });
}

function readUser(state: StreamState, message: JsonObject): StreamState {
  const results = contentOf(message).filter((block) => block['type'] === 'tool_result');
  // The structured form stands beside the message and tells of its only result.
  const structured = results.length === 1 ? message['tool_use_result'] : undefined;
  const isMain = asString(message['parent_tool_use_id']) === null;
  return results.reduce((next, result) => closeTool(next, result, structured), isMain ? takeWork(state) : state);
}

/** The agent works on. */
function takeWork(state: StreamState): StreamState {
  return takeEnd(state, noteWork(state.end));
}

function closeTool(state: StreamState, result: JsonObject, structured: unknown): StreamState {
  const id = asString(result['tool_use_id']);
  if (id === null) return state;
  const openTools = new Map([...state.openTools].filter(([open, parent]) => open !== id && parent !== id));
  const ended = { text: readText(result['content']), isError: result['is_error'] === true };
  const counted = dropQuestions(takeCalls({ ...state, openTools }, endCall(state.calls, id, ended)));
  const closed = noteRefusals(counted, ended.text, openTools.size);
  const call = state.stepCalls.get(id);
  if (call === undefined) return closed;
  const stepCalls = new Map(state.stepCalls);
  stepCalls.delete(id);
  if (result['is_error'] === true) return { ...closed, stepCalls };
  const steps = applyStepCall(state.steps, call, findCreatedId(structured, result['content']));
  return patchProgress({ ...closed, stepCalls, steps });
}

/** Leaves the questions whose calls are open. */
function dropQuestions(state: StreamState): StreamState {
  const questions = state.view.questions.filter(({ id }) => state.openTools.has(id));
  return questions.length === state.view.questions.length ? state : patchView(state, { questions });
}

/** Notes each refusal of the sandbox once. */
function noteRefusals(state: StreamState, text: string, openTools: number): StreamState {
  const known = state.view.warnings;
  const added = explainToolRefusals(text).filter((text) => !known.includes(text));
  if (added.length === 0) return patchView(state, { openTools });
  return patchView(state, { openTools, warnings: [...known, ...added].slice(0, limits.maxWarnings) });
}

function readText(content: unknown): string {
  return (
    asString(content) ??
    asArray(content)
      .map((part) => asString(asObject(part)?.['text']) ?? '')
      .join('\n')
  );
}

function patchProgress(state: StreamState): StreamState {
  const old = state.view.progress;
  const progress = state.reported ?? toProgress(state.steps);
  const same = old?.done === progress?.done && old?.total === progress?.total && old?.step === progress?.step;
  return same ? state : patchView(state, { progress });
}

function noteUsageLimit(state: StreamState, message: JsonObject): StreamState {
  const usageLimit = readUsageLimit(message);
  const old = state.view.usageLimit;
  const isSame =
    old?.status === usageLimit?.status && old?.resetsAt === usageLimit?.resetsAt && old?.kind === usageLimit?.kind;
  return usageLimit === null || isSame ? state : patchView(state, { usageLimit });
}

function readEnd(state: StreamState, message: JsonObject): StreamState {
  const result = readResult(message, state.lastText);
  const { costUsd } = result;
  const isAtWork = [...state.openTools.values()].includes(null);
  const origin = asObject(message['origin']);
  const told = patchView(state, {
    claimedUsd: Math.max(state.view.claimedUsd, costUsd),
    costUsd: costUsd > limits.maxRunCostUsd ? state.view.costUsd : Math.max(state.view.costUsd, costUsd),
  });
  const next = takeEnd(told, noteResult(state.end, result, { answersPrompt: origin === null, isEarly: isAtWork }));
  if (next.view.result !== result) return next;
  const refused = asArray(message['permission_denials'])
    .map(asObject)
    .reduce<StreamState>((sofar, told) => noteDenial(sofar, told, null), next);
  // A tool that is at work goes on after a success that the agent can't have told.
  if (isAtWork && !result.isError) return refused;
  const ended = dropQuestions({ ...refused, openTools: new Map(), stepCalls: new Map() });
  return patchView(ended, { openTools: 0, apiRetry: null });
}

function takeEnd(state: StreamState, { end, isStray }: EndReading): StreamState {
  if (end === state.end && !isStray) return state;
  const next = patchView({ ...state, end }, { result: end.result });
  return isStray ? addStray(next) : next;
}

function contentOf(message: JsonObject): readonly JsonObject[] {
  return asArray(asObject(message['message'])?.['content'])
    .map(asObject)
    .filter((block) => block !== null);
}

function patchView(state: StreamState, patch: Partial<RunView>): StreamState {
  const view: RunView = { ...state.view, ...patch };
  const keys = Object.keys(patch).filter((key): key is keyof RunView => key in state.view);
  return keys.every((key) => Object.is(view[key], state.view[key])) ? state : { ...state, view };
}
