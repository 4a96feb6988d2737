import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createRoles, shippedRolesDir } from '../../../src/adapters/files/role-files.ts';
import { layOut } from '../../../src/adapters/files/layout.ts';
import { parseRoleFile } from '../../../src/markdown/role-file.ts';
import type { RoleTemplates } from '../../../src/adapters/files/role-files.ts';
import { PortError } from '../../../src/ports.ts';

const writers = [
  'integrator',
  'architecture',
  'backend-developer',
  'developer',
  'documentor',
  'frontend-developer',
  'pm',
  'tester',
] as const;
const readers = ['backend-reviewer', 'frontend-reviewer', 'pattern-critique', 'pattern-scout', 'planner'] as const;

/** Roles whose mistakes cost more than their thinking. */
const thorough = ['architecture', 'planner', 'backend-reviewer', 'frontend-reviewer'];

let repo: string;
let roles: RoleTemplates;

beforeEach(async () => {
  repo = await mkdtemp(join(tmpdir(), 'roles-'));
  roles = makeRoles();
});

function makeRoles(efforts: readonly string[] | null = null): RoleTemplates {
  const layout = layOut(join(repo, '.orchestrator'));
  const dirs = {
    shippedDir: shippedRolesDir,
    overridesDir: layout.templates,
    claudeAgentsDir: join(repo, '.claude/agents'),
    efforts,
  };
  return createRoles(dirs, parseRoleFile);
}

afterEach(async () => {
  await rm(repo, { recursive: true, force: true });
});

async function put(path: string, text: string | Uint8Array): Promise<string> {
  const file = join(repo, path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, text);
  return file;
}

async function refusalOf(name: string): Promise<string> {
  const error: unknown = await roles.find(name).catch((refusal: unknown) => refusal);
  if (!(error instanceof PortError)) throw new Error('not refused');
  expect(error.fault).toEqual({ reason: 'setup-failed', detail: error.message });
  return error.message;
}

