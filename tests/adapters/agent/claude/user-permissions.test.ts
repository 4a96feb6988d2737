import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readLocalRights } from '../../../../src/adapters/agent/claude/user-permissions.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'branchboard-local-')));
  file = path.join(folder, '.claude', 'settings.local.json');
  mkdirSync(path.dirname(file));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('reads the rules, the folders and the other keys that reach agents', () => {
  const permissions = { allow: ['Bash(npm test *)', 7], additionalDirectories: ['/elsewhere'], deny: ['Read'] };
  writeFileSync(file, JSON.stringify({ permissions, hooks: { Stop: [] }, env: {}, model: 'opus' }));
  expect(readLocalRights(folder)).toEqual({ file, rules: ['Bash(npm test *)', '/elsewhere'], keys: ['hooks'] });
  rmSync(file);
  writeFileSync(path.join(folder, 'mine.json'), JSON.stringify({ env: { A: 'b' } }));
  symlinkSync('../mine.json', file);
  expect(readLocalRights(folder)).toEqual({ file, rules: [], keys: ['env'] });
});

it.each([
  '{}',
  '',
  'null',
  '[]',
  '{"permissions":[]}',
  '{"permissions":{"allow":"Bash","defaultMode":"plan"}}',
  '{"hooks":',
])('finds nothing in %j', (text) => {
  writeFileSync(file, text);
  expect(readLocalRights(folder)).toBeNull();
});

it('finds nothing where there is no file, and waits for no pipe', () => {
  expect(readLocalRights(folder)).toBeNull();
  execFileSync('mkfifo', [file]);
  expect(readLocalRights(folder)).toBeNull();
});
