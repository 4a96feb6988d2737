/**
 * Suggests settings for the tools that a repository uses. Each command and each domain stands in this file: the
 * repository only decides which of them are taken, so that none of its text gets into the settings.
 */

/** The files at the top of a repository that show its tools. */
export interface ToolFiles {
  /** Names of regular files. */
  readonly names: ReadonlySet<string>;
  /** The text of `package.json`; null where there is none that can be read. */
  readonly packageJson: string | null;
  /** The text of the file that make reads; null where there is none that can be read. */
  readonly makefile: string | null;
}

/** Settings for the user to take or leave. Each list is for the key of its name, and empty where nothing is known. */
export interface Suggestion {
  /** The tools that were found, by name. */
  readonly tools: readonly string[];
  readonly verify: readonly string[];
  readonly setup: readonly string[];
  readonly allowedDomains: readonly string[];
}

/** For a repository without a tool that is known here. */
export const noSuggestion: Suggestion = { tools: [], verify: [], setup: [], allowedDomains: [] };

/** Finds the tools. Never throws, whatever the files hold. */
export function suggestSettings(files: ToolFiles): Suggestion {
  const found = [suggestNode(files), suggestCargo(files), suggestGo(files), suggestPython(files), suggestMake(files)];
  const join = (key: keyof Suggestion) => [...new Set(found.flatMap((each) => each[key]))];
  return {
    tools: join('tools'),
    verify: join('verify'),
    setup: join('setup'),
    allowedDomains: join('allowedDomains'),
  };
}

/** A list as YAML writes it on one line. For the commands and domains of this file: none of them needs quotes. */
export function renderSuggested(values: readonly string[]): string {
  return `[${values.join(', ')}]`;
}

const npmRegistry = 'registry.npmjs.org';
/** Scripts of `package.json` that check something, in the order of their run. */
const scripts = ['test', 'lint', 'typecheck', 'check'];

function suggestNode({ names, packageJson }: ToolFiles): Suggestion {
  const found = packageJson === null ? null : findScripts(packageJson);
  if (found === null) return noSuggestion;
  const { tool, install, domains } = chooseNodeTool(names);
  // `bun test` is a test runner of bun's own and passes over the script.
  const run = (script: string) => (script === 'test' && tool !== 'bun' ? `${tool} test` : `${tool} run ${script}`);
  return { tools: [tool], verify: found.map(run), setup: [install], allowedDomains: domains };
}

interface NodeTool {
  readonly tool: 'npm' | 'pnpm' | 'yarn' | 'bun';
  readonly install: string;
  readonly domains: readonly string[];
}

/** The lockfile decides. One of npm's beside another tool's was left behind by a mistyped `npm install`. */
function chooseNodeTool(names: ReadonlySet<string>): NodeTool {
  const domains = [npmRegistry];
  if (names.has('pnpm-lock.yaml')) return { tool: 'pnpm', install: 'pnpm install --frozen-lockfile', domains };
  if (names.has('yarn.lock')) {
    const option = names.has('.yarnrc.yml') ? '--immutable' : '--frozen-lockfile';
    return { tool: 'yarn', install: `yarn install ${option}`, domains: ['registry.yarnpkg.com', npmRegistry] };
  }
  if (names.has('bun.lock') || names.has('bun.lockb')) {
    return { tool: 'bun', install: 'bun install --frozen-lockfile', domains };
  }
  const isLocked = names.has('package-lock.json') || names.has('npm-shrinkwrap.json');
  return { tool: 'npm', install: isLocked ? 'npm ci' : 'npm install', domains };
}

/** Which of the known scripts there are; null where the text is no `package.json`. */
function findScripts(packageJson: string): readonly string[] | null {
  const content = parseJson(packageJson);
  if (!isObject(content)) return null;
  const defined = new Map(isObject(content['scripts']) ? Object.entries(content['scripts']) : []);
  return scripts.filter((name) => {
    const command = defined.get(name);
    // The test script that `npm init` writes for a project without tests always fails.
    return typeof command === 'string' && command.trim() !== '' && !command.includes('no test specified');
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function suggestCargo({ names }: ToolFiles): Suggestion {
  if (!names.has('Cargo.toml')) return noSuggestion;
  const allowedDomains = ['index.crates.io', 'static.crates.io'];
  return { tools: ['cargo'], verify: ['cargo test'], setup: [], allowedDomains };
}

function suggestGo({ names }: ToolFiles): Suggestion {
  if (!names.has('go.mod')) return noSuggestion;
  const allowedDomains = ['proxy.golang.org', 'sum.golang.org'];
  return { tools: ['go'], verify: ['go test ./...'], setup: [], allowedDomains };
}

function suggestPython({ names }: ToolFiles): Suggestion {
  const allowedDomains = ['pypi.org', 'files.pythonhosted.org'];
  if (names.has('pyproject.toml') && names.has('uv.lock')) {
    return { tools: ['uv'], verify: ['uv run pytest'], setup: ['uv sync'], allowedDomains };
  }
  if (!names.has('requirements.txt')) return noSuggestion;
  // In the worktree: pip can write nowhere else where commands are confined.
  const setup = ['python3 -m venv .venv', '.venv/bin/pip install -r requirements.txt'];
  return { tools: ['pip'], verify: ['.venv/bin/python -m pytest'], setup, allowedDomains };
}

function suggestMake({ makefile }: ToolFiles): Suggestion {
  if (makefile === null) return noSuggestion;
  const targets = new Set(makefile.split('\n').flatMap(findTargets));
  const verify = ['test', 'check', 'lint'].filter((target) => targets.has(target)).map((target) => `make ${target}`);
  return verify.length === 0 ? noSuggestion : { ...noSuggestion, tools: ['make'], verify };
}

/** The targets of a rule such as `test check: build`; none where a line is something else, such as `test := 1`. */
function findTargets(line: string): readonly string[] {
  const targets = /^([^\s#:=][^#:=]*):(?!:*=)/.exec(line)?.[1];
  return targets === undefined ? [] : targets.trim().split(/\s+/);
}
