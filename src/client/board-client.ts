/** A typed client of the control channel: HTTP over the Unix socket of a running board. */
import { request, type IncomingMessage } from 'node:http';
import type { CommandAnswer, CommandId, CommandRequest } from '../domain/command.ts';
import type { BoardData } from '../views/board-data.ts';

/** Time for the board to begin an answer, in milliseconds; a command may take its ten seconds. */
const answerTimeoutMs = 15_000;

/** The board does not answer: no socket, a frozen process, or one that is ending. */
export class NoAnswerError extends Error {
  constructor(cause: unknown) {
    super('the board does not answer', { cause });
    this.name = 'NoAnswerError';
  }
}

/** The board answers that it can't do this, in its own words. */
export class RefusedError extends Error {
  constructor(status: number, said: string) {
    super(`the board refused (${String(status)}): ${said}`);
    this.name = 'RefusedError';
  }
}

/** A command that was taken; `answer` is null where it is not settled yet. */
export interface TakenAnswer {
  readonly id: CommandId;
  readonly answer: CommandAnswer | null;
}

/** Asks one board, whose socket is at `path`. Its calls throw NoAnswerError and RefusedError. */
export class BoardClient {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** The board as it is now. */
  async board(): Promise<BoardData> {
    return (await this.#send('GET', '/board')) as BoardData;
  }

  /** Asks for a command, and waits until it is settled, at most ten seconds; one that decides takes the board's token. */
  async ask(asked: Pick<CommandRequest, 'id' | 'by' | 'command'>, token: string | null): Promise<TakenAnswer> {
    return (await this.#send('POST', '/commands', asked, token)) as TakenAnswer;
  }

  async #send(method: 'GET' | 'POST', path: string, body?: object, token: string | null = null): Promise<unknown> {
    const { status, text } = await this.#exchange(method, path, body, token);
    let data: unknown;
    try {
      data = JSON.parse(text);
    } catch (error) {
      throw new NoAnswerError(error);
    }
    if (typeof data === 'object' && data !== null && 'error' in data) {
      throw new RefusedError(status, String(data.error));
    }
    return data;
  }

  #exchange(
    method: string,
    path: string,
    body: object | undefined,
    token: string | null,
  ): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => reject(new NoAnswerError(error));
      const headers = {
        host: 'board',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      };
      const asked = request({ socketPath: this.#path, method, path, headers }, (response: IncomingMessage) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.on('error', fail);
        response.on('close', () => {
          if (response.complete) resolve({ status: response.statusCode ?? 0, text });
          else fail(new Error('the answer broke off'));
        });
      });
      asked.setTimeout(answerTimeoutMs, () => asked.destroy(new Error('no answer in time')));
      asked.on('error', fail);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
