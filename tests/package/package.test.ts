/** The package as a user gets it: packed, installed into an empty folder with an empty home, run on each Node it promises. */
import { execa } from 'execa';
import { access, mkdtemp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { confinedTest } from '../sandbox.ts';

const repository = join(import.meta.dirname, '../..');
const installTimeoutMs = 600_000;
const runTimeoutMs = 600_000;

/** How the registry is reached is the machine's affair. */
const networkVariables = [
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'npm_config_registry',
];

/** Other Nodes come from the registry, as the package that holds the program for this machine. */
const otherNodes = ['22', '24'];

let folder: string;
let home: string;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'branchboard-package-'));
  home = join(folder, 'home');
  await mkdir(home);
  env = { ...pick(networkVariables), HOME: home, PATH: process.env['PATH'] ?? '', TMPDIR: folder };
  await run(folder, 'npm', 'pack', '--ignore-scripts', '--pack-destination', folder, repository);
  await writeFile(join(folder, 'package.json'), '{"private":true}\n');
  await run(folder, 'npm', 'install', '--no-audit', '--no-fund', await findTarball());
}, installTimeoutMs);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the package', () => {
  it('holds only what is needed', async () => {
    const { stdout } = await run(folder, 'tar', '-tzf', await findTarball());
    const places = new Set(stdout.split('\n').map((path) => path.replace(/^package\//, '').split('/')[0]));
    expect([...places].sort()).toEqual([
      ...['.claude-plugin', 'LICENSE', 'README.md', 'dist', 'package.json', 'plugin', 'templates'],
    ]);
    expect(stdout).not.toMatch(/\.test\.|fixtures|\.orchestrator|\.map$/m);
  });

  it('runs nothing while it is installed', async () => {
    const { scripts } = JSON.parse(await readFile(join(folder, 'node_modules/branchboard/package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const run = ['preinstall', 'install', 'postinstall', 'prepare'].filter((name) => name in scripts);
    expect(run).toEqual([]);
  });

  it('is installed as one package, with the licences of those it contains', async () => {
    const installed = await readdir(join(folder, 'node_modules'));
    expect(installed.filter((name) => !name.startsWith('.'))).toEqual(['branchboard']);
    const notices = await readFile(join(folder, 'node_modules/branchboard/dist/THIRD-PARTY-NOTICES.txt'), 'utf8');
    for (const contained of ['commander 14.', '@anthropic-ai/sandbox-runtime 0.', 'zod 4.', 'Apache License']) {
      expect(notices).toContain(contained);
    }
    expect(notices).not.toContain('vitest');
  });

  confinedTest('confines a command as a checkout does: no sockets of others can be reached', async () => {
    const bounds = { allowWrite: [folder], denyWrite: [], denyRead: [], allowedDomains: [] };
    const listen = `require('net').createServer().on('error', (e) => console.log(e.code)).listen('own.sock')`;
    const request = {
      argv: [process.execPath, '-e', listen],
      ...bounds,
      tempDir: folder,
      refusals: join(folder, 'refused'),
    };
    await writeFile(join(folder, 'request.json'), JSON.stringify(request));
    const program = join(folder, 'node_modules/branchboard/dist/adapters/sandbox/confined-main.js');
    const { stdout } = await run(folder, process.execPath, program, join(folder, 'request.json'));
    expect(stdout).toBe('EPERM');
  });

  it('says what a published tool says', async () => {
    const data = JSON.parse(await readFile(join(folder, 'node_modules/branchboard/package.json'), 'utf8')) as object;
    expect(data).toMatchObject({
      ...{ name: 'branchboard', license: 'MIT', type: 'module', engines: { node: '>=20.19' } },
      bin: { branchboard: 'dist/cli/main.js' },
    });
  });

  it('gives the command its name and version', async () => {
    const { stdout } = await run(folder, join(folder, 'node_modules/.bin/branchboard'), '--version');
    expect(stdout).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it(
    'can be installed for all of a machine from a checkout',
    async () => {
      const prefix = join(folder, 'global');
      await run(
        folder,
        'npm',
        'install',
        '--global',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--prefix',
        prefix,
        repository,
      );
      const { stdout } = await run(folder, join(prefix, 'bin/branchboard'), '--help');
      expect(stdout).toContain('run the board');
    },
    installTimeoutMs,
  );

  it(
    'shows the demo: five tasks, a retry, branches, nothing left to do',
    async () => {
      const { stdout } = await run(folder, process.execPath, command(), 'demo');
      expect(stdout).toMatch(/checkout: attempt 2 \(failed, resume session\)/);
      expect(stdout).toContain('Test the checkout (`checkout-tests`)');
      const scratch = /A scratch repository in (\S+),/.exec(stdout)?.[1] ?? '';
      const branches = await run(scratch, 'git', 'branch', '--format=%(refname:short)');
      expect(branches.stdout.split('\n')).toEqual([
        'main',
        'task/catalog',
        'task/checkout',
        'task/checkout-tests',
        'task/page',
      ]);
    },
    runTimeoutMs,
  );
});

describe.concurrent.each(['this', ...otherNodes])('on %s Node', (version) => {
  let node: string;
  beforeAll(async () => {
    node = version === 'this' ? process.execPath : await installNode(version);
  }, installTimeoutMs);

  it(
    'does a task in a fresh repository',
    async () => {
      const fresh = await makeRepository(join(folder, `fresh-${version}`));
      await run(fresh, node, command(), 'init');
      await writeFile(join(fresh, '.orchestrator/config.yaml'), 'base: main\nagent: { kind: scripted }\n');
      await writeFile(
        join(fresh, 'hello.md'),
        '# Say hello\n\n```agent-script\nwrite hello.txt Hello\ncommit Say hello\n```\n',
      );
      await run(fresh, node, command(), 'add', 'hello.md');
      await run(fresh, node, command(), 'start', '--until-idle');
      await access(join(fresh, '.orchestrator/done/hello.md'));
      expect((await run(fresh, 'git', 'show', 'task/hello:hello.txt')).stdout).toBe('Hello');
      const status = JSON.parse((await run(fresh, node, command(), 'status', '--json')).stdout) as { tasks: object[] };
      expect(status.tasks).toMatchObject([{ id: 'hello', column: 'done', commits: 1 }]);
    },
    runTimeoutMs,
  );
});

function pick(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function command(): string {
  return join(folder, 'node_modules/branchboard/dist/cli/main.js');
}

async function findTarball(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as { version: string };
  return join(folder, `branchboard-${version}.tgz`);
}

/** Installs another Node; gives the path of its program. */
async function installNode(version: string): Promise<string> {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const prefix = join(folder, `node-${version}`);
  await mkdir(prefix);
  await writeFile(join(prefix, 'package.json'), '{"private":true}\n');
  await run(prefix, 'npm', 'install', '--no-audit', '--no-fund', `${name}@${version}`);
  const program = join(prefix, 'node_modules', name, 'bin/node');
  const { stdout } = await run(prefix, program, '--version');
  expect(stdout).toMatch(new RegExp(`^v${version}\\.`));
  return program;
}

async function makeRepository(path: string): Promise<string> {
  await mkdir(path);
  await run(path, 'git', 'init', '--quiet', '--initial-branch=main');
  await run(
    path,
    'git',
    '-c',
    'user.name=A',
    '-c',
    'user.email=a@localhost',
    'commit',
    '--quiet',
    '--allow-empty',
    '-m',
    'First',
  );
  return path;
}

function run(cwd: string, program: string, ...args: readonly string[]) {
  return execa(program, args, { cwd, env, extendEnv: false });
}
