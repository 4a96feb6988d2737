/** The control channel of a running board, asked over its socket as any program of the user's can. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeCommandId, type CommandAnswer, type CommandId } from '../../src/domain/command.ts';
import type { BoardData } from '../../src/views/board-data.ts';
import {
  addFile,
  boardTestTimeoutMs,
  waitUntil,
  withBoard,
  withPatience,
  writeTask,
  type ScratchBoard,
} from './board.ts';

const timeout = boardTestTimeoutMs;

const hasCurl = (() => {
  try {
    execFileSync('curl', ['--version'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
})();

/** The path of the board's socket, as its lock names it. */
function socketOf(board: ScratchBoard): string {
  const number = Math.max(...readdirSync(board.path('lock')).map(Number).filter(Number.isInteger));
  return board.read('lock', String(number)).split('\n')[5] ?? '';
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Asks the board with curl, where the machine has it. */
function ask(board: ScratchBoard, route: string, command?: object, token?: string): Promise<Answer> {
  const body = command === undefined ? undefined : JSON.stringify(command);
  const headers: Readonly<Record<string, string>> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const socket = socketOf(board);
  return hasCurl ? askWithCurl(socket, route, body, headers) : askWithNode(socket, route, body, headers);
}

function askWithCurl(
  socket: string,
  route: string,
  body: string | undefined,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const post = body === undefined ? [] : ['--header', 'content-type: application/json', '--data', body];
  const own = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);
  const args = [
    '--silent',
    '--unix-socket',
    socket,
    '--write-out',
    '\n%{http_code}',
    ...own,
    ...post,
    `http://board${route}`,
  ];
  return new Promise((resolve, reject) => {
    execFile('curl', args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout) => {
      if (error !== null) {
        reject(new Error(`curl failed: ${error.message}`));
        return;
      }
      const cut = stdout.lastIndexOf('\n');
      resolve({ status: Number(stdout.slice(cut)), body: JSON.parse(stdout.slice(0, cut)) as unknown });
    });
  });
}

function askWithNode(
  socketPath: string,
  path: string,
  body: string | undefined,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const asked = request({ socketPath, path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as unknown }));
    });
    asked.on('error', reject).end(body);
  });
}

/** Follows the board: the events so far, and whether they ended as a whole. */
function follow(board: ScratchBoard) {
  let text = '';
  const ended = new Promise<boolean>((resolve, reject) => {
    const asked = request({ socketPath: socketOf(board), path: '/events', agent: false }, (response) => {
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', () => undefined).on('close', () => resolve(response.complete));
    });
    asked.on('error', reject).end();
  });
  const events = () =>
    text
      .split('\n\n')
      .slice(0, -1)
      .map((event) => {
        const [, name = '', data = ''] = /^event: (\w+)\nid: \d+\ndata: (.*)$/s.exec(event) ?? [];
        return { name, data: JSON.parse(data) as BoardData & { readonly changed?: BoardData['tasks'] } };
      });
  return { events, ended };
}

/** Follows what a route sends; its status is undefined until the board begins to answer. */
function followLog(board: ScratchBoard, path: string) {
  const got = { text: '', status: undefined as number | undefined };
  const ended = new Promise<boolean>((resolve, reject) => {
    const asked = request({ socketPath: socketOf(board), path, agent: false }, (response) => {
      got.status = response.statusCode;
      response.setEncoding('utf8').on('data', (part: string) => (got.text += part));
      response.on('error', () => undefined).on('close', () => resolve(response.complete));
    });
    asked.on('error', reject).end();
  });
  return { text: () => got.text, status: () => got.status, ended };
}

async function putInAttention(board: ScratchBoard, id: string): Promise<void> {
  board.drop({ [`${id}.md`]: writeTask(id, ['ask Which?']) });
  await board.runUntilIdle();
}

test('the board is told, and what changes, until the board ends', { timeout }, () =>
  withBoard({}, async (board) => {
    const running = await board.start();
    const { status, body } = await ask(board, '/board');
    expect(status).toBe(200);
    expect((body as BoardData).daemon).toEqual({ running: true, pid: running.pid });
    const { events, ended } = follow(board);
    await waitUntil('the board was sent', () => events().length > 0);
    expect(events()[0]?.name).toBe('board');
    board.drop({ 'job.md': writeTask('Job', ['ask Which?']) });
    await waitUntil('the end of the task is told', () =>
      events().some(({ data }) => data.changed?.some((task) => task.id === 'job' && task.column === 'attention')),
    );
    await board.stop(running);
    expect(await ended).toBe(true);
    // The channel writes nothing onto the board's own output.
    expect(
      running
        .output()
        .split('\n')
        .filter((line) => !/^(\d\d:|$)/.test(line)),
    ).toEqual([]);
  }),
);

