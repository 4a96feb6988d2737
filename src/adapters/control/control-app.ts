/**
 * The control channel: what is asked of a running board over its socket, as HTTP.
 *
 *   GET  /board       the board as data, with its revision
 *   GET  /tasks/ID    one task with its runs, as `show --json` prints it
 *   GET  /tasks/ID/log  what a run printed, readable or as the stream itself; followed until the run has ended
 *   GET  /events      server-sent: `board` with all of it, then `change` with what differs; ends with the board
 *   POST /commands    one command: 200 done, 409 or 404 refused, 202 where it is not settled within ten seconds;
 *                     one that decides takes the board's token, else 403
 */
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { stream, streamSSE } from 'hono/streaming';
import { commandRights, type CommandAnswer, type CommandId, type CommandRequest } from '../../domain/command.ts';
import { messageOf } from '../../domain/error-message.ts';
import { limits } from '../../domain/limits.ts';
import { askedShape } from '../files/command-shape.ts';
import { findChange, type BoardState } from '../../domain/board-change.ts';

/**
 * What somebody asks: a command, the way it comes by, and what they saw, undefined where they did not look. Who asks once
 * more under the same id, since no answer came, asks for the same thing.
 */
export type AskedCommand = Pick<CommandRequest, 'command' | 'by'> & {
  readonly id: CommandId | undefined;
  readonly seen: CommandRequest['seen'] | undefined;
};

/** What becomes of one that asks. */
export type TakenCommand =
  /** It is on disk, and is answered once it is settled. */
  | { readonly kind: 'taken'; readonly id: CommandId; readonly answer: Promise<CommandAnswer> }
  /** Under its id another command was asked for before. */
  | { readonly kind: 'other'; readonly command: CommandRequest['command'] }
  | { readonly kind: 'too-many' };

/** Which output of a task is asked for: of one run, or the last (null); readable, or the agent's own lines. */
export interface AskedLog {
  readonly run: number | null;
  readonly follows: boolean;
  readonly isRaw: boolean;
}

/** Output as texts of whole lines, each made when the one before it was taken, and empty where there is nothing new; or why there is none. */
export type FoundLog = AsyncIterable<string> | { readonly said: string; readonly hint: string };

/** The board behind the channel. */
export interface ControlHost {
  /** The board as it is now: the same object until it changes. */
  board(): BoardState;
  /** One task with its runs, as data; null where there is none of this id. */
  task(id: string): Promise<object | null>;
  /** What a task's agent printed; null where there is no such task. It is read until `signal` is aborted. */
  log(id: string, asked: AskedLog, signal: AbortSignal): Promise<FoundLog | null>;
  /** Calls `listener` after each change, until the returned function is called. */
  onChange(listener: () => void): () => void;
  /** Whether who sends this token is the board's user. */
  isUser(token: string): boolean;
  /** Lays a command down. Throws where that can't be done. */
  ask(asked: AskedCommand): Promise<TakenCommand>;
}

const howToDecide =
  'Send the token of the board that runs: --header "authorization: Bearer $(cat .orchestrator/token)"';

/** The times of the routes, in milliseconds. */
export interface RouteTimes {
  /** For a command to be settled. */
  readonly answerMs: number;
  /** Who follows something hears from the board so often at least. */
  readonly aliveMs: number;
}

/** The routes. `ending` is aborted when the board ends. */
export function makeControlApp(host: ControlHost, { answerMs, aliveMs }: RouteTimes, ending: AbortSignal): Hono {
  const app = new Hono();
  const texts = new SharedTexts();
  app.onError((error, context) => {
    if (error instanceof HTTPException) return error.getResponse();
    return context.json({ error: messageOf(error) }, 500);
  });
  app.notFound((context) => context.json({ error: 'there is no such route' }, 404));
  app.get('/board', (context) => {
    return sendJson(context, texts.board(host.board()));
  });
  app.get('/tasks/:id', async (context) => {
    const id = context.req.param('id');
    const task = await host.task(id);
    return task === null
      ? context.json({ error: `there is no task ${id}` }, 404)
      : sendJson(context, JSON.stringify(task));
  });
  app.get('/tasks/:id/log', async (context) => {
    const id = context.req.param('id');
    const run = context.req.query('run');
    if (run !== undefined && !/^[1-9]\d{0,5}$/.test(run)) {
      return context.json({ error: `run=${run} is no run's number; expected one such as run=1` }, 400);
    }
    const [follows, isRaw] = [context.req.query('follow') !== undefined, context.req.query('raw') !== undefined];
    const left = new AbortController();
    const asked = { run: run === undefined ? null : Number(run), follows, isRaw };
    const log = await host.log(id, asked, AbortSignal.any([left.signal, ending]));
    if (log === null) return context.json({ error: `there is no task ${id}` }, 404);
    if ('said' in log) return context.json({ error: log.said, hint: log.hint }, 404);
    context.header('content-type', isRaw ? 'application/x-ndjson' : 'text/plain; charset=utf-8');
    return stream(context, async (to) => {
      to.onAbort(() => left.abort());
      await sendLog(log, to, follows && isRaw ? aliveMs : null);
    });
  });
  app.get('/events', (context) => streamSSE(context, (to) => sendEvents(host, texts, to, aliveMs, ending)));
  const tooLong = `a command has at most ${String(limits.maxCommandBytes)} bytes`;
  const bound = bodyLimit({
    maxSize: limits.maxCommandBytes,
    onError: (context) => context.json({ error: tooLong }, 413),
  });
  app.post('/commands', bound, async (context) => {
    const asked = askedShape.safeParse(await context.req.json().catch(() => null));
    if (!asked.success) return context.json({ error: `this is no command: ${describeIssues(asked.error)}` }, 400);
    const { id: own, command, by, seen } = asked.data;
    const token = /^Bearer (\S+)$/.exec(context.req.header('authorization') ?? '')?.[1] ?? '';
    if (commandRights[command.kind] === 'decide' && !host.isUser(token)) {
      return context.json({ error: `${command.kind} is for the board's user to decide. ${howToDecide}` }, 403);
    }
    const taken = await host.ask({ id: own, command, by, seen });
    if (taken.kind === 'too-many') return context.json({ error: 'too many commands wait; try again later' }, 429);
    if (taken.kind === 'other') {
      const [before, now] = [taken.command, command].map((each) => JSON.stringify(each));
      const error = `the id stands for another command: ${before} was asked under it, and now ${now}. Take a new id.`;
      return context.json({ error, asked: taken.command }, 409);
    }
    const answer = await within(taken.answer, answerMs, ending);
    const { id } = taken;
    if (answer === null) return context.json({ id, answer }, 202);
    if (answer.kind === 'done') return context.json({ id, answer }, 200);
    return context.json({ id, answer }, answer.why === 'unknown-task' ? 404 : 409);
  });
  return app;
}

