import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { probeClaude, type Expectation, type Probe } from '../../../../src/adapters/agent/claude/agent-probe.ts';
import { claudeVersionNames, claudeVersions } from '../../../claude/messages-api.ts';
import { lives } from '../harness.ts';

const timeoutMs = 60_000;
let folder: string;
/** A search path on which the sandbox's programs are not. */
let bare: string;
const everything = process.env['PATH'] ?? '';

beforeAll(() => {
  bare = mkdtempSync(path.join(os.tmpdir(), 'branchboard-bare-'));
  for (const name of ['sh', 'bash', 'touch', 'echo', 'cat']) {
    symlinkSync(
      execFileSync('sh', ['-c', `command -v ${name} || echo /bin/${name}`], { encoding: 'utf8' }).trim(),
      path.join(bare, name),
    );
  }
});
afterAll(() => rmSync(bare, { recursive: true, force: true }));

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'branchboard-probed-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What differs from what is expected; null where the probe failed. */
function differences(probe: Probe): readonly string[] | null {
  if (probe.kind === 'failed') return null;
  return Object.entries(probe.behaviours).flatMap(([name, how]) => (how === 'as-expected' ? [] : [`${name} ${how}`]));
}

/** A program called claude, made of shell lines; `$REAL` is the real one, and `dropping OPTION` calls it without one. */
function writeClaude(body: string): string {
  const file = path.join(folder, 'claude');
  const script = `#!/bin/sh
REAL=${claudeVersions.newest}
dropping() {
  option=$1 skip=
  shift
  for word; do
    shift
    if [ -n "$skip" ]; then skip=; elif [ "$word" = "$option" ]; then skip=yes; else set -- "$@" "$word"; fi
  done
  exec "$REAL" "$@"
}
${body}
`;
  writeFileSync(file, script, { mode: 0o755 });
  return file;
}

const hasProgram = (name: string) => everything.split(':').some((dir) => existsSync(path.join(dir, name)));
const withSandbox = process.platform === 'darwin' || (hasProgram('bwrap') && hasProgram('socat'));

describe.concurrent('probeClaude', { timeout: 2 * timeoutMs }, () => {
  for (const version of claudeVersionNames) {
    it(`finds that claude ${version} behaves as the board relies on`, async () => {
      const probe = await probeClaude(claudeVersions[version], { searchPath: everything, timeoutMs });
      expect(differences(probe)).toEqual(withSandbox ? [] : ['sandbox not-here']);
    });
  }

  it('says where the sandbox’s programs are not there, and tries the rest', async () => {
    const probe = await probeClaude(claudeVersions.newest, { searchPath: bare, timeoutMs });
    expect(differences(probe)).toEqual(['sandbox not-here']);
  });
});

describe('probeClaude', { timeout: 2 * timeoutMs }, () => {
  const broken: readonly (readonly [Expectation, string])[] = [
    ['session-id', 'dropping --session-id "$@"'],
    ['structured-result', 'dropping --json-schema "$@"'],
    ['hooks', 'dropping --settings "$@"'],
    ['resume', 'dropping --resume "$@"'],
    ['settings-sources', 'dropping --setting-sources "$@"'],
  ];
  it.each(broken)('notices what does not work: %s', async (expectation, body) => {
    const probe = await probeClaude(writeClaude(body), { searchPath: bare, timeoutMs });
    expect(differences(probe)).toEqual([`${expectation} differs`, 'sandbox not-here']);
  });

  it.each([
    ['writes outside of its folder', 'touch "$PROBE_ROOT/outside/written"'],
    ['runs no command', 'exit 1'],
  ])('notices a sandbox that %s', async (_, body) => {
    mkdirSync(path.join(folder, 'bin'));
    for (const name of ['bwrap', 'socat']) symlinkSync('/bin/false', path.join(folder, 'bin', name));
    const work = '[ -e "$PROBE_ROOT/work/written" ] || : > "$PROBE_ROOT/work/written"';
    const program = writeClaude(`case $* in *sandbox*) ${body}; ${work}; exit ;; esac\nexec "$REAL" "$@"`);
    const probe = await probeClaude(program, { searchPath: `${path.join(folder, 'bin')}:${bare}`, timeoutMs });
    expect(differences(probe)).toEqual(['sandbox differs']);
  });

  it('gives the program nothing of the user’s, and a home of its own that is gone afterwards', async () => {
    const told = path.join(folder, 'told');
    process.env['ANTHROPIC_AUTH_TOKEN'] = 'the-users-own';
    try {
      await probeClaude(writeClaude(`/usr/bin/env > ${told}; exit 1`), { searchPath: bare, timeoutMs });
    } finally {
      delete process.env['ANTHROPIC_AUTH_TOKEN'];
    }
    const env = new Map(
      readFileSync(told, 'utf8')
        .trim()
        .split('\n')
        .map((line) => [line.replace(/=.*/s, ''), line.replace(/^[^=]*=/, '')] as const),
    );
    expect([...env.keys()].filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name)).sort()).toEqual([
      ...[
        'ANTHROPIC_API_KEY',
        'ANTHROPIC_BASE_URL',
        'CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC',
        'CLAUDE_CODE_MAX_RETRIES',
      ],
      ...['CLAUDE_CONFIG_DIR', 'DISABLE_AUTOUPDATER', 'HOME', 'PATH', 'PROBE_ROOT', 'TMPDIR'],
    ]);
    expect(env.get('ANTHROPIC_BASE_URL')).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(env.get('HOME')).not.toBe(os.homedir());
    expect(existsSync(path.dirname(env.get('HOME') ?? os.tmpdir()))).toBe(false);
  });

  it('tells what the program said where it does not run at all', async () => {
    const program = writeClaude('echo "error: unknown option --setting-sources" >&2; exit 1');
    const probe = await probeClaude(program, { searchPath: bare, timeoutMs });
    expect(probe).toEqual({ kind: 'failed', reason: 'error: unknown option --setting-sources' });
  });

  it('ends a program that hangs, with what it has started', async () => {
    const child = path.join(folder, 'child');
    const program = writeClaude(`sleep 600 & echo $! >> ${child}; wait`);
    const probe = await probeClaude(program, { searchPath: everything, timeoutMs: 5_000 });
    expect(probe).toEqual({ kind: 'failed', reason: 'it did not end in time' });
    const pids = readFileSync(child, 'utf8').trim().split('\n').map(Number);
    await expect.poll(() => pids.some(lives)).toBe(false);
  });
});
