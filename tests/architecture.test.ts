/** The floors of the house: imports go down only. Each rule says why it is there. */
import { cruise, type IForbiddenRuleType } from 'dependency-cruiser';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const repository = join(import.meta.dirname, '..');

/** What each place may import, besides itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'src/domain/': [],
  'src/core/': ['src/domain/'],
  'src/markdown/': ['src/domain/', 'node_modules/', 'mdast$'],
  'src/prompt/': ['src/domain/'],
  'src/ports.ts': ['src/domain/'],
  'src/adapters/': ['src/domain/', 'src/ports.ts', 'node_modules/', 'node:'],
  'src/views/': ['src/domain/', 'src/core/', 'src/markdown/', 'src/ports.ts'],
  'src/client/': ['src/domain/', 'src/views/', 'node:'],
  'src/mcp/': ['src/domain/', 'src/prompt/', 'src/views/', 'node_modules/', 'node:'],
  'src/daemon/': [
    'src/domain/',
    'src/core/',
    'src/markdown/',
    'src/prompt/',
    'src/views/',
    'src/ports.ts',
    'node_modules/p-limit',
  ],
};

/** The rooms of the adapters, each with the rooms that it may import. */
const adapterRooms: Readonly<Record<string, readonly string[]>> = {
  machine: [],
  redaction: [],
  'git-guard': ['machine'],
  sandbox: ['machine'],
  'daemon-lock': ['machine'],
  files: ['machine'],
  control: ['files'],
  dashboard: ['files', 'machine'],
  'agent/driver': ['sandbox'],
  'agent/claude': ['agent/driver', 'machine', 'sandbox', 'git-guard'],
  'agent/scripted': ['agent/driver', 'agent/claude', 'machine'],
  agent: ['agent/driver', 'agent/claude', 'agent/scripted', 'machine', 'sandbox', 'git-guard'],
  git: ['machine'],
  'git/oversight': ['git', 'files', 'machine'],
  trust: ['git', 'daemon-lock', 'machine'],
  'git/worktree': ['git', 'git/oversight', 'trust', 'sandbox', 'machine'],
};

const reasons: Readonly<Record<string, string>> = {
  'src/domain/': 'The words of the project depend on nothing, so that everything can depend on them.',
  'src/core/': 'What decides has no clock, no file and no library, so that it can be simulated.',
  'src/markdown/': 'Text in, data out: no file, no clock.',
  'src/prompt/': 'A prompt is made of what it is given.',
  'src/ports.ts': 'The interfaces speak of the domain alone, so that any outside can implement them.',
  'src/adapters/': 'The outside knows the interfaces, not who calls them.',
  'src/views/': 'What is shown of a board is made from the board, for whoever shows it.',
  'src/client/': 'Who asks a board knows its words and its channel, and not what runs it.',
  'src/daemon/': 'The shell calls ports; only the composition root knows what is behind them.',
};

const rules: IForbiddenRuleType[] = [
  ...Object.entries(mayImport).map(([place, allowed]) => ({
    name: `${place} imports only what is below it`,
    comment: reasons[place] ?? '',
    severity: 'error' as const,
    from: { path: `^${place}` },
    to: { pathNot: [place, ...allowed].map((path) => (path === 'node:' ? '^(node:)?[a-z_/]+$' : `^${path}`)) },
  })),
  ...Object.entries(adapterRooms).map(([room, allowed]) => ({
    name: `src/adapters/${room} imports only the rooms below it`,
    comment: 'A room is read with what it stands on, and with nothing else.',
    severity: 'error' as const,
    from: { path: `^src/adapters/${room}/[^/]+$` },
    to: { path: '^src/adapters/', pathNot: [room, ...allowed].map((each) => `^src/adapters/${each}/[^/]+$`) },
  })),
  {
    name: 'no cycles',
    comment: 'What is in a cycle can only be understood, tested and moved together. Type imports count.',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'one place composes the daemon',
    comment: 'Adapters and the daemon are joined in one file; verbs may use single adapters for what they print.',
    severity: 'error',
    from: { path: '^src/cli/', pathNot: '^src/cli/compose-daemon\\.ts$' },
    to: { path: '^src/daemon/(daemon|errand|perform|lanes)\\.ts$' },
  },
  {
    name: 'one place composes what reads a board from outside',
    comment: 'What looks at a board costs little only as long as it does not load what runs one.',
    severity: 'error',
    from: { path: '^src/cli/', pathNot: '^src/cli/compose-reader\\.ts$' },
    to: { path: '^src/daemon/snapshot\\.ts$' },
  },
];

describe('the floors', () => {
  it('hold: imports go down only, floors do not import their neighbours, nothing goes in a circle', async () => {
    const { output } = await cruise(
      ['src'],
      {
        baseDir: repository,
        tsPreCompilationDeps: true,
        validate: true,
        ruleSet: { forbidden: rules },
        // A checkout may borrow another one's libraries through a link.
        preserveSymlinks: true,
        doNotFollow: { path: 'node_modules' },
      },
      { extensions: ['.ts'], conditionNames: ['import', 'types', 'node', 'default'], exportsFields: ['exports'] },
    );
    if (typeof output === 'string') throw new Error(output);
    expect(output.summary.totalCruised).toBeGreaterThan(80);
    expect(output.summary.violations.map(({ from, to, rule }) => `${from} → ${to}: ${rule.name}`)).toEqual([]);
  });
});

describe('the deciding floors', () => {
  it('have no clock, no randomness and no console', () => {
    const impure = /Date\.now|new Date\(\)|Math\.random|performance\.now|setTimeout|setInterval|process\.|console\./;
    const found = listSources('src/domain', 'src/core', 'src/markdown', 'src/prompt').filter((path) =>
      impure.test(readSource(path)),
    );
    expect(found).toEqual([]);
  });
});

describe('the sources', () => {
  it('have names of their own, so that a file is found by its name', () => {
    const names = listSources('src').map((path) => basename(path));
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('of the adapters are each in a room', () => {
    const rooms = Object.keys(adapterRooms).map((room) => `src/adapters/${room}`);
    expect(listSources('src/adapters').filter((path) => !rooms.includes(dirname(path)))).toEqual([]);
  });

  it('keep types whole: no ignored errors, no double casts, no switched-off rules', () => {
    const holes = /@ts-(?:ignore|expect-error|nocheck)|as unknown as|eslint-disable/;
    expect(listSources('src').filter((path) => holes.test(readSource(path)))).toEqual([]);
  });

  it('begin with what each file is for', () => {
    const silent = listSources('src').filter((path) => !/^(?:#!.*\n)?(?:import .*\n|\n)*\/\*\*/.test(readSource(path)));
    expect(silent).toEqual([]);
  });

  it('never run a shell', () => {
    // Two constant scripts, which get their words as positional parameters: one claims a run, one tells an agent a note.
    const shells = /shell: *true|\bexecSync\(|child_process'\)\.exec\b|['"]-c['"]/;
    const found = listSources('src').filter((path) => shells.test(readSource(path)));
    expect(found).toEqual(['src/adapters/agent/launch.ts', 'src/adapters/machine/note-script.ts']);
  });

  it('stay short enough to be read: no file over 320 lines', () => {
    expect(listSources('src').filter((path) => readSource(path).split('\n').length > 320)).toEqual([]);
  });
});

function listSources(...folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join(folder, path)),
  );
}

function readSource(path: string): string {
  return readFileSync(join(repository, path), 'utf8');
}
