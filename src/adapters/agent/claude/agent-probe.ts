/**
 * Tries whether a Claude Code behaves as the board relies on. It runs against a server of our own on loopback, with a
 * made-up key, in a scratch folder that is also its home, so that nothing of the user's is read, asked or paid for.
 *
 *   first run: session id, hooks, structured result, settings sources ──► second run: resume
 *   a run beside them: the sandbox, where the machine has what it takes
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { quote } from 'shell-quote';
import { reportSchema } from './agent-result.ts';
import { messageOf } from '../../../domain/error-message.ts';
import { keepEnd } from '../../machine/bounded-text.ts';
import { asObject, asString, parseObject, type JsonObject } from '../../machine/json-shape.ts';
import { killGroup } from '../../machine/processes.ts';
import { startProbeApi, type Conversation, type ProbeReply } from './probe-api.ts';

/** The whole probe takes some 3 s, and many times that on a machine that is busy; after this many milliseconds what still runs is ended. */
const probeMs = 60_000;
const maxOutputChars = 4_000_000;
const maxReasonChars = 300;

/** Something that the board relies on. */
export type Expectation = 'session-id' | 'structured-result' | 'hooks' | 'resume' | 'settings-sources' | 'sandbox';

/** The result of one expectation. */
export type Behaviour = 'as-expected' | 'differs' | 'not-here';

/** The result of a probe: each expectation's, or the reason why the binary did not even run. */
export type Probe =
  | { readonly kind: 'tried'; readonly behaviours: Readonly<Record<Expectation, Behaviour>> }
  | { readonly kind: 'failed'; readonly reason: string };

/** The binary to probe, and the limits of the trial. */
export interface ProbeOptions {
  /** `$PATH` of the probe: where the sandbox and the shell find their programs. */
  readonly searchPath: string;
  /** In milliseconds; for tests. */
  readonly timeoutMs?: number;
}

