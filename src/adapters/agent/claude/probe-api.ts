/**
 * The smallest Messages API that Claude Code talks to, on 127.0.0.1: the model's reply is a function of the
 * conversation. It serves the trial of a binary; it knows no errors, no limits and no answers in one piece.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { asArray, asObject, asString, parseObject, type JsonObject } from '../../machine/json-shape.ts';

/** A longer request is cut off. */
const maxRequestBytes = 4 * 1024 * 1024;

/** The conversation as a script sees it. */
export interface Conversation {
  /** All words of the user's side, prompts and results of tools, as JSON. */
  readonly words: string;
  /** Turns of the model so far. */
  readonly turns: number;
}

/** A reply of the model: a call of a tool, or words that end the turn. */
export type ProbeReply =
  { readonly tool: string; readonly input: Readonly<Record<string, unknown>> } | { readonly say: string };

/** A server that listens. */
export interface ProbeApi {
  /** For `ANTHROPIC_BASE_URL`. */
  readonly url: string;
  /** Ends it with all its connections. */
  close(): void;
}

/** Starts a server. Rejects where the machine lets nobody listen. */
export async function startProbeApi(script: (conversation: Conversation) => ProbeReply): Promise<ProbeApi> {
  const server = createServer((request, response) => {
    answer(request, response, script).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  script: (conversation: Conversation) => ProbeReply,
): Promise<void> {
  const asked = parseObject(await readBody(request));
  // It looks first whether anybody is there, and asks small things on the side, for which it offers no tools.
  if (asked === null || request.url?.startsWith('/v1/messages?') !== true) response.writeHead(200).end('{}');
  else if (asArray(asked['tools']).length === 0) sendReply(response, asked, { say: '{"title":"Probe"}' });
  else sendReply(response, asked, script(readConversation(asked)));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > maxRequestBytes) throw new Error('the request is too long');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readConversation(asked: JsonObject): Conversation {
  const messages = asArray(asked['messages']).map(asObject);
  const isOf = (role: string) => (message: JsonObject | null) => message?.['role'] === role;
  const words = JSON.stringify(messages.filter(isOf('user')).map((message) => message?.['content']));
  return { words, turns: messages.filter(isOf('assistant')).length };
}

function sendReply(response: ServerResponse, asked: JsonObject, reply: ProbeReply): void {
  const model = asString(asked['model']) ?? 'unknown';
  const turn = String(asArray(asked['messages']).length);
  const isCall = 'tool' in reply;
  const block = isCall
    ? { type: 'tool_use', id: `toolu_${turn}`, name: reply.tool, input: {} }
    : { type: 'text', text: '' };
  const delta = isCall
    ? { type: 'input_json_delta', partial_json: JSON.stringify(reply.input) }
    : { type: 'text_delta', text: reply.say };
  const usage = { input_tokens: 1, output_tokens: 1 };
  const message = { id: `msg_${turn}`, type: 'message', role: 'assistant', model, content: [], usage };
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  for (const event of [
    { type: 'message_start', message: { ...message, stop_reason: null, stop_sequence: null } },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: isCall ? 'tool_use' : 'end_turn', stop_sequence: null }, usage },
    { type: 'message_stop' },
  ]) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }
  response.end();
}
