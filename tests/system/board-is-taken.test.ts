/** What a verb does where the board that it asks is taken by another command, is full, or is frozen. */
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { lockBoard, lockForErrand } from '../../src/adapters/daemon-lock/daemon-lock.ts';
import { boardTestTimeoutMs, waitUntil, withBoard, withPatience } from './board.ts';

const timeout = boardTestTimeoutMs;

test.concurrent(
  'a verb waits for its turn behind other commands, for longer than a board takes to start',
  { timeout },
  () =>
    withBoard({}, async (board) => {
      const lock = await lockForErrand(board.path());
      if (!lock.ok) throw new Error('the board is taken');
      const pause = board.launch(['pause']);
      await Promise.race([pause.ended, delay(7_000)]);
      await lock.value.release();
      expect(await withPatience(pause.ended, 'the end of pause')).toMatchObject({
        code: 0,
        stdout: 'No new starts; those at work go on.\n',
      });
      expect(readdirSync(board.path('commands'))).toEqual([]);
    }),
);

test.concurrent('what a board refuses is told in its words, and not as a fault of ours', { timeout }, () =>
  withBoard({}, async (board) => {
    const answer = 'HTTP/1.1 429 Too Many Requests\r\nconnection: close\r\n\r\n{"error":"too many commands wait"}';
    const listener = { onConnection: (socket: Socket) => socket.end(answer), onLost: () => undefined };
    const lock = await lockBoard(board.path(), listener);
    if (!lock.ok) throw new Error('the board is taken');
    const { code, stderr } = await board.cli('pause');
    await lock.value.release();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        'error: the board refused (429): too many commands wait\nTo see how the board stands: branchboard status\n',
    });
  }),
);

test.concurrent('stop takes back what a frozen board does not read, and asks by a signal', { timeout }, () =>
  withBoard({}, async (board) => {
    const running = await board.start();
    running.signal('SIGSTOP');
    const stop = board.launch(['stop']);
    const listAsked = () => readdirSync(board.path('commands')).filter((name) => name.endsWith('.json'));
    await waitUntil('stop is asked', () => listAsked().length === 1);
    await waitUntil('it is taken back', () => listAsked().length === 0);
    running.signal('SIGCONT');
    expect(await withPatience(stop.ended, 'the end of stop')).toMatchObject({
      code: 0,
      stdout: `Stopped (pid ${String(running.pid)}).\n`,
    });
    expect((await withPatience(running.ended, 'the end of the board')).code).toBe(0);
  }),
);

test.concurrent('stop says of a board that stays frozen that it does not answer, and what wakes it', { timeout }, () =>
  withBoard({}, async (board) => {
    const running = await board.start();
    running.signal('SIGSTOP');
    const pid = String(running.pid);
    expect(await board.cli('stop')).toEqual({
      code: 1,
      stdout: '',
      stderr: [
        `error: the board (pid ${pid}) does not answer: it is suspended, or its machine is very busy. `,
        `It was asked to stop, and does so once it goes on\nIf it is suspended: kill -CONT ${pid}\n`,
      ].join(''),
    });
    running.signal('SIGCONT');
    expect((await withPatience(running.ended, 'the end of the board')).code).toBe(0);
  }),
);
