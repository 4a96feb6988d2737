/** The stand-in for `bwrap` on an agent's PATH. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { placeStandIn } from '../../../src/adapters/sandbox/bubblewrap.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'branchboard-bwrap-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What the real program is given when the stand-in is called. */
async function passOn(args: readonly string[]): Promise<readonly string[]> {
  const real = join(folder, 'real');
  mkdirSync(real);
  writeFileSync(
    join(real, 'bwrap'),
    `#!/bin/sh\nfor each; do printf '%s\\n' "$each"; done > '${join(folder, 'args')}'\n`,
  );
  chmodSync(join(real, 'bwrap'), 0o755);
  const env = await placeStandIn(folder, [real, process.env['PATH'] ?? ''].join(':'));
  execFileSync('bwrap', args, { env: { ...process.env, ...env } });
  return readFileSync(join(folder, 'args'), 'utf8').split('\n').slice(0, -1);
}

test('passes all on but what closes a lock in a git folder', async () => {
  const before = ['--ro-bind', '/', '/', '--bind', '/w x', '/w x', '--ro-bind', '/r/.git/config', '/r/.git/config'];
  const after = ['--', 'bash', '-c', "echo '$HOME' *"];
  const locks = ['--ro-bind', '/dev/null', '/r/.git/config.lock', '--ro-bind', '/r/.git/x.lock', '/r/.git/x.lock'];
  expect(await passOn([...before, ...locks, ...after])).toEqual([...before, ...after]);
});

test('is not there where there is no such program', async () => {
  expect(await placeStandIn(folder, folder)).toEqual({});
});
