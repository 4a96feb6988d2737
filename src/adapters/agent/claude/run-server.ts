/**
 * The server of a run's tools, over MCP on lines of JSON. It is written by hand, and not with the SDK: each run waits for it
 * before its first turn, and the SDK takes longer to load than all else here. It knows one folder, where it looks for
 * answers; that an answer was given is said by a rename, so that it is given once, whoever is killed when.
 */
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { keyOfAnswer } from '../../../domain/agent-question.ts';
import { parseObject, asObject, asString, type JsonObject } from '../../machine/json-shape.ts';
import { noteEndings } from '../../machine/note-script.ts';
import { proposalSchema } from './read-proposals.ts';

/** Time between two looks for an answer. */
const lookEveryMs = 250;
/** Between two signs that it still waits, for a client that gives up on a silent tool. */
const signEveryMs = 20_000;
/** Spoken where the client names none. */
const protocolVersion = '2025-06-18';

/** The name of the server, as Claude Code knows it. */
export const serverName = 'branchboard-run';

/** The name under which Claude Code offers a tool of it. */
export function toolName(name: string): string {
  return `mcp__${serverName}__${name}`;
}

/** The tool that asks the user. Its calls run beside each other, since it changes nothing. */
export const askTool = {
  name: 'ask_user',
  description:
    'Ask the user a question that only they can settle, and wait for their answer. Put all that they need for it into the question. Use it only where no sensible choice lets you go on. Several questions are asked together, by calls in one turn.',
  inputSchema: {
    type: 'object',
    properties: {
      question: { type: 'string' },
      options: { type: 'array', items: { type: 'string' }, description: 'Answers to choose from, a few words each.' },
    },
    required: ['question'],
    additionalProperties: false,
  },
  annotations: { readOnlyHint: true, openWorldHint: false },
} as const;

/** The tool that tells how far the agent is; the board reads its calls in the stream. */
export const progressTool = {
  name: 'report_progress',
  description: 'Tell the user how far you are: steps done, steps in all, and what you are at now. It takes no time.',
  inputSchema: {
    type: 'object',
    properties: {
      done: { type: 'integer', minimum: 0 },
      total: { type: 'integer', minimum: 1 },
      what: { type: 'string', description: 'A few words.' },
    },
    required: ['done', 'total', 'what'],
    additionalProperties: false,
  },
  annotations: { readOnlyHint: true, openWorldHint: false },
} as const;

/** The tool that proposes a task; the board reads its calls in the stream. */
export const proposeTool = {
  name: 'propose_task',
  description:
    'Propose a task of its own for what you find and that is not part of yours. The user decides about it; you go on with yours. It takes no time.',
  inputSchema: proposalSchema,
  annotations: { readOnlyHint: true, openWorldHint: false },
} as const;

const unanswered =
  'Nobody answered in time. Commit what you have, and end with `needs-input` and this question in `questions`: you are asked to go on here once it is answered.';

/** Whether a call may be told by this id: it is part of a file's name. */
export function isQuestionId(id: string): boolean {
  return /^[\w-]{1,80}$/.test(id);
}

/** What a server stands on. */
export interface RunServerOptions {
  /** The folder of the task's notes. */
  readonly notes: string;
  /** A question waits so long, in milliseconds. */
  readonly answerWaitMs: number;
  /** Sends one line. */
  readonly send: (line: string) => void;
}

/** Answers one line of the client's; resolves when it was answered. */
export async function serveLine(options: RunServerOptions, line: string): Promise<void> {
  const message = parseObject(line);
  const id = message?.['id'];
  // Without an id it is a notification, which takes no answer.
  if (message === null || (typeof id !== 'number' && typeof id !== 'string')) return;
  const send = (rest: JsonObject) => options.send(JSON.stringify({ jsonrpc: '2.0', ...rest }));
  const params = asObject(message['params']) ?? {};
  switch (message['method']) {
    case 'initialize': {
      const version = asString(params['protocolVersion']) ?? protocolVersion;
      const serverInfo = { name: serverName, version: '1' };
      send({ id, result: { protocolVersion: version, capabilities: { tools: {} }, serverInfo } });
      return;
    }
    case 'ping':
      send({ id, result: {} });
      return;
    case 'tools/list':
      send({ id, result: { tools: [askTool, progressTool, proposeTool] } });
      return;
    case 'tools/call': {
      const text = await callTool(options, params, send);
      if (text === null) send({ id, error: { code: -32602, message: 'There is no such tool.' } });
      else send({ id, result: { content: [{ type: 'text', text }] } });
      return;
    }
    default:
      send({ id, error: { code: -32601, message: 'There is no such method.' } });
  }
}

async function callTool(
  options: RunServerOptions,
  params: JsonObject,
  send: (rest: JsonObject) => void,
): Promise<string | null> {
  if (params['name'] === progressTool.name) return 'The user sees it.';
  if (params['name'] === proposeTool.name)
    return 'The user is offered it when your run ends. Go on with your own task.';
  return params['name'] === askTool.name ? ask(options, params, send) : null;
}

async function ask(options: RunServerOptions, params: JsonObject, send: (rest: JsonObject) => void): Promise<string> {
  const meta = asObject(params['_meta']) ?? {};
  const call = asString(meta['claudecode/toolUseId']) ?? '';
  // Without it nobody could tell which question an answer is for.
  if (!isQuestionId(call)) return unanswered;
  const progressToken = meta['progressToken'];
  const until = performance.now() + options.answerWaitMs;
  let signAt = performance.now() + signEveryMs;
  for (;;) {
    const answer = await takeAnswer(options.notes, call);
    if (answer !== null) return answer;
    const now = performance.now();
    if (now >= until) return unanswered;
    if (now >= signAt && progressToken !== undefined) {
      signAt = now + signEveryMs;
      send({ method: 'notifications/progress', params: { progressToken, progress: Math.round(now / 1_000) } });
    }
    await delay(Math.min(lookEveryMs, until - now));
  }
}

/** The answer to a question, which is taken by a rename; null where there is none. */
async function takeAnswer(folder: string, call: string): Promise<string | null> {
  const path = join(folder, keyOfAnswer(call));
  try {
    await rename(`${path}${noteEndings.answers}`, `${path}${noteEndings.read}`);
    const [first = ''] = (await readFile(`${path}${noteEndings.read}`, 'utf8')).split('\n');
    const shown: unknown = JSON.parse(first);
    return typeof shown === 'string' ? shown : null;
  } catch {
    return null;
  }
}
