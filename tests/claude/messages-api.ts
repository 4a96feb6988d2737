/**
 * A scripted Messages API on 127.0.0.1, so that tests drive the real `claude` with no login and no network.
 *
 * A script is a function from what the CLI sent to what "the model" replies. It gets the whole conversation with each
 * request, so it needs no memory of its own: conversations of several tasks run in parallel against one server, told
 * apart by words of their prompts.
 *
 *   const api = await startMessagesApi(({ turn }) =>
 *     turn === 0
 *       ? { tools: [{ name: 'Write', input: { file_path: '/repo/a.txt', content: 'a' } }] }
 *       : { say: 'done' },
 *   );
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';

import { errorBody, sendJson, sendMessage, sendReply } from './messages-api-replies.ts';
import type { Reply } from './messages-api-replies.ts';

export type { Reply, ToolCall } from './messages-api-replies.ts';

/** The real CLI, as npm installed it: the newest, and an older one that differs in how it ends. */
export const claudeVersions = {
  newest: locate('@anthropic-ai/claude-code'),
  '2.1.197': locate('claude-code-2-1-197'),
} as const;

/** One of {@link claudeVersions}. */
export type ClaudeVersion = keyof typeof claudeVersions;

/** The names of {@link claudeVersions}, for tests of where they differ. */
export const claudeVersionNames: readonly ClaudeVersion[] = ['newest', '2.1.197'];

/** The versions on which all else is tried: the newest, or each of them with `CLAUDE=all`. */
export const triedVersions: readonly ClaudeVersion[] =
  process.env['CLAUDE'] === 'all' ? claudeVersionNames : ['newest'];

function locate(name: string): string {
  return fileURLToPath(new URL(`../../node_modules/${name}/bin/claude.exe`, import.meta.url));
}

/** The made-up key that {@link claudeEnv} gives; a test may look for it where no secret should be. */
export const madeUpKey = 'sk-ant-made-up-for-tests';

/** What a script sees of one request. */
export interface ApiRequest {
  readonly model: string;
  /** How hard the model is to think. */
  readonly effort: string | null;
  readonly messages: readonly ApiMessage[];
  /** The system prompt, joined. */
  readonly system: string;
  /** Names of the tools that the model may call. */
  readonly tools: readonly string[];
  readonly headers: IncomingHttpHeaders;
  /** All text of the user side so far, joined by newlines; results of tools and the CLI's own reminders are left out. */
  readonly text: string;
  /** The text of the last prompt: the last message of the user side that answers no tool call. */
  readonly prompt: string;
  /** What the tools of the last turn gave back, in the order of the calls, some of which run at once; empty at a prompt. */
  readonly results: readonly ToolResult[];
  /** Turns of the model so far in this conversation, those before a resume included. */
  readonly turn: number;
  /** Turns of the model since the last prompt. */
  readonly turnSincePrompt: number;
}

/** One message of a conversation. */
export interface ApiMessage {
  readonly role: string;
  readonly content: readonly ApiBlock[];
}

/** A block of a message, as far as scripts look at it. */
export interface ApiBlock {
  readonly type: string;
  readonly id?: string;
  readonly tool_use_id?: string;
  readonly text?: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly content?: string | readonly ApiBlock[];
  readonly is_error?: boolean;
}

/** What a tool gave back. */
export interface ToolResult {
  readonly text: string;
  readonly isError: boolean;
}

/** A running server. */
export interface MessagesApi {
  /** For `ANTHROPIC_BASE_URL`. */
  readonly url: string;
  /** Every request of the conversation so far, oldest first; requests on the side are left out. */
  readonly requests: readonly ApiRequest[];
  /** Stops listening and ends every connection. */
  close(): Promise<void>;
}

