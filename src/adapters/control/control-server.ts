/** Serves the control channel's connections. HTTP is loaded when the first one comes. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { ControlHost } from './control-app.ts';

/** Time for a request to arrive whole, in milliseconds. */
const requestTimeoutMs = 5_000;
/** Connections at once; more are closed. */
const maxConnections = 64;

/** Takes connections for `host`, which is null as long as the board is being set up: those are closed. */
export class ControlServer {
  readonly #host: () => ControlHost | null;
  readonly #open = new Set<Socket>();
  #server: Promise<Server> | null = null;

  constructor(host: () => ControlHost | null) {
    this.#host = host;
  }

  /** Takes a connection. */
  accept(socket: Socket): void {
    const host = this.#host();
    socket.on('error', () => socket.destroy());
    if (host === null || this.#open.size >= maxConnections) {
      socket.destroy();
      return;
    }
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    this.#server ??= createHttpServer(host);
    this.#server.then(
      (server) => server.emit('connection', socket),
      () => socket.destroy(),
    );
  }

  /** Ends all connections: who follows the board hears that it ended. */
  close(): void {
    for (const socket of this.#open) socket.destroySoon();
  }
}

async function createHttpServer(host: ControlHost): Promise<Server> {
  const [{ createServer }, { getRequestListener }, { makeControlApp }] = await Promise.all([
    import('node:http'),
    import('@hono/node-server'),
    import('./control-app.ts'),
  ]);
  const listener = getRequestListener(makeControlApp(host).fetch);
  return createServer({ requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs }, (request, response) => {
    void listener(request, response);
  });
}