/** Probes the Claude Code in the file `program`, an absolute path. Ends by itself, and leaves nothing behind. */
export async function probeClaude(program: string, options: ProbeOptions): Promise<Probe> {
  const root = await realpath(await mkdtemp(path.join(os.tmpdir(), 'branchboard-probe-')));
  const place = {
    root,
    home: path.join(root, 'home'),
    work: path.join(root, 'work'),
    outside: path.join(root, 'outside'),
    temp: path.join(root, 'temp'),
  };
  const api = await startProbeApi((conversation) => reply(conversation, place));
  const until = Date.now() + (options.timeoutMs ?? probeMs);
  const run: Run = (args, prompt) =>
    runOnce({
      program,
      args: [...common, ...args],
      prompt,
      until,
      cwd: place.work,
      env: envOf(place, api.url, options),
    });
  try {
    await layOut(place);
    const [talk, sandbox] = await Promise.all([probeTalk(run, place), probeSandbox(run, place, options)]);
    return talk.kind === 'failed' ? talk : { ...talk, behaviours: { ...talk.behaviours, sandbox } };
  } catch (error) {
    return { kind: 'failed', reason: messageOf(error) };
  } finally {
    api.close();
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Place {
  readonly root: string;
  readonly home: string;
  readonly work: string;
  /** A folder beside `work`, which no sandboxed command may write. */
  readonly outside: string;
  /** Claude Code leaves sockets and empty folders of its sandbox in there. */
  readonly temp: string;
}

/** The messages that a run printed. */
interface Printed {
  readonly init: JsonObject | null;
  readonly result: JsonObject | null;
  /** Why it printed no result. */
  readonly reason: string;
}

type Run = (args: readonly string[], prompt: string) => Promise<Printed>;

const common = ['-p', '--output-format', 'stream-json', '--verbose', '--permission-mode', 'acceptEdits'];
const prompts = { first: 'PROBE-FIRST', again: 'PROBE-AGAIN', sandbox: 'PROBE-SANDBOX' } as const;
const marks = {
  before: 'hook-before',
  after: 'hook-after',
  project: 'hook-of-project',
  remembered: 'remembered',
} as const;

/** A repository's own settings, which `--setting-sources user` must leave alone. */
async function layOut({ home, work, outside, temp }: Place): Promise<void> {
  for (const folder of [home, outside, temp, path.join(work, '.claude')]) await mkdir(folder, { recursive: true });
  const hooks = { SessionStart: [{ hooks: [{ type: 'command', command: noteDown(marks.project) }] }] };
  await writeFile(path.join(work, '.claude', 'settings.json'), JSON.stringify({ hooks }));
}

/** A command of the shell that leaves a file, to be looked for. */
function noteDown(mark: string): string {
  return `: > "$PROBE_ROOT"/${mark}`;
}

function envOf({ root, home, temp }: Place, url: string, { searchPath }: ProbeOptions): NodeJS.ProcessEnv {
  return {
    PATH: searchPath,
    HOME: home,
    TMPDIR: temp,
    CLAUDE_CONFIG_DIR: path.join(home, '.claude'),
    PROBE_ROOT: root,
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: 'sk-ant-made-up-for-a-probe',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_MAX_RETRIES: '0',
    DISABLE_AUTOUPDATER: '1',
  };
}

/** The replies of the model in the trial's script. */
function reply({ words, turns }: Conversation, place: Place): ProbeReply {
  if (words.includes(prompts.again)) return { say: words.includes(prompts.first) ? marks.remembered : 'forgotten' };
  if (words.includes(prompts.sandbox)) {
    const outside = quote([path.join(place.outside, 'written')]);
    const commands = ['touch written', `touch ${outside}`];
    const command = commands[turns];
    return command === undefined ? { say: 'done' } : { tool: 'Bash', input: { command } };
  }
  if (turns === 0) return { tool: 'Bash', input: { command: 'echo probe' } };
  if (turns === 1) return { tool: 'StructuredOutput', input: { status: 'done', summary: 'probe' } };
  return { say: 'done' };
}

async function probeTalk(run: Run, place: Place) {
  const id = randomUUID();
  const hook = (mark: string) => [{ matcher: 'Bash', hooks: [{ type: 'command', command: noteDown(mark) }] }];
  const settings = { hooks: { PreToolUse: hook(marks.before), PostToolUse: hook(marks.after) } };
  const first = await run(
    [
      ...['--session-id', id, '--json-schema', JSON.stringify(reportSchema), '--settings', JSON.stringify(settings)],
      ...['--setting-sources', 'user', '--allowedTools', 'Bash(echo *)'],
    ],
    prompts.first,
  );
  if (first.result === null) return { kind: 'failed', reason: first.reason } as const;
  const session = asString(first.init?.['session_id']) ?? id;
  const again = await run(['--resume', session, '--setting-sources', 'user'], prompts.again);
  const has = (mark: string) => existsSync(path.join(place.root, mark));
  const behaviours = {
    'session-id': judge(session === id),
    'structured-result': judge(asObject(first.result['structured_output'])?.['summary'] === 'probe'),
    hooks: judge(has(marks.before) && has(marks.after)),
    resume: judge(again.result?.['result'] === marks.remembered),
    'settings-sources': judge(!has(marks.project)),
  };
  return { kind: 'tried', behaviours } as const;
}

async function probeSandbox(run: Run, place: Place, { searchPath }: ProbeOptions): Promise<Behaviour> {
  if (!hasSandbox(searchPath)) return 'not-here';
  const sandbox = {
    ...{ enabled: true, failIfUnavailable: true },
    ...{ autoAllowBashIfSandboxed: true, allowUnsandboxedCommands: false },
  };
  await run(['--settings', JSON.stringify({ sandbox }), '--setting-sources', 'user'], prompts.sandbox);
  const wrote = (folder: string) => existsSync(path.join(folder, 'written'));
  return judge(wrote(place.work) && !wrote(place.outside));
}

/** macOS has a sandbox of its own; on Linux it is made of two programs. */
function hasSandbox(searchPath: string): boolean {
  const folders = searchPath.split(path.delimiter);
  const isThere = (name: string) => folders.some((folder) => existsSync(path.join(folder, name)));
  return process.platform === 'darwin' || (isThere('bwrap') && isThere('socat'));
}

function judge(isMet: boolean): Behaviour {
  return isMet ? 'as-expected' : 'differs';
}

interface Call {
  readonly program: string;
  readonly args: readonly string[];
  readonly prompt: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Runs the binary once. Rejects where nothing can be started, or it does not end in time: neither says what it can do. */
function runOnce({ program, args, prompt, until, cwd, env }: Call): Promise<Printed> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, detached: true, stdio: 'pipe' });
    let out = '';
    let err = '';
    const end = (): void => {
      clearTimeout(timer);
      if (child.pid !== undefined) killGroup(child.pid);
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
    };
    const finish = (reason: string): void => {
      end();
      resolve({ ...readPrinted(out), reason });
    };
    const timer = setTimeout(
      () => {
        end();
        reject(new Error('it did not end in time'));
      },
      Math.max(until - Date.now(), 0),
    );
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (out.length > maxOutputChars) finish('it printed too much');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err = keepEnd(err + text, maxReasonChars)));
    // It may end before it has read its prompt.
    child.stdin.on('error', () => undefined).end(prompt);
    child.once('error', (error) => finish(error.message));
    child.once('close', (code) => finish(err.trim() || `it ended with exit code ${String(code)} and no result`));
  });
}

function readPrinted(out: string): Pick<Printed, 'init' | 'result'> {
  const lines = out.split('\n').map(parseObject);
  return {
    init: lines.find((line) => line?.['subtype'] === 'init') ?? null,
    result: lines.find((line) => line?.['type'] === 'result') ?? null,
  };
}
