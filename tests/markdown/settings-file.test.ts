import { describe, expect, it } from 'vitest';

import { fc } from '../properties.ts';
import { formatDiagnostic } from '../../src/domain/diagnostic.ts';
import { defaultSettings } from '../../src/domain/settings.ts';
import { renderDefaultSettings } from '../../src/markdown/default-settings-text.ts';
import { parseSettings } from '../../src/markdown/settings-file.ts';
import { anyText } from './arbitrary-text.ts';

const parse = (text: string) => parseSettings(text, 'config.yaml');
const complaints = (text: string) => parse(text).diagnostics.map(formatDiagnostic);

describe('settings', () => {
  it.each(['', '\n', '# nothing\n', '---\n', '\uFEFF', 'verify:\nagent:\n'])('of %j are the defaults', (text) => {
    expect(parse(text)).toEqual({ value: defaultSettings, diagnostics: [] });
  });

  it('take every key', () => {
    const text = `
max_parallel: 5
retries: 0
conflicts: ask
timeout: 2h
stall_after: 90s
answer_wait: 2h
base: develop
branch_prefix: ai/tasks-
agent:
  kind: scripted
  command: /opt/claude
  args: [--verbose, "2"]
  env: { API_URL: http://localhost, DEBUG: 1, FLAG: true, __proto__: x }
fallback_model: sonnet
permission_mode: dontAsk
allowed_tools: ["Bash(npm test)", "Bash(git status)"]
task_rights:
  permission_modes: [auto]
  allowed_tools: "WebFetch, Bash(make a, b)"
  verify: [npm run e2e, "true"]
  budget_usd: 10
  timeout: 3h
  retries: 4
  base: [release/1.0]
  runner: scripted
verify: npm test
review: backend-reviewer
review_rounds: 2
setup: [npm ci, "echo 'a b'"]
copy: [.env, "config/*.local"]
worktrees:
  dir: ../trees
  reuse: false
watch: polling
keep: 36h
budget_usd: 1.5
daily_budget_usd: 20
auto_accept: true
max_subtasks: 20
max_depth: 1
notify: notify-send Board
open_with: code --new-window
`;
    expect(complaints(text)).toEqual([]);
    expect(parse(text).value).toEqual({
      maxParallel: 5,
      conflicts: 'ask',
      retries: 0,
      review: 'backend-reviewer',
      reviewRounds: 2,
      timeoutMs: 7_200_000,
      stallAfterMs: 90_000,
      answerWaitMs: 7_200_000,
      base: 'develop',
      branchPrefix: 'ai/tasks-',
      agent: {
        kind: 'scripted',
        command: '/opt/claude',
        args: ['--verbose', '2'],
        env: Object.fromEntries([
          ['API_URL', 'http://localhost'],
          ['DEBUG', '1'],
          ['FLAG', 'true'],
          ['__proto__', 'x'],
        ]),
      },
      sandbox: defaultSettings.sandbox,
      commands: { env: [] },
      fallbackModel: 'sonnet',
      permissionMode: 'dontAsk',
      allowedTools: [...defaultSettings.allowedTools, 'Bash(npm test)'],
      taskRights: {
        permissionModes: ['auto'],
        allowedTools: ['WebFetch', 'Bash(make a, b)'],
        verify: [['npm', 'run', 'e2e'], ['true']],
        budgetUsd: 10,
        timeoutMs: 10_800_000,
        retries: 4,
        base: ['release/1.0'],
        runner: ['scripted'],
      },
      verify: [['npm', 'test']],
      setup: [
        ['npm', 'ci'],
        ['echo', 'a b'],
      ],
      copy: ['.env', 'config/*.local'],
      worktrees: { dir: '../trees', reuse: false },
      watch: 'polling',
      keepMs: 36 * 60 * 60_000,
      budgetUsd: 1.5,
      dailyBudgetUsd: 20,
      autoAccept: true,
      maxSubtasks: 20,
      maxDepth: 1,
      notify: ['notify-send', 'Board'],
      openWith: ['code', '--new-window'],
    });
  });

  it.each([
    ['true', 'any'],
    ['false', []],
    ['make', [['make']]],
    ['"true"', [['true']]],
  ])('let files have any check, none or those named: task_rights.verify: %s', (written, read) => {
    expect(parse(`task_rights: { verify: ${written} }`).value?.taskRights.verify).toEqual(read);
  });

  it('refuse what would be taken and not done', () => {
    expect(complaints('worktrees:\n  reuse: true\n')).toEqual([
      'config.yaml:2:10: worktrees.reuse is "true"; expected false; worktrees are not reused yet',
    ]);
  });

  it('tell all that is wrong, in order, at the value or the unknown key', () => {
    const text = `max_parallel: 0
retries: 11
timeout: 60
branch_prefix: a..b/
agent:
  kind: codex
  comand: x
  env:
    1A: x
    B: [x]
worktrees: yes
verify:
  - npm test
  - npm test | tee log
budget_usd: 0
daily_budget_usd: .inf
notify: [a]
max-parallel: 3
agent.command: claude
`;
    expect(parse(text).value).toBeUndefined();
    expect(complaints(text).map((line) => line.split(';')[0])).toEqual([
      'config.yaml:1:15: max_parallel is "0"',
      'config.yaml:2:10: retries is "11"',
      'config.yaml:3:10: timeout is "60"',
      'config.yaml:4:16: branch_prefix is "a..b/"',
      'config.yaml:6:9: agent.kind is "codex"',
      'config.yaml:7:3: unknown key "comand"',
      'config.yaml:9:5: "1A" can\'t name an environment variable',
      'config.yaml:10:8: agent.env.B is a list',
      'config.yaml:11:12: worktrees is "yes"',
      'config.yaml:14:5: the command in an item of verify holds `|`',
      'config.yaml:15:13: budget_usd is "0"',
      'config.yaml:16:19: daily_budget_usd is ".inf"',
      'config.yaml:17:9: notify is a list',
      'config.yaml:18:1: unknown key "max-parallel"',
      'config.yaml:19:1: unknown key "agent.command"',
    ]);
    expect(complaints(text)[5]).toContain('expected `command`');
    expect(complaints(text)[13]).toContain('expected `max_parallel`');
    expect(complaints(text)[14]).toContain('Write `agent:` and, below it and indented by two spaces, `command:`.');
  });

  it.each([
    ['- a\n', '1:1: there is a list'],
    ['a: [\n', '2:1: this is not valid YAML'],
    ['a: 1\n---\nb: 2\n', 'a second YAML document begins here'],
    ['a\u0000: 1', '1:2: there is a control character'],
    [`# ${'x'.repeat(70_000)}`, 'the file has 70002 bytes'],
    ['['.repeat(60_000), 'nested too deep'],
    ['- '.repeat(30_000), 'nested too deep'],
    [Array.from({ length: 5000 }, (_, index) => `k${String(index)}: 1`).join('\n'), 'there are too many keys'],
    ['base: --upload-pack=x', 'base is "--upload-pack=x"'],
  ])('of hostile or broken text are refused', (text, complaint) => {
    expect(parse(text).value).toBeUndefined();
    expect(complaints(text).join('\n')).toContain(complaint);
  });

  it.each([
    ['!Tr0ub4dor&3-correct', '3:18: a value that begins with `!` is a tag'],
    ['!!nothing hunter2-long-secret', '3:18: a value that begins with `!` is a tag'],
    ['!!map hunter2-long-secret', '3:18: '],
    ['|bad-secret-123456', '3:19: this is not valid YAML'],
    ['@hunter2-long-secret', '3:18: a value that is not in quotes begins with a character'],
    ['%hunter2-long-secret', '3:18: '],
    ['*hunter2-long-secret', '3:18: YAML anchors'],
    ['&hunter2-long-secret', '3:38: YAML anchors'],
    ['"hunter2\\qlong-secret"', '3:26: in double quotes a backslash'],
    ['"hunter2-long-secret', ''],
    ["'hunter2'-long-secret", ''],
    ['[hunter2-long-secret', ''],
    ['{hunter2-long-secret}}', ''],
    ['"hunter2-long" -secret', ''],
    ['hunter2: long-secret', ''],
    ['`hunter2-long-secret`', ''],
  ])('of which a secret is no valid YAML do not repeat it: %s', (secret, complaint) => {
    const found = complaints(`agent:\n  env:\n    DB_PASSWORD: ${secret}\n`).join('\n');
    expect(parse(`agent:\n  env:\n    DB_PASSWORD: ${secret}\n`).value).toBeUndefined();
    expect(found).toContain(complaint);
    expect(found).not.toMatch(/hunter2|secret|Tr0ub4dor|correct/);
  });

  it('name the sandbox by its mode alone, or by its keys', () => {
    const sandboxOf = (text: string) => parse(text).value?.sandbox;
    const { sandbox } = defaultSettings;
    expect(sandboxOf('sandbox: off')).toEqual({ ...sandbox, mode: 'off' });
    expect(sandboxOf('sandbox:\n  mode: on\n  allowed_domains: [registry.npmjs.org, "*.example.com:443"]')).toEqual({
      ...sandbox,
      mode: 'on',
      allowedDomains: ['registry.npmjs.org', '*.example.com:443'],
    });
    expect(complaints('sandbox: sometimes')).toHaveLength(1);
    expect(complaints('sandbox:\n  allowed_domains: ["https://example.com/"]')).toHaveLength(1);
    expect(complaints('sandbox:\n  deny_read: [secrets]')).toHaveLength(1);
    expect(complaints('commands:\n  env: ["DATABASE URL"]')).toHaveLength(1);
  });

  it('add to the paths that can not be read, and take one out after a `!`', () => {
    const paths = parse('sandbox:\n  deny_read: [/srv/keys/, "!~/.npmrc"]').value?.sandbox.denyRead;
    const kept = defaultSettings.sandbox.denyRead.filter((path) => path !== '~/.npmrc');
    expect(paths).toEqual([...kept, '/srv/keys']);
  });

  it('of any text are answered', () => {
    fc.assert(
      fc.property(anyText(200), (text) => {
        const { value, diagnostics } = parse(text);
        expect(value === undefined).toBe(diagnostics.some(({ severity }) => severity === 'error'));
      }),
    );
  });
});

