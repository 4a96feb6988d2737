/** Where the versions of Claude Code differ, or might: how it ends, what it leaves behind, limits, resumes and hangs. */
import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { isAlive } from '../system/board.ts';
import { withBoard, type ClaudeBoard, type Setup } from './board.ts';
import { claudeVersionNames, triedVersions, madeUpKey } from './messages-api.ts';
import { errorBody } from './messages-api-replies.ts';
import { boardTestTimeoutMs, waitUntil } from '../patience.ts';
import { bash, byPrompt, castParts, commit, deliver, finish, inTurns, write, type Part } from './task-script.ts';

/** A process in each way in which one gets away from the agent; all write their pids into the file `left`. */
const leaveAll = `left=$HOME/left
sh -c 'echo $$ >> "$0"; exec sleep 300' "$left" > /dev/null 2>&1 &
setsid sh -c 'echo $$ >> "$0"; exec sleep 300' "$left" &
nohup sh -c 'echo $$ >> "$0"; exec sleep 300' "$left" > /dev/null 2>&1 &
( ( setsid sh -c 'echo $$ >> "$0"; exec sleep 300' "$left" & ) & ) > /dev/null 2>&1
setsid sh -c 'trap "" TERM INT HUP; echo $$ >> "$0"; while :; do sleep 1; done' "$left" > /dev/null 2>&1 &
until [ "$(wc -l < "$left")" -ge 5 ]; do sleep 0.02; done
[ "$1" = stay ] && exec sleep 300
exit 0
`;
const leaving = (how: 'go' | 'stay'): ReturnType<typeof bash> => bash(`sh leave.sh ${how}`);
const mayLeave = '---\nallowed_tools: ["Bash(sh leave.sh *)"]\n---\nWrite t.txt.\n';
/** What `mayLeave` asks for. */
const leaveAllowed = 'sandbox: off\ntask_rights: { allowed_tools: ["Bash(sh leave.sh *)"] }';
const files = { 'leave.sh': leaveAll };
const work = deliver('t.txt', 't\n');

function readLeft(board: ClaudeBoard): readonly number[] {
  return readFileSync(`${board.home}/left`, 'utf8').trim().split('\n').map(Number);
}

function expectNothingLeft(board: ClaudeBoard): void {
  const left = readLeft(board);
  expect(left).toHaveLength(5);
  expect(left.filter(isAlive)).toEqual([]);
  expect(board.findAgentProcesses()).toEqual([]);
}

