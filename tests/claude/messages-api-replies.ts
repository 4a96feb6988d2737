/** What the scripted Messages API can reply, and how that goes over the wire. */
import type { ServerResponse } from 'node:http';

/** A call of one of the CLI's tools, which the CLI really carries out if its permissions allow it. */
export interface ToolCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** What "the model" replies. */
export type Reply =
  /** Ends the turn. */
  | { readonly say: string }
  /** Calls tools, after `say` if given; the next request brings their results. */
  | { readonly tools: readonly ToolCall[]; readonly say?: string }
  /** An error of the API. The CLI retries 429, 500 and 529 by itself; see `CLAUDE_CODE_MAX_RETRIES`. */
  | {
      readonly status: keyof typeof usualErrors;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /**
   * A subscription's limit is used up until then, in seconds since the epoch; null does not say until when. Needs the
   * environment `subscription`.
   */
  | { readonly usageLimit: { readonly resetsAt: number | null; readonly kind?: 'five_hour' | 'seven_day' } }
  /** Answers with a page of HTML, as a hotel's network does. */
  | { readonly page: string }
  /** Begins an answer and breaks it off with that error. */
  | { readonly errorInStream: object }
  /** Destroys the connection. */
  | { readonly drop: true }
  /** Never answers; the connection ends with the client or with {@link MessagesApi.close}. */
  | { readonly hang: true }
  /** Begins to say that and stops in the middle; the connection stays. */
  | { readonly stopsAfter: string };

/** What a reply must know of its request. */
export interface Asked {
  readonly model: string;
  readonly stream?: boolean;
  readonly messages: readonly unknown[];
}

/** Sends what the script said; does nothing for a reply that hangs. */
export function sendReply(response: ServerResponse, asked: Asked, reply: Reply): void {
  if ('hang' in reply) return;
  if ('stopsAfter' in reply) {
    beginMessage(response, asked, reply.stopsAfter);
    return;
  }
  if ('page' in reply) {
    response.writeHead(200, { 'content-type': 'text/html' }).end(reply.page);
    return;
  }
  if ('errorInStream' in reply) {
    // The CLI asks once more for an answer in one piece.
    if (asked.stream !== true) {
      sendJson(response, 529, reply.errorInStream);
      return;
    }
    beginMessage(response, asked, 'Well');
    response.end(`event: error\ndata: ${JSON.stringify(reply.errorInStream)}\n\n`);
    return;
  }
  if ('drop' in reply) {
    response.socket?.destroy();
    return;
  }
  if ('usageLimit' in reply) {
    const { resetsAt, kind = 'five_hour' } = reply.usageLimit;
    sendJson(response, 429, errorBody('rate_limit_error', 'usage limit reached'), usageLimitHeaders(resetsAt, kind));
    return;
  }
  if ('status' in reply) {
    const { type, message } = usualErrors[reply.status];
    sendJson(response, reply.status, reply.body ?? errorBody(type, message), reply.headers);
    return;
  }
  sendMessage(response, asked, reply);
}

const usualErrors = {
  400: { type: 'invalid_request_error', message: 'Your credit balance is too low to access the Anthropic API.' },
  401: { type: 'authentication_error', message: 'invalid x-api-key' },
  429: { type: 'rate_limit_error', message: 'This request would exceed your rate limit.' },
  500: { type: 'api_error', message: 'Internal server error' },
  520: { type: 'api_error', message: 'error code: 520' },
  529: { type: 'overloaded_error', message: 'Overloaded' },
} as const;

/** The headers from which the CLI makes its `rate_limit_event`. */
function usageLimitHeaders(resetsAt: number | null, kind: 'five_hour' | 'seven_day'): Record<string, string> {
  const window = kind === 'five_hour' ? '5h' : '7d';
  const resets = {
    'anthropic-ratelimit-unified-reset': String(resetsAt),
    [`anthropic-ratelimit-unified-${window}-reset`]: String(resetsAt),
  };
  return {
    ...(resetsAt === null ? {} : resets),
    'anthropic-ratelimit-unified-status': 'rejected',
    'anthropic-ratelimit-unified-representative-claim': kind,
    [`anthropic-ratelimit-unified-${window}-status`]: 'rejected',
    [`anthropic-ratelimit-unified-${window}-utilization`]: '1',
    'anthropic-ratelimit-unified-overage-status': 'rejected',
    'anthropic-ratelimit-unified-overage-disabled-reason': 'org_level_disabled',
  };
}

type Message = Extract<Reply, { readonly say: string } | { readonly tools: readonly ToolCall[] }>;

/** The first events of a message, and no more. */
function beginMessage(response: ServerResponse, asked: Asked, text: string): void {
  const usage = { input_tokens: 100, output_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
  const message = { id: 'msg_half', type: 'message', role: 'assistant', model: asked.model, content: [], usage };
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  for (const event of [
    { type: 'message_start', message: { ...message, stop_reason: null, stop_sequence: null } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
  ]) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }
}

/** Sends a message of the model, as a stream of events where that is what was asked for. */
export function sendMessage(response: ServerResponse, asked: Asked, reply: Message): void {
  const tools = 'tools' in reply ? reply.tools : [];
  const turn = String(asked.messages.length);
  const blocks = [
    ...(reply.say === undefined ? [] : [{ type: 'text' as const, text: reply.say }]),
    ...tools.map(({ name, input }, index) => ({
      type: 'tool_use' as const,
      id: `toolu_${turn}_${String(index)}`,
      name,
      input,
    })),
  ];
  const message = {
    id: `msg_${turn}`,
    type: 'message',
    role: 'assistant',
    model: asked.model,
    stop_sequence: null,
    usage: { input_tokens: 100, output_tokens: 25, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 },
  };
  const stopReason = tools.length > 0 ? 'tool_use' : 'end_turn';
  if (asked.stream !== true) {
    sendJson(response, 200, { ...message, content: blocks, stop_reason: stopReason });
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const send = (event: { readonly type: string; readonly [key: string]: unknown }): void => {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  };
  send({ type: 'message_start', message: { ...message, content: [], stop_reason: null } });
  for (const [index, block] of blocks.entries()) {
    const text = block.type === 'text';
    send({
      type: 'content_block_start',
      index,
      content_block: text ? { ...block, text: '' } : { ...block, input: {} },
    });
    const delta = text
      ? { type: 'text_delta', text: block.text }
      : { type: 'input_json_delta', partial_json: JSON.stringify(block.input) };
    send({ type: 'content_block_delta', index, delta });
    send({ type: 'content_block_stop', index });
  }
  send({
    type: 'message_delta',
    delta: { stop_reason: stopReason, stop_sequence: null },
    usage: { output_tokens: 25 },
  });
  send({ type: 'message_stop' });
  response.end();
}

/** An error as the API words it. */
export function errorBody(type: string, message: string): object {
  return { type: 'error', error: { type, message }, request_id: 'req_test' };
}

/** Sends a whole answer. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
