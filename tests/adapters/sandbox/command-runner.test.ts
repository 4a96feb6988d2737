import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createClock } from '../../../src/adapters/machine/clock.ts';
import { createCommandRunner } from '../../../src/adapters/sandbox/command-runner.ts';
import { limits } from '../../../src/domain/limits.ts';
import type { RunPlan } from '../../../src/domain/run.ts';
import type { Sandbox } from '../../../src/domain/sandbox.ts';
import { defaultSettings, type Settings } from '../../../src/domain/settings.ts';
import type { Argv } from '../../../src/domain/task.ts';
import { confinedTest, sandboxHere } from '../../sandbox.ts';
import { lives } from '../agent/harness.ts';
import { taskId } from '../files/scratch.ts';

let cwd: string;
/** The temp folder of the board and of what it starts. */
let temp: string;
beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'branchboard-command-')));
  temp = realpathSync(mkdtempSync(join(tmpdir(), 'bb-tmp-')));
  vi.stubEnv('TMPDIR', temp);
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const folder of [cwd, temp]) rmSync(folder, { recursive: true, force: true });
});

const plan: RunPlan = {
  version: 1,
  task: taskId('add-auth'),
  n: 1,
  purpose: 'work',
  role: null,
  conflict: null,
  attempt: 1,
  freeRestarts: 0,
  cause: { kind: 'first' },
  session: { mode: 'fresh', id: 's' },
  workspace: { kind: 'detached', path: '/w', base: 'b' },
  taskHash: '',
  bootId: null,
  plannedAt: 0,
  terms: null,
};

const environment = {
  PATH: process.env['PATH'],
  HOME: '/home/me',
  ...{ GIT_DIR: '/elsewhere', GIT_INDEX_FILE: 'x', MINE: 'yes', NAMED: 'yes' },
  ...{ AWS_SECRET_ACCESS_KEY: 'secret', ANTHROPIC_API_KEY: 'secret' },
};

interface How {
  readonly signal?: AbortSignal;
  readonly sandbox?: Sandbox;
  readonly settings?: Partial<Settings>;
  /** Where it runs; `cwd` unless this says otherwise. */
  readonly folder?: string;
}

function start(argv: Argv, how: How) {
  const { signal = new AbortController().signal, sandbox = { kind: 'off' }, settings, folder = cwd } = how;
  const runner = createCommandRunner({
    ...{
      boardDir: cwd,
      environment: { ...environment, TMPDIR: temp },
      signal,
      clock: createClock(),
      sandbox: Promise.resolve(sandbox),
    },
    settings: () => ({ ...defaultSettings, ...settings }),
  });
  return runner.run(argv, { cwd: folder, plan });
}

const node = (script: string): Argv => [process.execPath, '-e', script];

/** Processes of the command that live, told by its tag: a confined one knows other pids than we do. */
function listProcesses(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && lives(Number(name)))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`BRANCHBOARD_BOARD=${cwd}\0`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** The pid that a command wrote into `pid`, once it has. */
function readPid(): Promise<number> {
  return vi.waitFor(() => {
    const text = readFileSync(join(cwd, 'pid'), 'utf8');
    expect(text).not.toBe('');
    return Number(text);
  }, 60_000);
}

const places: readonly Sandbox[] = [{ kind: 'off' }, ...(sandboxHere.kind === 'on' ? [sandboxHere] : [])];

