/** What the account or the service does to a run is nobody's attempt: the board waits, and goes on in the same session. */
import { describe, expect, test } from 'vitest';

import { withBoard, type ClaudeBoard } from './board.ts';
import { madeUpKey } from './messages-api.ts';
import type { Reply } from './messages-api.ts';
import { pauseWords } from '../../src/views/pause-words.ts';
import { boardTestTimeoutMs, waitUntil } from '../patience.ts';
import { castParts, deliver, type Part } from './task-script.ts';

const fewRetries = 'agent:\n  env:\n    CLAUDE_CODE_MAX_RETRIES: "1"';
const work = deliver('t.txt', 't\n');

/** Replies with a fault as long as it is asked to, then as the part says. */
function troubled(fault: Reply, part: Part): { readonly part: Part; readonly mend: () => void } {
  let mended = false;
  return {
    part: (ask) => (mended ? part(ask) : fault),
    mend: () => {
      mended = true;
    },
  };
}

/** The hold is told, and the run that met it is settled. */
function isHeld(board: ClaudeBoard, reason: string): boolean {
  return board.data.paused?.reason === reason && board.task('t').column === 'queued';
}

/** The task is done in its second run, which went on with the first one's session at no attempt's cost. */
function expectResumed(board: ClaudeBoard): void {
  const { session } = board.plan('t', 1);
  expect(board.column('done')).toEqual(['t']);
  expect(board.countRuns('t')).toBe(2);
  expect(board.plan('t', 2)).toMatchObject({
    attempt: 1,
    session: { mode: 'resume', id: session.id },
    cause: { kind: 'interrupted' },
  });
  expect(board.stream('t', 2).find(({ subtype }) => subtype === 'init')).toMatchObject({ session_id: session.id });
  expect(board.api.requests.at(-1)?.text).toMatch(/^You work alone[^]*\nThis goes on with the task `t`/);
  expect(board.task('t')).toMatchObject({ column: 'done', attempt: 1, commits: 1, sessionId: session.id });
}

describe.concurrent('an account that does not work', { timeout: boardTestTimeoutMs }, () => {
  const accounts = [
    {
      name: 'an invalid key (401)',
      fault: { status: 401 },
      reason: 'auth',
      told: 'not logged in',
      words: /invalid|api key/i,
    },
    {
      name: 'no credit (400)',
      fault: { status: 400 },
      reason: 'credit',
      told: 'no credit left',
      words: /credit balance is too low/i,
    },
  ] as const;

  for (const { name, fault, reason, told, words } of accounts) {
    test(`${name} stops new starts with a clear line, and costs no attempt`, async () => {
      const { part, mend } = troubled(fault, work);
      await withBoard({ script: castParts({ t: part, u: part }), config: 'max_parallel: 1' }, async (board) => {
        board.drop({ t: 'Write t.txt.\n', u: 'Write u.txt.\n' });
        const held = await board.runUntilIdle();
        expect(held.code).toBe(3);
        const line = held.output.split('\n').find((each) => each.includes(`no new starts: ${told}`));
        expect(line).toMatch(words);
        expect(board.column('queued')).toEqual(['t', 'u']);
        expect(board.data).toMatchObject({ paused: { reason }, tasks: [{ attempt: 1 }, { attempt: 1 }] });
        expect(board.dashboard).toMatch(words);
        const tried = ['t', 'u'].filter((id) => board.countRuns(id) > 0);
        expect(tried).toHaveLength(1);
        const first = tried[0] ?? '';
        expect(board.countRuns(first)).toBe(1);
        expect(board.record(first, 1).outcome).toMatchObject({ kind: 'interrupted', pause: reason });
        for (const text of [held.output, board.dashboard, board.read('history.jsonl')]) {
          expect(text).not.toContain(madeUpKey);
        }

        mend();
        await board.cli('resume');
        expect((await board.runUntilIdle()).code).toBe(0);
        expect(board.column('done')).toEqual(['t', 'u']);
        expect(board.plan(first, 2)).toMatchObject({
          attempt: 1,
          session: { mode: 'resume', id: board.plan(first, 1).session.id },
        });
      });
    });
  }

  test('holds a board that was not asked to end, until it is stopped', async () => {
    const script = castParts({ t: () => ({ status: 401 }) });
    await withBoard({ script }, async (board) => {
      board.drop({ t: 'Write t.txt.\n' });
      const daemon = board.launch('start');
      await waitUntil('the hold', () => isHeld(board, 'auth'));
      expect(board.column('queued')).toEqual(['t']);
      expect(board.dashboard).toMatch(/^_Paused: not logged in, until /m);
      expect((await board.cli('stop')).code).toBe(0);
      expect((await daemon.ended).code).toBe(0);
      expect(board.data).toMatchObject({ daemon: { running: false }, paused: { reason: 'auth' } });
      expect(board.dashboard).toContain('To go on: branchboard start');
      expect(board.findAgentProcesses()).toEqual([]);
    });
  });
});

