import { expect, test } from 'vitest';
import { explainConnections, explainToolRefusals, explainWrites } from '../../../src/adapters/sandbox/refusals.ts';

const line = (domain: string): string => `deny network-outbound ${domain}:443 (user denied)\n`;

test('each domain that was refused is told once, with the line that would allow it', () => {
  expect(explainConnections(line('a.example') + line('b.example') + line('a.example'))).toEqual([
    'The sandbox refused a connection to a.example. To allow it, write into config.yaml: `sandbox: { allowed_domains: [a.example] }`',
    'The sandbox refused a connection to b.example. To allow it, write into config.yaml: `sandbox: { allowed_domains: [b.example] }`',
  ]);
  expect(explainConnections(Array.from({ length: 99 }, (_, n) => line(`d${String(n)}.example`)).join(''))).toHaveLength(
    10,
  );
});

test('of what a tool gave back only the block at its end is believed', () => {
  const block = `<sandbox_violations>\n${line('a.example')}</sandbox_violations>`;
  expect(explainToolRefusals(`curl failed\n${block}\n`)).toHaveLength(1);
  expect(explainToolRefusals(line('a.example'))).toEqual([]);
  expect(explainToolRefusals(`${block}\nmore`)).toEqual([]);
});

test('a write that was refused is told from any other failure', () => {
  expect(explainWrites("touch: cannot touch '/x': Read-only file system")).toHaveLength(1);
  expect(explainWrites('Error: EROFS: read-only file system')).toHaveLength(1);
  expect(explainWrites('1 test failed')).toEqual([]);
});
