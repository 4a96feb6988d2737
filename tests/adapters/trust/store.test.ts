/** `trust.json`: private, whole, and nothing in it is lost. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTrustStore, hashClaim } from '../../../src/adapters/trust/store.ts';

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'branchboard-trust-'))));
afterEach(() => rmSync(home, { recursive: true }));

const claim = (value: string) => ({ source: '.orchestrator/config.yaml', key: 'notify', value });
const folder = () => join(home, '.local/state/branchboard');

test('lies in the state folder of the user, for them alone, whatever was there before', async () => {
  mkdirSync(folder(), { recursive: true });
  chmodSync(folder(), 0o777);
  const store = createTrustStore({ HOME: home });
  await store.add('/repo', [claim('a')]);
  expect(store.path).toBe(join(folder(), 'trust.json'));
  expect([statSync(folder()).mode & 0o777, statSync(store.path).mode & 0o777]).toEqual([0o700, 0o600]);
  expect(await store.read('/repo')).toEqual(new Set([hashClaim(claim('a'))]));
  expect(await store.read('/other')).toEqual(new Set());
  expect(createTrustStore({ HOME: home, XDG_STATE_HOME: '/state' }).path).toBe('/state/branchboard/trust.json');
  expect(createTrustStore({ HOME: home, XDG_STATE_HOME: 'state' }).path).toBe(store.path);
});

test('keeps all that many boards write at once', async () => {
  const names = Array.from({ length: 12 }, (_, index) => String(index));
  await Promise.all(names.map((name) => createTrustStore({ HOME: home }).add(`/${name}`, [claim(name)])));
  const store = createTrustStore({ HOME: home });
  for (const name of names) expect(await store.read(`/${name}`)).toEqual(new Set([hashClaim(claim(name))]));
});

test('is neither read nor written through a link', async () => {
  const elsewhere = join(home, 'elsewhere');
  mkdirSync(folder(), { recursive: true });
  writeFileSync(elsewhere, JSON.stringify({ version: 1, repositories: { '/repo': [hashClaim(claim('a'))] } }));
  const before = readFileSync(elsewhere, 'utf8');
  symlinkSync(elsewhere, join(folder(), 'trust.json'));
  const store = createTrustStore({ HOME: home });
  await expect(store.read('/repo')).rejects.toThrow(/symbolic link; move it away/);
  await expect(store.add('/repo', [claim('b')])).rejects.toThrow(/symbolic link; move it away/);
  expect(readFileSync(elsewhere, 'utf8')).toBe(before);
  rmSync(folder(), { recursive: true });
  mkdirSync(join(home, 'other'));
  symlinkSync(join(home, 'other'), folder());
  await expect(store.add('/repo', [claim('b')])).rejects.toThrow(/no folder of your own/);
  expect(existsSync(join(home, 'other', 'trust.json'))).toBe(false);
});

test.each(['{', '{"version":1,"repositories":[]}'])('is not overwritten where it is %s', async (text) => {
  mkdirSync(folder(), { recursive: true });
  writeFileSync(join(folder(), 'trust.json'), text);
  await expect(createTrustStore({ HOME: home }).add('/repo', [claim('a')])).rejects.toThrow(/move it away/);
  expect(readFileSync(join(folder(), 'trust.json'), 'utf8')).toBe(text);
});

test('is left as it is where a newer version wrote it', async () => {
  mkdirSync(folder(), { recursive: true, mode: 0o700 });
  const store = createTrustStore({ HOME: home });
  writeFileSync(store.path, '{"version":2,"repositories":{}}');
  await expect(store.add('/repo', [claim('a')])).rejects.toThrow(/written by a newer branchboard \(version 2\)/);
  expect(readFileSync(store.path, 'utf8')).toBe('{"version":2,"repositories":{}}');
});
