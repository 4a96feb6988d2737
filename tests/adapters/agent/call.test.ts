import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { composeEnvironment } from '../../../src/adapters/agent/agent-environment.ts';
import { claudeArguments } from '../../../src/adapters/agent/claude.ts';
import { resolveCommand } from '../../../src/adapters/agent/command-path.ts';
import { defaultSettings } from '../../../src/domain/settings.ts';
import type { Role } from '../../../src/ports.ts';
import { createBench, requestOf, type Bench } from './harness.ts';

let bench: Bench;
beforeAll(() => {
  bench = createBench();
});
afterAll(() => bench.remove());

const agent = defaultSettings.agent;
const mine: Role = {
  ...{ name: 'mine', description: 'Mine', model: null, tools: ['Read'], source: 'claude-agent' },
  instructions: 'Be brief.',
};

describe('claudeArguments', () => {
  it('asks for a stream, a structured result and the session that was planned', () => {
    const args = claudeArguments(requestOf(bench.plan()), agent);
    const { id } = bench.plan().session;
    expect(args.slice(0, 6)).toEqual(['-p', '--output-format', 'stream-json', '--verbose', '--session-id', id]);
    expect(args.slice(-2)).toEqual(['--permission-mode', 'acceptEdits']);
    const schema = JSON.parse(args[args.indexOf('--json-schema') + 1] ?? '') as { required: string[] };
    expect(schema.required).toEqual(['status', 'summary']);
    expect(claudeArguments(requestOf(bench.plan({ resume: true })), agent)).toEqual(
      expect.arrayContaining(['--resume', id]),
    );
  });

  it('gives what the task asks for, and the lists of tools last', () => {
    const request = requestOf(bench.plan(), {
      ...{ model: 'opus', effort: 'high', maxTurns: 9, budgetUsd: 1.5, claudeAgent: mine },
      ...{ permissionMode: 'plan', allowedTools: ['Bash(git add *)', 'Edit'], disallowedTools: ['WebFetch'] },
    });
    expect(claudeArguments(request, agent).slice(8)).toEqual([
      ...['--permission-mode', 'plan', '--model', 'opus', '--effort', 'high', '--max-turns', '9'],
      ...['--max-budget-usd', '1.5'],
      // With the tool for the structured result, which an agent that lists its tools would lack.
      ...['--agents', '{"mine":{"description":"Mine","prompt":"Be brief.","tools":["Read","StructuredOutput"]}}'],
      ...['--agent', 'mine'],
      ...['--allowedTools', 'Bash(git add *)', 'Edit', '--disallowedTools', 'WebFetch'],
    ]);
  });

  it('puts the user’s own arguments first, so that the command may be one that runs another', () => {
    const args = claudeArguments(requestOf(bench.plan()), {
      ...agent,
      command: 'npx',
      args: ['claude', '--add-dir', 'x'],
    });
    expect(args.slice(0, 4)).toEqual(['claude', '--add-dir', 'x', '-p']);
  });

  it.each([
    { model: '--dangerously-skip-permissions' },
    { effort: '-p' },
    { permissionMode: '--x' },
    { claudeAgent: { ...mine, name: '-x' } },
    { allowedTools: ['Edit', '--dangerously-skip-permissions'] },
    { disallowedTools: ['-x'] },
  ])('refuses a value that looks like an option: %j', (more) => {
    expect(() => claudeArguments(requestOf(bench.plan(), more), agent)).toThrow(/begins with "-"/);
  });
});