test('a command is answered once it is settled, and asked twice under one id it is carried out once', { timeout }, () =>
  withBoard({ config: 'retries: 0' }, async (board) => {
    await putInAttention(board, 'job');
    const running = await board.start();
    const id: CommandId = makeCommandId(1, '0123456789');
    const asked = { id, by: 'mcp', command: { kind: 'retry', task: 'job' } };
    const both = await Promise.all([ask(board, '/commands', asked), ask(board, '/commands', asked)]);
    const answer: CommandAnswer = { kind: 'done', said: 'attention/ → queued/' };
    expect(both).toEqual(Array(2).fill({ status: 200, body: { id, answer } }));
    await waitUntil('it ran once more', () => board.countRuns('job') === 2 && board.has('attention', 'job'));
    // Long after it was settled, too.
    expect(await ask(board, '/commands', asked)).toEqual(both[0]);
    await board.stop(running);
    expect(board.happened('command').map((line) => [line.id, line.by])).toEqual([[id, 'mcp']]);
    expect(board.countRuns('job')).toBe(2);

    // And under a later board, which knows it from the history.
    const later = await board.start();
    expect(await ask(board, '/commands', asked)).toEqual(both[0]);
    await board.stop(later);
    expect(board.countRuns('job')).toBe(2);
  }),
);

test('a command that a board that ends answers as taken is carried out by the next start', { timeout }, () =>
  withBoard({ config: 'agent: { command: ./deaf.sh }' }, async (board) => {
    // It takes no notice of being asked to end, so that the board is at its end for some seconds.
    const script = '#!/bin/sh\ntrap "" INT TERM\necho "{}"\nwhile :; do sleep 0.1; done\n';
    writeFileSync(join(board.repo, 'deaf.sh'), script, { mode: 0o755 });
    board.drop({ 'job.md': '# Job\n' });
    const running = await board.start();
    await waitUntil('it runs', () => board.happened('run-started').length === 1);
    running.signal('SIGTERM');
    await waitUntil('it is being stopped', () => board.happened('run-stopping').length === 1);
    const id = makeCommandId(1, '0123456789');
    const asked = { id, by: 'web', command: { kind: 'cancel', task: 'job' } };
    expect(await ask(board, '/commands', asked)).toEqual({ status: 202, body: { id, answer: null } });
    await withPatience(running.ended, 'the end of the board');
    expect(board.column('queued')).toEqual(['job']);
    const next = await board.start();
    await board.arrive('archive', 'job');
    await board.stop(next);
    expect(board.happened('command').map((line) => [line.id, line.by, line.outcome])).toEqual([[id, 'web', 'done']]);
    expect(board.countRuns('job')).toBe(1);
  }),
);

test('what can be no command, fits no task or names none is refused with its reason', { timeout }, () =>
  withBoard({}, async (board) => {
    await putInAttention(board, 'job');
    const running = await board.start();
    expect(await ask(board, '/commands', { command: { kind: 'explode' } })).toMatchObject({ status: 400 });
    expect(await ask(board, '/commands', { command: { kind: 'retry', task: 'nobody' } })).toMatchObject({
      status: 404,
      body: { answer: { why: 'unknown-task', said: 'there is no task nobody' } },
    });
    expect(await ask(board, '/commands', { command: { kind: 'requeue', task: 'job' } })).toMatchObject({
      status: 409,
      body: { answer: { why: 'not-now' } },
    });
    expect(await ask(board, '/commands', { pad: 'x'.repeat(70_000), command: { kind: 'pause' } })).toMatchObject({
      status: 413,
    });
    // Names that climb, and are no names, are looked for nowhere.
    const names = ['..%2f..%2fREADME.md', '..%2fjob/log?follow', '__proto__', '%00', 'a'.repeat(10_000)];
    for (const route of ['/nothing', ...names.map((name) => `/tasks/${name}`)]) {
      expect(await ask(board, route)).toMatchObject({ status: 404 });
    }
    await board.stop(running);
    expect(board.column('attention')).toEqual(['job']);
  }),
);

