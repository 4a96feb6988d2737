import { describe, expect, it } from 'vitest';
import { fc } from '../../../properties.ts';
import { readStartWarnings, readVersion } from '../../../../src/adapters/agent/claude/claude-init.ts';
import { openStream, readStreamLine } from '../../../../src/adapters/agent/claude/claude-stream.ts';
import { limits } from '../../../../src/domain/limits.ts';

describe('what Claude Code says at its start', () => {
  it('is told where a server or a plugin is missing, and not where all is well or still to come', () => {
    const init = {
      mcp_servers: [
        { name: 'up', status: 'connected' },
        { name: 'slow', status: 'pending' },
        { name: 'off', status: 'disabled' },
        { name: 'broken', status: 'failed' },
        { name: 'mail', status: 'needs-auth' },
        { name: 'new', status: 'quarantined' },
      ],
      mcp_server_errors: [{ name: 'odd', type: 'unknown_type', message: 'Skipped: an unknown\n  type' }],
      plugin_errors: [{ plugin: 'p@shop', type: 'path-not-found', message: 'Path not found: /x' }],
      plugin_warnings: [{ plugin: 'q', type: 'x', message: 'It is old.' }],
    };
    expect(readStartWarnings(init, null)).toEqual([
      'the MCP server "broken" did not start: the agent is without its tools',
      'the MCP server "mail" needs a login: the agent is without its tools',
      'the MCP server "new" is "quarantined"',
      'the MCP server "odd": Skipped: an unknown type',
      'the plugin "p@shop": Path not found: /x',
      'the plugin "q": It is old.',
    ]);
  });

  it.each([
    ['acceptEdits', 'acceptEdits', 0],
    ['default', 'manual', 0],
    ['manual', 'default', 0],
    ['default', null, 0],
    ['default', 'bypassPermissions', 1],
    ['bypassPermissions', 'acceptEdits', 1],
  ])('tells of permission mode "%s" where "%s" was asked for: %i times', (permissionMode, asked, times) => {
    const warnings = readStartWarnings({ permissionMode }, asked);
    expect(warnings).toHaveLength(times);
    if (times > 0) expect(warnings[0]).toContain(`"${permissionMode}", not "${String(asked)}"`);
  });

  it('is bounded, and cuts no word in two, since half a secret is not known for one', () => {
    const plugin_errors = Array.from({ length: 50 }, (_, i) => ({
      plugin: `p${String(i)}`,
      message: `${'a '.repeat(150)}${'s'.repeat(500)}`,
    }));
    const warnings = readStartWarnings({ plugin_errors }, null);
    expect(warnings).toHaveLength(limits.maxRunWarnings);
    expect(warnings[0]).toMatch(/^the plugin "p0": (?:a ){149}a…$/);
    expect(warnings.at(-1)).toBe('41 more of this kind; its log lists them');
  });

  it('stands in the view, with the version', () => {
    const line = JSON.stringify({
      ...{
        type: 'system',
        subtype: 'init',
        session_id: 's',
        claude_code_version: '2.1.330',
        permissionMode: 'default',
      },
      mcp_servers: [{ name: 'db', status: 'failed' }],
    });
    const { view } = readStreamLine(openStream({ mode: 'fresh', id: 's' }, 'acceptEdits'), line);
    expect(view).toMatchObject({
      agentVersion: '2.1.330',
      warnings: [/"default"/, /"db"/].map((text): unknown => expect.stringMatching(text)),
    });
    expect(readVersion({ claude_code_version: 'v; rm -rf' })).toBeNull();
  });

  it('is read without ever throwing, whatever it is', () => {
    const keys = fc.constantFrom(
      'mcp_servers',
      'mcp_server_errors',
      'plugin_errors',
      'plugin_warnings',
      'permissionMode',
    );
    fc.assert(
      fc.property(fc.dictionary(keys, fc.jsonValue()), (init) => {
        const warnings = readStartWarnings(init, 'acceptEdits');
        expect(warnings.length).toBeLessThanOrEqual(limits.maxRunWarnings);
        for (const warning of warnings) expect(warning.length).toBeLessThanOrEqual(limits.maxDashboardTextChars + 1);
      }),
    );
  });
});
