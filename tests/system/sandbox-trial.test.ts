/** The trial of the sandbox runs beside the board's first look at its folders. */
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sandboxHere } from '../sandbox.ts';
import { boardTestTimeoutMs, waitUntil, withBoard, type ScratchBoard } from './board.ts';

const timeout = boardTestTimeoutMs;
const task = '# Say hello\n\n```agent-script\nwrite hello.txt Hello\ncommit Say hello\n```\n';

/** A PATH whose sandbox fails, and only once the gate is open. */
function slowSandbox(board: ScratchBoard): { readonly PATH: string } {
  const bin = join(board.root, 'bin');
  mkdirSync(bin);
  for (const name of ['bwrap', 'socat']) {
    const wait = `while [ ! -e '${board.gate('trial')}' ]; do sleep 0.05; done`;
    writeFileSync(join(bin, name), `#!/bin/sh\ntouch '${join(board.root, 'tried')}'\n${wait}\nexit 1\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return { PATH: `${bin}:${board.environment['PATH'] ?? ''}` };
}

test.runIf(process.platform === 'linux')(
  'the board is shown while the sandbox is tried, and nothing starts before that is known',
  { timeout },
  () =>
    withBoard({ config: 'sandbox: auto' }, async (board) => {
      board.drop({ 'hello.md': task });
      const running = board.launch(['start', '--until-idle'], { env: slowSandbox(board) });
      await waitUntil('the trial', () => existsSync(join(board.root, 'tried')));
      await waitUntil('the dashboard', () => existsSync(board.path('queue.json')));
      expect(board.data).toMatchObject({ sandbox: null, daemon: { running: true } });
      expect(existsSync(board.path('runs', 'hello'))).toBe(false);
      board.open('trial');
      expect((await running.ended).code).toBe(0);
      expect(board.has('done', 'hello')).toBe(true);
      expect(board.data.sandbox).toBe('missing');
    }),
);

test.runIf(process.platform === 'linux')(
  'a board that insists on a sandbox and finds none starts nothing, says that it does not run, and ends with 5',
  { timeout },
  () =>
    withBoard({ config: 'sandbox: on' }, async (board) => {
      board.drop({ 'hello.md': task });
      const running = board.launch(['start', '--until-idle'], { env: slowSandbox(board) });
      await waitUntil('the dashboard', () => existsSync(board.path('queue.json')));
      board.open('trial');
      const { code, stderr } = await running.ended;
      expect([code, stderr]).toEqual([5, expect.stringContaining("this machine can't confine agents")]);
      expect(board.data.daemon.running).toBe(false);
      expect(board.dashboard).not.toContain('Running');
      expect(existsSync(board.path('runs', 'hello'))).toBe(false);
    }),
);

test.runIf(sandboxHere.kind === 'on')('checks of what is merged on a stopped board are confined', { timeout }, () =>
  withBoard({ config: 'sandbox: auto' }, async (board) => {
    const check = `touch ${board.gate('escaped')} 2>/dev/null; true`;
    writeFileSync(board.gate('check'), check);
    board.write('config.yaml', `${board.read('config.yaml')}verify: sh ${board.gate('check')}\n`);
    board.drop({ 'hello.md': task });
    await board.runUntilIdle();
    writeFileSync(join(board.repo, 'other.txt'), 'other\n');
    board.git('add', 'other.txt');
    board.git('commit', '--quiet', '--message=Another file');
    expect(await board.succeed('merge', 'hello')).toContain('merged into main');
    expect(existsSync(board.gate('escaped'))).toBe(false);
  }),
);
