/** The control channel over a real socket: what it answers, and what a peer that misbehaves costs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type {
  AskedCommand,
  AskedLog,
  ControlHost,
  FoundLog,
  TakenCommand,
} from '../../../src/adapters/control/control-app.ts';
import {
  ControlServer,
  defaultControlTimes,
  maxConnections,
  type ControlTimes,
} from '../../../src/adapters/control/control-server.ts';
import type { BoardState } from '../../../src/domain/board-change.ts';
import { makeCommandId, type CommandAnswer } from '../../../src/domain/command.ts';
import { limits } from '../../../src/domain/limits.ts';

const id = makeCommandId(1, '0123456789');
const retry = { command: { kind: 'retry', task: 'add-auth' } };
const done: CommandAnswer = { kind: 'done', said: 'attention/ → queued/' };

/** A board that a test changes. */
class FakeHost implements ControlHost {
  state: BoardState = { revision: 1, tasks: [] };
  readonly asked: AskedCommand[] = [];
  answer: Promise<CommandAnswer> | TakenCommand | Error = Promise.resolve(done);
  readonly listeners = new Set<() => void>();

  board(): BoardState {
    return this.state;
  }

  task(id: string): Promise<object | null> {
    return Promise.resolve(this.state.tasks.find((task) => task.id === id) ?? null);
  }

  /** The texts of a task's log. It ends where nothing is left and `endsLog` is true. */
  texts: string[] = [];
  endsLog = true;
  taken = 0;
  readonly logs: { readonly asked: AskedLog; readonly signal: AbortSignal }[] = [];

