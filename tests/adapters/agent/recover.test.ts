import { spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { claimLostExitCode, claimScript, closeClaim, readClaim } from '../../../src/adapters/machine/run-claim.ts';
import { readStart } from '../../../src/adapters/machine/processes.ts';
import { tagOf } from '../../../src/adapters/machine/environment.ts';
import { agreeTerms } from '../../../src/domain/run-terms.ts';
import type { RunPlan } from '../../../src/domain/run.ts';
import { defaultSettings, type Settings } from '../../../src/domain/settings.ts';
import { makeSpec } from '../../prompt/input.ts';
import {
  awaitFile,
  createBench,
  lives,
  realClock,
  requestOf,
  scriptedAgent,
  shellAgent,
  type Bench,
} from './harness.ts';

let bench: Bench;
const ours: number[] = [];
beforeEach(() => {
  bench = createBench();
});
afterEach(() => {
  for (const pid of ours.splice(0)) if (lives(pid)) process.kill(pid, 'SIGKILL');
  bench.remove();
});

/** A process with the environment of that run, and a claim that names it, as if an earlier board had started it. */
function claimFor(plan: RunPlan, tagged: boolean, claim: (pid: number) => string): number {
  const tag = tagOf(plan, bench.boardDir);
  const env = tagged ? { BRANCHBOARD_RUN: tag.run, BRANCHBOARD_BOARD: tag.board } : {};
  const child = spawn('/bin/sleep', ['60'], { env, stdio: 'ignore', detached: true });
  const pid = child.pid ?? 0;
  ours.push(pid);
  writeFileSync(path.join(bench.folderOf(plan), 'claim'), claim(pid));
  return pid;
}

const trueClaim = (pid: number): string => `${String(pid)}\n${readStart(pid) ?? ''}\n`;

describe('recovering a run', () => {
  it('adopts an agent that another board started, tells what it said before, and sees its end', async () => {
    const plan = bench.plan();
    const silent = { seen: () => undefined, exited: () => undefined };
    const begunAt = Date.now();
    await bench.runner(shellAgent('waiting.sh'), { listener: silent }).start(requestOf(plan));
    await awaitFile(path.join(bench.folderOf(plan), 'stream.jsonl'));

    const second = bench.runner(shellAgent('waiting.sh'));
    const found = await second.recover(plan);
    expect(found).toMatchObject({ kind: 'alive', view: { sessionId: '11111111-1111-4111-8111-111111111111' } });
    // The kernel counts starts in hundredths of a second since boot, so that a start may seem a moment earlier.
    expect(found.kind === 'alive' && found.startedAt).toBeGreaterThan(begunAt - 1_000);
    expect(found.kind === 'alive' && found.startedAt).toBeLessThanOrEqual(Date.now());
    expect(await second.recover(plan)).toMatchObject({ kind: 'alive' });

    writeFileSync(path.join(bench.work, 'go'), '');
    const exit = await bench.exit();
    expect(exit).toMatchObject({ exitCode: null, signal: null, stopped: null, stderrTail: 'something on stderr' });
    expect(exit.view.result).toMatchObject({ text: 'Went on.' });
    expect(bench.told.seen.length).toBeGreaterThan(0);
  });

  it('can stop an agent that it adopted', async () => {
    const plan = bench.plan();
    const silent = { seen: () => undefined, exited: () => undefined };
    await bench.runner(shellAgent('stubborn.sh'), { listener: silent }).start(requestOf(plan));
    await awaitFile(path.join(bench.folderOf(plan), 'stream.jsonl'));
    const second = bench.runner(shellAgent('stubborn.sh'), { timings: { followEveryMs: 10, hurriedGraceMs: 20 } });
    await second.recover(plan);
    second.stop(plan, 'timeout', true);
    expect(await bench.exit()).toMatchObject({ exitCode: null, stopped: 'timeout' });
    expect(lives(bench.pidOf(plan))).toBe(false);
  });

  it('tells of a dead run what its stream holds, and ends what it left behind', async () => {
    const plan = bench.plan();
    const pid = claimFor(plan, true, () => `999999999\n1\n`);
    writeFileSync(
      path.join(bench.folderOf(plan), 'stream.jsonl'),
      `{"type":"system","subtype":"init","session_id":"${plan.session.id}"}`,
    );
    const found = await bench.runner(scriptedAgent).recover(plan);
    expect(found).toMatchObject({
      kind: 'dead',
      exit: { exitCode: null, signal: null, stopped: null, view: { sessionId: plan.session.id, result: null } },
    });
    expect(lives(pid)).toBe(false);
    expect(bench.told.exits).toEqual([]);
  });

  it('reads a dead run by the kind of agent in its plan, whichever the settings name by now', async () => {
    const endOf = async (n: number, settings: Settings) => {
      const terms = agreeTerms(settings, makeSpec(), null, null);
      const plan = { ...bench.plan({ n }), terms };
      writeFileSync(path.join(bench.folderOf(plan), 'claim'), '999999999\n1\n');
      const told = { type: 'result', session_id: plan.session.id, is_error: true, api_error_status: 529, num_turns: 1 };
      writeFileSync(path.join(bench.folderOf(plan), 'stream.jsonl'), `${JSON.stringify(told)}\n`);
      const found = await bench.runner(settings === scriptedAgent ? defaultSettings : scriptedAgent).recover(plan);
      return found.kind === 'dead' ? found.exit.endedBy : found.kind;
    };
    expect(await endOf(1, defaultSettings)).toMatchObject({ kind: 'service', service: { reason: 'overload' } });
    expect(await endOf(2, scriptedAgent)).toEqual({ kind: 'ended' });
  });

  it.each([
    ['of another start time', true, (pid: number) => `${String(pid)}\n1\n`],
    ['without the tag', false, trueClaim],
    ['without a start time', false, (pid: number) => `${String(pid)}\n\n`],
  ])('takes a living process %s for another one', async (_, tagged, claim) => {
    const plan = bench.plan();
    const pid = claimFor(plan, tagged, claim);
    expect(await bench.runner(scriptedAgent).recover(plan)).toMatchObject({ kind: 'dead' });
    // With the tag it is something that the run left behind, whatever its pid.
    expect(lives(pid)).toBe(!tagged);
  });

  it('believes no pid of an earlier boot', async () => {
    const plan = bench.plan({ bootId: 'an-earlier-boot' });
    const pid = claimFor(plan, true, trueClaim);
    expect(await bench.runner(scriptedAgent).recover(plan)).toMatchObject({ kind: 'dead' });
    expect(lives(pid)).toBe(true);
  });

  it.each([
    ['ends an agent of a repository that was moved, before its run counts as dead', 'moved', false],
    ['does so where another repository is in its old place', 'replaced', false],
    ['does so where the old place is another way to the same one', 'linked', false],
    ['leaves an agent alone whose repository was copied', 'copied', true],
  ])('%s', async (_, how, survives) => {
    const plan = bench.plan();
    const silent = { seen: () => undefined, exited: () => undefined };
    await bench.runner(shellAgent('stubborn.sh'), { listener: silent }).start(requestOf(plan));
    await awaitFile(path.join(bench.folderOf(plan), 'stream.jsonl'));
    const pid = bench.pidOf(plan);
    ours.push(pid);
    const next = path.join(bench.root, 'next');
    if (how === 'copied') cpSync(bench.boardDir, next, { recursive: true, preserveTimestamps: true });
    else renameSync(bench.boardDir, next);
    if (how === 'replaced') bench.plan();
    if (how === 'linked') symlinkSync(next, bench.boardDir);
    const runner = bench.runner(scriptedAgent, {
      boardDir: next,
      timings: { interruptGraceMs: 100, sweepGraceMs: 100 },
    });
    expect(await runner.recover(plan)).toMatchObject({ kind: 'dead' });
    expect(lives(pid)).toBe(survives);
  });

  it('closes a run that nobody claimed, so that a late wrapper starts no agent', async () => {
    const plan = bench.plan();
    const runner = bench.runner(shellAgent('waiting.sh'));
    expect(await runner.recover(plan)).toEqual({ kind: 'unclaimed' });
    await expect(runner.start(requestOf(plan))).rejects.toMatchObject({ code: 'EEXIST', fault: null });
    expect(existsSync(path.join(bench.work, 'starts'))).toBe(false);
    expect(await runner.recover(plan)).toEqual({ kind: 'unclaimed' });
  });

  it('says of a wrapper and a recovering board that race either unclaimed or started, never both', async () => {
    const outcomes = new Set<string>();
    for (let n = 1; n <= 30; n += 1) {
      const plan = bench.plan({ n });
      const folder = bench.folderOf(plan);
      const wrapper = spawn(
        '/bin/sh',
        ['-c', claimScript, 'claim', folder, '/bin/sh', '-c', 'echo ran > "$1/ran"', 'x', folder],
        {
          stdio: 'ignore',
        },
      );
      const ended = new Promise<number | null>((resolve) => wrapper.once('exit', resolve));
      // The later the board comes, the likelier it is that the wrapper was first.
      await new Promise<void>((resolve) => realClock.setTimer(n / 5, resolve));
      const claim = closeClaim(folder);
      const code = await ended;
      const ran = existsSync(path.join(folder, 'ran'));
      outcomes.add(claim.kind);
      expect(ran).toBe(claim.kind === 'claimed');
      expect(code).toBe(ran ? 0 : claimLostExitCode);
    }
    expect(outcomes.has('claimed') || outcomes.has('closed')).toBe(true);
  });
});

describe('runs that nobody follows', () => {
  it('are found by what is alive of them, also where their records are gone', async () => {
    const [first, second] = [bench.plan({ n: 1 }), bench.plan({ n: 2 })];
    claimFor(first, true, trueClaim);
    claimFor(second, true, trueClaim);
    claimFor(bench.plan({ n: 3 }), false, trueClaim);
    rmSync(bench.folderOf(second), { recursive: true });
    const runner = bench.runner(scriptedAgent);
    expect([...(await runner.findRunning())].sort((a, b) => a.n - b.n)).toEqual([
      { task: first.task, n: 1 },
      { task: first.task, n: 2 },
    ]);
    for (const run of await runner.findRunning()) await runner.endStray(run);
    expect(await runner.findRunning()).toEqual([]);
    // The one without the tag is not ours.
    expect(ours.map(lives)).toEqual([false, false, true]);
  });

  it('are ended politely first, then whatever they do, and can not be started any more', async () => {
    const silent = { seen: () => undefined, exited: () => undefined };
    const timings = { interruptGraceMs: 100, sweepGraceMs: 100 };
    const plan = bench.plan();
    await bench.runner(shellAgent('stubborn.sh'), { listener: silent }).start(requestOf(plan));
    await awaitFile(path.join(bench.folderOf(plan), 'stream.jsonl'));
    const runner = bench.runner(shellAgent('waiting.sh'), { timings });
    await runner.endStray(plan);
    expect(lives(bench.pidOf(plan))).toBe(false);
    expect(bench.told.exits).toEqual([]);
    const next = bench.plan({ n: 2 });
    await runner.endStray(next);
    await expect(runner.start(requestOf(next))).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it('are not those that are followed', async () => {
    const plan = bench.plan();
    const runner = bench.runner(shellAgent('waiting.sh'));
    await runner.start(requestOf(plan));
    expect(await runner.findRunning()).toEqual([{ task: plan.task, n: 1 }]);
    await runner.endStray(plan);
    expect(lives(bench.pidOf(plan))).toBe(true);
    writeFileSync(path.join(bench.work, 'go'), '');
    expect((await bench.exit()).view.result).toMatchObject({ text: 'Went on.' });
  });
});

describe('a run that nobody claimed', () => {
  it('is rid of the command that prepared it', async () => {
    const plan = bench.plan();
    const pid = claimFor(plan, true, trueClaim);
    rmSync(path.join(bench.folderOf(plan), 'claim'));
    expect(await bench.runner(scriptedAgent).recover(plan)).toEqual({ kind: 'unclaimed' });
    expect(lives(pid)).toBe(false);
  });
});

describe('a claim', () => {
  it('names the process that becomes the agent, by the start time that the system knows', async () => {
    const plan = bench.plan();
    const child = spawn('/bin/sh', ['-c', claimScript, 'claim', bench.folderOf(plan), '/bin/sleep', '60'], {
      stdio: 'ignore',
    });
    ours.push(child.pid ?? 0);
    await awaitFile(path.join(bench.folderOf(plan), 'claim'));
    const claim = readClaim(bench.folderOf(plan));
    expect(claim).toMatchObject({ kind: 'claimed', mark: { pid: child.pid, start: readStart(child.pid ?? 0) } });
    await vi.waitFor(() => expect(readFileSync(`/proc/${String(child.pid)}/comm`, 'utf8')).toBe('sleep\n'), {
      timeout: 60_000,
    });
    expect(readStart(child.pid ?? 0)).toBe(claim.kind === 'claimed' ? claim.mark?.start : '');
  });

  it('is none, closed or claimed, and a file that can’t be understood is claimed by nobody known', () => {
    const folder = bench.folderOf(bench.plan());
    expect(readClaim(folder)).toEqual({ kind: 'none' });
    writeFileSync(path.join(folder, 'claim'), 'rubbish');
    expect(readClaim(folder)).toMatchObject({ kind: 'claimed', mark: null });
    expect(closeClaim(folder)).toMatchObject({ kind: 'claimed', mark: null });
  });
});
