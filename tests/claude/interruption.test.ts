/** A board that is stopped ends its agents and all they started, and goes on later as if nothing had happened. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { withBoard, type ClaudeBoard, type Running } from './board.ts';
import type { Reply } from './messages-api.ts';
import { boardTestTimeoutMs, waitUntil } from '../patience.ts';
import { bash, byPrompt, castParts, commit, deliver, finish, inTurns, write, type Part } from './task-script.ts';

/** A command that ends only when it is ended, with a process that is neither of its group nor its descendant any more. */
const endless = `import { spawn } from 'node:child_process';
const script = '"$0" --eval "setInterval(() => {}, 1e6)" deep-child &';
spawn('sh', ['-c', script, process.execPath], { detached: true, stdio: 'ignore' });
setInterval(() => {}, 1e6);
`;
const mayWait = '---\nallowed_tools: ["Bash(node endless.mjs)"]\n---\nWrite t.txt.\n';
const waitAllowed = 'task_rights: { allowed_tools: ["Bash(node endless.mjs)"] }';
const cutOff = byPrompt(
  inTurns(write('t.txt', 't\n'), bash('node endless.mjs')),
  inTurns(commit('add t'), finish('Went on and committed it.')),
);

/** Whether the agent's Bash tool is at its command, and the command's stray process is there. */
function isAtCommand(board: ClaudeBoard): boolean {
  return board
    .findAgentProcesses()
    .some((pid) => readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes('\0deep-child\0'));
}

/** Commits its work, then waits for its model's last answer. */
function makeWaiting(): { readonly part: Part; readonly goOn: () => void } {
  let goOn = (): void => undefined;
  const allowed = new Promise<void>((resolve) => (goOn = resolve));
  const end = async (): Promise<Reply> => {
    await allowed;
    return finish('Went on alone.')();
  };
  return { part: inTurns(write('t.txt', 't\n'), commit('add t'), end), goOn: () => goOn() };
}

/** Forgets a session as a cleaned-up home would; returns how many files it was in. */
function forgetSession(board: ClaudeBoard, id: string): number {
  const projects = join(board.home, '.claude', 'projects');
  const files = readdirSync(projects, { recursive: true, encoding: 'utf8' }).filter((file) => file.includes(id));
  for (const file of files) rmSync(join(projects, file), { recursive: true, force: true });
  return files.length;
}

describe.concurrent('a board that is stopped while an agent works', { timeout: boardTestTimeoutMs }, () => {
  const ways: readonly { name: string; stop: (board: ClaudeBoard, daemon: Running) => unknown }[] = [
    { name: 'by SIGINT', stop: (_, daemon) => daemon.signal('SIGINT') },
    { name: 'by SIGTERM', stop: (_, daemon) => daemon.signal('SIGTERM') },
    { name: 'by the command', stop: (board) => board.cli('stop') },
  ];

  for (const { name, stop } of ways) {
    test(`${name} leaves no process, and resumes the same session at no attempt's cost`, async () => {
      const files = { 'endless.mjs': endless };
      await withBoard({ script: castParts({ t: cutOff }), files, config: waitAllowed }, async (board) => {
        board.drop({ t: mayWait });
        const daemon = board.launch('start');
        await waitUntil('the command of the agent', () => isAtCommand(board));
        await stop(board, daemon);
        expect((await daemon.ended).code).toBe(0);
        expect(board.findAgentProcesses()).toEqual([]);
        expect(board.column('queued')).toEqual(['t']);
        expect(board.record('t', 1)).toMatchObject({ exit: { stopped: 'shutdown' }, outcome: { kind: 'interrupted' } });
        expect(board.task('t')).toMatchObject({ column: 'queued', attempt: 1, reason: null });
        expect(board.dashboard).toMatch(/^_Stopped/m);

        expect((await board.runUntilIdle()).code).toBe(0);
        const { session } = board.plan('t', 1);
        expect(board.plan('t', 2)).toMatchObject({ attempt: 1, session: { mode: 'resume', id: session.id } });
        expect(board.task('t')).toMatchObject({ column: 'done', attempt: 1, commits: 1, sessionId: session.id });
        expect(board.git('show', 'task/t:t.txt')).toBe('t');
        expect(board.findAgentProcesses()).toEqual([]);
      });
    });
  }
});

