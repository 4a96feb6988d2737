/** What `init` and `doctor` make of the tools of a repository. */
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultSettings } from '../../src/domain/settings.ts';
import { parseSettings } from '../../src/markdown/settings-file.ts';
import { sandboxHere } from '../sandbox.ts';
import { boardTestTimeoutMs, withBoard } from './board.ts';

const timeout = boardTestTimeoutMs;
const packageJson = JSON.stringify({ scripts: { test: 'touch ran', lint: 'touch ran', preinstall: 'touch ran' } });
const files = {
  'package.json': packageJson,
  'package-lock.json': '{}',
  Makefile: '$(shell touch ran)\ntest:\n\ttouch ran\n',
};

test.concurrent(
  'init suggests what fits the tools of the repository, in comments, and runs none of them',
  { timeout },
  () =>
    withBoard({ init: false, files }, async (board) => {
      const said = await board.succeed('init');
      expect(said).toContain('\nFound npm and make: see verify, setup and sandbox.allowed_domains in config.yaml\n');
      const text = board.read('config.yaml');
      for (const line of [
        '#verify: [npm test, npm run lint, make test]',
        '#setup: [npm ci]',
        '#  allowed_domains: [registry.npmjs.org]',
      ]) {
        expect(text.split('\n')).toContain(line);
      }
      const parse = (settings: string) => parseSettings(settings, 'config.yaml');
      expect(parse(text)).toEqual({ value: { ...defaultSettings, base: 'main' }, diagnostics: [] });
      expect(parse(text.replace(/^#(?=verify|setup)/gm, '')).value).toMatchObject({
        verify: [
          ['npm', 'test'],
          ['npm', 'run', 'lint'],
          ['make', 'test'],
        ],
        setup: [['npm', 'ci']],
      });
      expect(await board.succeed('init')).not.toContain('Found');
      await board.cli('doctor');
      expect(existsSync(join(board.repo, 'ran'))).toBe(false);
    }),
);

test.concurrent('init reads no tool’s file through a link, from a FIFO or beyond a bound', { timeout }, () =>
  withBoard({ init: false }, async (board) => {
    const outside = join(board.root, 'package.json');
    writeFileSync(outside, packageJson);
    const inside = join(board.repo, 'package.json');
    const makers = [
      () => symlinkSync(outside, inside),
      () => execFileSync('mkfifo', [inside]),
      () => writeFileSync(inside, packageJson + ' '.repeat(1024 * 1024)),
    ];
    symlinkSync(outside, join(board.repo, 'go.mod'));
    for (const make of makers) {
      make();
      expect(await board.succeed('init')).not.toContain('Found');
      expect(readFileSync(board.path('config.yaml'), 'utf8')).toContain('\n#verify: []\n#setup: []\n');
      rmSync(inside);
      rmSync(board.path(), { recursive: true });
    }
  }),
);

test.concurrent('doctor says what agents can’t run without a sandbox, and the line that lets them', { timeout }, () =>
  withBoard({ files: { 'package.json': packageJson } }, async (board) => {
    const withSettings = async (settings: string) => {
      board.write('config.yaml', `agent: { kind: scripted }\n${settings}\n`);
      return (await board.cli('doctor')).stdout;
    };
    const forbidden = "! permissions  agents can't run `npm test`\n";
    const bare = await withSettings('sandbox: off');
    expect(bare).toContain(forbidden);
    expect(bare).toContain('Add to .orchestrator/config.yaml  verify: [npm test, npm run lint]\n');
    expect(bare).toMatch(/^! sandbox {6}off, as the settings say/m);
    expect(await withSettings('sandbox: off\nverify: [npm test, npm run lint]')).toMatch(/^✓ permissions /m);
    const unchecked = '! permissions  no `verify` command: work is done unchecked\n';
    expect(await withSettings('sandbox: off\nallowed_tools: ["Bash(npm *)"]')).toContain(unchecked);
    const tried = await withSettings('sandbox: auto');
    expect(tried.includes(forbidden)).toBe(sandboxHere.kind !== 'on');
  }),
);

test.concurrent('doctor tries the sandbox, and says what to install where there is none', { timeout }, () =>
  withBoard({ config: 'sandbox: auto' }, async (board) => {
    const mark = sandboxHere.kind === 'on' ? '✓ sandbox      agents and checks are confined\n' : '! sandbox ';
    expect(await board.succeed('doctor')).toContain(mark);
    // Nothing but git is found.
    const git = execFileSync('which', ['git'], { encoding: 'utf8' }).trim();
    symlinkSync(git, join(board.root, 'git'));
    const cases = [
      ['auto', 0, '!'],
      ['on', 5, '✗'],
    ] as const;
    for (const [mode, code, sign] of process.platform === 'linux' ? cases : []) {
      board.write('config.yaml', `agent: { kind: scripted }\nsandbox: ${mode}\n`);
      const ended = await board.launch(['doctor'], { env: { PATH: board.root } }).ended;
      expect([mode, ended.code]).toEqual([mode, code]);
      expect(ended.stdout).toContain(
        `${sign} sandbox      agents and checks are not confined: bwrap and socat not found\n`,
      );
      expect(ended.stdout).toContain('To have one: install bubblewrap and socat');
    }
  }),
);
