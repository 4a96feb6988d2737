import { describe, expect, it } from 'vitest';
import { fc } from '../properties.ts';
import { defaultSettings } from '../../src/domain/settings.ts';
import { renderDefaultSettings } from '../../src/markdown/default-settings-text.ts';
import { parseSettings } from '../../src/markdown/settings-file.ts';
import { noSuggestion, suggestSettings, type Suggestion, type ToolFiles } from '../../src/markdown/suggestions.ts';
import { anyText } from './arbitrary-text.ts';

const packageWith = (...scripts: readonly string[]) =>
  JSON.stringify({ name: 'x', scripts: Object.fromEntries(scripts.map((name) => [name, `run ${name}`])) });

function suggest(names: readonly string[], texts: Partial<ToolFiles> = {}): Suggestion {
  return suggestSettings({ packageJson: null, makefile: null, ...texts, names: new Set(names) });
}

/** What the settings file says once the `#` before each key is removed; prose has a space behind its `#`. */
const uncomment = (text: string) => text.replaceAll(/^#(?=\S| {2})/gm, '');

describe('the tool of a package.json', () => {
  const npmjs = ['registry.npmjs.org'];
  const yarnpkg = ['registry.yarnpkg.com', 'registry.npmjs.org'];
  it.each([
    [['package-lock.json'], 'npm', 'npm ci', 'npm test', npmjs],
    [['npm-shrinkwrap.json'], 'npm', 'npm ci', 'npm test', npmjs],
    [[], 'npm', 'npm install', 'npm test', npmjs],
    [['pnpm-lock.yaml'], 'pnpm', 'pnpm install --frozen-lockfile', 'pnpm test', npmjs],
    [['pnpm-lock.yaml', 'package-lock.json'], 'pnpm', 'pnpm install --frozen-lockfile', 'pnpm test', npmjs],
    [['yarn.lock'], 'yarn', 'yarn install --frozen-lockfile', 'yarn test', yarnpkg],
    [['yarn.lock', '.yarnrc.yml'], 'yarn', 'yarn install --immutable', 'yarn test', yarnpkg],
    [['bun.lock'], 'bun', 'bun install --frozen-lockfile', 'bun run test', npmjs],
    [['bun.lockb'], 'bun', 'bun install --frozen-lockfile', 'bun run test', npmjs],
  ])('is told by the lockfile %j: %s', (names, tool, install, test, allowedDomains) => {
    expect(suggest(names, { packageJson: packageWith('lint', 'test') })).toEqual({
      tools: [tool],
      verify: [test, `${tool} run lint`],
      setup: [install],
      allowedDomains,
    });
  });

  it('is none without a package.json that can be read', () => {
    for (const packageJson of [null, '', '{', 'null', '[]', '"x"', '1']) {
      expect(suggest(['package-lock.json'], { packageJson })).toEqual(noSuggestion);
    }
  });
});

describe('the scripts of a package.json', () => {
  it.each([
    [packageWith('check', 'typecheck', 'lint', 'test'), ['test', 'run lint', 'run typecheck', 'run check']],
    [packageWith('build', 'test]\nverify: [evil', 'pretest', 'TEST', '__proto__'), []],
    [JSON.stringify({ scripts: { test: 'echo "Error: no test specified" && exit 1', lint: 'x' } }), ['run lint']],
    [JSON.stringify({ scripts: { test: 1, lint: null, check: ' ' } }), []],
    [JSON.stringify({ scripts: 'test' }), []],
    [JSON.stringify({ scripts: ['test'] }), []],
    ['{}', []],
    ['{"__proto__": {"scripts": {"test": "x"}}}', []],
  ])('of %s are %j', (packageJson, run) => {
    expect(suggest([], { packageJson }).verify).toEqual(run.map((words) => `npm ${words}`));
  });
});

describe('the targets of a makefile', () => {
  it.each([
    ['test:\n\tgo test\n', ['make test']],
    ['lint check test : build\n', ['make test', 'make check', 'make lint']],
    ['test::\r\ncheck:\r\n', ['make test', 'make check']],
    ['.PHONY: test\n\ttest:\n#test:\ntest := 1\ntest ::= 1\ntest = a:b\nlatest:\ntest-all:\nx: test\n', []],
    ['', []],
  ])('of %j are checks: %j', (makefile, verify) => {
    expect(suggest(['Makefile'], { makefile }).verify).toEqual(verify);
  });
});

describe('other tools', () => {
  const pypi = ['pypi.org', 'files.pythonhosted.org'];
  const pip = ['python3 -m venv .venv', '.venv/bin/pip install -r requirements.txt'];
  it.each([
    [['Cargo.toml'], ['cargo'], ['cargo test'], [], ['index.crates.io', 'static.crates.io']],
    [['go.mod'], ['go'], ['go test ./...'], [], ['proxy.golang.org', 'sum.golang.org']],
    [['pyproject.toml', 'uv.lock', 'requirements.txt'], ['uv'], ['uv run pytest'], ['uv sync'], pypi],
    [['requirements.txt'], ['pip'], ['.venv/bin/python -m pytest'], pip, pypi],
    [['pyproject.toml'], [], [], [], []],
    [['README.md', 'main.c'], [], [], [], []],
  ])('are told by %j: %j', (names, tools, verify, setup, allowedDomains) => {
    expect(suggest(names)).toEqual({ tools, verify, setup, allowedDomains });
  });
});

describe('suggestions in the settings file', () => {
  const everything = suggest(['package-lock.json', 'Cargo.toml', 'go.mod', 'requirements.txt'], {
    packageJson: packageWith('test', 'lint'),
    makefile: 'test:\n',
  });

  it('of several tools are joined', () => {
    expect(everything.tools).toEqual(['npm', 'cargo', 'go', 'pip', 'make']);
    const text = renderDefaultSettings(null, everything);
    const verify = 'npm test, npm run lint, cargo test, go test ./..., .venv/bin/python -m pytest, make test';
    expect(text).toContain(`\n#verify: [${verify}]\n`);
  });

  it.each([
    everything,
    suggest(['pnpm-lock.yaml'], { packageJson: packageWith('typecheck', 'check') }),
    suggest(['yarn.lock', '.yarnrc.yml', 'uv.lock', 'pyproject.toml'], { packageJson: packageWith('test') }),
    suggest(['bun.lock'], { packageJson: packageWith('test') }),
    suggest(['Cargo.toml']),
    suggest([], { makefile: 'lint:\n' }),
  ])('are comments, and what they say once the # is removed: %j', (suggestion) => {
    const text = renderDefaultSettings(null, suggestion);
    expect(parseSettings(text, 'config.yaml')).toEqual({ value: defaultSettings, diagnostics: [] });
    const words = (commands: readonly string[]) => commands.map((command) => command.split(' '));
    expect(parseSettings(uncomment(text), 'config.yaml')).toEqual({
      value: {
        ...defaultSettings,
        verify: words(suggestion.verify),
        setup: words(suggestion.setup),
        sandbox: { ...defaultSettings.sandbox, allowedDomains: suggestion.allowedDomains },
      },
      diagnostics: [],
    });
  });

  it('hold nothing that a repository says, whatever that is', () => {
    const names = fc.subarray(['yarn.lock', 'bun.lock', 'go.mod', 'uv.lock', 'pyproject.toml', 'requirements.txt']);
    const scripts = fc.dictionary(fc.oneof(anyText(20), fc.constantFrom('test', 'lint')), anyText(20));
    const packageJson = fc.oneof(
      anyText(200),
      scripts.map((each) => JSON.stringify({ scripts: each })),
    );
    fc.assert(
      fc.property(names, packageJson, anyText(200), (present, json, makefile) => {
        const text = renderDefaultSettings(null, suggest(present, { packageJson: json, makefile }));
        expect(parseSettings(text, 'config.yaml')).toEqual({ value: defaultSettings, diagnostics: [] });
        expect(text).toMatch(/^(?:(?:#[ -~]*)?\n)*$/);
      }),
    );
  });
});
