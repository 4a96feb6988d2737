import { spawn, execFileSync } from 'node:child_process';
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { claudeEnv, claudeVersions, startMessagesApi } from './messages-api.ts';
import type { ApiRequest, Reply } from './messages-api.ts';

const schema = JSON.stringify({
  type: 'object',
  properties: { status: { type: 'string', enum: ['done', 'needs-input'] }, summary: { type: 'string' } },
  required: ['status', 'summary'],
});
const mayCommit = ['--permission-mode', 'acceptEdits', '--allowedTools', 'Bash(git add *)', 'Bash(git commit *)'];
const claudeTimeoutMs = 600_000;

let folder: string;
let repo: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'messages-api-'));
  repo = join(folder, 'repo');
  await mkdir(repo);
  await mkdir(join(folder, 'home'));
  const env = claudeEnv('', join(folder, 'home'));
  const git = (...args: string[]): unknown => execFileSync('git', args, { cwd: repo, env });
  git('init', '--quiet', '--initial-branch=main');
  await writeFile(join(repo, 'README.md'), 'hello\n');
  git('add', '--all');
  git('commit', '--quiet', '--message=first');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  readonly exitCode: number | null;
  readonly lines: readonly Record<string, unknown>[];
  readonly result: Record<string, unknown> | undefined;
  readonly requests: readonly ApiRequest[];
}

async function runClaude(
  script: (request: ApiRequest) => Reply,
  options: { readonly args?: readonly string[]; readonly prompt?: string; readonly login?: 'key' | 'subscription' },
): Promise<Run> {
  const api = await startMessagesApi(script);
  const { args = [], prompt = 'Do the thing.', login = 'key' } = options;
  try {
    const child = spawn(claudeVersions.newest, ['-p', '--output-format', 'stream-json', '--verbose', ...args], {
      cwd: repo,
      env: claudeEnv(api.url, join(folder, 'home'), login),
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stdin.end(prompt);
    const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
    const lines = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return { exitCode, lines, result: lines.find(({ type }) => type === 'result'), requests: api.requests };
  } finally {
    await api.close();
  }
}

describe('the scripted Messages API', { timeout: claudeTimeoutMs, concurrent: false }, () => {
  test('makes the real agent write a file, commit it and give a structured result', async () => {
    const run = await runClaude(
      ({ turn }) => {
        switch (turn) {
          case 0:
            return {
              tools: [{ name: 'Write', input: { file_path: join(repo, 'a.txt'), content: 'from the script' } }],
            };
          case 1:
            return { tools: [{ name: 'Bash', input: { command: 'git add -A && git commit -m "add a"' } }] };
          default:
            return {
              say: 'Added a.',
              tools: [{ name: 'StructuredOutput', input: { status: 'done', summary: 'added a.txt' } }],
            };
        }
      },
      { args: [...mayCommit, '--json-schema', schema] },
    );
    expect(run.exitCode).toBe(0);
    expect(run.result).toMatchObject({
      is_error: false,
      structured_output: { status: 'done', summary: 'added a.txt' },
      permission_denials: [],
    });
    expect(await readFile(join(repo, 'a.txt'), 'utf8')).toBe('from the script');
    expect(execFileSync('git', ['log', '--format=%s'], { cwd: repo, encoding: 'utf8' })).toBe('add a\nfirst\n');
    expect(run.requests.map(({ turn, results }) => [turn, results.length])).toEqual([
      [0, 0],
      [1, 1],
      [2, 1],
    ]);
    expect(run.requests[0]?.prompt).toBe('Do the thing.');
    expect(run.requests[0]?.tools).toContain('StructuredOutput');
  });

  test('counts turns since the last prompt when a session is resumed', async () => {
    const script = ({ turn }: ApiRequest): Reply => ({ say: `turn ${String(turn)}` });
    const session = '11111111-2222-4333-8444-555555555555';
    await runClaude(script, { args: ['--session-id', session], prompt: 'The first.' });
    const run = await runClaude(script, { args: ['--resume', session], prompt: 'The second.' });
    expect(run.result).toMatchObject({ result: 'turn 1' });
    expect(run.requests).toMatchObject([
      { turn: 1, turnSincePrompt: 0, prompt: 'The second.', text: 'The first.\nThe second.' },
    ]);
  });

  test('is asked again after it was overloaded once', async () => {
    let requests = 0;
    const run = await runClaude(() => (++requests === 1 ? { status: 529 } : { say: 'better now' }), {});
    expect(run.lines.filter(({ subtype }) => subtype === 'api_retry')).toMatchObject([{ error_status: 529 }]);
    expect(run.result).toMatchObject({ is_error: false, result: 'better now' });
  });

  test('ends a run by errors that do not go away', async () => {
    const status = (code: 400 | 401) => () => ({ status: code });
    expect((await runClaude(status(400), {})).result).toMatchObject({ is_error: true, api_error_status: 400 });
    expect((await runClaude(status(401), {})).result).toMatchObject({ is_error: true, api_error_status: 401 });
    expect((await runClaude(() => ({ drop: true }), {})).result).toMatchObject({
      is_error: true,
      api_error_status: null,
    });
  });

  test('tells a subscription that its limit is used up, with the time at which it is reset', async () => {
    const resetsAt = 2_000_000_000;
    const run = await runClaude(() => ({ usageLimit: { resetsAt } }), { login: 'subscription' });
    expect(run.exitCode).toBe(1);
    expect(run.lines.filter(({ type }) => type === 'rate_limit_event')).toMatchObject([
      { rate_limit_info: { status: 'rejected', resetsAt, rateLimitType: 'five_hour' } },
    ]);
    expect(run.result).toMatchObject({ is_error: true, api_error_status: 429 });
    expect(run.requests).toHaveLength(1);
  });

  test('shows an error of the script in the result', async () => {
    const run = await runClaude(() => {
      throw new Error('no reply for this prompt');
    }, {});
    expect(run.result).toMatchObject({ is_error: true });
    expect(JSON.stringify(run.result)).toContain('no reply for this prompt');
  });

  test('answers without a stream where none is asked for, and a side request without the script', async () => {
    const api = await startMessagesApi(() => ({ say: 'from the script' }));
    const ask = async (tools: object[]): Promise<unknown> => {
      const body = JSON.stringify({ model: 'm', tools, messages: [{ role: 'user', content: 'hello' }] });
      return (await fetch(`${api.url}/v1/messages`, { method: 'POST', body })).json();
    };
    try {
      expect((await fetch(api.url, { method: 'HEAD' })).status).toBe(200);
      expect(await ask([{ name: 'Bash' }])).toMatchObject({ content: [{ type: 'text', text: 'from the script' }] });
      expect(JSON.stringify(await ask([]))).not.toContain('from the script');
      expect(api.requests).toHaveLength(1);
    } finally {
      await api.close();
    }
  });

  test('closes though a request hangs', async () => {
    let hasAsked = (): void => undefined;
    const asked = new Promise<void>((resolve) => (hasAsked = resolve));
    const api = await startMessagesApi(() => {
      hasAsked();
      return { hang: true };
    });
    const body = JSON.stringify({ model: 'm', tools: [{ name: 'Bash' }], messages: [] });
    const answer = fetch(`${api.url}/v1/messages`, { method: 'POST', body }).catch(() => 'cut off');
    await asked;
    await api.close();
    expect(await answer).toBe('cut off');
  });
});
