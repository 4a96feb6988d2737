/** Serves the control channel's connections. HTTP is loaded when the first one comes. */
import { setMaxListeners } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { limits } from '../../domain/limits.ts';
import type { ControlHost, RouteTimes } from './control-app.ts';

/** Times of the channel, in milliseconds; tests shorten them. */
export interface ControlTimes extends RouteTimes {
  /** For a request to arrive whole. */
  readonly requestMs: number;
  /** For a reader to take something of what was sent to it. */
  readonly readerMs: number;
  /** For readers to take the last that is sent to them when the board ends. */
  readonly endMs: number;
}

/** The defaults. */
export const defaultControlTimes: ControlTimes = {
  ...{ requestMs: 5_000, answerMs: limits.commandAnswerMs, aliveMs: 5_000, readerMs: 30_000, endMs: 500 },
};

/** Connections at once; more are closed. */
export const maxConnections = 64;

/** Takes connections for `host`, which is null as long as the board is being set up: those are closed. */
export class ControlServer {
  readonly #host: () => ControlHost | null;
  readonly #times: ControlTimes;
  /** Connections, with their one request once its head is there. */
  readonly #open = new Map<Socket, IncomingMessage | null>();
  readonly #ending = new AbortController();
  #server: Promise<Server> | null = null;

  constructor(host: () => ControlHost | null, times: ControlTimes = defaultControlTimes) {
    this.#host = host;
    this.#times = times;
    // Each reader waits for the end, and Node.js takes more than ten for a leak, which it would print.
    setMaxListeners(0, this.#ending.signal);
  }

  /** Takes a connection. */
  accept(socket: Socket): void {
    const host = this.#host();
    socket.on('error', () => socket.destroy());
    if (host === null || this.#open.size >= maxConnections || this.#ending.signal.aborted) {
      socket.destroy();
      return;
    }
    this.#open.set(socket, null);
    // Node.js bounds only the requests of a server that listens itself.
    const late = setTimeout(() => {
      if (this.#open.get(socket)?.complete !== true) socket.destroy();
    }, this.#times.requestMs);
    socket.once('close', () => {
      clearTimeout(late);
      this.#open.delete(socket);
    });
    this.#server ??= this.#createHttpServer(host);
    this.#server.then(
      (server) => server.emit('connection', socket),
      () => socket.destroy(),
    );
  }

  /** Ends all connections: what is followed ends, and a command that is not settled is answered so. */
  close(): void {
    this.#ending.abort();
    setTimeout(() => {
      for (const socket of this.#open.keys()) socket.destroy();
    }, this.#times.endMs).unref();
  }

  async #createHttpServer(host: ControlHost): Promise<Server> {
    const [{ createServer }, { getRequestListener }, { makeControlApp }] = await Promise.all([
      import('node:http'),
      import('@hono/node-server'),
      import('./control-app.ts'),
    ]);
    const listener = getRequestListener(makeControlApp(host, this.#times, this.#ending.signal).fetch);
    const server = createServer((request, response) => {
      this.#open.set(request.socket, request);
      response.once('finish', () => request.socket.destroySoon());
      void listener(request, response);
    });
    // Of more, only the first is answered.
    server.maxRequestsPerSocket = 1;
    server.setTimeout(this.#times.readerMs, (socket) => {
      if (socket.writableLength > 0) socket.destroy();
    });
    return server;
  }
}
