/**
 * The daemon may be killed anywhere. A sample of the points of `npm run test:crash`, chosen from all kinds of durable
 * calls and printed; each can be run again alone, as the failure says.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countPlaced, findOrderFaults } from './audit.mjs';
import { sampleCalls } from './points.mjs';
import { openScenario, type Scenario } from './scenario.mjs';
import { countCalls, nameOf, numbered, summarise, sweep, type Call, type LogLine, type Point } from './sweep.mjs';

const testTimeoutMs = 120_000;
let scenario: Scenario;
let log: readonly LogLine[];
let calls: readonly Call[];

beforeAll(async () => {
  scenario = openScenario();
  log = await countCalls(scenario);
  calls = numbered(log);
}, testTimeoutMs);

afterAll(() => scenario.dispose());

/** Runs the points; all that is found is in the failure, with the command that runs the point again. */
async function expectAllToHold(points: readonly Point[]): Promise<void> {
  const results = await sweep(scenario, points);
  console.log(results.map(({ point, hits }) => `${nameOf(point)}   ${hits.join(' | ')}`).join('\n'));
  const found = results
    .filter(({ findings }) => findings.length > 0)
    .map(({ point, hits, findings, said }) => {
      const texts = findings.map(({ kind, text }) => `  ${kind}: ${text}`).join('\n');
      return `npm run test:crash -- ${nameOf(point)}   (${hits.join(' | ')})\n${texts}\n${said}`;
    });
  expect(found.join('\n\n')).toBe('');
  const { losses, doubleStarts, hit } = summarise(results);
  expect({ losses, doubleStarts }).toEqual({ losses: 0, doubleStarts: 0 });
  // A point behind the last call hits nothing; were that so for most, nothing would be shown.
  expect(hit).toBeGreaterThan(points.length / 2);
}

describe('a daemon that is killed', { timeout: testTimeoutMs }, () => {
  it('loses no task, starts no agent twice and finishes all work, wherever it was killed', async () => {
    await expectAllToHold(sampleCalls(calls, 12).map((at) => ({ faults: [{ kind: 'kill', at }] })));
  });

  it('does so in the middle of a write, and with a process that it had just started', async () => {
    await expectAllToHold(
      sampleCalls(
        calls.filter(({ op }) => ['write', 'append', 'spawn'].includes(op)),
        6,
      ).map((at) => ({ faults: [{ kind: 'torn', at }] })),
    );
  });

  it('does so while agents are at work, which the next daemon takes over', async () => {
    const early = calls.filter(({ op, path }) => op !== 'spawn' || path.startsWith('sh ')).slice(0, 110);
    await expectAllToHold(sampleCalls(early, 4).map((at) => ({ faults: [{ kind: 'kill', at }], held: true })));
  });

  it('does so if the daemon that recovers is killed as well', async () => {
    await expectAllToHold(
      sampleCalls(calls, 4).map((at, index) => ({
        faults: [
          { kind: 'kill', at },
          { kind: 'kill', at: 20 + index * 15 },
        ],
      })),
    );
  });
});

describe('the order of what is written', () => {
  it('survives a power cut: content, then its place, then the folder, and facts before what they explain', () => {
    expect(findOrderFaults(log)).toEqual([]);
    expect(countPlaced(log)).toBeGreaterThan(30);
  });

  it('is looked at for each fsync of a file that is put into its place: without it, the audit says so', () => {
    const placed = new Set(calls.flatMap(({ op, path, to }) => (op === 'fsync' || to === undefined ? [] : [path])));
    const syncs = calls.filter(({ op, path }) => op === 'fsync' && placed.has(path));
    expect(syncs.length).toBeGreaterThan(20);
    const unnoticed = syncs.filter(({ k }) => {
      const without = log.filter((line) => line.k !== k && line.end !== k);
      return findOrderFaults(without).length === 0;
    });
    expect(unnoticed).toEqual([]);
  });
});