describe.each(places)('with the sandbox $kind', (sandbox) => {
  const run = (argv: Argv, how: How = {}) => start(argv, { ...how, sandbox });

  test('a command runs in the worktree, and its end tells whether it is green', async () => {
    const argv = node('console.log(process.cwd()); console.error("and this")');
    const { ok, outputTail, argv: told } = await run(argv);
    expect({ ok, told }).toEqual({ ok: true, told: argv });
    expect(outputTail.split('\n').sort()).toEqual([cwd, 'and this'].sort());
    expect(await run(node('console.log("red"); process.exit(3)'))).toMatchObject({ ok: false, outputTail: 'red' });
  });

  test('nothing of it goes through a shell', async () => {
    expect(await run(['echo', '$HOME; touch made', '`id`'])).toMatchObject({
      ok: true,
      outputTail: '$HOME; touch made `id`',
    });
    expect(existsSync(join(cwd, 'made'))).toBe(false);
  });

  test("it has an agent's environment without its login, what the settings name, and knows its task", async () => {
    const names = Object.keys({ ...environment, CI: '', LENT: '', BRANCHBOARD_TASK: '', BRANCHBOARD_RUN: '' });
    const print = `for (const name of ${JSON.stringify(names)}) console.log(name, process.env[name])`;
    const settings = { agent: { ...defaultSettings.agent, env: { LENT: 'lent' } }, commands: { env: ['NAMED'] } };
    const { outputTail } = await run(node(print), { settings });
    expect(Object.fromEntries(outputTail.split('\n').map((line) => line.split(' ')))).toMatchObject({
      ...{ HOME: '/home/me', LENT: 'lent', NAMED: 'yes', CI: 'true' },
      ...{ BRANCHBOARD_TASK: 'add-auth', BRANCHBOARD_RUN: 'add-auth/1' },
      ...{ GIT_DIR: 'undefined', GIT_INDEX_FILE: 'undefined', AWS_SECRET_ACCESS_KEY: 'undefined', MINE: 'undefined' },
      ANTHROPIC_API_KEY: 'undefined',
    });
  });

  test('it gets no input', async () => {
    expect(await run(node('process.stdin.on("end", () => console.log("end")).resume()'))).toMatchObject({
      ok: true,
      outputTail: 'end',
    });
  });

  test('of a long output the end is kept', async () => {
    const { outputTail } = await run(node('for (let i = 0; i < 20000; i++) console.log("line " + i)'));
    expect(outputTail.length).toBeLessThanOrEqual(limits.maxTailChars);
    expect(outputTail.endsWith('line 19999')).toBe(true);
  });

  test('an output without end does not fill the memory, and the command has failed', async () => {
    const { ok, outputTail } = await run(['yes', 'x'.repeat(1_000)]);
    expect(ok).toBe(false);
    expect(outputTail.length).toBeLessThan(2 * limits.maxTailChars);
  });

  test('a program that is not there fails with a message that names it', async () => {
    const { ok, outputTail } = await run(['no-such-program', 'x']);
    expect(ok).toBe(false);
    expect(outputTail).toContain('no-such-program');
  });

  test('when the board stops, a command ends and has no outcome', async () => {
    const breakOff = new AbortController();
    const running = run(node(`require('fs').writeFileSync('pid', String(process.pid)); setInterval(() => {}, 1000)`), {
      signal: breakOff.signal,
    });
    await readPid();
    expect(listProcesses()).not.toEqual([]);
    breakOff.abort();
    await expect(running).rejects.toThrow('was broken off because the board stops');
    expect(listProcesses()).toEqual([]);
  });

  test('what a command leaves running is ended with it, and does not keep it from its end', async () => {
    // The second one holds the output open, the third takes no notice of TERM and is in a session of its own.
    const script = `sleep 300 >/dev/null & echo $!
  sleep 300 & echo $!
  setsid sh -c 'trap "" TERM; echo $$ > "$1/deaf"; while :; do sleep 1; done' x "$1" >/dev/null 2>&1 &
  until [ -s "$1/deaf" ]; do sleep 0.01; done`;
    const { ok, outputTail } = await run(['sh', '-c', script, 'x', cwd]);
    expect(ok).toBe(true);
    const pids = [...outputTail.split('\n'), readFileSync(join(cwd, 'deaf'), 'utf8').trim()].map(Number);
    expect(pids).toHaveLength(3);
    expect(listProcesses()).toEqual([]);
  });

  test('when the board stops, what a command has started ends with it', async () => {
    const breakOff = new AbortController();
    const running = run(['sh', '-c', 'setsid sleep 300 & echo $! > pid; wait'], { signal: breakOff.signal });
    await readPid();
    breakOff.abort();
    await expect(running).rejects.toThrow('was broken off because the board stops');
    expect(listProcesses()).toEqual([]);
  });
});

