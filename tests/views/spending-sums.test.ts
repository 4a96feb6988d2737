/** The sums of `stats`. */
import { expect, it } from 'vitest';
import { sumUp, type WorkedTask } from '../../src/views/spending-sums.ts';

function worked(changes: Partial<WorkedTask>): WorkedTask {
  const plain = { agent: 'developer', day: '2026-11-25', costUsd: 1, workedMs: 60_000 };
  return { ...plain, attempts: 1, sentBack: 0, isMerged: false, ...changes };
}

it('adds tasks up by role, the dearest first, and counts each task that came back once', () => {
  const { roles } = sumUp(
    [
      worked({ agent: 'tester', costUsd: 0.5 }),
      worked({ costUsd: 1, workedMs: 60_000, isMerged: true }),
      worked({ costUsd: 2, workedMs: 120_000, attempts: 2 }),
      worked({ costUsd: 9, workedMs: 600_000, sentBack: 3, attempts: 2 }),
    ],
    [],
  );
  expect(roles).toEqual([
    {
      ...{ name: 'developer', tasks: 3, merged: 1, sentBack: 1, retried: 2, costUsd: 12, workedMs: 780_000 },
      typical: { costUsd: 2, workedMs: 120_000 },
    },
    expect.objectContaining({ name: 'tester', tasks: 1, costUsd: 0.5 }),
  ]);
});

it('begins weeks with Monday, the newest first, across the turn of a year', () => {
  const days = ['2026-12-27', '2026-12-28', '2027-01-03', '2027-01-04'];
  const { weeks } = sumUp(
    days.map((day) => worked({ day })),
    [],
  );
  expect(weeks.map(({ name, tasks }) => [name, tasks])).toEqual([
    ['2027-01-04', 1],
    ['2026-12-28', 2],
    ['2026-12-21', 1],
  ]);
});

it('estimates what waits by the median of its role, and says how many have none', () => {
  const past = [
    worked({ costUsd: 1 }),
    worked({ costUsd: 3 }),
    worked({ agent: 'tester', costUsd: 0.5, workedMs: 1_000 }),
  ];
  expect(sumUp(past, ['developer', 'developer', 'tester', 'pm']).waiting).toEqual({
    ...{ tasks: 4, unknown: 1, costUsd: 4.5, workedMs: 121_000 },
  });
  expect(sumUp([], ['pm']).waiting).toEqual({ tasks: 1, unknown: 1, costUsd: 0, workedMs: 0 });
});
