/** The layers of the tests. It stands here so that a bare `npx vitest run FILE` finds it. */
import { readdirSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Bounds a test or hook that hangs; generous, since a busy machine must fail nothing. */
const timeoutMs = 600_000;

/** Tests of adapters that start hundreds of processes. */
const processes = [
  'adapters/agent/claude/agent-probe.test.ts',
  'adapters/git/accidents.test.ts',
  'adapters/git/hostile-worktree.test.ts',
  'adapters/git/oversight/moved-refs.test.ts',
  'adapters/git/worktree/worktrees.test.ts',
  'adapters/git-guard/options.test.ts',
  'adapters/sandbox/command-runner.test.ts',
  'adapters/trust/trusted-claims.test.ts',
  'dags',
];

/** Folders of each layer. Those that take longest begin first, so that no worker idles at the end. */
const layers: Readonly<Record<string, readonly string[]>> = {
  crash: ['crash', 'soak', 'package'],
  claude: ['claude'],
  system: ['system', 'damage'],
  simulation: ['simulation'],
  processes,
  adapters: ['adapters'],
  unit: ['core', 'markdown', 'prompt', 'daemon', 'views', 'domain', 'cli', 'client', 'mcp', '*.test.ts'],
};

for (const name of readdirSync('tests', { recursive: true, encoding: 'utf8' })) {
  const isLayered =
    !name.includes('/') ||
    Object.values(layers)
      .flat()
      .includes(name.split('/')[0] ?? '');
  if (name.endsWith('.test.ts') && !isLayered) throw new Error(`tests/${name} is in no layer: add its folder to one`);
}

const projects = Object.entries(layers).map(([name, places]): TestProjectConfiguration => ({
  extends: true,
  test: {
    name,
    include: places.map((place) => (place.endsWith('.ts') ? `tests/${place}` : `tests/${place}/**/*.test.ts`)),
    exclude: name === 'adapters' ? processes.map((place) => `tests/${place}`) : [],
    globalSetup: name === 'system' || name === 'claude' ? ['tests/board-template.ts'] : [],
    // Files of the unit layer only compute, so they may share their imports.
    isolate: name !== 'unit',
    // Tests of the real agent wait for half of their time; more than two at once and each start takes too long.
    sequence: { concurrent: name === 'claude' },
    maxConcurrency: name === 'claude' ? 2 : 5,
  },
}));

/** Starts the files of slow layers first, and within a layer the longest first. */
class SlowLayersFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const order = Object.keys(layers);
    return (await super.sort(files)).toSorted((a, b) => order.indexOf(a.project.name) - order.indexOf(b.project.name));
  }
}

export default defineConfig({
  // As in rolldown.config.mjs.
  resolve: { alias: { yaml: fileURLToPath(new URL('node_modules/yaml/browser/dist/index.js', import.meta.url)) } },
  test: {
    projects,
    // Most tests that start processes wait for them, so that three keep two cores busy.
    maxWorkers: 3,
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    sequence: { sequencer: SlowLayersFirst },
  },
});