describe('composeEnvironment', () => {
  const compose = (inherited: NodeJS.ProcessEnv, more: object = {}): Record<string, string> =>
    composeEnvironment({
      ...{ plan: bench.plan({ n: 3, attempt: 2 }), boardDir: '/repo/.orchestrator', inherited },
      ...{ configured: {}, identity: null, ...more },
    });

  it('lets in what is on the list and nothing else', () => {
    const inherited = {
      ...{
        PATH: '/bin',
        HOME: '/home/me',
        LC_ALL: 'C',
        XDG_CONFIG_HOME: '/c',
        https_proxy: 'p',
        ANTHROPIC_API_KEY: 'k',
      },
      ...{ CLAUDE_CONFIG_DIR: '/d', AWS_REGION: 'r', IS_SANDBOX: '1', DISABLE_TELEMETRY: '1' },
    };
    const kept = compose({ ...inherited, GITHUB_TOKEN: 'x', NODE_OPTIONS: 'x', LD_PRELOAD: 'x', npm_config_x: 'x' });
    expect(kept).toMatchObject(inherited);
    for (const name of ['GITHUB_TOKEN', 'NODE_OPTIONS', 'LD_PRELOAD', 'npm_config_x'])
      expect(kept).not.toHaveProperty(name);
  });

  it('does not pass on the session that the board itself was started from', () => {
    const kept = compose({
      CLAUDECODE: '1',
      CLAUDE_CODE_ENTRYPOINT: 'cli',
      CLAUDE_CODE_SSE_PORT: '1',
      CLAUDE_CODE_SESSION_ID: 's',
    });
    expect(Object.keys(kept).filter((name) => /^CLAUDE/.test(name))).toEqual(['CLAUDE_CODE_ENABLE_TODO_TOOLS']);
  });

  it('removes every GIT_ variable but its own', () => {
    const hooks = {
      GIT_DIR: '/x',
      GIT_INDEX_FILE: '/x',
      GIT_WORK_TREE: '/x',
      GIT_CONFIG_COUNT: '9',
      GIT_AUTHOR_NAME: 'x',
    };
    const kept = compose(hooks, { configured: { GIT_DIR: '/y' } });
    const git = Object.entries(kept).filter(([name]) => name.startsWith('GIT_'));
    expect(Object.fromEntries(git)).toEqual({
      GIT_CEILING_DIRECTORIES: path.dirname(bench.plan().workspace.path),
      GIT_TERMINAL_PROMPT: '0',
      GIT_CONFIG_COUNT: '4',
      ...{ GIT_CONFIG_KEY_0: 'gc.auto', GIT_CONFIG_VALUE_0: '0' },
      ...{ GIT_CONFIG_KEY_1: 'maintenance.auto', GIT_CONFIG_VALUE_1: 'false' },
      ...{ GIT_CONFIG_KEY_2: 'commit.gpgsign', GIT_CONFIG_VALUE_2: 'false' },
      ...{ GIT_CONFIG_KEY_3: 'tag.gpgsign', GIT_CONFIG_VALUE_3: 'false' },
    });
  });

  it('lends an identity only where one was given', () => {
    const kept = compose({}, { identity: { name: 'N', email: 'e@x' } });
    expect(kept).toMatchObject({
      GIT_AUTHOR_NAME: 'N',
      GIT_AUTHOR_EMAIL: 'e@x',
      GIT_COMMITTER_NAME: 'N',
      GIT_COMMITTER_EMAIL: 'e@x',
    });
  });

  it('lets the user’s settings win over what is inherited, and the run’s tag over all', () => {
    const kept = compose(
      { PATH: '/bin' },
      { configured: { PATH: '/mine', BRANCHBOARD_RUN: 'x', DISABLE_AUTOUPDATER: '0' } },
    );
    expect(kept).toMatchObject({ PATH: '/mine', DISABLE_AUTOUPDATER: '0' });
    expect(kept).toMatchObject({
      BRANCHBOARD_RUN: 'some-task/3',
      BRANCHBOARD_BOARD: '/repo/.orchestrator',
      BRANCHBOARD_ATTEMPT: '2',
    });
  });
});

describe('resolveCommand', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'branchboard-command-'));
    for (const name of ['first', 'second']) mkdirSync(path.join(folder, name));
    mkdirSync(path.join(folder, 'first', 'tool'));
    writeFileSync(path.join(folder, 'second', 'tool'), '');
    chmodSync(path.join(folder, 'second', 'tool'), 0o755);
    writeFileSync(path.join(folder, 'first', 'text'), '', { mode: 0o644 });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const search = (): string => `${folder}/absent:relative:${folder}/first:${folder}/second`;

  it('takes the first program on the path, past folders of its name', () => {
    expect(resolveCommand('tool', search(), '/')).toBe(`${folder}/second/tool`);
  });

  it('takes a path relative to the repository', () => {
    expect(resolveCommand('./second/tool', '', folder)).toBe(`${folder}/second/tool`);
  });

  it('tells a missing program from one that may not be executed', () => {
    expect(() => resolveCommand('nothing', search(), '/')).toThrow(/nothing: command not found; install it/);
    expect(() => resolveCommand('', search(), '/')).toThrow(/command not found/);
    expect(() => resolveCommand('text', search(), '/')).toThrow(/first\/text: .*chmod \+x/);
  });
});
