/**
 * The daemon may be killed anywhere. A sample of the points of `npm run test:crash`, chosen from all kinds of durable
 * calls and printed; each can be run again alone, as the failure says.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countPlaced, findOrderFaults } from './audit.mjs';
import { sampleCalls } from './points.mjs';
import { openScenario, type Scenario } from './scenario.mjs';
import {
  countCalls,
  nameOf,
  numbered,
  summarise,
  sweep,
  type Call,
  type Fault,
  type LogLine,
  type Point,
} from './sweep.mjs';

const testTimeoutMs = 900_000;
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
  expect(hit).toBeGreaterThanOrEqual(points.length / 2);
}

describe('a daemon that is killed', { timeout: testTimeoutMs }, () => {
  it('loses no task, starts no agent twice and finishes all work, wherever it was killed', async () => {
    await expectAllToHold(sampleCalls(calls, 11).map((call) => ({ faults: [{ kind: 'kill', ...call }] })));
  });

  it('does so in the middle of a write, and with a process that it had just started', async () => {
    const cut = calls.filter(({ op }) => ['write', 'append', 'spawn'].includes(op));
    await expectAllToHold(sampleCalls(cut, 2).map((call) => ({ faults: [{ kind: 'torn', ...call }] })));
  });

  it('does so while agents are at work, which the next daemon takes over', async () => {
    const held = numbered(await countCalls(scenario, { held: true }));
    const late = sampleCalls(held.slice(-60), 2).map(({ op, at }): Fault => {
      const before = held.slice(0, -60).filter((call) => call.op === op).length;
      return { kind: 'kill', op, at: before + at };
    });
    await expectAllToHold(late.map((fault) => ({ faults: [fault], held: true })));
  });

  it('does so if the daemon that recovers is killed as well', async () => {
    const second = [
      { op: 'link', at: 1 },
      { op: 'spawn', at: 8 },
    ];
    await expectAllToHold(
      sampleCalls(calls, 2).map((call, index) => ({
        faults: [
          { kind: 'kill', ...call },
          { kind: 'kill', ...(second[index] ?? { at: 20 }) },
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
