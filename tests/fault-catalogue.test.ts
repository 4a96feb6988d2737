/** The catalogue of faults names a test for each; here it is seen that each of them is there. */
import { readFileSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));
const rows = readFileSync(`${folder}fault-catalogue.md`, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:-|Fault )/.test(line))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\||\|$/g, '').trim()));

test('each fault has what must happen, and a test that is there under that name', () => {
  expect(rows.length).toBeGreaterThan(50);
  for (const [fault = '', outcome = '', shown = ''] of rows) {
    const [, file, title] = /^`(.+?)`: (.+)$/.exec(shown) ?? [];
    expect([fault, outcome, file, title], shown).not.toContain(undefined);
    expect(outcome, fault).not.toBe('');
    expect(readFileSync(`${folder}${file ?? ''}`, 'utf8'), `${file ?? ''} has no test "${title ?? ''}"`).toContain(
      title,
    );
  }
});

test('no fault is told twice', () => {
  const faults = rows.map(([fault]) => fault);
  expect(faults).toEqual([...new Set(faults)]);
});
