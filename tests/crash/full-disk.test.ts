/**
 * A disk that is full at any moment: no task is lost or cut off, the board waits, and goes on by itself once there is
 * room. With injected faults at sampled calls, and on a real disk of its own where the machine gives one.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleCalls } from './points.mjs';
import { openScenario, type Scenario } from './scenario.mjs';
import { hasNamespaces, runOnSmallDisk } from './small-disk.mjs';
import { countCalls, nameOf, numbered, runPoint, sweep, type Call, type Point } from './sweep.mjs';

const testTimeoutMs = 600_000;
/** What fails on a full disk; what takes away or only starts a process does not. */
const needsRoom = ['open', 'write', 'append', 'mkdir', 'link', 'rename', 'fsync'];
let scenario: Scenario;
let calls: readonly Call[];

beforeAll(async () => {
  scenario = openScenario();
  calls = numbered(await countCalls(scenario)).filter(({ op }) => needsRoom.includes(op));
}, testTimeoutMs);

afterAll(() => scenario.dispose());

async function expectAllToHold(points: readonly Point[]): Promise<void> {
  // A board without room mostly waits.
  const results = await sweep(scenario, points, { parallel: points.length });
  console.log(results.map(({ point, hits }) => `${nameOf(point)}   ${hits.slice(0, 3).join(' | ')}`).join('\n'));
  const found = results
    .filter(({ findings }) => findings.length > 0)
    .map(({ point, findings, said }) => {
      const texts = findings.map(({ kind, text }) => `  ${kind}: ${text}`).join('\n');
      return `npm run test:crash -- ${nameOf(point)}\n${texts}\n${said}`;
    });
  expect(found.join('\n\n')).toBe('');
}

describe('a full disk', { timeout: testTimeoutMs }, () => {
  it('loses nothing if it is full for one call', async () => {
    await expectAllToHold(sampleCalls(calls, 2).map((call) => ({ faults: [{ kind: 'fail', ...call }] })));
  });

  it('loses nothing if it is full for a while', async () => {
    await expectAllToHold(sampleCalls(calls, 1).map((call) => ({ faults: [{ kind: 'full', ...call }] })));
  });

  it('is said and waited for, and work goes on by itself once there is room', async () => {
    if (!hasNamespaces()) {
      // No disk of our own: every write fails from the first plan on, until there is room.
      const { findings, said } = await runPoint(scenario, { faults: [{ kind: 'full', op: 'mkdir', at: 8 }] });
      expect(findings, said).toEqual([]);
      return;
    }
    const { whenFull, end, findings, said } = runOnSmallDisk(scenario);
    expect(whenFull.ended, whenFull.said).toBeNull();
    expect(whenFull.said).toContain('no new starts: the disk is full');
    expect(said).toContain('new starts again (over: the disk is full)');
    expect(findings, said).toEqual([]);
    expect(end.code).toBe(3);
  });
});
