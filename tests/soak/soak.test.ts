/** A short soak; `npm run soak` runs the long one. */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const main = fileURLToPath(new URL('main.mjs', import.meta.url));

test('a board whose daemon and agents are killed at random loses nothing, runs nothing twice and leaves nothing', async () => {
  const { all } = await execa(process.execPath, [main, '--minutes=0.5'], { all: true, reject: false });
  expect(all).toContain('All held.');
}, 900_000);