function sendJson(context: Context, text: string): Response {
  context.header('content-type', 'application/json');
  return stream(context, (to) => sendText(to, text));
}

/** The texts that readers have in common. Each is made once for all of them: a board may have thousands of tasks. */
class SharedTexts {
  readonly #boards = new WeakMap<BoardState, string>();
  #change: { readonly from: BoardState; readonly to: BoardState; readonly text: string } | null = null;

  board(board: BoardState): string {
    const text = this.#boards.get(board) ?? JSON.stringify(board);
    this.#boards.set(board, text);
    return text;
  }

  /** What differs; readers that keep up are all at the same board. */
  change(from: BoardState, to: BoardState): string {
    if (this.#change?.from !== from || this.#change.to !== to) {
      this.#change = { from, to, text: JSON.stringify(findChange(from, to)) };
    }
    return this.#change.text;
  }
}

type TextStream = Parameters<Parameters<typeof stream>[1]>[0];

/** Texts are sent in pieces of so many bytes, each once the one before it was taken. */
const pieceBytes = 64 * 1024;

/**
 * Sends output as it comes. An empty line is sent at once and where there was nothing for `aliveMs`, so that who follows can
 * tell an agent that is silent from a board that is gone; where that is null none is sent.
 */
async function sendLog(log: AsyncIterable<string>, to: TextStream, aliveMs: number | null): Promise<void> {
  let sentAt = -Infinity;
  for await (const text of log) {
    if (to.aborted) return;
    if (text === '' && (aliveMs === null || performance.now() - sentAt < aliveMs)) continue;
    await sendText(to, text === '' ? '\n' : text);
    sentAt = performance.now();
  }
}

/**
 * Sends the board, and then changes, or an empty comment when there was none for a while. A change is sent once the one before it was taken, and holds all that is new since:
 * a reader that does not read costs one event and nothing more.
 */
async function sendEvents(
  host: ControlHost,
  texts: SharedTexts,
  to: TextStream,
  aliveMs: number,
  ending: AbortSignal,
): Promise<void> {
  let wake: () => void = () => undefined;
  const forget = host.onChange(() => wake());
  const onEnding = () => wake();
  ending.addEventListener('abort', onEnding);
  to.onAbort(() => wake());
  try {
    let [sent, sentAt] = [host.board(), performance.now()];
    await sendEvent(to, 'board', sent.revision, texts.board(sent));
    while (!to.aborted) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const board = host.board();
      if (board.revision === sent.revision) {
        if (ending.aborted) return;
        if (performance.now() - sentAt >= aliveMs) {
          await sendText(to, ':\n\n');
          sentAt = performance.now();
        }
        const alive = setTimeout(wake, aliveMs);
        await changed;
        clearTimeout(alive);
        continue;
      }
      const change = texts.change(sent, board);
      [sent, sentAt] = [board, performance.now()];
      await sendEvent(to, 'change', board.revision, change);
    }
  } finally {
    ending.removeEventListener('abort', onEnding);
    forget();
  }
}

function sendEvent(to: TextStream, event: string, revision: number, data: string): Promise<void> {
  return sendText(to, `event: ${event}\nid: ${String(revision)}\ndata: ${data}\n\n`);
}

async function sendText(to: TextStream, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length && !to.aborted; start += pieceBytes) {
    await to.write(bytes.subarray(start, start + pieceBytes));
  }
}

/** Null where it takes longer, or `ending` comes first. */
async function within<Value>(answer: Promise<Value>, ms: number, ending: AbortSignal): Promise<Value | null> {
  let end: () => void = () => undefined;
  const late = new Promise<null>((resolve) => {
    end = () => resolve(null);
  });
  const timer = setTimeout(end, ms);
  ending.addEventListener('abort', end);
  if (ending.aborted) end();
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    ending.removeEventListener('abort', end);
  }
}

function describeIssues({
  issues,
}: {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}): string {
  return issues.map(({ path, message }) => `${path.map(String).join('.') || 'the body'}: ${message}`).join('; ');
}
