import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noAbilities } from '../../../src/adapters/agent/claude/abilities.ts';
import {
  composeEnvironment,
  inherited,
  inheritedForClouds,
  presets,
} from '../../../src/adapters/machine/environment.ts';
import { traceVariables } from '../../../src/adapters/machine/git-trace.ts';
import { closedTools } from '../../../src/adapters/agent/claude/claude-doors.ts';
import { writeClaudeFiles } from '../../../src/adapters/agent/claude/claude-settings.ts';
import { claudeArguments as argumentsOf } from '../../../src/adapters/agent/claude/claude-arguments.ts';
import { resolveCommand } from '../../../src/adapters/agent/driver/command-path.ts';
import { gitGuardSettings } from '../../../src/adapters/git-guard/guard-settings.ts';
import { defaultSettings } from '../../../src/domain/settings.ts';
import type { Role } from '../../../src/domain/role.ts';
import type { RunRequest } from '../../../src/ports.ts';
import { createBench, requestOf, type Bench } from './harness.ts';

let bench: Bench;
beforeAll(() => {
  bench = createBench();
});
afterAll(() => bench.remove());

const agent = defaultSettings.agent;
const asChecked = {
  answerWaitMs: 1_000,
  confinement: null,
  readsOnly: false,
  project: { kind: 'as-checked-out' },
} as const;
const files = { settings: '/run/settings.json', mcp: '/run/mcp.json', asCheckedOut: true };
const own = ['ask_user', 'report_progress', 'propose_task'].map((name) => `mcp__branchboard-run__${name}`);
const mine: Role = {
  ...{ name: 'mine', description: 'Mine', model: null, effort: null, tools: ['Read'], source: 'claude-agent' },
  runner: null,
  instructions: 'Be brief.',
};

const claudeArguments = (request: RunRequest, given = agent): readonly string[] =>
  argumentsOf(request, given, files, noAbilities);