for (const version of claudeVersionNames) {
  const withClaude = (
    part: Part,
    setup: Omit<Setup, 'script' | 'version'>,
    use: (board: ClaudeBoard) => Promise<void>,
  ) => withBoard({ ...setup, script: castParts({ t: part }), version }, use);

  describe.concurrent(`claude ${version}`, { timeout: boardTestTimeoutMs }, () => {
    test('leaves nothing behind after a good run', async () => {
      const part = inTurns(write('t.txt', 't\n'), leaving('go'), commit('add t'), finish('Added t.txt.'));
      await withClaude(part, { files, config: leaveAllowed }, async (board) => {
        board.drop({ t: mayLeave });
        expect((await board.runUntilIdle()).code).toBe(0);
        expectNothingLeft(board);
        expect(board.task('t')).toMatchObject({ column: 'done', attempt: 1, commits: 1 });
        // What ran is what the test means to run.
        const init = board.stream('t', 1).find(({ subtype }) => subtype === 'init');
        const told = String(init?.['claude_code_version']);
        expect(told === '2.1.197').toBe(version === '2.1.197');
      });
    });

    // The rest is asked of the older version by `npm run test:claude`.
    if (!triedVersions.includes(version)) return;

    test('leaves nothing behind when its time is over, and is resumed', async () => {
      const part = byPrompt(inTurns(leaving('stay')), work);
      // Far longer than it takes to get there, on a machine that is busy as well.
      await withClaude(part, { files, config: `${leaveAllowed}\ntimeout: 40s` }, async (board) => {
        board.drop({ t: mayLeave });
        expect((await board.runUntilIdle()).code).toBe(0);
        expectNothingLeft(board);
        expect(board.record('t', 1)).toMatchObject({
          exit: { stopped: 'timeout' },
          outcome: { fault: { reason: 'timeout' } },
        });
        const { session } = board.plan('t', 1);
        expect(board.plan('t', 2)).toMatchObject({ attempt: 2, session: { mode: 'resume', id: session.id } });
        expect(board.task('t')).toMatchObject({ column: 'done', sessionId: session.id });
      });
    });

    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      test(`that somebody ends by ${signal} leaves nothing behind, and is resumed at most once more`, async () => {
        const part = byPrompt(
          inTurns(write('t.txt', 't\n'), leaving('stay')),
          inTurns(commit('add t'), finish('Went on.')),
        );
        await withClaude(part, { files, config: leaveAllowed }, async (board) => {
          board.drop({ t: mayLeave });
          const daemon = board.launch('start', '--until-idle');
          await waitUntil('its command', () => readLeft(board).length === 5);
          process.kill(Number(board.read('runs', 't', '1', 'claim').split('\n')[0]), signal);
          expect((await daemon.ended).code).toBe(0);
          expectNothingLeft(board);
          expect(board.record('t', 1).exit).toMatchObject({ stopped: null, view: { result: null } });
          expect(board.plan('t', 2).session).toEqual({ mode: 'resume', id: board.plan('t', 1).session.id });
          expect(board.countRuns('t')).toBe(2);
          expect(board.task('t')).toMatchObject({ column: 'done', commits: 1 });
        });
      });
    }

    test('outlives a killed daemon, and its result is counted once', async () => {
      let goOn = (): void => undefined;
      const allowed = new Promise<void>((resolve) => (goOn = resolve));
      const part = inTurns(write('t.txt', 't\n'), commit('add t'), async () => {
        await allowed;
        return finish('Went on alone.')();
      });
      await withClaude(part, {}, async (board) => {
        board.drop({ t: 'Write t.txt.\n' });
        const first = board.launch('start');
        await waitUntil('the last request', () => board.api.requests.length === 3);
        first.signal('SIGKILL');
        await first.ended;
        const second = board.launch('start', '--until-idle');
        await waitUntil('the takeover', () => second.output().includes('its agent is still at work'));
        goOn();
        expect((await second.ended).code).toBe(0);
        expect(board.countRuns('t')).toBe(1);
        expect(board.read('history.jsonl').match(/"run-ended"/g)).toHaveLength(1);
        expect(board.task('t')).toMatchObject({ column: 'done', attempt: 1, commits: 1, summary: 'Went on alone.' });
      });
    });

    for (const [name, reply] of [
      ['the API never answers', { hang: true }],
      ['an answer stops in its middle', { stopsAfter: 'Now I will' }],
    ] as const) {
      test(`is ended where ${name}, and its session goes on`, async () => {
        let isFirst = true;
        const part: Part = (ask) => {
          const now = isFirst ? reply : work(ask);
          isFirst = false;
          return now;
        };
        // Far longer than it takes to come up, on a machine that is busy as well: that is silence too.
        await withClaude(part, { config: 'stall_after: 1m' }, async (board) => {
          board.drop({ t: 'Write t.txt.\n' });
          expect((await board.runUntilIdle()).code).toBe(0);
          expect(board.record('t', 1)).toMatchObject({
            exit: { stopped: 'stalled' },
            outcome: { fault: { reason: 'stalled' } },
          });
          expect(board.task('t')).toMatchObject({ column: 'done', attempt: 2, commits: 1 });
          expect(board.findAgentProcesses()).toEqual([]);
        });
      });
    }

    for (const [name, inSeconds] of [
      ['with the time of its reset', 12],
      ['without one', null],
    ] as const) {
      test(`tells of a usage limit ${name}; the board waits, and goes on with the session at no attempt's cost`, async () => {
        let resetsAt: number | null | undefined;
        let isOver = false;
        const part: Part = (ask) => {
          resetsAt ??= inSeconds === null ? null : Math.ceil(Date.now() / 1000) + inSeconds;
          const isLimited = resetsAt === null ? !isOver : Date.now() < resetsAt * 1000;
          return isLimited ? { usageLimit: { resetsAt } } : work(ask);
        };
        const config = `agent:\n  env:\n    CLAUDE_CODE_OAUTH_TOKEN: ${madeUpKey}`;
        await withClaude(part, { config, login: false }, async (board) => {
          board.drop({ t: 'Write t.txt.\n' });
          const daemon = board.launch('start', '--until-idle');
          await waitUntil('the hold', () => board.data.paused !== null && board.task('t').column === 'queued');
          const { paused } = board.data;
          expect(paused?.reason).toBe('usage-limit');
          if (inSeconds !== null) expect(paused?.until).toBe(new Date((resetsAt ?? 0) * 1000).toISOString());
          expect(board.task('t')).toMatchObject({ attempt: 1, reason: null });
          isOver = true;
          if (inSeconds === null) await board.cli('resume');
          expect((await daemon.ended).code).toBe(0);
          const { session } = board.plan('t', 1);
          expect(board.plan('t', 2)).toMatchObject({ attempt: 1, session: { mode: 'resume', id: session.id } });
          expect(board.task('t')).toMatchObject({ column: 'done', attempt: 1, commits: 1 });
        });
      });
    }
  });
}

const spent = errorBody(
  'invalid_request_error',
  'You have reached your specified API usage limits. You will regain access on 2030-01-01 at 00:00 UTC.',
);
const walls = [
  ['auth', 'an invalid key', { status: 401 }],
  ['credit', 'no credit', { status: 400 }],
  ['credit', 'a spent budget of the account', { status: 400, body: spent }],
  ['overload', 'overload', { status: 529 }],
  ['overload', 'a rate limit', { status: 429 }],
  ['overload', 'a fault of a proxy', { status: 520 }],
  ['overload', 'overload in the middle of an answer', { errorInStream: errorBody('overloaded_error', 'Overloaded') }],
  ['connection', 'a lost connection', { drop: true }],
  ['connection', 'a page in place of an answer', { page: '<html><body>Log in to the hotel</body></html>' }],
] as const;

for (const version of triedVersions) {
  describe.concurrent(`claude ${version}`, { timeout: boardTestTimeoutMs }, () => {
    for (const [reason, name, reply] of walls) {
      test(`meets ${name}: no new starts (${reason}), and no attempt is counted`, async () => {
        const config = 'agent:\n  env:\n    CLAUDE_CODE_MAX_RETRIES: "1"';
        await withBoard({ script: castParts({ t: () => reply }), config, version }, async (board) => {
          board.drop({ t: 'Write t.txt.\n' });
          const daemon = board.launch('start');
          await waitUntil('the hold', () => board.data.paused !== null && board.task('t').column === 'queued');
          expect(board.data.paused).toMatchObject({ reason });
          expect(board.task('t')).toMatchObject({ attempt: 1, reason: null });
          expect(board.record('t', 1).outcome).toMatchObject({ kind: 'interrupted', pause: reason });
          daemon.signal('SIGTERM');
          expect((await daemon.ended).code).toBe(0);
        });
      });
    }
  });
}
