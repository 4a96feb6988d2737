import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findScript, parseScript, unescapeText } from '../../../../src/adapters/agent/scripted/agent-script.ts';
import type { RunExit } from '../../../../src/domain/run.ts';
import { createBench, requestOf, scriptedAgent, type Bench } from '../harness.ts';

let bench: Bench;
beforeEach(() => {
  bench = createBench();
  git('init', '-q');
});
afterEach(() => bench.remove());

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: bench.work, encoding: 'utf8' });
}

const block = (...lines: string[]): string => ['# Task', '```agent-script', ...lines, '```', 'Do it.'].join('\n');

/** Runs one run to its end; `n` counts up within a bench. */
async function run(prompt: string, options: { n?: number; resume?: boolean; attempt?: number } = {}): Promise<RunExit> {
  bench.told.exits.splice(0);
  await bench.runner(scriptedAgent).start(requestOf(bench.plan({ prompt, ...options })));
  return await bench.exit();
}

describe('the scripted agent', () => {
  it('writes, commits, shows its progress and tells its end like Claude Code', async () => {
    const exit = await run(
      block(
        ...[
          'step 1/3 Writing files',
          String.raw`write src/a.txt one\ntwo`,
          'append src/a.txt three',
          'write gone.txt x',
        ],
        ...['delete gone.txt', 'commit Add a', 'commit Nothing more', 'say All is well', 'summary Added a.'],
      ),
    );
    expect(exit).toMatchObject({ exitCode: 0, stderrTail: '' });
    expect(exit.view).toMatchObject({
      ...{ noiseLines: 0, openTools: 0, costUsd: 0, model: 'scripted (no model)', lastText: 'All is well' },
      ...{ sessionId: '11111111-1111-4111-8111-111111111111', progress: { done: 1, total: 3, step: 'Writing files' } },
      result: { isError: false, report: { status: 'done', summary: 'Added a.' } },
    });
    expect(exit.view.result?.numTurns).toBeGreaterThan(0);
    expect(git('log', '--format=%s|%an', '--name-status')).toBe('Add a|Test\n\nA\tsrc/a.txt\n');
    expect(readFileSync(path.join(bench.work, 'src/a.txt'), 'utf8')).toBe('one\ntwo\nthree\n');
  });

  it('says on its stream that no model is called', async () => {
    const exit = await run(block('nothing All there'));
    expect(exit.view.lastText).toContain('calls no model');
    expect(exit.view.result?.report).toMatchObject({ status: 'nothing-to-do', summary: 'All there' });
  });

  it('asks, and goes on after its question when the session is resumed', async () => {
    const asked = await run(block('append log.txt one', 'ask Which?', 'append log.txt two'), { n: 1 });
    expect(asked.view.result).toMatchObject({
      isError: false,
      report: { status: 'needs-input', questions: ['Which?'] },
    });
    const answered = await run('The answer is: this one.', { n: 2, resume: true });
    expect(answered.view.result?.report?.status).toBe('done');
    expect(readFileSync(path.join(bench.work, 'log.txt'), 'utf8')).toBe('one\ntwo\n');
  });

  it('fails and crashes at the attempts it is told to', async () => {
    const text = block('append log.txt x', 'on attempt 1: fail It broke', 'on attempt 2: crash 7', 'append log.txt y');
    const failed = await run(text, { n: 1, attempt: 1 });
    expect(failed).toMatchObject({ exitCode: 1, view: { result: { isError: true, text: 'It broke', report: null } } });
    expect(failed.endedBy).toEqual({ kind: 'ended' });
    expect(await run('Again.', { n: 2, attempt: 2, resume: true })).toMatchObject({
      exitCode: 7,
      endedBy: { kind: 'broken-off', service: null },
      view: { result: null },
    });
    expect(await run('Again.', { n: 3, attempt: 3, resume: true })).toMatchObject({ exitCode: 0 });
    expect(readFileSync(path.join(bench.work, 'log.txt'), 'utf8')).toBe('x\ny\n');
  });

  it('begins again at the top when a finished session is asked for more', async () => {
    await run(block('append log.txt x'), { n: 1 });
    await run('Sent back.', { n: 2, resume: true });
    expect(readFileSync(path.join(bench.work, 'log.txt'), 'utf8')).toBe('x\nx\n');
  });

  it('leaves a report as its final text', async () => {
    const exit = await run(block(String.raw`report # Found\nNothing.`, 'summary Short'));
    expect(exit.view.result).toMatchObject({
      text: '# Found\nNothing.',
      report: { summary: 'Short' },
    });
  });

  it.each([
    ['write ../out.txt x', /line 1: "\.\.\/out\.txt" is no file inside the worktree/],
    ['write /tmp/out.txt x', /is no file inside the worktree/],
    ['write link/out.txt x', /is no file inside the worktree/],
    ['delete .', /is no file inside the worktree/],
    ['dance', /line 1: unknown verb "dance"; known: write, append/],
    ['sleep long', /expected a time such as 200ms/],
    ['step some', /expected a number/],
    ['wait-for here', /expected an absolute path/],
  ])('refuses "%s" with the reason', async (line, reason) => {
    symlinkSync(bench.root, path.join(bench.work, 'link'));
    const exit = await run(block(line));
    expect(exit).toMatchObject({ exitCode: 1, view: { result: { isError: true } } });
    expect(exit.view.result?.text).toMatch(reason);
    expect(existsSync(path.join(bench.root, 'out.txt'))).toBe(false);
  });

  it('says so if the task holds no script', async () => {
    const exit = await run('Just do it.');
    expect(exit.view.result).toMatchObject({ isError: true });
    expect(exit.view.result?.text).toContain('no ```agent-script block');
  });

  it('waits for a file', async () => {
    const go = path.join(bench.root, 'go');
    await bench
      .runner(scriptedAgent)
      .start(requestOf(bench.plan({ prompt: block(`wait-for ${go}`, 'write done.txt x') })));
    expect(existsSync(path.join(bench.work, 'done.txt'))).toBe(false);
    writeFileSync(go, '');
    expect(await bench.exit()).toMatchObject({ exitCode: 0 });
    expect(existsSync(path.join(bench.work, 'done.txt'))).toBe(true);
  });

  it('says that it was broken off where it is interrupted, and its driver knows that', async () => {
    const plan = bench.plan({ prompt: block('say begun', `wait-for ${bench.root}/never`) });
    const runner = bench.runner(scriptedAgent);
    await runner.start(requestOf(plan));
    await vi.waitFor(() => expect(bench.told.seen.at(-1)?.view.lastText).toBe('begun'));
    runner.stop(plan, 'shutdown', false);
    expect(await bench.exit()).toMatchObject({
      ...{ exitCode: 0, endedBy: { kind: 'broken-off', service: null } },
      view: { result: { isError: true } },
    });
  });

  it('stays after its result if told to', async () => {
    const plan = bench.plan({ prompt: block('linger') });
    const timings = { followEveryMs: 10, resultGraceMs: 50 };
    await bench.runner(scriptedAgent, { timings }).start(requestOf(plan));
    expect(await bench.exit()).toMatchObject({ stopped: 'lingering', view: { result: { isError: false } } });
  });
});

describe('findScript', () => {
  it('takes the last block, whatever stands around it', () => {
    const prompt =
      '```agent-script\nsay one\n```\n<task-1>\n  ````agent-script\nsay two\n```\nsay three\n  ````\n</task-1>';
    expect(findScript(prompt)).toBe('say two\n```\nsay three');
    expect(findScript('```sh\nls\n```')).toBeNull();
    expect(findScript('```agent-script\nsay one')).toBe('say one');
  });
});

describe('parseScript', () => {
  it('leaves comments and empty lines out and keeps the numbers of lines', () => {
    expect(parseScript('# note\n\n  say  hello there \non attempt 2: crash 3\nas judge: approve Fine.')).toEqual([
      { number: 3, attempt: null, as: null, verb: 'say', rest: 'hello there' },
      { number: 4, attempt: 2, as: null, verb: 'crash', rest: '3' },
      { number: 5, attempt: null, as: 'judge', verb: 'approve', rest: 'Fine.' },
    ]);
  });

  it('unescapes line ends, tabs and backslashes', () => {
    expect(unescapeText(String.raw`a\nb\tc\\nd\x`)).toBe('a\nb\tc\\nd\\x');
  });
});
