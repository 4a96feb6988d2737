import { spawn } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { tagOf } from '../../../src/adapters/machine/environment.ts';
import { findTagged, readStart, signalGroup, signalProcess } from '../../../src/adapters/machine/processes.ts';
import { sweepRun } from '../../../src/adapters/machine/sweep.ts';
import { awaitFile, createBench, lives, realClock, type Bench } from '../agent/harness.ts';

let bench: Bench;
const started: number[] = [];
beforeEach(() => {
  bench = createBench();
});
afterEach(() => {
  for (const pid of started.splice(0)) if (lives(pid)) process.kill(pid, 'SIGKILL');
  bench.remove();
});

/** Starts a shell script in a session of its own with a run's tag; resolves once it wrote to `ready`. */
async function startTagged(script: string): Promise<number> {
  const tag = tagOf(bench.plan(), bench.boardDir);
  const env = { PATH: process.env['PATH'], BRANCHBOARD_RUN: tag.run, BRANCHBOARD_BOARD: tag.board };
  const child = spawn('/bin/sh', ['-c', script], { env, cwd: bench.work, detached: true, stdio: 'ignore' });
  started.push(child.pid ?? 0);
  await awaitFile(path.join(bench.work, 'ready'));
  return child.pid ?? 0;
}

describe('sweepRun', () => {
  it('kills what takes no notice of TERM', async () => {
    const pid = await startTagged(`trap '' TERM; echo x > ready; while :; do sleep 1; done`);
    const tag = tagOf(bench.plan(), bench.boardDir);
    expect(await sweepRun(tag, null, realClock, { sweepGraceMs: 50 })).toBeGreaterThanOrEqual(1);
    expect(lives(pid)).toBe(false);
    expect(await findTagged(tag, null)).toEqual([]);
  });

  it('ends what a process starts while it is ended', async () => {
    await startTagged(`trap 'setsid sleep 300 & exit' TERM; echo x > ready; while :; do sleep 0.01; done`);
    const tag = tagOf(bench.plan(), bench.boardDir);
    await sweepRun(tag, null, realClock, { sweepGraceMs: 500 });
    expect(await findTagged(tag, null)).toEqual([]);
  });

  it('ends what has thrown its environment away, if what started it is still there or it was known before', async () => {
    const script = (name: string): string => `env -i setsid sh -c 'echo $$ > ${name}; exec /bin/sleep 300' &`;
    await startTagged(`${script('child')}\necho x > ready; while :; do sleep 1; done`);
    const child = Number(await awaitFile(path.join(bench.work, 'child')));
    const orphan = spawn('/bin/sleep', ['300'], { env: {}, detached: true, stdio: 'ignore' });
    started.push(child, orphan.pid ?? 0);
    const known = { pid: orphan.pid ?? 0, start: readStart(orphan.pid ?? 0) ?? '' };
    const other = { pid: process.pid, start: '1' };
    const tag = tagOf(bench.plan(), bench.boardDir);
    await sweepRun(tag, null, realClock, { sweepGraceMs: 500 }, [known, other]);
    expect([child, known.pid].filter(lives)).toEqual([]);
  });

  it('does not look into processes that are older than the run', async () => {
    const pid = await startTagged(`echo x > ready; exec sleep 300`);
    const later = String(Number(readStart(pid)) + 1);
    expect(await sweepRun(tagOf(bench.plan(), bench.boardDir), later, realClock, { sweepGraceMs: 50 })).toBe(0);
    expect(lives(pid)).toBe(true);
  });
});

describe('readStart', () => {
  it('takes a zombie for gone, as nobody may ever collect it', async () => {
    // The child ends only once its parent is a program that never collects children.
    const child = 'until grep -q sleep /proc/$$/comm; do sleep 0.01; done';
    await startTagged(`(${child}) & echo $! > zombie; echo x > ready; exec sleep 300`);
    const pid = Number(await awaitFile(path.join(bench.work, 'zombie')));
    await vi.waitFor(() => expect(readFileSync(`/proc/${String(pid)}/stat`, 'utf8')).toContain(') Z '), {
      timeout: 60_000,
    });
    expect(readStart(pid)).toBeNull();
  });

  it('copes with any name of a process', async () => {
    const odd = path.join(bench.work, 'a) R 1 (b');
    symlinkSync('/bin/sleep', odd);
    const pid = await startTagged(`echo x > ready; exec './a) R 1 (b' 300`);
    await vi.waitFor(() => expect(readFileSync(`/proc/${String(pid)}/comm`, 'utf8')).toBe('a) R 1 (b\n'), {
      timeout: 60_000,
    });
    expect(Number(readStart(pid))).toBeGreaterThan(Number(readStart(1)));
  });
});

describe('a signal', () => {
  it('is not sent to a later process of the same pid', async () => {
    const pid = await startTagged(`echo x > ready; exec sleep 300`);
    expect(signalProcess({ pid, start: '1' }, 'SIGKILL')).toBe(false);
    expect(signalGroup({ pid, start: '1' }, 'SIGKILL')).toBe(false);
    expect(lives(pid)).toBe(true);
    expect(signalGroup({ pid, start: readStart(pid) ?? '' }, 'SIGKILL')).toBe(true);
  });
});