test('show and logs print the same of a board that runs, of one that is frozen, and of none', { timeout }, () =>
  withBoard(
    { config: 'retries: 0\nagent: { kind: scripted, env: { MY_API_TOKEN: hunter2hunter2 } }' },
    async (board) => {
      board.drop({
        'job.md': writeTask('Job\u200b', ['say It is hunter2hunter2.', ...addFile('a.txt')]),
        'asks.md': writeTask('Asks', ['ask What is hunter2hunter2?']),
      });
      await board.runUntilIdle();
      const asked = [
        ...['job', 'asks'].flatMap((id) => [
          ['show', id],
          ['logs', id],
          ['logs', id, '--raw'],
          ['logs', id, '-f'],
          ['logs', id, '--run', '2'],
        ]),
        ['show', 'job', '--json'],
        ['logs', 'job', '--run', '2', '-f'],
        ['show', 'nobody'],
        ['logs', 'nobody'],
      ];
      const askEach = (all: typeof asked) =>
        Promise.all(
          all.map(async (args) => {
            const { stdout, ...rest } = await board.cli(...args);
            // Whether a board runs is all that may differ.
            return { args, ...rest, stdout: stdout.replace(/"daemon": \{[^}]*\}/, '"daemon": {}') };
          }),
        );
      const stopped = await askEach(asked);
      const running = await board.start();
      await waitUntil(
        'the board published',
        () => board.data.daemon.pid === running.pid && board.data.tasks.length === 2,
      );
      expect(await askEach(asked)).toEqual(stopped);
      running.signal('SIGSTOP');
      // Of one that is frozen each verb is asked once: it is seen before the words of the verb are.
      const [show = [], logs = []] = asked;
      expect(await askEach([show, logs])).toEqual(stopped.slice(0, 2));
      running.signal('SIGCONT');
      await board.stop(running);
      expect(JSON.stringify(stopped)).not.toContain('hunter2hunter2');
      expect(stopped.map(({ code }) => code)).toEqual([0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 2, 2, 2]);
    },
  ),
);

test(
  'a log is followed into the next run, through the end of the board, until the task is cancelled',
  { timeout },
  () =>
    withBoard({ config: 'retries: 0' }, async (board) => {
      const script = ['say begun', `wait-for ${board.gate('one')}`, 'say went on', `wait-for ${board.gate('two')}`];
      board.drop({ 'job.md': writeTask('Job', script) });
      await board.succeed('pause');
      const first = await board.start();
      await waitUntil('the board knows it', () => board.happened('task-accepted').length === 1);
      // Its run has not begun.
      const followers = [board.launch(['logs', 'job', '-f']), board.launch(['logs', 'job', '-f', '--raw'])];
      const curl = followLog(board, '/tasks/job/log?follow&raw');
      await waitUntil('it waits', () => curl.status() === 200);
      await board.succeed('resume');
      const sayAll = (text: string) =>
        waitUntil(`all show ${text}`, () => followers.every((each) => each.output().includes(text)));
      await sayAll('begun');
      await waitUntil('it is sent', () => curl.text().includes('begun'));
      first.signal('SIGKILL');
      await first.ended;
      // Nobody but the folder tells this.
      board.open('one');
      await sayAll('went on');
      const second = await board.start();
      await board.succeed('cancel', 'job');
      for (const each of followers) expect((await withPatience(each.ended, 'the end of the log')).code).toBe(0);
      expect(followers[0]?.output().match(/begun/g)).toHaveLength(1);
      expect(followers[1]?.output()).toBe(board.read('runs', 'job', '1', 'stream.jsonl'));
      await board.stop(second);
    }),
);

