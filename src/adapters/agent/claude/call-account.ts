/**
 * Keeps account of an agent's tool calls: what each was to do, which were refused and by whom, and whether the last
 * command line that was to make a commit made one.
 *
 * A refusal is told in up to three places, and not in all versions: by an event, in what the call gave back (the words),
 * and in the list of the result line (its id).
 */
import { limits } from '../../../domain/limits.ts';
import { isCommit, joinRefusals, type Refusal } from '../../../domain/refusal.ts';
import type { FailedCommit } from '../../../domain/run.ts';
import { toVisibleLine } from '../../../domain/visible-text.ts';
import { readCommandLine } from '../../git-guard/command-line.ts';
import { refusalBeginning } from '../../git-guard/judge.ts';
import { keepEnd, keepStart } from '../../machine/bounded-text.ts';
import type { JsonObject } from '../../machine/json-shape.ts';
import { findAim } from './tool-call.ts';

/** A command line that is longer is looked at no further. */
const maxCallChars = 10_000;
/** As many failed calls are remembered until the result line says which of them were refused. */
const maxFailedCalls = 200;
/** As many calls are remembered until they end. */
const maxOpenCalls = 1_000;

/** What a call was to do. */
interface Call {
  readonly tool: string;
  /** Its command line, path or address, bounded. */
  readonly text: string;
}

/** The account so far. */
export interface ToolCalls {
  readonly open: ReadonlyMap<string, Call>;
  /** Calls that ended with an error, by id, with what it said. */
  readonly failed: ReadonlyMap<string, Call & { readonly said: string }>;
  /** The ids of refused calls. */
  readonly refused: ReadonlySet<string>;
  readonly denials: readonly Refusal[];
  readonly failedCommit: FailedCommit | null;
}

/** Of an agent that called nothing yet. */
export const noCalls: ToolCalls = {
  open: new Map(),
  failed: new Map(),
  refused: new Set(),
  denials: [],
  failedCommit: null,
};

/** A call begins. */
export function beginCall(calls: ToolCalls, id: string, tool: string, input: JsonObject | null): ToolCalls {
  if (calls.open.size >= maxOpenCalls) return calls;
  return { ...calls, open: new Map(calls.open).set(id, { tool, text: keepStart(findAim(input), maxCallChars) }) };
}

/** A call has ended; `text` is what it gave back. */
export function endCall(
  calls: ToolCalls,
  id: string,
  { text, isError }: { text: string; isError: boolean },
): ToolCalls {
  const call = calls.open.get(id);
  if (call === undefined) return calls;
  const open = new Map(calls.open);
  open.delete(id);
  const ended = { ...calls, open, failedCommit: judgeCommit(calls.failedCommit, call, text, isError) };
  if (!isError || calls.failed.size >= maxFailedCalls) return ended;
  const said = keepStart(text, limits.maxRefusalChars * 4);
  return { ...ended, failed: new Map(calls.failed).set(id, { ...call, said }) };
}

/** A call is told to have been refused; `said` is null where only its id is told. Each counts once. */
export function refuseCall(
  calls: ToolCalls,
  told: {
    readonly id: string | null;
    readonly tool: string;
    readonly input: JsonObject | null;
    readonly said: string | null;
  },
): ToolCalls {
  const { id, tool } = told;
  if (id !== null && calls.refused.has(id)) return calls;
  const failed = id === null ? undefined : calls.failed.get(id);
  const text = (failed ?? calls.open.get(id ?? ''))?.text ?? findAim(told.input);
  const said = told.said ?? failed?.said ?? '';
  const denials = joinRefusals(calls.denials, [explain(tool, text, said)], limits.maxDenials);
  return { ...calls, denials, refused: id === null ? calls.refused : new Set(calls.refused).add(id) };
}

function judgeCommit(before: FailedCommit | null, call: Call, text: string, isError: boolean): FailedCommit | null {
  if (!isCommit(call.text)) return before;
  // Git names the commit that it made, in brackets; where the line goes on, whatever became of it, only that tells.
  const isMade = /^\[.+ [0-9a-f]{7,}\] /m.test(text);
  const unquoted = call.text.replaceAll(/'[^']*'|"[^"]*"/g, '');
  const goesOn = /\scommit(?![-\w])[^]*(?:;|\n|\||(?<!&)&(?!&))/.test(unquoted);
  const isQuiet = /\s(?:--quiet|-\w*q\w*)\b/.test(unquoted);
  const isMasked = !isError && !isMade && goesOn && !isQuiet && text.trim() !== '';
  if (!isError && !isMasked) return null;
  if (/\b(?:nothing (?:added )?to commit|no changes added to commit)\b/.test(text)) return before;
  return { command: oneLine(call.text), said: keepEnd(text.trim(), limits.maxTailChars) };
}

function explain(tool: string, text: string, told: string): Refusal {
  // What an event or a hook's error adds before the reason says nothing of this call.
  const isHook = /^\w+:\w+ hook error: /.test(told);
  const said = told.replace(/^[^]*What required approval: /, '').replace(/^\w+:\w+ hook error: /, '');
  const refusal = { tool, call: oneLine(text), said: keepStart(oneLine(said), limits.maxRefusalChars), times: 1 };
  const by = said.startsWith(refusalBeginning) ? 'guard' : isHook ? 'hook' : readRefuser(said);
  return { ...refusal, by, parts: tool === 'Bash' ? listParts(text, said, by) : [] };
}

function readRefuser(said: string): Refusal['by'] {
  if (/^Permission to (?:use|edit|read) [^]*has been denied(?:\.| by )/.test(said)) return 'deny-rule';
  if (/cannot be auto-allowed|sensitive file|dangerous/i.test(said)) return 'person';
  if (/outside allowed working directories|requested permissions to (?:write to|read from|edit) \//.test(said)) {
    return 'outside';
  }
  return 'rules';
}

/** The commands of a line that are at fault. */
function listParts(text: string, said: string, by: Refusal['by']): readonly string[] {
  const line = readCommandLine(text);
  const commands = line.ok ? line.value.commands : [];
  const named = /following parts? requires? approval: ([^]*)$/.exec(said)?.[1];
  const isAtFault = (command: (typeof commands)[number]): boolean =>
    by === 'guard' ? command.runsGit : named === undefined ? commands.length === 1 : named.includes(command.text);
  return commands.filter(isAtFault).map((command) => oneLine(command.text));
}

function oneLine(text: string): string {
  return keepStart(toVisibleLine(text).trim(), limits.maxCallChars);
}