/** Starts a server that answers by `script`. A script that throws is a 500 that is not retried, with the message. */
export async function startMessagesApi(script: (request: ApiRequest) => Reply | Promise<Reply>): Promise<MessagesApi> {
  const requests: ApiRequest[] = [];
  const server = createServer((incoming, response) => {
    answer(incoming, response, script, requests).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      sendJson(response, 500, errorBody('api_error', `the test's script failed: ${message}`), {
        'x-should-retry': 'false',
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${String(address.port)}`,
    requests,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * The whole environment for a real `claude` that talks to a scripted API alone: pass it as `env`, inherit nothing.
 * `home` is an empty folder of the test's own. With `subscription` the made-up login is a subscription's token instead
 * of a key, so that usage limits mean something.
 */
export function claudeEnv(url: string, home: string, login: 'key' | 'subscription' = 'key'): Record<string, string> {
  return {
    HOME: home,
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    ANTHROPIC_BASE_URL: url,
    ...(login === 'key' ? { ANTHROPIC_API_KEY: madeUpKey } : { CLAUDE_CODE_OAUTH_TOKEN: madeUpKey }),
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_MAX_RETRIES: '1',
    DISABLE_AUTOUPDATER: '1',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Test',
    GIT_AUTHOR_EMAIL: 'test@localhost',
    GIT_COMMITTER_NAME: 'Test',
    GIT_COMMITTER_EMAIL: 'test@localhost',
  };
}

async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  script: (request: ApiRequest) => Reply | Promise<Reply>,
  requests: ApiRequest[],
): Promise<void> {
  const path = incoming.url ?? '';
  const body = await readBody(incoming);
  if (incoming.method !== 'POST') {
    response.writeHead(path === '/' ? 200 : 404).end();
    return;
  }
  if (path.startsWith('/v1/messages/count_tokens')) {
    sendJson(response, 200, { input_tokens: 100 });
    return;
  }
  if (!path.startsWith('/v1/messages')) {
    sendJson(response, 404, errorBody('not_found_error', path));
    return;
  }
  const raw = JSON.parse(body) as RawRequest;
  // The CLI asks small things on the side, such as a title for the session; those offer the model no tools.
  if ((raw.tools ?? []).length === 0) {
    sendMessage(response, raw, { say: '{"title":"A test"}' });
    return;
  }
  const request = readRequest(raw, incoming.headers);
  requests.push(request);
  sendReply(response, raw, await script(request));
}

interface RawRequest {
  readonly model: string;
  readonly output_config?: { readonly effort?: string };
  readonly stream?: boolean;
  readonly system?: string | readonly ApiBlock[];
  readonly tools?: readonly { readonly name: string }[];
  readonly messages: readonly { readonly role: string; readonly content: string | readonly ApiBlock[] }[];
}

function readRequest(raw: RawRequest, headers: IncomingHttpHeaders): ApiRequest {
  const messages = raw.messages.map(({ role, content }) => ({
    role,
    content: typeof content === 'string' ? [{ type: 'text', text: content }] : content,
  }));
  const promptAt = messages.findLastIndex(isPrompt);
  const isTurn = ({ role }: ApiMessage): boolean => role === 'assistant';
  const lastTurnAt = messages.findLastIndex(isTurn);
  const calls = messages[lastTurnAt]?.content.map(({ id }) => id) ?? [];
  return {
    model: raw.model,
    effort: raw.output_config?.effort ?? null,
    messages,
    system: typeof raw.system === 'string' ? raw.system : textOf(raw.system ?? []),
    tools: (raw.tools ?? []).map(({ name }) => name),
    headers,
    text: messages
      .filter(({ role }) => role === 'user')
      .map(({ content }) => textOf(content))
      .join('\n'),
    prompt: textOf(messages[promptAt]?.content ?? []),
    results: messages
      .slice(lastTurnAt + 1)
      .flatMap(({ content }) => content.filter(isToolResult))
      .sort((one, other) => calls.indexOf(one.tool_use_id) - calls.indexOf(other.tool_use_id))
      .map((block) => ({
        text: typeof block.content === 'string' ? block.content : textOf(block.content ?? []),
        isError: block.is_error === true,
      })),
    turn: messages.filter(isTurn).length,
    turnSincePrompt: messages.slice(promptAt + 1).filter(isTurn).length,
  };
}

/** Not a prompt: results of tools, reminders alone, and the CLI's demand for a structured result that is missing. */
function isPrompt({ role, content }: ApiMessage): boolean {
  const text = textOf(content);
  return (
    role === 'user' && !content.some(isToolResult) && text !== '' && !text.startsWith('[structured-output-enforce]')
  );
}

function isToolResult(block: ApiBlock): boolean {
  return block.type === 'tool_result';
}

/** The text of blocks without what the CLI adds itself, such as the last commits' subjects: words of other tasks. */
function textOf(blocks: readonly ApiBlock[]): string {
  return blocks
    .flatMap(({ type, text }) => (type === 'text' && text !== undefined ? [text] : []))
    .filter((text) => !text.startsWith('<system-reminder>'))
    .join('\n');
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