test('a log is told readable or as the stream, and ends with the run', { timeout }, () =>
  withBoard({ config: 'retries: 0' }, async (board) => {
    board.drop({ 'job.md': writeTask('Job', ['say begun', `wait-for ${board.gate('go')}`, 'ask Which?']) });
    const running = await board.start();
    await waitUntil('it has begun', () => board.read('runs', 'job', '1', 'stream.jsonl').includes('begun'));
    const logs = ['?follow', '?follow&raw', '?run=1&follow'].map((query) => followLog(board, `/tasks/job/log${query}`));
    await waitUntil('it is told', () => logs.every(({ text }) => text().includes('begun')));
    board.open('go');
    for (const { ended } of logs) expect(await ended).toBe(true);
    expect(logs[1]?.text().replaceAll('\n\n', '\n')).toContain('"subtype":"success"');
    expect(logs[0]?.text()).toContain('\nbegun\n■ needs your answer');
    expect(logs[0]?.text()).toBe(logs[2]?.text());
    expect(await ask(board, '/tasks/job/log?run=2')).toMatchObject({
      status: 404,
      body: { error: 'job has no run 2' },
    });
    expect(await ask(board, '/tasks/job/log?run=x')).toMatchObject({ status: 400 });
    expect(await ask(board, '/tasks/nobody/log')).toMatchObject({ status: 404 });
    await board.stop(running);
  }),
);

test('a task is told as `show` tells it, without secrets, whatever its case', { timeout }, () =>
  withBoard({ config: 'agent: { kind: scripted, env: { MY_API_TOKEN: hunter2hunter2 } }' }, async (board) => {
    board.drop({
      'job.md': writeTask('Job', ['ask What is hunter2hunter2?']),
      'next.md': writeTask('Next', ['ask X?']),
    });
    await board.runUntilIdle();
    const running = await board.start();
    await waitUntil('the board published', () => {
      const { daemon, tasks } = board.data;
      return daemon.pid === running.pid && tasks.length === 2;
    });
    for (const id of ['job', 'next']) {
      const { status, body } = await ask(board, `/tasks/${id.toUpperCase()}`);
      expect(status).toBe(200);
      expect(body).toEqual(await board.json('show', id));
      expect(JSON.stringify(body)).not.toContain('hunter2hunter2');
    }
    for (const none of ['nobody', '..%2F..%2Fetc%2Fpasswd', 'job.md']) {
      expect((await ask(board, `/tasks/${none}`)).status).toBe(404);
    }
    await board.stop(running);
  }),
);

test('what only the user decides takes the token that only the user can read', { timeout }, () =>
  withBoard({}, async (board) => {
    await putInAttention(board, 'job');
    const earlier = await board.start();
    await board.stop(earlier);
    const old = board.read('token').trim();
    const running = await board.start();
    // Another one that finds the board taken changes nothing.
    expect((await board.cli('board')).code).toBe(4);
    expect(statSync(board.path('token')).mode & 0o777).toBe(0o600);
    const token = board.read('token').trim();
    expect(token).not.toBe(old);
    const finish = { command: { kind: 'finish', task: 'job' } };
    for (const wrong of [undefined, old, '', `${token}x`]) {
      expect(await ask(board, '/commands', finish, wrong)).toMatchObject({
        status: 403,
        body: { error: expect.stringContaining('$(cat .orchestrator/token)') as string },
      });
    }
    expect(board.column('attention')).toEqual(['job']);
    expect(await ask(board, '/commands', finish, token)).toMatchObject({ status: 200 });
    await board.arrive('done', 'job');
    await board.stop(running);
  }),
);

test('a command that came by git is not carried out, and no board starts beside it', { timeout }, () =>
  withBoard({}, async (board) => {
    await putInAttention(board, 'job');
    const running = await board.start();
    const id = makeCommandId(1, '0123456789');
    const fact = { version: 1, id, by: 'cli', at: 1, seen: null, command: { kind: 'finish', task: 'job' } };
    const own = makeCommandId(2, '0123456789');
    // The board sees what git made as a whole.
    running.signal('SIGSTOP');
    mkdirSync(board.path('commands'), { recursive: true });
    board.write(`commands/${id}.json`, JSON.stringify(fact));
    board.git('add', '--force', `.orchestrator/commands/${id}.json`);
    board.git('commit', '--quiet', '--message=a gift');
    board.write(`commands/${own}.json`, JSON.stringify({ ...fact, id: own, command: { kind: 'pause' } }));
    running.signal('SIGCONT');
    // The one that was asked later is the sign that the board looked.
    await waitUntil('the own command is settled', () => board.happened('command').some((line) => line.id === own));
    expect(board.happened('command').map((line) => line.id)).toEqual([own]);
    await board.stop(running);
    expect(board.column('attention')).toEqual(['job']);
    expect(board.read('commands', `${id}.json`)).toBe(JSON.stringify(fact));
    expect(await board.cli('board')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('git rm -r -- .orchestrator/commands') as string,
    });
  }),
);
