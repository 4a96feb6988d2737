import { describe, expect, it, test } from 'vitest';

import { fc } from '../properties.ts';
import {
  combineGrants,
  explainUngrantable,
  formatOrigin,
  limitSpec,
  listAsks,
  originOf,
  type Grant,
  type Right,
} from '../../src/domain/rights.ts';
import type { Sandbox } from '../../src/domain/sandbox.ts';
import { defaultSettings, type Settings } from '../../src/domain/settings.ts';
import type { TaskSpec } from '../../src/domain/task.ts';
import { id, makeSpec } from '../prompt/input.ts';

const confined: Sandbox = { kind: 'on' };
const settings: Settings = {
  ...defaultSettings,
  ...{ base: 'main', budgetUsd: 5, retries: 1, timeoutMs: 3_600_000, verify: [['npm', 'test']] },
};

function asks(patch: Partial<TaskSpec>, own: Partial<Settings> = {}, sandbox: Sandbox | null = null): readonly Right[] {
  return listAsks(makeSpec(patch), { ...settings, ...own }, sandbox);
}

describe('a file that asks for nothing', () => {
  it.each<[string, Partial<TaskSpec>]>([
    ['says nothing', {}],
    ['repeats what the settings say', { permissionMode: 'acceptEdits', base: 'main', budgetUsd: 5, retries: 1 }],
    ['takes a mode that allows less', { permissionMode: 'plan' }],
    ['takes another such mode', { permissionMode: 'dontAsk' }],
    ['takes the older name of one', { permissionMode: 'default' }],
    ['names a tool that the settings allow', { allowedTools: ['Bash(git add *)', 'Bash(npm test)'] }],
    ['bounds itself more narrowly', { budgetUsd: 0.5, timeoutMs: 60_000, retries: 0, maxTurns: 4 }],
    ['names the checks of the settings', { verify: [['npm', 'test']] }],
    ['names the kind of agent of the settings', { runner: 'claude' }],
  ])('%s', (_, patch) => {
    expect(asks(patch)).toEqual([]);
  });

  it('bounds what the settings leave unbounded', () => {
    expect(asks({ budgetUsd: 900, maxTurns: 9_000 }, { budgetUsd: null })).toEqual([]);
  });
});

describe('a file asks for', () => {
  it.each<[string, Partial<TaskSpec>, readonly Right[]]>([
    ['a mode that allows more', { permissionMode: 'auto' }, ['permission_mode auto']],
    ['one that allows all', { permissionMode: 'bypassPermissions' }, ['permission_mode bypassPermissions']],
    ['one that nobody knows', { permissionMode: 'bypasspermissions' }, ['permission_mode bypasspermissions']],
    ['one that is named like a property', { permissionMode: 'constructor' }, ['permission_mode constructor']],
    ['a tool', { allowedTools: ['Bash', 'Bash'] }, ['allowed_tools Bash']],
    ['another kind of agent', { runner: 'scripted' }, ['runner scripted']],
    [
      'a tool that only looks like one of the settings',
      { allowedTools: ['Bash(git add *), Bash', 'Bash(git add *) '] },
      ['allowed_tools Bash(git add *), Bash', 'allowed_tools Bash(git add *) '],
    ],
    [
      'a check',
      {
        verify: [
          ['npm', 'test'],
          ['sh', '-c', "echo 'x'"],
        ],
      },
      ["verify sh -c 'echo '\\''x'\\'''"],
    ],
    ['a check less', { verify: [] }, ['verify (without npm test)']],
    ['another check in its place', { verify: [['true']] }, ['verify true', 'verify (without npm test)']],
    ['a larger budget', { budgetUsd: 5.01 }, ['budget_usd 5.01']],
    ['more time', { timeoutMs: 5_401_000 }, ['timeout 1h30m1s']],
    ['more attempts', { retries: 2 }, ['retries 2']],
    ['another base', { base: 'task/other' }, ['base task/other']],
    ['the same base by another name', { base: 'refs/heads/main' }, ['base refs/heads/main']],
  ])('%s', (_, patch, rights) => {
    expect(asks(patch)).toEqual(rights);
  });

  it('any base where the settings name none, since the branch that is checked out may be another one tomorrow', () => {
    expect(asks({ base: 'main' }, { base: null })).toEqual(['base main']);
  });

  it('a mode that the settings’ own, which nobody knows, may be narrower than', () => {
    expect(asks({ permissionMode: 'plan' }, { permissionMode: 'strict' })).toEqual(['permission_mode plan']);
    expect(asks({ permissionMode: 'strict' }, { permissionMode: 'strict' })).toEqual([]);
  });

  it('characters that nobody sees, so that they are seen', () => {
    expect(asks({ allowedTools: ['Ba\u200bsh', 'Ba\u{e0061}sh', 'a\u00a0b', '⟨U+200B⟩'] })).toEqual([
      'allowed_tools Ba⟨U+200B⟩sh',
      'allowed_tools Ba⟨U+E0061⟩sh',
      'allowed_tools a⟨U+00A0⟩b',
      'allowed_tools ⟨U+27E8⟩U+200B⟩',
    ]);
  });
});

describe('a sandbox', () => {
  it('lets a file add checks, which can do no more in there than the agent, but leave none out', () => {
    expect(asks({ verify: [['npm', 'test'], ['make']] }, {}, confined)).toEqual([]);
    expect(asks({ verify: [['make']] }, {}, confined)).toEqual(['verify (without npm test)']);
  });

  it.each<Sandbox>([{ kind: 'off' }, { kind: 'missing', why: '', hint: '' }])(
    'that is $kind lets it add none',
    (sandbox) => {
      expect(asks({ verify: [['npm', 'test'], ['make']] }, {}, sandbox)).toEqual(['verify make']);
    },
  );
});