describe.concurrent('a service that fails', { timeout: boardTestTimeoutMs }, () => {
  const services = [
    { name: 'overloaded (529)', fault: { status: 529 }, reason: 'overload' },
    { name: 'rate limited (429)', fault: { status: 429 }, reason: 'overload' },
    { name: 'unreachable: it drops connections', fault: { drop: true }, reason: 'connection' },
  ] as const;

  for (const { name, fault, reason } of services) {
    test(`${name}: is waited for, and the same session goes on`, async () => {
      const { part, mend } = troubled(fault, work);
      await withBoard({ script: castParts({ t: part }), config: fewRetries }, async (board) => {
        board.drop({ t: 'Write t.txt.\n' });
        const daemon = board.launch('start', '--until-idle');
        await waitUntil('the hold', () => isHeld(board, reason));
        expect(board.task('t')).toMatchObject({ column: 'queued', attempt: 1, reason: null });
        expect(board.dashboard).toContain(`No new starts (${pauseWords[reason].why})`);
        mend();
        expect((await daemon.ended).code).toBe(0);
        expectResumed(board);
        expect(board.data.paused).toBeNull();
        expect(daemon.output()).toContain('new starts again (over: the service ');
      });
    });
  }

  test('in the middle of the work is waited for, and what was done is not done again', async () => {
    let faults = 0;
    const part: Part = (ask) => (ask.turn === 1 && ask.prompts === 1 && ++faults > 0 ? { status: 529 } : second(ask));
    // The second prompt finds the file written and goes on from there.
    const second: Part = (ask) => work({ ...ask, turnSincePrompt: ask.turnSincePrompt + (ask.prompts === 2 ? 1 : 0) });
    await withBoard({ script: castParts({ t: part }), config: fewRetries }, async (board) => {
      board.drop({ t: 'Write t.txt.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(faults).toBeGreaterThan(0);
      expectResumed(board);
      expect(board.git('show', 'task/t:t.txt')).toBe('t');
    });
  });
});

describe.concurrent('the limit of a subscription', { timeout: boardTestTimeoutMs }, () => {
  test('parks the board until the time it was given, then the same session goes on', async () => {
    const limit: { resetsAt: number | null } = { resetsAt: null };
    const part: Part = (ask) => {
      // Told as whole seconds, far enough ahead that the board is seen to wait.
      limit.resetsAt ??= Math.ceil(Date.now() / 1000) + 8;
      return Date.now() < limit.resetsAt * 1000 ? { usageLimit: { resetsAt: limit.resetsAt } } : work(ask);
    };
    const config = `agent:\n  env:\n    CLAUDE_CODE_OAUTH_TOKEN: ${madeUpKey}`;
    await withBoard({ script: castParts({ t: part }), config, login: false }, async (board) => {
      board.drop({ t: 'Write t.txt.\n' });
      const daemon = board.launch('start', '--until-idle');
      await waitUntil('the hold', () => isHeld(board, 'usage-limit'));
      const resetsAtMs = (limit.resetsAt ?? 0) * 1000;
      expect(board.data.paused).toEqual({ reason: 'usage-limit', until: new Date(resetsAtMs).toISOString() });
      expect(board.task('t')).toMatchObject({ column: 'queued', attempt: 1 });
      expect(board.dashboard).toMatch(/^_Paused: the usage limit is reached, until \d\d:\d\d/m);
      expect((await daemon.ended).code).toBe(0);
      expectResumed(board);
      expect(board.plan('t', 2).plannedAt).toBeGreaterThanOrEqual(resetsAtMs);
      expect(board.record('t', 1).outcome).toMatchObject({
        kind: 'interrupted',
        pause: 'usage-limit',
        until: resetsAtMs,
      });
    });
  });
});
