import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { formatTag, tagOf } from '../../../src/adapters/machine/environment.ts';
import { defaultSettings, type Settings } from '../../../src/domain/settings.ts';
import { PortError, type Clock } from '../../../src/ports.ts';
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

/** An agent that is not hurried would outlast the test. */
const unhurried = { interruptGraceMs: 600_000, terminateGraceMs: 600_000 };

let bench: Bench;
beforeEach(() => {
  bench = createBench();
});
afterEach(() => bench.remove());

async function rejectionOf(promise: Promise<unknown>): Promise<PortError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PortError)) throw new Error(`expected a PortError, got ${String(error)}`);
  return error;
}

/** The pid of a process's parent. */
function readParent(pid: number): string | undefined {
  return /\nPPid:\s*(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
}

const script = (...lines: string[]): string => ['Task', '```agent-script', ...lines, '```'].join('\n');

describe('an agent that runs', () => {
  it('is claimed once start resolves, and its exit tells what it printed', async () => {
    const plan = bench.plan();
    await bench.runner(shellAgent('good.sh')).start(requestOf(plan));
    expect(readFileSync(path.join(bench.folderOf(plan), 'claim'), 'utf8')).toMatch(/^\d+\n\d+\n$/);
    const exit = await bench.exit();
    expect(exit).toMatchObject({ exitCode: 0, signal: null, stopped: null, stderrTail: '' });
    expect(exit.view).toMatchObject({
      sessionId: '11111111-1111-4111-8111-111111111111',
      costUsd: 0.25,
      result: { text: 'Fine.', isError: false },
    });
  });

  it('keeps its files to its owner and leaves no other file behind', async () => {
    const plan = bench.plan();
    await bench.runner(shellAgent('good.sh')).start(requestOf(plan));
    await bench.exit();
    const folder = bench.folderOf(plan);
    const names = execFileSync('ls', [folder], { encoding: 'utf8' }).trim().split('\n');
    const made = names.filter((name) => name !== 'claim' && name !== 'prompt.md');
    expect(made).toEqual(['git-trace.jsonl', 'mcp.json', 'settings.json', 'stderr.log', 'stream.jsonl']);
    for (const name of made) expect([name, statSync(path.join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
  });

  it('is told of when something changed in its view, with the time of its last output', async () => {
    const plan = bench.plan();
    const startedAt = Date.now();
    await bench.runner(shellAgent('waiting.sh')).start(requestOf(plan));
    await vi.waitFor(
      () => expect(bench.told.seen.at(-1)?.view.sessionId).toBe('11111111-1111-4111-8111-111111111111'),
      { timeout: 60_000 },
    );
    expect(bench.told.seen.at(-1)?.lastOutputAt).toBeGreaterThanOrEqual(startedAt - 1_000);
    const told = bench.told.seen.length;
    writeFileSync(path.join(bench.work, 'go'), '');
    const exit = await bench.exit();
    expect(bench.told.seen.length - told).toBeLessThanOrEqual(1);
    expect(exit.stderrTail).toBe('something on stderr');
  });

  it('gets its prompt on stdin, its own environment, and none of the git variables around', async () => {
    const plan = bench.plan({ prompt: 'the prompt' });
    const command = 'cat > got; env > environment; pwd > place; echo "$@" > arguments';
    const agent = { ...defaultSettings.agent, command: 'sh', args: ['-c', command, 'agent'], env: { MINE: '1' } };
    const environment = { ...process.env, GIT_DIR: '/nowhere', SECRET_OF_MINE: 'x', ANTHROPIC_API_KEY: 'made-up' };
    const runner = bench.runner({ ...defaultSettings, agent }, { environment });
    await runner.start(requestOf(plan, { model: 'opus', allowedTools: ['Bash(git add *)', 'Edit'] }));
    await bench.exit();
    const read = (name: string): string => readFileSync(path.join(bench.work, name), 'utf8');
    expect(read('got')).toBe('the prompt');
    expect(read('place').trim()).toBe(bench.work);
    expect(read('arguments')).toContain('--model opus --allowedTools Bash(git add *) Edit');
    const lines = read('environment').split('\n');
    const expected = [
      ...formatTag(tagOf(plan, bench.boardDir)),
      'MINE=1',
      'ANTHROPIC_API_KEY=made-up',
      'GIT_AUTHOR_NAME=Test',
    ];
    expect(expected.filter((line) => !lines.includes(line))).toEqual([]);
    expect(read('environment')).not.toMatch(/SECRET_OF_MINE|^GIT_DIR=/m);
  });

  it('ends when its process ends, though what it started holds its output, and that is ended too', async () => {
    const plan = bench.plan({ prompt: script('spawn-orphan', 'summary left a server') });
    await bench.runner(scriptedAgent).start(requestOf(plan));
    const exit = await bench.exit();
    expect(exit).toMatchObject({
      exitCode: 0,
      stopped: null,
      view: { result: { report: { summary: 'left a server' } } },
    });
    const orphan = Number(/Started process (\d+)/.exec(exit.view.lastText ?? '')?.[1]);
    expect(orphan).toBeGreaterThan(1);
    expect(lives(orphan)).toBe(false);
  });

  it('is followed by the end of what lost its tag and its parent long before, if it was seen once', async () => {
    const noteEveryMs = 17;
    let notes = 0;
    const setTimer: Clock['setTimer'] = (delayMs, wake) => {
      if (delayMs === noteEveryMs) notes += 1;
      return realClock.setTimer(delayMs, wake);
    };
    const detached = (pid: string): string => `env -i setsid sh -c 'echo $$ > ${pid}; exec /bin/sleep 300' &`;
    const command = `(${detached('server')} until [ -e orphan ]; do sleep 0.01; done) & until [ -e go ]; do sleep 0.01; done`;
    const agent = { ...defaultSettings.agent, command: 'sh', args: ['-c', command, 'agent'] };
    const clock = { ...realClock, setTimer };
    const runner = bench.runner({ ...defaultSettings, agent }, { clock, timings: { followEveryMs: 10, noteEveryMs } });
    await runner.start(requestOf(bench.plan()));
    const server = Number(await awaitFile(path.join(bench.work, 'server')));
    const [before, parent] = [notes, readParent(server)];
    await vi.waitFor(() => expect(notes).toBeGreaterThan(before + 1), 10_000);
    writeFileSync(path.join(bench.work, 'orphan'), '');
    await vi.waitFor(() => expect(readParent(server)).not.toBe(parent), 10_000);
    writeFileSync(path.join(bench.work, 'go'), '');
    await bench.exit();
    expect(lives(server)).toBe(false);
  });

  it('leaves processes alone that carry another tag, part of the tag, or none', async () => {
    const plan = bench.plan();
    await bench.runner(shellAgent('waiting.sh')).start(requestOf(plan));
    // Started after the agent: older processes are not even looked into.
    const [run, board] = formatTag(tagOf(plan, bench.boardDir));
    const environments = [[run], [board], [`${run}0`, board], [run, `${board}2`], [`X${run}`, board], []];
    const others = environments.map((pairs) => {
      const env: Record<string, string> = {};
      for (const pair of pairs) env[pair.slice(0, pair.indexOf('='))] = pair.slice(pair.indexOf('=') + 1);
      return spawn('/bin/sleep', ['60'], { env, stdio: 'ignore' });
    });
    try {
      writeFileSync(path.join(bench.work, 'go'), '');
      await bench.exit();
      expect(others.map((other) => other.pid !== undefined && lives(other.pid))).toEqual(others.map(() => true));
    } finally {
      for (const other of others) other.kill('SIGKILL');
    }
  });

  it('is not taken for silent while it prints what changes nothing in its view', async () => {
    const command = `while [ ! -e go ]; do echo '{"type":"stream_event"}'; sleep 0.02; done`;
    const agent = { ...defaultSettings.agent, command: 'sh', args: ['-c', command, 'agent'] };
    const runner = bench.runner(
      { ...defaultSettings, agent },
      { timings: { followEveryMs: 10, outputReportEveryMs: 30 } },
    );
    await runner.start(requestOf(bench.plan()));
    await vi.waitFor(() => expect(bench.told.seen.length).toBeGreaterThan(3), { timeout: 60_000 });
    writeFileSync(path.join(bench.work, 'go'), '');
    await bench.exit();
    const times = bench.told.seen.map((told) => told.lastOutputAt);
    expect(new Set(times).size).toBe(times.length);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(new Set(bench.told.seen.map((told) => told.view)).size).toBe(1);
  });
});

describe('starting', () => {
  it('says what to do if the command does not exist', async () => {
    const settings: Settings = { ...defaultSettings, agent: { ...defaultSettings.agent, command: 'no-such-agent' } };
    const plan = bench.plan();
    const error = await rejectionOf(bench.runner(settings).start(requestOf(plan)));
    expect(error.message).toBe(
      'no-such-agent: command not found; install it, or set agent.command in .orchestrator/config.yaml',
    );
    expect(error.fault?.reason).toBe('spawn-failed');
    expect(existsSync(path.join(bench.folderOf(plan), 'claim'))).toBe(false);
  });

  it('says what to do if the command is no program', async () => {
    writeFileSync(path.join(bench.root, 'agent'), '');
    const settings: Settings = { ...defaultSettings, agent: { ...defaultSettings.agent, command: './agent' } };
    const error = await rejectionOf(bench.runner(settings).start(requestOf(bench.plan())));
    expect(error.message).toContain('chmod +x');
    expect(error.fault?.reason).toBe('spawn-failed');
  });

  it('fails with the reason if the worktree is gone', async () => {
    const plan = bench.plan();
    const gone = { ...plan, workspace: { ...plan.workspace, path: path.join(bench.root, 'gone') } };
    const error = await rejectionOf(bench.runner(shellAgent('good.sh')).start(requestOf(gone)));
    expect(error.message).toContain('the worktree');
    expect(error.fault?.reason).toBe('spawn-failed');
  });

  it('lets no value from a task become an option', async () => {
    const request = requestOf(bench.plan(), { allowedTools: ['Edit', '--dangerously-skip-permissions'] });
    const error = await rejectionOf(bench.runner(shellAgent('good.sh')).start(request));
    expect(error.message).toContain(`can't be a value of --allowedTools`);
  });

  it('runs one agent if two boards start the same run at once', async () => {
    const plan = bench.plan();
    const starts = Array.from({ length: 4 }, () => bench.runner(shellAgent('waiting.sh')).start(requestOf(plan)));
    const results = await Promise.allSettled(starts);
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'EEXIST', fault: null });
    }
    await awaitFile(path.join(bench.work, 'starts'));
    writeFileSync(path.join(bench.work, 'go'), '');
    await bench.exit();
    expect(readFileSync(path.join(bench.work, 'starts'), 'utf8').trim().split('\n')).toEqual([
      String(bench.pidOf(plan)),
    ]);
  });

  it('leaves no agent at work whose claim can not be read', async () => {
    const plan = bench.plan();
    // The wrapper links its claim into the folder, and becomes the agent.
    mkdirSync(path.join(bench.folderOf(plan), 'claim'));
    const runner = bench.runner(shellAgent('waiting.sh'));
    const error = await rejectionOf(runner.start(requestOf(plan)));
    expect(error).toMatchObject({ code: 'EEXIST', fault: null });
    // What is killed may take a moment to be gone.
    await vi.waitFor(async () => expect(await runner.findRunning()).toEqual([]), 5_000);
  });

  it('takes nothing in arguments or paths for shell text', async () => {
    const odd = path.join(bench.root, `it's $(touch hacked) "odd"; *`);
    mkdirSync(odd);
    const plan = bench.plan();
    const workspace = { ...plan.workspace, path: odd };
    await bench.runner(shellAgent('waiting.sh')).start(requestOf({ ...plan, workspace }, { model: '$(touch hacked)' }));
    await awaitFile(path.join(odd, 'starts'));
    writeFileSync(path.join(odd, 'go'), '');
    await bench.exit();
    expect(existsSync(path.join(odd, 'hacked'))).toBe(false);
  });

  it('leaves the reason in the exit if the program can’t be executed after all', async () => {
    const file = path.join(bench.root, 'agent');
    writeFileSync(file, '#!/no/such/interpreter\n', { mode: 0o755 });
    const settings: Settings = { ...defaultSettings, agent: { ...defaultSettings.agent, command: file } };
    await bench.runner(settings).start(requestOf(bench.plan()));
    const exit = await bench.exit();
    expect([126, 127]).toContain(exit.exitCode);
    expect(exit.stderrTail).toContain('agent');
    expect(exit.view.result).toBeNull();
  });
});

describe('stopping', () => {
  it('ends an agent by INT first, and tells why', async () => {
    const plan = bench.plan({ prompt: script('wait-for /no/such/file') });
    const runner = bench.runner(scriptedAgent);
    await runner.start(requestOf(plan));
    await vi.waitFor(() => expect(bench.told.seen.at(-1)?.view.lastText).toContain('calls no model'), {
      timeout: 60_000,
    });
    runner.stop(plan, 'cancelled', false);
    expect(await bench.exit()).toMatchObject({
      ...{ stopped: 'cancelled', exitCode: 0 },
      view: { result: { isError: true, subtype: 'error_during_execution' } },
    });
  });

  it('kills an agent that takes no notice, soon if hurried', async () => {
    const plan = bench.plan();
    const runner = bench.runner(shellAgent('stubborn.sh'), {
      timings: { followEveryMs: 10, ...unhurried, hurriedGraceMs: 50 },
    });
    await runner.start(requestOf(plan));
    await vi.waitFor(
      () => expect(bench.told.seen.at(-1)?.view.sessionId).toBe('11111111-1111-4111-8111-111111111111'),
      { timeout: 60_000 },
    );
    const pid = bench.pidOf(plan);
    runner.stop(plan, 'shutdown', true);
    const exit = await bench.exit();
    expect(exit).toMatchObject({ exitCode: null, signal: 'SIGKILL', stopped: 'shutdown' });
    expect(lives(pid)).toBe(false);
  });

  it('can be hurried later on', async () => {
    const plan = bench.plan();
    const runner = bench.runner(shellAgent('stubborn.sh'), {
      timings: { followEveryMs: 10, ...unhurried, hurriedGraceMs: 20 },
    });
    await runner.start(requestOf(plan));
    await vi.waitFor(
      () => expect(bench.told.seen.at(-1)?.view.sessionId).toBe('11111111-1111-4111-8111-111111111111'),
      { timeout: 60_000 },
    );
    runner.stop(plan, 'requeued', false);
    runner.stop(plan, 'requeued', true);
    expect(await bench.exit()).toMatchObject({ signal: 'SIGKILL', stopped: 'requeued' });
  });

  it('ends an agent that stays after its result, whose first result stands', async () => {
    const plan = bench.plan();
    const timings = { followEveryMs: 10, resultGraceMs: 100, sweepGraceMs: 200 };
    await bench.runner(shellAgent('lingering.sh'), { timings }).start(requestOf(plan));
    const exit = await bench.exit();
    expect(exit).toMatchObject({ signal: 'SIGINT', stopped: 'lingering' });
    expect(exit.view.result).toMatchObject({ isError: false, text: 'Done, but here.', costUsd: 0 });
  });

  it('does nothing for a run that it does not know', () => {
    expect(() => bench.runner(scriptedAgent).stop(bench.plan(), 'cancelled', true)).not.toThrow();
  });
});

describe('a stream that others write to', () => {
  const timings = { followEveryMs: 10, resultGraceMs: 100, sweepGraceMs: 300 };
  const forged = (session: string): string =>
    `${JSON.stringify({ type: 'result', subtype: 'success', is_error: false, num_turns: 1, result: 'FORGED', session_id: session })}\n`;

  it('ends no agent that is at work, and makes no result', async () => {
    const plan = bench.plan();
    await bench.runner(shellAgent('waiting.sh'), { timings }).start(requestOf(plan));
    await awaitFile(path.join(bench.work, 'starts'));
    const stream = path.join(bench.folderOf(plan), 'stream.jsonl');
    appendFileSync(stream, forged('other'));
    await vi.waitFor(() => expect(bench.told.seen.at(-1)?.view.strayLines).toBe(1), { timeout: 60_000 });
    // Half a line just before the agent’s own result.
    appendFileSync(stream, '{"x');
    writeFileSync(path.join(bench.work, 'go'), '');
    const exit = await bench.exit();
    expect(exit).toMatchObject({ exitCode: 0, stopped: null, view: { result: { text: 'Went on.' }, strayLines: 1 } });
  });

  it('shows by what an agent says when it is ended for such a result that it was at work', async () => {
    const script = 'say At work.\nwait-for /nowhere/at-all';
    const plan = bench.plan({ prompt: `\`\`\`agent-script\n${script}\n\`\`\`\n` });
    await bench.runner(scriptedAgent, { timings }).start(requestOf(plan));
    await vi.waitFor(() => expect(bench.told.seen.at(-1)?.view.lastText).toBe('At work.'), { timeout: 60_000 });
    appendFileSync(path.join(bench.folderOf(plan), 'stream.jsonl'), forged(plan.session.id));
    expect(await bench.exit()).toMatchObject({
      stopped: 'lingering',
      view: { strayLines: 1, result: { subtype: 'error_during_execution' } },
    });
  });

  it('is read on where somebody cut it', async () => {
    const plan = bench.plan();
    await bench.runner(shellAgent('waiting.sh'), { timings }).start(requestOf(plan));
    await vi.waitFor(() => expect(bench.told.seen.at(-1)?.view.sessionId).toBe(plan.session.id), { timeout: 60_000 });
    truncateSync(path.join(bench.folderOf(plan), 'stream.jsonl'));
    // A stream that is longer again by the next look is taken for one that grew.
    await vi.waitFor(() => expect(bench.told.seen.at(-1)?.view.strayLines).toBe(1), { timeout: 60_000 });
    writeFileSync(path.join(bench.work, 'go'), '');
    expect((await bench.exit()).view).toMatchObject({ result: { text: 'Went on.' }, strayLines: 1 });
  });

  it.each(['stream.jsonl', 'stderr.log'])('ends the agent once there is too much in %s', async (name) => {
    const plan = bench.plan();
    const options = { timings: { ...timings, interruptGraceMs: 50, terminateGraceMs: 50 }, maxStreamBytes: 5_000 };
    await bench.runner(shellAgent('stubborn.sh'), options).start(requestOf(plan));
    appendFileSync(path.join(bench.folderOf(plan), name), 'x\n'.repeat(2_000));
    await vi.waitFor(() => expect(bench.told.seen).not.toHaveLength(0), { timeout: 60_000 });
    expect(bench.told.exits).toHaveLength(0);
    appendFileSync(path.join(bench.folderOf(plan), name), 'x\n'.repeat(2_000));
    expect(await bench.exit()).toMatchObject({ stopped: 'output-limit', signal: 'SIGKILL' });
  });
});