describe('claudeArguments', () => {
  it('asks for a stream, a structured result and the session that was planned', () => {
    const args = claudeArguments(requestOf(bench.plan()));
    const { id } = bench.plan().session;
    expect(args.slice(0, 6)).toEqual(['-p', '--output-format', 'stream-json', '--verbose', '--session-id', id]);
    expect(args.slice(10)).toEqual([
      ...['--mcp-config', '/run/mcp.json', '--permission-mode', 'acceptEdits'],
      ...['--allowedTools', ...own, '--disallowedTools', ...closedTools],
    ]);
    const schema = JSON.parse(args[args.indexOf('--json-schema') + 1] ?? '') as { required: string[] };
    expect(schema.required).toEqual(['status', 'summary']);
    expect(claudeArguments(requestOf(bench.plan({ resume: true })))).toEqual(expect.arrayContaining(['--resume', id]));
  });

  it('gives what the task asks for, and the lists of tools last', () => {
    const request = requestOf(bench.plan(), {
      ...{ model: 'opus', effort: 'high', maxTurns: 9, budgetUsd: 1.5, ownRole: mine },
      ...{ permissionMode: 'plan', allowedTools: ['Bash(git add *)', 'Edit'], disallowedTools: ['WebFetch'] },
    });
    expect(claudeArguments(request).slice(10)).toEqual([
      ...[
        '--mcp-config',
        '/run/mcp.json',
        '--permission-mode',
        'plan',
        '--model',
        'opus',
        '--effort',
        'high',
        '--max-turns',
        '9',
      ],
      ...['--max-budget-usd', '1.5'],
      // With the tools for the structured result and for questions, which an agent that lists its tools would lack.
      ...[
        '--agents',
        `{"mine":{"description":"Mine","prompt":"Be brief.","tools":["Read","StructuredOutput","${own.join('","')}"]}}`,
      ],
      ...['--agent', 'mine'],
      ...['--allowedTools', 'Bash(git add *)', 'Edit', ...own, '--disallowedTools', 'WebFetch', ...closedTools],
    ]);
  });

  it('asks for the highest effort by the name that the program gives it, and for none where it names none', () => {
    const request = requestOf(bench.plan(), { effort: 'highest', fallbackModel: 'sonnet' });
    const args = argumentsOf(request, agent, files, { ...noAbilities, efforts: ['low', 'ultra'] });
    expect(args[args.indexOf('--effort') + 1]).toBe('ultra');
    expect(args[args.indexOf('--fallback-model') + 1]).toBe('sonnet');
    expect(claudeArguments(request)).not.toContain('--effort');
    expect(claudeArguments(requestOf(bench.plan()))).not.toContain('--fallback-model');
  });

  it('refuses messages of other sessions, and has prompts denied where the program knows how', async () => {
    const request = requestOf(bench.plan());
    const settingsOf = async (configured: Readonly<Record<string, string>>): Promise<unknown> => {
      const written = await writeClaudeFiles(bench.root, { guard: null, notes: '/notes', ...asChecked, configured });
      return JSON.parse(readFileSync(written.settings, 'utf8'));
    };
    const refused = { crossSessionInbound: 'refuse', disableRemoteControl: true };
    expect(await settingsOf({})).toMatchObject({ ...refused, env: { CLAUDE_CODE_RETRY_WATCHDOG: '0' } });
    const waiting = { CLAUDE_CODE_RETRY_WATCHDOG: '1' };
    expect(await settingsOf(waiting)).toMatchObject({ ...refused, env: waiting });
    expect(claudeArguments(request)).not.toContain('--permission-prompts');
    const asked = argumentsOf(request, agent, files, { permissionPrompts: true, efforts: [] });
    expect(asked[asked.indexOf('--permission-prompts') + 1]).toBe('none');
  });

  it('gives the run hooks and a server by absolute paths, none of them of the worktree, and waits two seconds for a note', async () => {
    const written = await writeClaudeFiles(bench.root, {
      guard: null,
      notes: '/board/notes',
      ...asChecked,
      configured: {},
    });
    const { hooks } = JSON.parse(readFileSync(written.settings, 'utf8')) as {
      readonly hooks: Readonly<
        Record<string, readonly { readonly hooks: readonly Readonly<Record<string, unknown>>[] }[]>
      >;
    };
    const calls = Object.values(hooks).flatMap((each) => each.flatMap((group) => group.hooks));
    expect(calls).toHaveLength(2);
    for (const call of calls) {
      expect(call).toMatchObject({
        type: 'command',
        timeout: 2,
        command: expect.stringMatching(/^\/bin\/sh -c /) as string,
      });
    }
    const { mcpServers } = JSON.parse(readFileSync(written.mcp, 'utf8')) as {
      readonly mcpServers: Readonly<Record<string, { readonly command: string; readonly args: readonly string[] }>>;
    };
    const server = mcpServers['branchboard-run'];
    expect(Object.keys(mcpServers)).toEqual(['branchboard-run']);
    expect([server?.command, ...(server?.args ?? [])].slice(0, 3).every((word) => word?.startsWith('/'))).toBe(true);
  });

  it('puts the guard before git commands, beside the hooks of the base', async () => {
    const hook = (command: string) => [{ matcher: '*', hooks: [{ type: 'command', command }] }];
    const settings = { hooks: { PreToolUse: hook('theirs'), Stop: hook('end') }, disableAllHooks: true };
    const project = { kind: 'of-the-base', differs: [], settings, mcp: null, instructions: null } as const;
    const guard = gitGuardSettings(requestOf(bench.plan()));
    const written = await writeClaudeFiles(bench.root, {
      ...{ ...asChecked, project, guard, notes: "/it's notes", configured: {} },
    });
    const read = JSON.parse(readFileSync(written.settings, 'utf8')) as Record<string, unknown>;
    expect(read).toMatchObject({ disableAllHooks: false, hooks: { Stop: hook('end') } });
    expect(Object.keys(read['hooks'] ?? {})).toEqual(['PreToolUse', 'Stop', 'PostToolUse', 'PostToolUseFailure']);
    expect(JSON.stringify(read['hooks'])).toMatch(/theirs.*git-guard\/guard-main\.js/);
    expect(gitGuardSettings(requestOf(bench.plan(), { permissionMode: 'bypassPermissions' }))).toBeNull();
  });

  it('puts the user’s own arguments first, so that the command may be one that runs another', () => {
    const more = { command: 'npx', args: ['claude', '--add-dir', 'x'] };
    const args = claudeArguments(requestOf(bench.plan()), { ...agent, ...more });
    expect(args.slice(0, 4)).toEqual(['claude', '--add-dir', 'x', '-p']);
  });

  it.each([
    { model: '--dangerously-skip-permissions' },
    { effort: '-p' },
    { permissionMode: '--x' },
    { ownRole: { ...mine, name: '-x' } },
    { allowedTools: ['Edit', '--dangerously-skip-permissions'] },
    { disallowedTools: ['-x'] },
  ])('refuses a value that looks like an option: %j', (more) => {
    expect(() => claudeArguments(requestOf(bench.plan(), more))).toThrow(/begins with "-"/);
  });

  it.each(['fresh', 'resume'] as const)('refuses the id of a %s session that looks like an option', (mode) => {
    const plan = { ...bench.plan(), session: { mode, id: '--dangerously-skip-permissions' } };
    expect(() => claudeArguments(requestOf(plan))).toThrow(/begins with "-"/);
  });
});