describe('the shipped roles', () => {
  test('are all there', async () => {
    const names = (await roles.listRoles()).map(({ name }) => name);
    expect(names).toEqual([...readers, ...writers].sort());
  });

  test.each([...readers, ...writers])('%s has a description, tools and the three sections', async (name) => {
    const role = await roles.find(name);
    const effort = thorough.includes(name) ? 'highest' : null;
    expect(role).toMatchObject({ name, model: null, effort, source: 'shipped' });
    expect(role.description).toMatch(/^[A-Z].*\.$/);
    expect(role.instructions.match(/^## .*/gm)).toEqual(['## Preamble', '## Investigation', '## Output']);
    expect(role.instructions.split('\n').length).toBeLessThan(45);
  });

  test.each(readers)('%s has no tool that writes', async (name) => {
    expect((await roles.find(name)).tools).toEqual(['Read', 'Grep', 'Glob', 'Bash']);
  });

  test.each(writers)('%s has tools that write', async (name) => {
    expect((await roles.find(name)).tools).toEqual(['Read', 'Write', 'Edit', 'Grep', 'Glob', 'Bash']);
  });
});

describe('the place that wins', () => {
  test('is the override, then the agent file of the repository, then the shipped template', async () => {
    expect((await roles.find('tester')).source).toBe('shipped');
    await put('.claude/agents/tester.md', '---\nname: tester\ndescription: Ours\nmodel: haiku\n---\nAgent.');
    expect(await roles.find('tester')).toEqual({
      name: 'tester',
      runner: null,
      description: 'Ours',
      model: 'haiku',
      effort: null,
      tools: null,
      instructions: 'Agent.',
      source: 'claude-agent',
    });
    await put('.orchestrator/templates/roles/tester.md', 'In roles.');
    expect(await roles.find('tester')).toMatchObject({ source: 'override', instructions: 'In roles.' });
    await put('.orchestrator/templates/tester.md', 'On top.');
    expect(await roles.find('tester')).toMatchObject({ source: 'override', instructions: 'On top.' });
    expect((await roles.listRoles()).find(({ name }) => name === 'tester')).toEqual({
      name: 'tester',
      source: 'override',
      path: join(repo, '.orchestrator/templates/tester.md'),
    });
  });

  test('is looked at for each run, so that an edit counts', async () => {
    const file = await put('.orchestrator/templates/mine.md', 'one');
    expect((await roles.find('mine')).instructions).toBe('one');
    await put('.orchestrator/templates/mine.md', 'two');
    await utimes(file, new Date(), new Date(Date.now() + 5_000));
    expect((await roles.find('mine')).instructions).toBe('two');
    await rm(file);
    expect(await refusalOf('mine')).toContain('there is no role "mine"');
  });
});

describe('frontmatter', () => {
  test('gives tools as a list or with commas, patterns with commas whole', async () => {
    await put('.orchestrator/templates/a.md', '---\ntools: Read, Bash(npm run a, b), Grep\n---\nDo.');
    await put('.orchestrator/templates/b.md', '---\r\ntools:\r\n  - Read\r\n  - Bash\r\nmodel: inherit\r\n---\r\nDo.');
    await put('.orchestrator/templates/c.md', '---\ntools: "*"\n---\nDo.');
    expect((await roles.find('a')).tools).toEqual(['Read', 'Bash(npm run a, b)', 'Grep']);
    expect(await roles.find('b')).toMatchObject({ tools: ['Read', 'Bash'], model: null });
    expect((await roles.find('c')).tools).toBeNull();
  });

  test.each([
    [
      'bad YAML',
      '---\nname: x\ntools: [Read\n---\nDo.',
      /^\.orchestrator\/templates\/x\.md:4:1: this is not valid YAML/,
    ],
    ['a wrong type', '---\nname: x\nmodel:\n  a: 1\n---\nDo.', /x\.md:4:3: model is a map; expected/],
    ['an unknown key', '---\nname: x\nefort: high\n---\nDo.', /x\.md:3:1: unknown key "efort"; expected `effort`/],
    [
      'a key of Claude Code that would be passed over',
      '---\ndisallowedTools: Bash\n---\nDo.',
      /x\.md:2:1: unknown key/,
    ],
    [
      'a model that is a slip',
      '---\nmodel: sonet\n---\nDo.',
      /x\.md:2:8: model is "sonet"; expected a model \(the nearest is `sonnet`\)/,
    ],
    [
      'an effort that is no word',
      '---\neffort: "very high"\n---\nDo.',
      /x\.md:2:9: effort is "very high"; expected a word/,
    ],
    ['no mapping', '---\n- a\n---\nDo.', /x\.md:2:1: there is a list where keys with values should be/],
    ['no instructions', '---\nname: x\n---\n\n', /x\.md:4:1: there are no instructions; expected text/],
    ['deep nesting', `---\na: ${'['.repeat(4_000)}\n---\nDo.`, /x\.md:2:68: the YAML is nested too deep/],
    ['deep lists', `---\n${'- '.repeat(4_000)}\n---\nDo.`, /x\.md:2:259: the YAML is nested too deep/],
    ['bytes that are no text', Uint8Array.of(0x61, 0xff), /x\.md:1:2: the file is not UTF-8/],
    ['a size beyond the bound', 'a'.repeat(64 * 1024 + 1), /x\.md: the file has 65537 bytes; expected at most 64 KiB/],
  ])('that is broken is refused at its place: %s', async (_, text, message) => {
    await put('.orchestrator/templates/x.md', text);
    expect(await refusalOf('x')).toMatch(message);
  });

  test('begins on the first line; two rules further down are text like any other', async () => {
    const text = 'Work with care.\n\n---\n\nmodel: none\n\n---\n\nSay what you did.';
    await put('.orchestrator/templates/rules.md', text);
    expect(await roles.find('rules')).toMatchObject({ instructions: text, model: null });
  });

  test('may hold any number of brackets in a text', async () => {
    const description = '['.repeat(200);
    await put('.orchestrator/templates/x.md', `---\ndescription: "${description}"\n---\nDo.`);
    expect(await roles.find('x')).toMatchObject({ description, instructions: 'Do.' });
  });

  test('with aliases that grow is not resolved: refused with its file, or taken as Claude Code takes it', async () => {
    const levels = Array.from(
      'bcdefghij',
      (name, n) => `${name}: &${name} [${`*${'abcdefghi'.charAt(n)}, `.repeat(9)}]`,
    );
    const text = ['---', 'a: &a [x, x, x]', ...levels, 'description: Bomb', '---', 'Do.'].join('\n');
    await put('.orchestrator/templates/x.md', text);
    expect(await refusalOf('x')).toMatch(/^\.orchestrator\/templates\/x\.md:2:7: YAML anchors/);
    await put('.claude/agents/y.md', text);
    expect(await roles.find('y')).toMatchObject({ description: 'Bomb', instructions: 'Do.' });
  });

  test('of an agent file may be what Claude Code takes though it is no YAML', async () => {
    await put('.claude/agents/rev.md', '---\nname: rev\ndescription: Use it: often\ntools: Read, Bash\n---\nLook.');
    expect(await roles.find('rev')).toMatchObject({ description: 'Use it: often', tools: ['Read', 'Bash'] });
  });
});

describe('a part', () => {
  test('stands in all roles of the package, and is changed for all of them by one file', async () => {
    for (const { name } of await roles.listRoles()) expect((await roles.find(name)).instructions).not.toContain('{{');
    await put('.orchestrator/templates/parts/output.md', 'Costs $& at $1.\n');
    for (const { name } of await roles.listRoles()) {
      expect((await roles.find(name)).instructions).toContain('## Output\n\nCosts $& at $1.\n');
    }
  });

  test('may be a team’s own; one that is not there is an error at its line, and an indented line is text', async () => {
    await put('.orchestrator/templates/parts/rules.md', 'Be kind.\n\n{{output}}\n');
    await put('.orchestrator/templates/x.md', 'Do.\r\n{{rules}}\n    {{name}}\n');
    expect((await roles.find('x')).instructions).toBe('Do.\nBe kind.\n\n{{output}}\n    {{name}}');
    await put('.orchestrator/templates/x.md', '---\nname: x\n---\nDo.\n{{ruls}}\n');
    expect(await refusalOf('x')).toMatch(
      /^\.orchestrator\/templates\/x\.md:5:1: there is no part "ruls"; .*nearest is `rules`/,
    );
  });

  test('that is a link is refused by its name, and an agent file of Claude Code’s takes none in', async () => {
    const secret = await put('id_rsa', 'secret');
    await mkdir(join(repo, '.orchestrator/templates/parts'), { recursive: true });
    await put('.claude/agents/y.md', '---\nname: y\n---\n{{output}}');
    await symlink(secret, join(repo, '.orchestrator/templates/parts/output.md'));
    expect(await refusalOf('tester')).toContain('.orchestrator/templates/parts/output.md: this is a symbolic link');
    await rm(join(repo, '.orchestrator/templates/parts/output.md'));
    expect((await roles.find('y')).instructions).toBe('{{output}}');
  });
});

test('an effort is checked against the levels that the agent knows, where it was asked', async () => {
  await put('.orchestrator/templates/x.md', '---\neffort: ultra\n---\nDo.');
  expect(await roles.find('x')).toMatchObject({ effort: 'ultra' });
  roles = makeRoles(['low', 'high']);
  expect(await refusalOf('x')).toMatch(/x\.md:2:9: effort is "ultra"; expected one of low, high, highest/);
  expect(await roles.find('planner')).toMatchObject({ effort: 'highest' });
});

describe('a kind of agent', () => {
  test('is read from a role of the board; one that is not there is refused at its line', async () => {
    await put('.orchestrator/templates/actor.md', '---\nrunner: scripted\n---\nDo it.');
    expect(await roles.find('actor')).toMatchObject({ runner: 'scripted' });
    expect(await roles.find('developer')).toMatchObject({ runner: null });
    await put('.orchestrator/templates/actor.md', '---\ndescription: x\nrunner: scriptd\n---\nDo it.');
    await expect(roles.find('actor')).rejects.toThrow(
      'actor.md:3:9: runner is "scriptd"; expected one of claude, scripted (the nearest is `scripted`)',
    );
  });

  test('is not looked for in an agent file, whose keys are Claude Code’s', async () => {
    await put('.claude/agents/actor.md', '---\nrunner: odd\ntools: [Read]\n---\nDo it.');
    expect(await roles.find('actor')).toMatchObject({ runner: null, tools: ['Read'] });
  });
});

describe('a name', () => {
  test('that is unknown is answered by the nearest one and the list', async () => {
    const message = await refusalOf('frontend-develper');
    expect(message).toContain('there is no role "frontend-develper"; did you mean frontend-developer?');
    expect(message).toContain('architecture, backend-developer, ');
    expect(message).toContain('.orchestrator/templates/NAME.md');
    expect(await refusalOf('zzzzzzzzzzzz')).not.toContain('did you mean');
  });

  test.each(['../secret', 'a/b', '..', '.hidden', '', 'a..b', 'x'.repeat(65), 'a\0b', '-p'])(
    'never leads out of the folders: %j',
    async (name) => {
      await put('.orchestrator/secret.md', 'secret');
      expect(await refusalOf(name)).toContain('there is no role');
    },
  );

  test('of a link is refused, wherever it leads', async () => {
    const secret = await put('id_rsa', 'secret');
    await mkdir(join(repo, '.claude/agents'), { recursive: true });
    await symlink(secret, join(repo, '.claude/agents/x.md'));
    expect(await refusalOf('x')).toContain('.claude/agents/x.md: this is a symbolic link, which is never read');
  });

  test('of something that is no file is refused', async () => {
    await mkdir(join(repo, '.orchestrator/templates/dir.md'), { recursive: true });
    expect(await refusalOf('dir')).toContain('dir.md: this is not a regular file');
  });
});