describe('task_rights', () => {
  const taskRights: Settings['taskRights'] = {
    permissionModes: ['auto'],
    allowedTools: ['WebFetch'],
    verify: [['make']],
    budgetUsd: 10,
    timeoutMs: 7_200_000,
    retries: 3,
    base: ['release/1.0'],
    runner: ['scripted'],
  };

  it('give every file what they name', () => {
    const wanted = makeSpec({
      ...{ permissionMode: 'auto', allowedTools: ['WebFetch'], verify: [['npm', 'test'], ['make']] },
      ...{ budgetUsd: 10, timeoutMs: 7_200_000, retries: 3, base: 'release/1.0', runner: 'scripted' },
    });
    expect(listAsks(wanted, { ...settings, taskRights }, null)).toEqual([]);
  });

  it('give nothing beyond that', () => {
    const patch: Partial<TaskSpec> = {
      ...{ permissionMode: 'bypassPermissions', allowedTools: ['WebFetch(*)'], verify: [['make']], retries: 4 },
    };
    expect(listAsks(makeSpec(patch), { ...settings, taskRights }, null)).toEqual([
      'permission_mode bypassPermissions',
      'allowed_tools WebFetch(*)',
      'verify (without npm test)',
      'retries 4',
    ]);
  });

  it('let files check what they like where they say any', () => {
    expect(asks({ verify: [] }, { taskRights: { ...taskRights, verify: 'any' } })).toEqual([]);
  });
});

const arbitrarySpec: fc.Arbitrary<TaskSpec> = fc
  .record(
    {
      permissionMode: fc.constantFrom('plan', 'dontAsk', 'acceptEdits', 'auto', 'bypassPermissions', 'odd'),
      allowedTools: fc.array(fc.constantFrom('Bash', 'Bash(git add *)', 'WebFetch', 'Write')),
      verify: fc.array(fc.tuple(fc.constantFrom('npm', 'make'), fc.constantFrom('test', '-x'))),
      budgetUsd: fc.constantFrom(1, 5, 50),
      timeoutMs: fc.constantFrom(1_000, 3_600_000, 7_200_000),
      retries: fc.integer({ min: 0, max: 5 }),
      base: fc.constantFrom('main', 'task/other'),
      runner: fc.constantFrom('claude', 'scripted'),
    },
    { requiredKeys: [] },
  )
  .map((patch) => makeSpec(patch));

test('what counts of a file asks for nothing that was not given, and all counts once all was', () => {
  const sandboxes = fc.constantFrom<Sandbox | null>(null, confined);
  fc.assert(
    fc.property(arbitrarySpec, sandboxes, fc.array(fc.boolean(), { minLength: 20 }), (spec, sandbox, picks) => {
      const all = listAsks(spec, settings, sandbox);
      const given = all.filter((_, index) => picks[index] === true);
      expect(given).toEqual(
        expect.arrayContaining([...listAsks(limitSpec(spec, settings, sandbox, given), settings, sandbox)]),
      );
      expect(limitSpec(spec, settings, sandbox, all)).toEqual(spec);
    }),
  );
});

test('two commands are the same right only if all their words are the same', () => {
  const command = fc.tuple(fc.string({ minLength: 1 }), fc.string(), fc.string());
  const free = { verify: [] };
  fc.assert(
    fc.property(command, command, (one, other) => {
      const [a, b] = [one, other].map((argv) => asks({ verify: [argv] }, free)[0]);
      expect(a === b).toBe(one.every((word, index) => word === other[index]));
    }),
  );
});

describe('what a task was given', () => {
  const grant = (...rights: readonly Right[]): Grant => ({ version: 1, task: id('x'), origin: 'added', rights });

  it('is its grant; for a child, only what its parent was given too; for what was imported, nothing', () => {
    const own = grant('retries 2', 'allowed_tools Bash');
    expect(combineGrants(makeSpec(), own, null)).toEqual(own.rights);
    expect(combineGrants(makeSpec({ parent: id('p') }), own, null)).toEqual([]);
    expect(combineGrants(makeSpec({ parent: id('p') }), own, grant('retries 2'))).toEqual(['retries 2']);
    expect(combineGrants(makeSpec({ imported: 'https://example.invalid/1' }), own, null)).toEqual([]);
    expect(combineGrants(makeSpec(), null, own)).toEqual([]);
  });

  it('says why it can be given no more', () => {
    const wanted: readonly Right[] = ['retries 2', 'allowed_tools Bash'];
    expect(explainUngrantable(makeSpec(), wanted, null)).toBeNull();
    expect(explainUngrantable(makeSpec({ imported: 'x' }), [], null)).toBeNull();
    expect(explainUngrantable(makeSpec({ imported: 'x' }), wanted, null)).toContain('was imported');
    const child = makeSpec({ parent: id('p') });
    expect(explainUngrantable(child, wanted, grant('retries 2'))).toContain('which was not given allowed_tools Bash,');
    expect(explainUngrantable(child, wanted, grant(...wanted))).toBeNull();
  });

  it('tells where the task came from', () => {
    expect(formatOrigin(originOf(makeSpec(), null))).toBe('dropped');
    expect(formatOrigin(originOf(makeSpec(), grant()))).toBe('added');
    expect(formatOrigin(originOf(makeSpec({ parent: id('p') }), grant()))).toBe('child-of p');
    expect(formatOrigin(originOf(makeSpec({ parent: id('p'), imported: 'x' }), grant()))).toBe('imported');
  });
});
