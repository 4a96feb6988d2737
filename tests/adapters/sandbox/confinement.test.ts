/** The files and names that a run's sandbox closes. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeToken, readToken, tokenPathOf } from '../../../src/adapters/machine/board-token.ts';
import { closeToken, confineCommand } from '../../../src/adapters/sandbox/confinement.ts';
import { defaultSettings } from '../../../src/domain/settings.ts';

test('the token of the board is closed to runs, also where the user opened all else', async () => {
  const settings = closeToken({ ...defaultSettings.sandbox, denyRead: [] }, '/repo/.orchestrator');
  expect((await confineCommand('/repo', settings, '/tmp')).denyRead).toEqual(['/repo/.orchestrator/token']);
});

test('a new token is written where the last one lies, for the user alone, so that what was closed stays closed', async () => {
  const root = mkdtempSync(join(tmpdir(), 'bb-token-'));
  try {
    expect(await readToken(root)).toBeNull();
    writeFileSync(tokenPathOf(root), 'a longer one that an earlier board left behind, of a hundred letters and more', {
      mode: 0o644,
    });
    const { ino } = statSync(tokenPathOf(root));
    const token = await makeToken(root);
    expect(await readToken(root)).toBe(token);
    expect(readFileSync(tokenPathOf(root), 'utf8')).toBe(`${token}\n`);
    expect(statSync(tokenPathOf(root))).toMatchObject({ ino, mode: 0o100600 });
    expect(await makeToken(root)).not.toBe(token);
  } finally {
    rmSync(root, { recursive: true });
  }
});
