/**
 * The control channel: what is asked of a running board over its socket, as HTTP.
 *
 *   GET  /board       the board as data, with its revision
 *   GET  /events      server-sent: `board` with all of it, then `change` with what differs
 *   POST /commands    one command: 200 done, 409 or 404 refused, 202 where it is not settled within ten seconds
 */
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { streamSSE } from 'hono/streaming';
import type { CommandAnswer, CommandId, CommandRequest } from '../../domain/command.ts';
import { messageOf } from '../../domain/error-message.ts';
import { limits } from '../../domain/limits.ts';
import { askedShape } from '../files/fact-shapes.ts';
import { findChange, type BoardState } from './board-change.ts';

/**
 * What somebody asks: a command, the way it comes by, and what they saw, undefined where they did not look. Who asks once
 * more under the same id, since no answer came, asks for the same thing.
 */
export type AskedCommand = Pick<CommandRequest, 'command' | 'by'> & {
  readonly id: CommandId | undefined;
  readonly seen: CommandRequest['seen'] | undefined;
};

/** A command that is on disk, and its answer once it is settled. */
export interface TakenCommand {
  readonly id: CommandId;
  readonly answer: Promise<CommandAnswer>;
}

/** The board behind the channel. */
export interface ControlHost {
  board(): BoardState;
  /** Calls `listener` after each change, until the returned function is called. */
  onChange(listener: () => void): () => void;
  /** Lays a command down; null where too many wait. Throws where that can't be done. */
  ask(asked: AskedCommand): Promise<TakenCommand | null>;
}

/** The routes. */
export function makeControlApp(host: ControlHost): Hono {
  const app = new Hono();
  app.onError((error, context) => {
    if (error instanceof HTTPException) return error.getResponse();
    return context.json({ error: messageOf(error) }, 500);
  });
  app.get('/board', (context) => context.json(host.board()));
  app.get('/events', (context) => streamSSE(context, (stream) => sendEvents(host, stream)));
  app.post('/commands', bodyLimit({ maxSize: limits.maxCommandBytes }), async (context) => {
    const asked = askedShape.safeParse(await context.req.json().catch(() => null));
    if (!asked.success) return context.json({ error: `this is no command: ${describeIssues(asked.error)}` }, 400);
    const { id: own, command, by, seen } = asked.data;
    const taken = await host.ask({ id: own, command, by, seen });
    if (taken === null) return context.json({ error: 'too many commands wait; try again later' }, 429);
    const answer = await within(taken.answer, limits.commandAnswerMs);
    const { id } = taken;
    if (answer === null) return context.json({ id, answer }, 202);
    if (answer.kind === 'done') return context.json({ id, answer }, 200);
    return context.json({ id, answer }, answer.why === 'unknown-task' ? 404 : 409);
  });
  return app;
}

type EventStream = Parameters<Parameters<typeof streamSSE>[1]>[0];

/**
 * Sends the board, and then changes. A change is sent once the one before it was taken, and holds all that is new since:
 * a reader that does not read costs one event and nothing more.
 */
async function sendEvents(host: ControlHost, stream: EventStream): Promise<void> {
  let wake: () => void = () => undefined;
  const forget = host.onChange(() => wake());
  stream.onAbort(() => wake());
  try {
    let sent = host.board();
    await stream.writeSSE({ event: 'board', id: String(sent.revision), data: JSON.stringify(sent) });
    while (!stream.aborted) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const board = host.board();
      if (board.revision === sent.revision) {
        await changed;
        continue;
      }
      const change = findChange(sent, board);
      sent = board;
      await stream.writeSSE({ event: 'change', id: String(board.revision), data: JSON.stringify(change) });
    }
  } finally {
    forget();
  }
}

/** Null where it takes longer. */
async function within<Value>(answer: Promise<Value>, ms: number): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function describeIssues({
  issues,
}: {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}): string {
  return issues.map(({ path, message }) => `${path.map(String).join('.') || 'the body'}: ${message}`).join('; ');
}
