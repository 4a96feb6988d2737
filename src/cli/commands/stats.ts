/** `stats`: what tasks cost, took and how often they came back, by role and by week; and what waits by that. */
import pLimit from 'p-limit';
import { readReviewFact, readVerdictFact } from '../../adapters/files/facts.ts';
import { createClock } from '../../adapters/machine/clock.ts';
import { countOf, formatDuration, formatUsd } from '../../domain/amounts.ts';
import type { Column } from '../../domain/task.ts';
import { sumUp, type Stats, type StatsRow, type WorkedTask } from '../../views/spending-sums.ts';
import { findPlace, type GlobalOptions, type Place } from '../place.ts';
import { readBoardData } from '../read-board.ts';
import { listTasks } from '../task-files.ts';
import { print, printJson, type Verb } from '../verb.ts';

/** Where tasks are that were worked on and are not at work. */
const restingColumns = ['attention', 'done', 'archive'] as const satisfies readonly Column[];
const maxOpenFiles = 64;
const maxWeeks = 12;
const barChars = 20;

/** The verb `stats`. */
export const statsCommand: Verb = (command) =>
  command
    .option('--json', 'as data, all weeks')
    .addHelpText(
      'after',
      '\nWhat was pruned counts on: the facts of a task stay. Tasks at work or in the queue again do not count.',
    )
    .action(async (options: GlobalOptions & { readonly json?: boolean }) => {
      const place = await findPlace(options);
      const [worked, { data }] = await Promise.all([readWorked(place), readBoardData(place)]);
      const waiting = data.tasks.filter(({ column }) => column === 'queued').map(({ agent }) => agent);
      const stats = sumUp(worked, waiting);
      if (options.json === true) printJson(stats);
      else for (const line of formatStats(stats)) print(line);
    });

async function readWorked(place: Place): Promise<readonly WorkedTask[]> {
  const clock = createClock();
  const inTurn = pLimit(maxOpenFiles);
  const tasks = (await Promise.all(restingColumns.map((column) => listTasks(place, column)))).flat();
  const read = tasks.map(({ id }) =>
    inTurn(async (): Promise<readonly WorkedTask[]> => {
      const verdict = await readVerdictFact(place.layout, id);
      // One without a run was put away before anybody worked on it.
      if (verdict === null || typeof verdict === 'string' || verdict.run === null) return [];
      const review = await readReviewFact(place.layout, id);
      const { agent, at, costUsd, workedMs, attempts } = verdict;
      const known = typeof review === 'string' ? null : review;
      const sentBack = (known?.round ?? 1) - 1;
      return [
        { agent, day: clock.day(at), costUsd, workedMs, attempts, sentBack, isMerged: known?.state === 'merged' },
      ];
    }),
  );
  return (await Promise.all(read)).flat();
}

function formatStats({ roles, weeks, waiting }: Stats): readonly string[] {
  if (roles.length === 0) return ['No task was worked on yet.'];
  const { tasks, unknown, costUsd, workedMs } = waiting;
  const others = unknown === 0 ? '' : `, without ${countOf(unknown, 'task')} of roles that have no past`;
  const estimate = `${countOf(tasks, 'task')} in the queue: about ${formatDuration(workedMs)} of work and ${formatUsd(costUsd)}, by the typical task of each role${others}`;
  return [
    ...formatTable('Role', roles),
    '',
    ...formatTable('Week of', weeks.slice(0, maxWeeks)),
    ...(tasks === 0 ? [] : ['', estimate]),
  ];
}

function formatTable(heading: string, rows: readonly StatsRow[]): readonly string[] {
  const dearest = Math.max(...rows.map(({ costUsd }) => costUsd));
  const cells = rows.map((row) => [
    row.name,
    String(row.tasks),
    String(row.merged),
    String(row.sentBack),
    String(row.retried),
    formatDuration(row.workedMs),
    formatUsd(row.costUsd),
    `${formatDuration(row.typical.workedMs)}, ${formatUsd(row.typical.costUsd)}`,
    drawBar(row.costUsd, dearest),
  ]);
  const table = [[heading, 'tasks', 'merged', 'sent back', 'retried', 'work', 'cost', 'typical', ''], ...cells];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === row.length - 1
          ? cell.padEnd(widths[column] ?? 0)
          : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

function drawBar(part: number, whole: number): string {
  return whole === 0 ? '' : '█'.repeat(Math.max(part > 0 ? 1 : 0, Math.round((part / whole) * barChars)));
}
