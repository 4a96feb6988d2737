/** Sums up what finished tasks cost, took and how often they came back, by role and by week, and what waits by that. */

/** A task that an agent worked on and that is not at work now, as its verdict and its review tell. */
export interface WorkedTask {
  readonly agent: string;
  /** The day on which its last run ended, in local time: `YYYY-MM-DD`. */
  readonly day: string;
  readonly costUsd: number;
  /** Milliseconds that agents worked. */
  readonly workedMs: number;
  readonly attempts: number;
  /** How often its user sent it back. */
  readonly sentBack: number;
  readonly isMerged: boolean;
}

/** The tasks of one role, or of one week. */
export interface StatsRow {
  /** The role's name, or the Monday that the week begins with: `YYYY-MM-DD`. */
  readonly name: string;
  readonly tasks: number;
  readonly merged: number;
  /** Tasks that were sent back at least once. */
  readonly sentBack: number;
  /** Tasks that took more than one attempt. */
  readonly retried: number;
  readonly costUsd: number;
  readonly workedMs: number;
  /** The median task. */
  readonly typical: Spent;
}

/** Money and milliseconds of work. */
export interface Spent {
  readonly costUsd: number;
  readonly workedMs: number;
}

/** What waits in the queue, by the typical task of each role. */
export interface Estimate extends Spent {
  readonly tasks: number;
  /** Tasks whose role has no past; they are not in the sums. */
  readonly unknown: number;
}

/** What `stats --json` prints. */
export interface Stats {
  readonly version: 1;
  /** The dearest role first. */
  readonly roles: readonly StatsRow[];
  /** The newest week first. */
  readonly weeks: readonly StatsRow[];
  readonly waiting: Estimate;
}

/** Sums up; `waiting` are the roles of the tasks that wait. */
export function sumUp(tasks: readonly WorkedTask[], waiting: readonly string[]): Stats {
  const roles = rowsBy(tasks, ({ agent }) => agent).sort((a, b) => b.costUsd - a.costUsd || compare(a.name, b.name));
  const weeks = rowsBy(tasks, ({ day }) => mondayOf(day)).sort((a, b) => compare(b.name, a.name));
  const typical = new Map(roles.map((row) => [row.name, row.typical]));
  const known = waiting.flatMap((agent) => typical.get(agent) ?? []);
  return {
    version: 1,
    roles,
    weeks,
    waiting: { tasks: waiting.length, unknown: waiting.length - known.length, ...add(known) },
  };
}

function rowsBy(tasks: readonly WorkedTask[], nameOf: (task: WorkedTask) => string): StatsRow[] {
  const groups = new Map<string, WorkedTask[]>();
  for (const task of tasks) {
    const group = groups.get(nameOf(task)) ?? [];
    group.push(task);
    groups.set(nameOf(task), group);
  }
  return [...groups].map(([name, group]) => ({
    name,
    tasks: group.length,
    merged: group.filter(({ isMerged }) => isMerged).length,
    sentBack: group.filter(({ sentBack }) => sentBack > 0).length,
    retried: group.filter(({ attempts }) => attempts > 1).length,
    ...add(group),
    typical: {
      costUsd: median(group.map((each) => each.costUsd)),
      workedMs: median(group.map((each) => each.workedMs)),
    },
  }));
}

function add(spent: readonly Spent[]): Spent {
  return {
    costUsd: spent.reduce((sum, each) => sum + each.costUsd, 0),
    workedMs: spent.reduce((sum, each) => sum + each.workedMs, 0),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? upper)) / 2 : upper;
}

function mondayOf(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  return date.toISOString().slice(0, 'YYYY-MM-DD'.length);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
