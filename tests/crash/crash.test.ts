/**
 * The daemon may be killed anywhere. A few points of `npm run test:crash`, other ones each time and printed; each can be
 * run again alone, as the failure says.
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

/** The second child is laid, the plan is queued, its end is written and not its review, and it goes to `done/`. */
const planSteps = [
  ['link', 2, '/inbox/(other-)?part\\.md$'],
  ['rename', 1, '/queued/plan\\.md$'],
  ['rename', 1, '/runs/plan/review\\.json$'],
  ['rename', 1, '/done/plan\\.md$'],
] as const;

/** Points of each kind: before a call, in the middle of one, while agents are at work, and in the recovery as well. */
async function samplePoints(): Promise<readonly Point[]> {
  const kill = (call: Pick<Fault, 'op' | 'at'>): Fault => ({ kind: 'kill', ...call });
  const cut = calls.filter(({ op }) => ['write', 'append', 'spawn'].includes(op));
  const held = numbered(await countCalls(scenario, { held: true }));
  const early = held.slice(0, -60);
  const late = sampleCalls(held.slice(-60), 1).map(({ op, at }) =>
    kill({ op, at: early.filter((call) => call.op === op).length + at }),
  );
  return [
    ...sampleCalls(calls, 5).map((call) => ({ faults: [kill(call)] })),
    ...sampleCalls(cut, 1).map((call) => ({ faults: [{ kind: 'torn' as const, ...call }] })),
    // Where a plan is taken in and ends, each between two facts that must agree.
    ...planSteps.map(([op, at, path]) => ({ faults: [{ kind: 'kill' as const, op, at, path }] })),
    ...late.map((fault) => ({ faults: [fault], held: true })),
    ...sampleCalls(calls, 1).map((call) => ({ faults: [kill(call), kill({ op: 'spawn', at: 8 })] })),
  ];
}

describe('a daemon that is killed', () => {
  it(
    'loses no task, starts no agent twice and finishes all work, wherever it was killed',
    async () => {
      const points = await samplePoints();
      const results = await sweep(scenario, points);
      console.log(results.map(({ point, hits }) => `${nameOf(point)}   ${hits.join(' | ')}`).join('\n'));
      // All that was found, with the command that runs the point again.
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
    },
    testTimeoutMs,
  );
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
