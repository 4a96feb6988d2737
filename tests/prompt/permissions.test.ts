import { describe, expect, test } from 'vitest';

import { defaultSettings } from '../../src/domain/settings.ts';
import { isReader, permissionsFor } from '../../src/prompt/permissions.ts';
import { makeSpec } from './input.ts';

const writer = { tools: ['Read', 'Write', 'Bash', 'Bash(npm run *)'] };
const reader = { tools: ['Read', 'Grep', 'Bash', 'Bash(npm audit *)'] };

test('a role is a reader when it lists tools and none of them writes files', () => {
  expect(isReader({ tools: null })).toBe(false);
  expect(isReader(reader)).toBe(true);
  expect(isReader({ tools: [] })).toBe(true);
  for (const tool of ['Write', 'Edit', 'MultiEdit', 'NotebookEdit', 'Edit(docs/**)']) {
    expect(isReader({ tools: ['Read', tool] })).toBe(false);
  }
});

describe('a role that writes', () => {
  test('has the mode and the tools of the settings, its own patterns, and the checks as it would type them', () => {
    const verify = [
      ['npm', 'test'],
      ['node', '-e', 'run()'],
    ] as const;
    const { permissionMode, allowedTools, disallowedTools } = permissionsFor(
      writer,
      { ...defaultSettings, verify },
      makeSpec(),
    );
    expect(permissionMode).toBe('acceptEdits');
    expect(allowedTools).toEqual([
      ...defaultSettings.allowedTools,
      'Bash(npm test)',
      "Bash(node -e 'run()')",
      'Bash(npm run *)',
    ]);
    expect(disallowedTools).toEqual(['Bash(git * --output*)', 'EnterWorktree']);
  });

  test('goes by the task where the task says otherwise', () => {
    const spec = makeSpec({ permissionMode: 'plan', allowedTools: ['WebFetch'], verify: [['make']] });
    const { permissionMode, allowedTools } = permissionsFor(
      { tools: null },
      { ...defaultSettings, verify: [['npm', 'test']] },
      spec,
    );
    expect(permissionMode).toBe('plan');
    expect(allowedTools).toEqual([...defaultSettings.allowedTools, 'Bash(make)', 'WebFetch']);
  });

  test('may read the reports that its prompt names, and no folder around them', () => {
    const { allowedTools } = permissionsFor(writer, defaultSettings, makeSpec(), [
      '/repo/.orchestrator/runs/a/1/report.md',
    ]);
    expect(allowedTools).toContain('Read(//repo/.orchestrator/runs/a/1/report.md)');
  });
});

describe('a role that reads', () => {
  const { permissionMode, allowedTools, disallowedTools } = permissionsFor(reader, defaultSettings, makeSpec(), [
    '/r.md',
  ]);

  test('is asked nothing and refused whatever is not named', () => {
    expect(permissionMode).toBe('dontAsk');
    expect(disallowedTools).toEqual(expect.arrayContaining(['Write', 'Edit', 'MultiEdit', 'NotebookEdit']));
  });

  test('may look at files and history, but neither commit nor have git write a file', () => {
    expect(allowedTools).toEqual(
      expect.arrayContaining(['Read(./**)', 'Bash(git diff *)', 'Read(//r.md)', 'Bash(npm audit *)']),
    );
    expect(allowedTools).not.toContain('Bash');
    expect(allowedTools.filter((tool) => /add|commit/.test(tool))).toEqual([]);
    expect(disallowedTools).toEqual(expect.arrayContaining(['Bash(git * --output*)', 'EnterWorktree']));
  });

  test('stays without tools that write, even if its task allows them', () => {
    const spec = makeSpec({ allowedTools: ['Write'], permissionMode: 'acceptEdits' });
    expect(permissionsFor(reader, defaultSettings, spec).disallowedTools).toContain('Write');
  });
});

test('the rules that are not the board’s own are told apart, for whoever writes and whoever reads', () => {
  const settings = { ...defaultSettings, allowedTools: [...defaultSettings.allowedTools, 'Bash(git push *)'] };
  const spec = makeSpec({ allowedTools: ['Bash(git log *)', 'Bash(git fetch)'], verify: [['git', 'diff', '--check']] });
  const added = ['Bash(git push *)', 'Bash(git diff --check)', 'Bash(git fetch)'];
  expect(permissionsFor({ tools: null }, settings, spec).userRules).toEqual(added);
  expect(permissionsFor(reader, settings, spec).userRules).toEqual(['Bash(git fetch)', 'Bash(npm audit *)']);
});

test('no bypass comes from anywhere but the user', () => {
  for (const tools of [null, writer.tools, reader.tools]) {
    expect(JSON.stringify(permissionsFor({ tools }, defaultSettings, makeSpec()))).not.toMatch(/bypass|dangerous/i);
  }
});
