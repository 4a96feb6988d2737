/** A short soak; `npm run soak` runs the long one. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const main = fileURLToPath(new URL('main.mjs', import.meta.url));

test('a board whose daemon and agents are killed at random loses nothing, runs nothing twice and leaves nothing', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--minutes=0.5']);
  expect(stdout).toContain('All held.');
}, 400_000);