describe('the settings file that init writes', () => {
  /** What the file says once the `#` before each key is removed; prose has a space behind its `#`. */
  const uncomment = (text: string) => text.replaceAll(/^#(?=\S| {2})/gm, '');

  it('holds the defaults, in comments', () => {
    const text = renderDefaultSettings(null);
    expect(parse(text)).toEqual({ value: defaultSettings, diagnostics: [] });
    expect(parse(uncomment(text))).toEqual({ value: defaultSettings, diagnostics: [] });
  });

  it('names every setting', () => {
    const keys = [
      'max_parallel',
      'retries',
      'timeout',
      'stall_after',
      'answer_wait',
      'base',
      'branch_prefix',
      'agent',
      '  kind',
    ];
    keys.push('  command', '  args', '  env', 'sandbox', '  mode', '  allowed_domains', '  deny_read');
    keys.push('commands', '  env', 'fallback_model', 'permission_mode', 'allowed_tools');
    keys.push('task_rights', '  permission_modes', '  allowed_tools', '  verify', '  budget_usd', '  timeout');
    keys.push('  retries', '  base', '  runner', 'verify', 'setup', 'review', 'review_rounds');
    keys.push('conflicts', 'copy');
    keys.push(
      'worktrees',
      '  dir',
      '  reuse',
      'watch',
      'keep',
      'budget_usd',
      'daily_budget_usd',
      'auto_accept',
      'max_subtasks',
      'max_depth',
      'notify',
      'open_with',
    );
    const named = uncomment(renderDefaultSettings(null)).matchAll(/^( *[a-z_]+):/gm);
    expect([...named].map(([, key]) => key)).toEqual(keys);
  });

  it.each(['main', 'release/1.0', '1.0', 'null', '# odd'])('sets the base %j where it is given', (base) => {
    expect(parse(renderDefaultSettings(base))).toEqual({ value: { ...defaultSettings, base }, diagnostics: [] });
  });
});
