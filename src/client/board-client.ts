/** A typed client of the control channel: HTTP over the Unix socket of a running board. */
import { request, type IncomingMessage } from 'node:http';
import type { BoardChange } from '../domain/board-change.ts';
import type { CommandAnswer, CommandId, CommandRequest } from '../domain/command.ts';
import type { BoardData } from '../views/board-data.ts';
import type { TaskDescription } from '../views/task-description.ts';

/** Time for the board to begin an answer, in milliseconds; a command may take its ten seconds. */
const answerTimeoutMs = 15_000;
/** The board says something to who follows it every five seconds; who hears nothing for so long follows nobody. */
const silenceTimeoutMs = 20_000;

/**
 * The board does not answer. `late`: not in time; it is frozen or busy. `gone`: there is no socket, or the connection was
 * closed; it has ended, is ending, or has too many connections.
 */
export class NoAnswerError extends Error {
  readonly why: 'late' | 'gone';

  constructor(why: 'late' | 'gone', cause: unknown) {
    super('the board does not answer', { cause });
    this.name = 'NoAnswerError';
    this.why = why;
  }
}

/** The board answers that it can't do this, in its own words. */
export class RefusedError extends Error {
  /** The status of the answer. */
  readonly status: number;
  /** What to do instead, where the board says so. */
  readonly hint: string | null;

  constructor(status: number, said: string, hint: string | null) {
    super(`the board refused (${String(status)}): ${said}`);
    this.name = 'RefusedError';
    this.status = status;
    this.hint = hint;
  }
}

/** A command that was taken; `answer` is null where it is not settled yet. */
export interface TakenAnswer {
  readonly id: CommandId;
  readonly answer: CommandAnswer | null;
}

/** What who follows the board hears: all of it at first, then what changed. */
export type BoardNews =
  | { readonly kind: 'board'; readonly board: BoardData }
  | { readonly kind: 'change'; readonly change: BoardChange<BoardData> };

interface Asked {
  readonly method?: 'GET' | 'POST';
  readonly body?: object;
  readonly token?: string | null;
  /** How long the connection may be silent, in milliseconds. */
  readonly silenceMs?: number;
}

/** Asks one board, whose socket is at `path`. Its calls throw NoAnswerError and RefusedError. */
export class BoardClient {
  readonly #path: string;
  readonly #timeoutMs: number;

  /** `timeoutMs` is the time for the board to begin an answer. */
  constructor(path: string, timeoutMs = answerTimeoutMs) {
    this.#path = path;
    this.#timeoutMs = timeoutMs;
  }

  /** The board as it is now. */
  async board(): Promise<BoardData> {
    return (await this.#ask('/board')) as BoardData;
  }

  /** One task with its runs. */
  async task(id: string): Promise<TaskDescription> {
    return (await this.#ask(`/tasks/${encodeURIComponent(id)}`)) as TaskDescription;
  }

  /**
   * The lines of one run's stream, without secrets; with `follows` until the run has ended, or the board has. Who stops
   * taking them ends the connection.
   */
  async *log(id: string, run: number, follows: boolean): AsyncGenerator<string> {
    const route = `/tasks/${encodeURIComponent(id)}/log?raw&run=${String(run)}${follows ? '&follow' : ''}`;
    for await (const line of this.#lines(route)) if (line !== '') yield line;
  }

  /** Follows the board until it ends. */
  async *events(): AsyncGenerator<BoardNews> {
    let kind = '';
    for await (const line of this.#lines('/events')) {
      if (line.startsWith('event: ')) kind = line.slice('event: '.length);
      if (!line.startsWith('data: ')) continue;
      const data: unknown = JSON.parse(line.slice('data: '.length));
      if (kind === 'board') yield { kind, board: data as BoardData };
      if (kind === 'change') yield { kind, change: data as BoardChange<BoardData> };
    }
  }

  /** Asks for a command, and waits until it is settled, at most ten seconds; one that decides takes the board's token. */
  async ask(asked: Pick<CommandRequest, 'id' | 'by' | 'command'>, token: string | null): Promise<TakenAnswer> {
    return (await this.#ask('/commands', { method: 'POST', body: asked, token })) as TakenAnswer;
  }

  async #ask(route: string, asked: Asked = {}): Promise<unknown> {
    const response = await this.#open(route, asked);
    const data = parse(await readAll(response));
    if (typeof data === 'object' && data !== null && 'error' in data) throw refusalOf(response, data);
    return data;
  }

  /** The lines of an answer, as they come; one that is broken off is no answer. */
  async *#lines(route: string): AsyncGenerator<string> {
    const response = await this.#open(route, { silenceMs: silenceTimeoutMs });
    if (response.statusCode !== 200) throw refusalOf(response, parse(await readAll(response)));
    try {
      let begun: string[] = [];
      for await (const part of readParts(response)) {
        const [end = '', ...more] = part.split('\n');
        begun.push(end);
        for (const next of more) {
          yield begun.join('');
          begun = [next];
        }
      }
    } finally {
      response.destroy();
    }
  }

  /** Resolves once the board begins to answer. */
  #open(path: string, { method = 'GET', body, token = null, silenceMs }: Asked): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = {
        host: 'board',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      };
      const asked = request({ socketPath: this.#path, method, path, headers, agent: false });
      let answer: IncomingMessage | null = null;
      asked.setTimeout(this.#timeoutMs, () => {
        const late = new NoAnswerError('late', null);
        (answer ?? asked).destroy(late);
      });
      asked.on('error', (error) => reject(asNoAnswer(error)));
      asked.on('response', (response) => {
        answer = response.setEncoding('utf8');
        if (silenceMs !== undefined) asked.setTimeout(silenceMs);
        resolve(answer);
      });
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

async function* readParts(response: IncomingMessage): AsyncGenerator<string> {
  try {
    for await (const part of response) yield part as string;
  } catch (error) {
    throw asNoAnswer(error);
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  const parts: string[] = [];
  for await (const part of readParts(response)) parts.push(part);
  return parts.join('');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw asNoAnswer(error);
  }
}

function refusalOf({ statusCode = 0 }: IncomingMessage, data: unknown): RefusedError {
  const { error, hint } = data as { readonly error?: unknown; readonly hint?: unknown };
  return new RefusedError(statusCode, String(error), typeof hint === 'string' ? hint : null);
}

function asNoAnswer(error: unknown): NoAnswerError {
  return error instanceof NoAnswerError ? error : new NoAnswerError('gone', error);
}