describe('composeEnvironment', () => {
  const compose = (inherited: NodeJS.ProcessEnv, more: object = {}): Record<string, string> =>
    composeEnvironment({
      ...{ plan: bench.plan({ n: 3, attempt: 2 }), boardDir: '/repo/.orchestrator', inherited },
      ...{ configured: {}, identity: null, hooks: true, confined: null, ...more },
    });

  it('lets in what is on the list and nothing else', () => {
    const known = {
      ...{
        PATH: '/bin',
        HOME: '/home/me',
        LC_ALL: 'C',
        XDG_CONFIG_HOME: '/c',
        https_proxy: 'p',
        ANTHROPIC_API_KEY: 'k',
      },
      ...{ CLAUDE_CONFIG_DIR: '/d', IS_SANDBOX: '1', DISABLE_TELEMETRY: '1', DISABLE_PROMPT_CACHING_HAIKU: '1' },
    };
    const others = [
      ...['GITHUB_TOKEN', 'NODE_OPTIONS', 'LD_PRELOAD', 'npm_config_x', 'SSH_AUTH_SOCK', 'DISABLE_SOMETHING'],
      ...['XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS', 'MISE_GITHUB_TOKEN', 'PATHS', 'LC', 'anthropic_api_key'],
    ];
    const kept = compose({ ...known, ...Object.fromEntries(others.map((name) => [name, 'x'])) });
    expect(kept).toMatchObject(known);
    for (const name of others) expect(kept).not.toHaveProperty(name);
    expect(compose({}, { configured: { SSH_AUTH_SOCK: '/s' } })).toMatchObject({ SSH_AUTH_SOCK: '/s' });
  });

  it.each([
    ['CLAUDE_CODE_USE_BEDROCK', ['AWS_REGION', 'AWS_SECRET_ACCESS_KEY', 'AWS_BEARER_TOKEN_BEDROCK']],
    ['CLAUDE_CODE_USE_MANTLE', ['AWS_PROFILE']],
    ['CLAUDE_CODE_USE_ANTHROPIC_AWS', ['AWS_PROFILE']],
    [
      'CLAUDE_CODE_USE_VERTEX',
      ['GOOGLE_APPLICATION_CREDENTIALS', 'VERTEX_REGION_CLAUDE_X', 'CLOUD_ML_REGION', 'GCLOUD_PROJECT'],
    ],
    ['CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD', ['GOOGLE_APPLICATION_CREDENTIALS']],
    ['CLAUDE_CODE_USE_FOUNDRY', ['AZURE_CLIENT_SECRET']],
  ])('lets in a cloud’s credentials only where %s is on', (name, names) => {
    const own = Object.fromEntries(names.map((each) => [each, 'x']));
    const others = { AWS_X: 'x', GOOGLE_X: 'x', AZURE_X: 'x' };
    const listed = (kept: object) => Object.keys(kept).filter((each) => names.includes(each) || each.endsWith('_X'));
    expect(listed(compose({ ...own }))).toEqual([]);
    expect(listed(compose({ ...own, [name]: '0' }))).toEqual([]);
    expect(listed(compose({ ...own, [name]: '1' }, { configured: { [name]: 'false' } }))).toEqual([]);
    expect(listed(compose({ ...own, [name]: 'true' })).sort()).toEqual([...names].sort());
    expect(listed(compose({ ...own }, { configured: { [name]: '1' } })).sort()).toEqual([...names].sort());
    expect(listed(compose({ ...others, [name]: '1' }))).toHaveLength(1);
  });

  it('lets in what docs/environment.md lists, and nothing else', () => {
    const page = readFileSync(new URL('../../../docs/environment.md', import.meta.url), 'utf8');
    const listNames = (text: string) => [...text.matchAll(/`([A-Za-z_][A-Za-z0-9_]*\*?)`/g)].map(([, name]) => name);
    const rows = page.split('\n').filter((line) => line.startsWith('| '));
    const cellOf = (begin: string) => rows.find((row) => row.startsWith(`| ${begin} `))?.split('|')[2] ?? '';
    for (const [purpose, names] of Object.entries(inherited)) expect(listNames(cellOf(purpose))).toEqual(names);
    for (const { switches, names } of inheritedForClouds) {
      const title = switches.map((each) => `\`${each}\``).join(', ');
      expect(listNames(cellOf(`only with one of ${title}`) || cellOf(`only with ${title}`))).toEqual(names);
    }
    for (const name of Object.keys(compose({}))) {
      expect(page).toContain(`\`${name.replace(/^(GIT_CONFIG|BRANCHBOARD)_.*$/, '$1_*')}\``);
    }
  });

  it.each([
    ['the session that the board was started from', ['CLAUDECODE', 'CLAUDE_CODE_SESSION_ID', 'CLAUDE_CODE_SSE_PORT']],
    ['a bridge, a daemon, a remote machine', ['CLAUDE_BRIDGE_OAUTH_TOKEN', 'CLAUDE_BG_SOURCE', 'CLAUDE_CODE_REMOTE']],
    ['sockets', ['CLAUDE_CODE_MESSAGING_SOCKET', 'CLAUDE_BG_RENDEZVOUS_SOCK', 'ANTHROPIC_UNIX_SOCKET']],
    ['waiting out limits', ['CLAUDE_CODE_RETRY_WATCHDOG', 'CLAUDE_CODE_OVERLOADED_RETRY_MAX_WAIT_MS']],
    [
      'looser permissions',
      ['CLAUDE_CODE_EVEN_MORE_DANGEROUSLY_SKIP_PERMISSIONS', 'CLAUDE_CODE_DISABLE_SUBSTITUTION_RM_PROMPT'],
    ],
    ['programs and plugins around the agent', ['CLAUDE_CODE_SHELL_PREFIX', 'CLAUDE_CODE_PLUGIN_DIRS']],
    ['what nobody has heard of yet', ['CLAUDE_CODE_SOMETHING_NEW', 'CLAUDE_X', 'ANTHROPIC_X']],
  ])('passes on nothing of %s, unless agent.env gives it', (_, names) => {
    const own = Object.fromEntries(names.map((name) => [name, '1']));
    expect(compose(own)).toEqual(compose({}));
    expect(compose({}, { configured: own })).toMatchObject(own);
  });

  it('keeps an agent’s own agents few and shallow, unless agent.env says otherwise', () => {
    expect(compose({ CLAUDE_CODE_MAX_SUBAGENT_SPAWN_DEPTH: '9' })).toMatchObject(presets);
    expect(presets).toMatchObject({
      CLAUDE_CODE_MAX_SUBAGENT_SPAWN_DEPTH: '1',
      CLAUDE_CODE_MAX_CONCURRENT_SUBAGENTS: '4',
    });
    const mine = { CLAUDE_CODE_MAX_SUBAGENT_SPAWN_DEPTH: '2' };
    expect(compose({}, { configured: mine })).toMatchObject(mine);
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
      ...traceVariables(`/repo/.orchestrator/runs/${bench.plan().task}/3`),
      ...{ GIT_CONFIG_KEY_0: 'gc.auto', GIT_CONFIG_VALUE_0: '0' },
      ...{ GIT_CONFIG_KEY_1: 'maintenance.auto', GIT_CONFIG_VALUE_1: 'false' },
      ...{ GIT_CONFIG_KEY_2: 'commit.gpgsign', GIT_CONFIG_VALUE_2: 'false' },
      ...{ GIT_CONFIG_KEY_3: 'tag.gpgsign', GIT_CONFIG_VALUE_3: 'false' },
    });
  });

  it('runs no hooks for the commits of an agent that nothing confines', () => {
    const values = (kept: Record<string, string>) => Object.values(kept);
    expect(values(compose({}, { hooks: false }))).toEqual(expect.arrayContaining(['core.hooksPath', '/dev/null']));
    expect(values(compose({}))).not.toContain('core.hooksPath');
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
