/** The client of the control channel against a board that answers as a test says. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BoardClient } from '../../src/client/board-client.ts';

let root: string;
let path: string;
let server: Server;
let sockets: Socket[];
/** The first lines of the requests that the board received. */
let asked: string[];

function answer(...parts: readonly string[]): Promise<void> {
  server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    socket.once('data', (data) => {
      asked.push(data.toString().split('\r\n')[0] ?? '');
      for (const part of parts) socket.write(part);
      if (parts.at(-1)?.endsWith('0\r\n\r\n') === true) socket.end();
    });
  });
  return new Promise((resolve) => server.listen(path, resolve));
}

/** An answer in chunks, each of one text; whole where the last of them is empty. */
function chunked(status: string, ...texts: readonly string[]): readonly string[] {
  const head = `HTTP/1.1 ${status}\r\ntransfer-encoding: chunked\r\n\r\n`;
  return [head, ...texts.map((text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`)];
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bb-client-'));
  path = join(root, 's');
  [sockets, asked] = [[], []];
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
  rmSync(root, { recursive: true, force: true });
});

async function takeAll<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test('a task is asked for by its id, whatever is in it', async () => {
  await answer(...chunked('200 OK', '{"id":"a"}', ''));
  expect(await new BoardClient(path).task('../x?y')).toEqual({ id: 'a' });
  expect(asked).toEqual(['GET /tasks/..%2Fx%3Fy HTTP/1.1']);
});

test('a log is its lines, however they are cut, without those that only say that the board is there', async () => {
  await answer(...chunked('200 OK', '\n', '{"a":1}\n{"b"', ':"ü\u2028"}\n', '\n', '{"c":3}\n', ''));
  expect(await takeAll(new BoardClient(path).log('a', 2, true))).toEqual(['{"a":1}', '{"b":"ü\u2028"}', '{"c":3}']);
  expect(asked).toEqual(['GET /tasks/a/log?raw&run=2&follow HTTP/1.1']);
});

test('events are the board, then its changes', async () => {
  const board = 'event: board\nid: 1\ndata: {"revision":1}\n\n';
  await answer(...chunked('200 OK', board, ':\n\nevent: change\nid: 2\nda', 'ta: {"revision":2}\n\n', ''));
  expect(await takeAll(new BoardClient(path).events())).toEqual([
    { kind: 'board', board: { revision: 1 } },
    { kind: 'change', change: { revision: 2 } },
  ]);
});

test('what the board refuses is told in its words, with its hint, of an answer and of a stream', async () => {
  await answer(...chunked('404 Not Found', '{"error":"a has no run 2","hint":"Its last one is run 1."}', ''));
  const refused = { status: 404, message: 'the board refused (404): a has no run 2', hint: 'Its last one is run 1.' };
  await expect(new BoardClient(path).task('a')).rejects.toMatchObject(refused);
  await expect(takeAll(new BoardClient(path).log('a', 2, false))).rejects.toMatchObject(refused);
});

test('a board that says nothing in time is late, and one that breaks off is gone', async () => {
  await answer();
  const late = { name: 'NoAnswerError', why: 'late' };
  await expect(new BoardClient(path, 50).board()).rejects.toMatchObject(late);
  await expect(takeAll(new BoardClient(path, 50).events())).rejects.toMatchObject(late);
  const lines = takeAll(new BoardClient(path).log('a', 1, true));
  await vi.waitUntil(() => asked.length === 3);
  sockets[2]?.destroy();
  await expect(lines).rejects.toMatchObject({ name: 'NoAnswerError', why: 'gone' });
  await expect(new BoardClient(join(root, 'none')).board()).rejects.toMatchObject({ why: 'gone' });
});

test('a log that is broken off in the middle gives what came, and says so', async () => {
  await answer(...chunked('200 OK', 'one\ntwo\nhal'));
  const lines = new BoardClient(path).log('a', 1, true);
  expect([(await lines.next()).value, (await lines.next()).value]).toEqual(['one', 'two']);
  sockets[0]?.destroy();
  await expect(lines.next()).rejects.toMatchObject({ why: 'gone' });
});

test('who takes no more lines ends the connection', async () => {
  await answer(...chunked('200 OK', 'one\n'));
  for await (const line of new BoardClient(path).log('a', 1, true)) {
    expect(line).toBe('one');
    break;
  }
  await vi.waitUntil(() => sockets[0]?.destroyed === true);
});