confinedTest(
  'where the program that confines a command is killed, nothing of it stays in the temp folder',
  async () => {
    const script = `require('fs').writeFileSync('pid', String(process.pid)); setInterval(() => {}, 1000)`;
    const running = start(node(script), { sandbox: { kind: 'on' } });
    await readPid();
    const program = listProcesses().find((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('confined-main'),
    );
    if (program === undefined) throw new Error('nothing confines it');
    expect(readdirSync(temp)).not.toEqual([]);
    process.kill(program, 'SIGKILL');
    expect((await running).ok).toBe(false);
    // Neither the sandbox library's sockets and folders nor our own.
    expect(readdirSync(temp)).toEqual([]);
  },
  60_000,
);

test('the end of an output has no colours and begins with a whole word, lest the rest of a token passes for none', async () => {
  const token = `ghp_${'aB3dE6gH9'.repeat(4)}`;
  const print = (text: string) => start(node(`process.stdout.write(${JSON.stringify(text)})`), {});
  const tail = 'x '.repeat(limits.maxTailChars / 2 - 10);
  for (let cut = 1; cut < 40; cut++) {
    const { outputTail } = await print(`${token} ${tail}${'y'.repeat(cut)}`);
    expect(outputTail).toMatch(/^x x /);
  }
  expect((await print(`\x1b[01;31mred\x1b[m\x1b[K ${'\x1b[1m'.repeat(2_000)}`)).outputTail).toBe('red');
});

test('a signal is a failure that is told', async () => {
  const { ok, outputTail } = await start(node('process.kill(process.pid, "SIGKILL")'), {});
  expect(ok).toBe(false);
  expect(outputTail).toContain('SIGKILL');
});

test('a process that no sweep finds keeps its command from its end no longer than a moment', async () => {
  const script = `env -i setsid sh -c 'echo $$ > "$1/lost"; exec sleep 300' x "$1" & until [ -s "$1/lost" ]; do sleep 0.01; done`;
  expect(await start(['sh', '-c', script, 'x', cwd], {})).toMatchObject({ ok: true });
  // It would have lived for five minutes, and is there still.
  process.kill(Number(readFileSync(join(cwd, 'lost'), 'utf8')), 'SIGKILL');
});

describe('inside the sandbox', () => {
  const inside = (script: string, settings: Partial<Settings> = {}) =>
    start(['sh', '-c', script], { sandbox: sandboxHere, settings });

  confinedTest('a command writes its worktree and a temp folder of its own, and nothing beside them', async () => {
    const beside = `${cwd}-beside`;
    const { ok, outputTail } = await inside(
      `touch made && touch "$TMPDIR/made" && echo "$TMPDIR" > folder; touch '${beside}'; touch "$HOME/made"; exit 1`,
    );
    expect({ ok, made: existsSync(join(cwd, 'made')), beside: existsSync(beside) }).toEqual({
      ...{ ok: false, made: true, beside: false },
    });
    expect(outputTail).toContain('The sandbox lets commands write their worktree and $TMPDIR alone');
    expect(existsSync(readFileSync(join(cwd, 'folder'), 'utf8').trim())).toBe(false);
  });

  confinedTest('package managers keep their caches in the record of the worktree', async () => {
    const record = join(cwd, 'record');
    const worktree = join(cwd, 'worktree');
    for (const made of [record, worktree]) mkdirSync(made);
    writeFileSync(join(worktree, '.git'), `gitdir: ${record}\n`);
    const argv: Argv = ['sh', '-c', 'mkdir -p "$npm_config_cache" && touch "$npm_config_cache/kept"'];
    expect(await start(argv, { sandbox: sandboxHere, folder: worktree })).toMatchObject({ ok: true });
    expect(existsSync(join(record, 'branchboard-caches', 'npm', 'kept'))).toBe(true);
  });

  confinedTest('it can not read what the settings name', async () => {
    const secret = `${cwd}-secret`;
    mkdirSync(secret);
    writeFileSync(join(secret, 'key'), 'hunter2');
    const sandbox = { ...defaultSettings.sandbox, denyRead: [secret] };
    const { outputTail } = await inside(`cat '${secret}/key'; exit 1`, { sandbox });
    rmSync(secret, { recursive: true });
    expect(outputTail).not.toContain('hunter2');
  });

  confinedTest('a connection that is refused is told with the line that would allow it', async () => {
    const script = `const { HTTP_PROXY } = process.env; const { hostname, port } = new URL(HTTP_PROXY);
      require('net').connect(port, hostname, function () { this.write('CONNECT packages.example:443 HTTP/1.1\\r\\n\\r\\n'); })
        .on('data', (text) => { console.log(String(text).split('\\r')[0]); process.exit(1); });`;
    const { outputTail } = await start(node(script), { sandbox: sandboxHere });
    expect(outputTail).toMatch(/40[37]/);
  });

  confinedTest('it sees none of the processes outside', async () => {
    const { outputTail } = await inside('ls /proc | grep -c "^[0-9]"; exit 1');
    expect(Number(outputTail.split('\n')[0])).toBeLessThan(20);
  });
});