  log(id: string, asked: AskedLog, signal: AbortSignal): Promise<FoundLog | null> {
    if (id !== 'a') return Promise.resolve(null);
    if (asked.run === 9) return Promise.resolve({ said: 'a has no run 9', hint: 'Its last one is run 1.' });
    this.logs.push({ asked, signal });
    return Promise.resolve(this.#read(signal));
  }

  async *#read(signal: AbortSignal): AsyncGenerator<string> {
    for (;;) {
      const text = this.texts.shift();
      if (signal.aborted || (text === undefined && this.endsLog)) return;
      if (text !== undefined) this.taken += 1;
      yield text ?? '';
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  isUser(token: string): boolean {
    return token === 'secret';
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  ask(asked: AskedCommand): Promise<TakenCommand> {
    this.asked.push(asked);
    if (this.answer instanceof Error) return Promise.reject(this.answer);
    if (!(this.answer instanceof Promise)) return Promise.resolve(this.answer);
    return Promise.resolve({ kind: 'taken', id: asked.id ?? id, answer: this.answer });
  }

  change(tasks: readonly { readonly id: string; readonly title?: string }[]): void {
    this.state = { revision: this.state.revision + 1, tasks };
    for (const listener of this.listeners) listener();
  }
}

let root: string;
let path: string;
let host: FakeHost;
let control: ControlServer;
let listening: Server;
/** The server's ends of the connections. */
let served: Socket[];
let peers: Socket[];
/** How often a connection was found to be idle. */
let timeouts: number;

async function serve(times: Partial<ControlTimes> = {}): Promise<void> {
  control = new ControlServer(() => host, { ...defaultControlTimes, ...times });
  listening = createServer((socket) => {
    served.push(socket);
    socket.on('timeout', () => (timeouts += 1));
    control.accept(socket);
  });
  await new Promise<void>((resolve) => listening.listen(path, resolve));
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bb-control-'));
  path = join(root, 's');
  host = new FakeHost();
  [served, peers, timeouts] = [[], [], 0];
});
afterEach(() => {
  for (const socket of [...peers, ...served]) socket.destroy();
  listening.close();
  rmSync(root, { recursive: true, force: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly body: unknown;
}

/** Asks once, in a connection of its own. */
function ask(method: string, route: string, body?: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: path, method, path: route, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode, body: JSON.parse(text) as unknown }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Connects, and says something or nothing. */
function peer(words = ''): Socket {
  const socket = connect(path).on('error', () => undefined);
  socket.write(words);
  peers.push(socket);
  return socket;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()).resume());
}

/** Follows the board; what was read so far, and its end. */
function follow(route = '/events'): { readonly text: () => string; readonly ended: Promise<'whole' | 'broken'> } {
  let text = '';
  const ended = new Promise<'whole' | 'broken'>((resolve, reject) => {
    const asked = request({ socketPath: path, path: route, agent: false }, (response) => {
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', () => undefined);
      response.on('close', () => resolve(response.complete ? 'whole' : 'broken'));
    });
    asked.on('error', reject).end();
  });
  return { text: () => text, ended };
}

describe('what it answers', () => {
  beforeEach(() => serve());

  test('the board, as data', async () => {
    host.change([{ id: 'a' }]);
    expect(await ask('GET', '/board')).toEqual({ status: 200, body: { revision: 2, tasks: [{ id: 'a' }] } });
  });

  test('a board of many megabytes arrives whole', async () => {
    host.change([{ id: 'a', title: `x${'😀'.repeat(1_000_000)}` }]);
    expect((await ask('GET', '/board')).body).toEqual(host.state);
  });

  test.each<[string, CommandAnswer, number]>([
    ['a command that is done', done, 200],
    ['one for a task that there is not', { kind: 'refused', why: 'unknown-task', said: 'no', hint: null }, 404],
    ['one that does not fit', { kind: 'refused', why: 'not-now', said: 'no', hint: null }, 409],
    ['one whose task moved on', { kind: 'refused', why: 'moved-on', said: 'no', hint: null }, 409],
    ['one that the machine could not do', { kind: 'refused', why: 'failed', said: 'no', hint: null }, 409],
  ])('%s', async (_, answer, status) => {
    host.answer = Promise.resolve(answer);
    expect(await ask('POST', '/commands', JSON.stringify({ id, ...retry }))).toEqual({ status, body: { id, answer } });
    expect(host.asked).toEqual([{ id, command: retry.command, by: 'cli', seen: undefined }]);
  });

  test.each([
    ['no JSON', '{'],
    ['nothing', ''],
    ['no command', '{}'],
    ['an unknown kind', '{"command":{"kind":"explode"}}'],
    ['a path for a task', '{"command":{"kind":"retry","task":"../../etc/passwd"}}'],
    ['an option for a task', '{"command":{"kind":"note","task":"--help","text":"x"}}'],
    ['a path to wait for', '{"command":{"kind":"add-dependency","task":"a","on":"../b"}}'],
    ['a ref for a commit', '{"command":{"kind":"discard","task":"a","commit":"refs/heads/main"}}'],
    [
      'an option for a commit',
      '{"command":{"kind":"merge","task":"a","commit":"--all","way":"merge","whatRuns":true}}',
    ],
    ['an id of its own making', '{"id":"../x","command":{"kind":"pause"}}'],
    ['a way that no asker has', '{"by":"file-move","command":{"kind":"pause"}}'],
    ['60,000 brackets', '['.repeat(60_000)],
  ])('%s in place of a command is refused, and nothing is asked of the board', async (_, body) => {
    const { status, body: answer } = await ask('POST', '/commands', body);
    expect(status).toBe(400);
    expect((answer as { error: string }).error).toContain('this is no command');
    expect(host.asked).toEqual([]);
  });

  test.each([
    ['with its length', {}],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('a command of more than 64 KiB, %s, is refused', async (_, headers) => {
    const long = JSON.stringify({ ...retry, more: 'x'.repeat(limits.maxCommandBytes) });
    expect((await ask('POST', '/commands', long, headers)).status).toBe(413);
    expect(host.asked).toEqual([]);
  });

  test('more commands than the board takes are refused for now', async () => {
    host.answer = { kind: 'too-many' };
    expect((await ask('POST', '/commands', JSON.stringify(retry))).status).toBe(429);
  });

  test('an id that stands for another command is refused with both of them', async () => {
    host.answer = { kind: 'other', command: { kind: 'pause' } };
    expect(await ask('POST', '/commands', JSON.stringify({ id, ...retry }))).toEqual({
      status: 409,
      body: {
        error: `the id stands for another command: {"kind":"pause"} was asked under it, and now {"kind":"retry","task":"add-auth"}. Take a new id.`,
        asked: { kind: 'pause' },
      },
    });
  });

  test('a command that could not be laid down is said with its reason', async () => {
    host.answer = new Error('no room in commands/');
    expect(await ask('POST', '/commands', JSON.stringify(retry))).toEqual({
      status: 500,
      body: { error: 'no room in commands/' },
    });
  });

  test.each([
    ['without a token', {}],
    ['with a wrong one', { authorization: 'Bearer wrong' }],
    ['with an empty one', { authorization: 'Bearer ' }],
    ['with it in another scheme', { authorization: 'secret' }],
  ])('a command that decides is refused %s, which is said with what to type', async (_, headers) => {
    const { status, body } = await ask('POST', '/commands', '{"command":{"kind":"finish","task":"a"}}', headers);
    expect(status).toBe(403);
    expect((body as { error: string }).error).toContain('$(cat .orchestrator/token)');
    expect(host.asked).toEqual([]);
  });

  test('a command that decides is taken with the token', async () => {
    const headers = { authorization: 'Bearer secret' };
    const { status } = await ask('POST', '/commands', '{"command":{"kind":"finish","task":"a"}}', headers);
    expect(status).toBe(200);
  });

  test('a task, or that there is none', async () => {
    host.change([{ id: 'a', title: 'x' }]);
    expect(await ask('GET', '/tasks/a')).toEqual({ status: 200, body: { id: 'a', title: 'x' } });
    expect(await ask('GET', '/tasks/b')).toEqual({ status: 404, body: { error: 'there is no task b' } });
  });

  test('a route that there is not', async () => {
    expect((await ask('GET', '/nothing')).status).toBe(404);
    expect((await ask('GET', '/commands')).status).toBe(404);
  });
});

test('a command that is not settled in its time is answered as taken, with its id', async () => {
  await serve({ answerMs: 1 });
  host.answer = new Promise(() => undefined);
  expect(await ask('POST', '/commands', JSON.stringify({ id, ...retry }))).toEqual({
    status: 202,
    body: { id, answer: null },
  });
});

test('a board that ends answers a command that waits as taken', async () => {
  await serve();
  host.answer = new Promise(() => undefined);
  const answer = ask('POST', '/commands', JSON.stringify({ id, ...retry }));
  await vi.waitUntil(() => host.asked.length > 0);
  control.close();
  expect(await answer).toEqual({ status: 202, body: { id, answer: null } });
});

describe('events', () => {
  test('are the board, then the tasks that differ, and end whole with the board', async () => {
    await serve();
    host.change([{ id: 'a' }, { id: 'b' }]);
    const { text, ended } = follow();
    await vi.waitUntil(() => text().includes('\n\n'));
    host.change([{ id: 'b', title: 'new' }]);
    await vi.waitUntil(() => text().split('\n\n').length > 2);
    control.close();
    expect(await ended).toBe('whole');
    expect(text()).toBe(
      [
        'event: board\nid: 2\ndata: {"revision":2,"tasks":[{"id":"a"},{"id":"b"}]}\n\n',
        'event: change\nid: 3\ndata: {"revision":3,"changed":[{"id":"b","title":"new"}],"gone":["a"],"order":["b"]}\n\n',
      ].join(''),
    );
    expect(host.listeners.size).toBe(0);
  });

  test('are made once for all readers, however many there are', async () => {
    await serve();
    const warnings: string[] = [];
    const onWarning = ({ message }: Error) => void warnings.push(message);
    process.on('warning', onWarning);
    let made = 0;
    const makeTask = (n: number) => ({ id: 'a', n, toJSON: () => ((made += 1), { id: 'a', n }) });
    host.change([makeTask(0)]);
    const first = follow();
    await vi.waitUntil(() => first.text().includes('\n\n'));
    host.change([makeTask(1)]);
    await vi.waitUntil(() => first.text().includes('"n":1'));
    const alone = made;
    const others = Array.from({ length: 20 }, follow);
    await vi.waitUntil(() => others.every(({ text }) => text().includes('\n\n')));
    made = 0;
    for (const n of [2, 3]) {
      host.change([makeTask(n)]);
      await vi.waitUntil(() => others.every(({ text }) => text().includes(`"n":${String(n)}`)));
    }
    process.off('warning', onWarning);
    expect(made).toBeLessThanOrEqual(2 * alone);
    expect(warnings).toEqual([]);
  });

  test('the change that ends a board is sent before the end', async () => {
    await serve();
    const { text, ended } = follow();
    await vi.waitUntil(() => text().includes('\n\n'));
    host.change([{ id: 'last' }]);
    control.close();
    await ended;
    expect(text()).toContain('"changed":[{"id":"last"}]');
  });

  test('a reader that leaves is forgotten', async () => {
    await serve();
    const socket = peer('GET /events HTTP/1.1\r\nhost: board\r\n\r\n');
    await vi.waitUntil(() => host.listeners.size === 1);
    socket.destroy();
    await vi.waitUntil(() => host.listeners.size === 0);
  });

  test('a reader that never reads costs at most 1 MiB, and is put out after a while', async () => {
    await serve({ readerMs: 300 });
    const big = 'x'.repeat(4 * 1024 * 1024);
    host.change([{ id: 'a', title: big }]);
    const socket = peer('GET /events HTTP/1.1\r\nhost: board\r\n\r\n').pause();
    await vi.waitUntil(() => (served[0]?.writableLength ?? 0) > 0);
    let most = 0;
    for (let n = 0; n < 50; n++) {
      host.change([{ id: 'a', title: `${big}${String(n)}` }]);
      await new Promise((resolve) => setImmediate(resolve));
      most = Math.max(most, served[0]?.writableLength ?? 0);
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(1024 * 1024);
    await vi.waitUntil(() => served[0]?.destroyed === true, { timeout: 10_000 });
    expect(host.listeners.size).toBe(0);
    socket.destroy();
  });

  test('a reader to whom nothing is sent for long stays', async () => {
    await serve({ readerMs: 20 });
    const { text } = follow();
    await vi.waitUntil(() => text().includes('\n\n'));
    await vi.waitUntil(() => timeouts > 0);
    host.change([{ id: 'a' }]);
    await vi.waitUntil(() => text().includes('"changed":[{"id":"a"}]'));
  });
});

test('a peer that never reads its answer to GET /board costs at most 1 MiB', async () => {
  await serve();
  host.change([{ id: 'a', title: 'x'.repeat(8 * 1024 * 1024) }]);
  peer('GET /board HTTP/1.1\r\nhost: board\r\n\r\n').pause();
  await vi.waitUntil(() => (served[0]?.writableLength ?? 0) > 0);
  for (let n = 0; n < 50; n++) await new Promise((resolve) => setImmediate(resolve));
  expect(served[0]?.writableLength).toBeLessThan(1024 * 1024);
});

describe('a log', () => {
  test('is what the host reads, readable or raw, of the run that is asked for', async () => {
    await serve();
    host.texts = ['one\n', 'two\n'];
    const { text, ended } = follow('/tasks/a/log');
    expect(await ended).toBe('whole');
    expect(text()).toBe('one\ntwo\n');
    await follow('/tasks/a/log?run=2&raw&follow').ended;
    expect(host.logs.map(({ asked }) => asked)).toEqual([
      { run: null, follows: false, isRaw: false },
      { run: 2, follows: true, isRaw: true },
    ]);
  });

  test.each([
    ['/tasks/b/log', 404, { error: 'there is no task b' }],
    ['/tasks/a/log?run=9', 404, { error: 'a has no run 9', hint: 'Its last one is run 1.' }],
    ['/tasks/a/log?run=0', 400, { error: "run=0 is no run's number; expected one such as run=1" }],
    ['/tasks/a/log?run=1e3', 400, { error: "run=1e3 is no run's number; expected one such as run=1" }],
  ])('%s is refused with its reason', async (route, status, body) => {
    await serve();
    expect(await ask('GET', route)).toEqual({ status, body });
    expect(host.logs).toEqual([]);
  });

  test('that is followed is read until the reader goes, and no longer', async () => {
    await serve();
    host.endsLog = false;
    const socket = peer('GET /tasks/a/log?follow HTTP/1.1\r\nhost: board\r\n\r\n');
    await vi.waitUntil(() => host.logs.length === 1);
    socket.destroy();
    await vi.waitUntil(() => host.logs[0]?.signal.aborted === true);
  });

  test('that is followed ends whole with the board', async () => {
    await serve();
    host.endsLog = false;
    host.texts = ['one\n'];
    const { text, ended } = follow('/tasks/a/log?follow');
    await vi.waitUntil(() => text() === 'one\n');
    control.close();
    expect(await ended).toBe('whole');
  });

  test('an agent that is silent is told from a board that is gone, to who follows the stream itself', async () => {
    await serve({ aliveMs: 10 });
    host.endsLog = false;
    const [raw, readable] = [follow('/tasks/a/log?follow&raw'), follow('/tasks/a/log?follow')];
    await vi.waitUntil(() => raw.text().length > 2);
    expect(raw.text().replaceAll('\n', '')).toBe('');
    expect(readable.text()).toBe('');
    const events = follow();
    await vi.waitUntil(() => events.text().split('\n\n').length > 3);
    expect(events.text()).toMatch(/^event: board\nid: 1\ndata: .*\n\n(:\n\n)+$/);
  });

  test('whose reader does not read costs less than 1 MiB, is read no further, and is put out', async () => {
    await serve({ readerMs: 300 });
    host.texts = Array.from({ length: 1_000 }, () => 'x'.repeat(64 * 1024));
    peer('GET /tasks/a/log?raw HTTP/1.1\r\nhost: board\r\n\r\n').pause();
    await vi.waitUntil(() => (served[0]?.writableLength ?? 0) > 0);
    for (let n = 0; n < 50; n++) await new Promise((resolve) => setImmediate(resolve));
    // What the two sockets hold is the system's.
    expect(host.taken * 64 * 1024).toBeLessThan(2 * 1024 * 1024);
    expect(served[0]?.writableLength).toBeLessThan(1024 * 1024);
    await vi.waitUntil(() => host.logs[0]?.signal.aborted === true, { timeout: 10_000 });
  });
});

describe('peers that are slow or many', () => {
  const half: Readonly<Record<string, string>> = {
    'says nothing': '',
    'sends half a line': 'GET /boa',
    'sends half a head': 'GET /board HTTP/1.1\r\nhost: b',
    'sends half a body': 'POST /commands HTTP/1.1\r\nhost: board\r\ncontent-length: 100\r\n\r\n{"comm',
    'sends half a body in chunks':
      'POST /commands HTTP/1.1\r\nhost: board\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"com\r\n',
  };

  test.each(Object.keys(half))('one that %s holds nobody up, and is put out', async (kind) => {
    await serve({ requestMs: 200 });
    const slow = closed(peer(half[kind]));
    expect((await ask('GET', '/board')).status).toBe(200);
    await slow;
    expect(host.asked).toEqual([]);
  });

  test('one that sends a byte now and then is put out all the same', async () => {
    await serve({ requestMs: 200 });
    const socket = peer('GET /');
    const drip = setInterval(() => socket.write('x'), 20);
    await closed(socket);
    clearInterval(drip);
  });

  test('what is sent behind a request is no second one', async () => {
    await serve();
    const socket = peer('GET /board HTTP/1.1\r\nhost: board\r\n\r\n'.repeat(3));
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    await closed(socket);
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(1);
  });

  test('those beyond 64 are closed, and there is room again when one leaves', async () => {
    await serve({ requestMs: 60_000 });
    const many = Array.from({ length: maxConnections }, () => peer('GET /'));
    await vi.waitUntil(() => served.length === maxConnections);
    await closed(peer('GET /board HTTP/1.1\r\nhost: board\r\n\r\n'));
    await expect(ask('GET', '/board')).rejects.toThrow();
    many[0]?.destroy();
    await vi.waitUntil(() => served[0]?.destroyed === true);
    expect((await ask('GET', '/board')).status).toBe(200);
  });

  test('a board that ends puts out who never reads', async () => {
    await serve({ endMs: 50 });
    host.change([{ id: 'a', title: 'x'.repeat(4 * 1024 * 1024) }]);
    peer('GET /events HTTP/1.1\r\nhost: board\r\n\r\n').pause();
    await vi.waitUntil(() => (served[0]?.writableLength ?? 0) > 0);
    control.close();
    await vi.waitUntil(() => served[0]?.destroyed === true);
    await closed(peer('GET /board HTTP/1.1\r\nhost: board\r\n\r\n'));
  });
});
