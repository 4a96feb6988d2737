/** Which values of settings, roles and Claude Code's own files need a yes. */
import { describe, expect, it } from 'vitest';

import { fc } from '../properties.ts';
import { claimsOfProjectFile, claimsOfRole, claimsOfSettings } from '../../src/core/judge-claims.ts';
import { canonicalClaim } from '../../src/domain/claim.ts';
import { defaultSettings, type Settings } from '../../src/domain/settings.ts';
import { renderDefaultSettings } from '../../src/markdown/default-settings-text.ts';
import { parseSettings } from '../../src/markdown/settings-file.ts';

/** What a settings file claims, as `key: JSON`. */
function claimsOf(text: string): readonly string[] {
  const { value } = parseSettings(text, 'config.yaml');
  if (value === undefined) throw new Error(`wrong settings: ${text}`);
  return claimsOfSettings(value).map(({ key, value: claimed }) => `${key}: ${JSON.stringify(claimed)}`);
}

/** Lines of a settings file that each claim something; the order of keys and what stands beside them means nothing. */
const claiming = [
  'agent: { command: ./agent.sh, env: { A: "1", B: "2" } }',
  'sandbox: { mode: "off", allowed_domains: [a.example], deny_read: ["!~/.ssh", ~/x] }',
  'commands: { env: [TOKEN] }',
  'permission_mode: bypassPermissions',
  'allowed_tools: [Bash, "Bash(npm *)"]',
  'verify: [npm test, npm run lint]',
  'setup: npm ci',
  'copy: [.env]',
  'worktrees: { dir: ../elsewhere }',
  'notify: touch /x',
  'open_with: touch /y',
];
const harmless = ['max_parallel: 9', 'retries: 3', 'timeout: 2h', 'stall_after: 5m', 'base: develop'];
const alsoHarmless = ['branch_prefix: x/', 'watch: polling', 'budget_usd: 3', 'daily_budget_usd: 30'];

describe('settings', () => {
  it('that init writes claim nothing, nor do numbers, budgets and the names of branches', () => {
    expect(claimsOfSettings(defaultSettings)).toEqual([]);
    expect(claimsOf(renderDefaultSettings('main'))).toEqual([]);
    expect(claimsOf([...harmless, ...alsoHarmless].join('\n'))).toEqual([]);
  });

  it('claim each command, right and variable by itself, and the program with its arguments as one', () => {
    expect(claimsOf(claiming.join('\n')).toSorted()).toEqual(
      [
        'agent: {"kind":"claude","command":"./agent.sh","args":[]}',
        'agent.env.A: "1"',
        'agent.env.B: "2"',
        'sandbox.mode: "off"',
        'sandbox.allowed_domains: "a.example"',
        'sandbox.deny_read: "~/x"',
        'sandbox.deny_read: {"without":"~/.ssh"}',
        'commands.env: "TOKEN"',
        'permission_mode: "bypassPermissions"',
        'allowed_tools: "Bash"',
        'allowed_tools: "Bash(npm *)"',
        'verify: ["npm","test"]',
        'verify: ["npm","run","lint"]',
        'setup: ["npm","ci"]',
        'copy: ".env"',
        'worktrees.dir: "../elsewhere"',
        'notify: ["touch","/x"]',
        'open_with: ["touch","/y"]',
      ].toSorted(),
    );
  });

  it('claim the same however the file is written', () => {
    const lines = fc.shuffledSubarray([...claiming, ...harmless]);
    const noise = fc.constantFrom('', '\n', '# a comment\n', '\n#verify: touch /y\n');
    fc.assert(
      fc.property(
        lines,
        fc.array(noise, { minLength: 16, maxLength: 16 }),
        fc.boolean(),
        (chosen, between, isWindows) => {
          const plain = [...claiming, ...harmless].filter((line) => chosen.includes(line)).join('\n');
          const noisy = chosen.map((line, index) => `${between[index] ?? ''}${line} # so\n`).join('');
          const written = isWindows ? noisy.replaceAll('\n', '\r\n') : noisy;
          expect(claimsOf(written).toSorted()).toEqual(claimsOf(plain).toSorted());
        },
      ),
    );
  });

  it('claim with a key that nobody has thought of here', () => {
    const added = { taskLimits: { verify: true }, hooks: 'run' };
    const later: Settings = { ...defaultSettings, ...added };
    const claims = claimsOfSettings(later).map(({ key, value }) => [key, value]);
    expect(claims).toEqual([
      ['task_limits.verify', true],
      ['hooks', 'run'],
    ]);
  });
});

describe('a role', () => {
  it('claims its tools that are allowed, whatever the case of its name', () => {
    const claims = claimsOfRole('Tester', ['Bash(npm *)', 'Bash(curl *)'], null);
    expect(claims.map(canonicalClaim)).toEqual(
      claimsOfRole('tester', ['Bash(npm *)', 'Bash(curl *)'], null).map(canonicalClaim),
    );
    expect(claims.map(({ value }) => value)).toEqual(['Bash(npm *)', 'Bash(curl *)']);
  });

  it('claims the kind of agent that it chooses', () => {
    expect(claimsOfRole('tester', [], 'scripted')).toEqual([
      { source: 'role tester', key: 'runner', value: 'scripted' },
    ]);
  });
});

describe('Claude Code’s own files', () => {
  const settings = '.claude/settings.json';

  it('claim hooks, helpers, variables, rights and servers, and every key that is not known as harmless', () => {
    const text = JSON.stringify({
      $schema: 'https://x',
      model: 'opus',
      permissions: { deny: ['Read(./.env)'], ask: ['Bash'], allow: ['Bash(npm *)', 'WebFetch'], defaultMode: 'plan' },
      hooks: { Stop: [{ hooks: [{ type: 'command', command: 'x' }] }] },
      env: { ANTHROPIC_BASE_URL: 'http://x' },
      apiKeyHelper: './x',
      statusLine: { type: 'command', command: 'x' },
      enabledPlugins: { 'a@b': true },
      somethingNew: false,
    });
    expect(claimsOfProjectFile(settings, text)?.map(({ key }) => key)).toEqual([
      'permissions.allow',
      'permissions.allow',
      'permissions.defaultMode',
      'hooks.Stop',
      'env.ANTHROPIC_BASE_URL',
      'apiKeyHelper',
      'statusLine.type',
      'statusLine.command',
      'enabledPlugins.a@b',
      'somethingNew',
    ]);
    expect(claimsOfProjectFile('.mcp.json', '{"mcpServers":{"a":{"command":"x","args":["y"]}}}')).toEqual([
      { source: '.mcp.json', key: 'mcpServers.a', value: { command: 'x', args: ['y'] } },
    ]);
  });

  it.each(['', '{', '[]', '"x"', '{} {}'])('can’t be understood where they are %j', (text) => {
    expect(claimsOfProjectFile(settings, text)).toBe(null);
  });
});

describe('a canonical claim', () => {
  it('does not depend on the order of keys, and tells all values apart', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const claim = (value: unknown) => canonicalClaim({ source: 's', key: 'k', value });
        const turned = JSON.parse(JSON.stringify(a), (_, value: unknown) =>
          typeof value === 'object' && value !== null && !Array.isArray(value)
            ? Object.fromEntries(Object.entries(value).reverse())
            : value,
        ) as unknown;
        expect(claim(turned)).toBe(claim(a));
        const plain = (value: unknown): unknown => JSON.parse(claim(value));
        if (claim(a) === claim(b)) expect(plain(a)).toEqual(plain(b));
        expect(plain(a)).toEqual(['s', 'k', JSON.parse(JSON.stringify(a))]);
      }),
    );
  });
});