describe.concurrent('a board that is killed while an agent works', { timeout: boardTestTimeoutMs }, () => {
  test('leaves the agent at work, and the next one takes it over', async () => {
    const { part, goOn } = makeWaiting();
    await withBoard({ script: castParts({ t: part }) }, async (board) => {
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
      expect(board.task('t')).toMatchObject({ column: 'done', attempt: 1, commits: 1, summary: 'Went on alone.' });
      expect(board.findAgentProcesses()).toEqual([]);
    });
  });

  test('finds the work done where the agent ended meanwhile', async () => {
    const { part, goOn } = makeWaiting();
    await withBoard({ script: castParts({ t: part }) }, async (board) => {
      board.drop({ t: 'Write t.txt.\n' });
      const first = board.launch('start');
      await waitUntil('the last request', () => board.api.requests.length === 3);
      first.signal('SIGKILL');
      await first.ended;
      goOn();
      await waitUntil('the agent to end', () => board.findAgentProcesses().length === 0);
      expect(board.column('active')).toEqual(['t']);
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.countRuns('t')).toBe(1);
      expect(board.task('t')).toMatchObject({ column: 'done', attempt: 1, commits: 1, summary: 'Went on alone.' });
      expect(readdirSync(board.temp).filter((name) => name.startsWith('bb-'))).toEqual([]);
    });
  });
});

describe.concurrent('a session that is gone', { timeout: boardTestTimeoutMs }, () => {
  test('is replaced by a fresh one, in the same attempt', async () => {
    let stopped = false;
    const work = deliver('t.txt', 't\n');
    const script = castParts({ t: (ask) => (stopped ? work(ask) : { hang: true }) });
    await withBoard({ script }, async (board) => {
      board.drop({ t: 'Write t.txt.\n' });
      const daemon = board.launch('start');
      await waitUntil('a request', () => board.api.requests.length > 0);
      daemon.signal('SIGTERM');
      expect((await daemon.ended).code).toBe(0);
      stopped = true;
      const { session } = board.plan('t', 1);
      expect(forgetSession(board, session.id)).toBeGreaterThan(0);

      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.plan('t', 2)).toMatchObject({ attempt: 1, session: { mode: 'resume', id: session.id } });
      expect(board.record('t', 2).exit.stderrTail).toContain('No conversation found');
      expect(board.plan('t', 3)).toMatchObject({ attempt: 1, session: { mode: 'fresh' } });
      expect(board.plan('t', 3).session.id).not.toBe(session.id);
      expect(board.read('runs', 't', '3', 'prompt.md')).toContain('in a session that is gone');
      expect(board.task('t')).toMatchObject({ column: 'done', attempt: 1, commits: 1 });
      expect(board.countRuns('t')).toBe(3);
    });
  });

  test('before a retry is replaced by a fresh one that is told what went wrong', async () => {
    const script = castParts({
      t: byPrompt(
        inTurns(
          ({ prompt, worktree }) => {
            const isRetry = prompt.includes('t.txt is not right');
            return {
              tools: [{ name: 'Write', input: { file_path: `${worktree}/${isRetry ? 'u' : 't'}.txt`, content: '' } }],
            };
          },
          commit('work'),
          finish('Worked.'),
        ),
      ),
    });
    // The check of the first attempt takes the agent's memory away.
    const check = `import { existsSync, rmSync } from 'node:fs';
if (existsSync('u.txt')) process.exit(0);
rmSync(process.env.HOME + '/.claude/projects', { recursive: true });
console.error('t.txt is not right');
process.exit(1);
`;
    const config = 'sandbox: off\ntask_rights: { verify: node check.mjs }';
    await withBoard({ script, files: { 'check.mjs': check }, config }, async (board) => {
      board.drop({ t: '---\nverify: node check.mjs\n---\nWrite t.txt.\n' });
      expect((await board.runUntilIdle()).code).toBe(0);
      expect(board.plan('t', 2)).toMatchObject({ attempt: 2, session: { mode: 'resume' } });
      expect(board.plan('t', 3)).toMatchObject({
        attempt: 2,
        session: { mode: 'fresh' },
        cause: { kind: 'failed', fault: { reason: 'verify-failed' } },
      });
      expect(board.task('t')).toMatchObject({ column: 'done', attempt: 2, commits: 2 });
    });
  });
});
