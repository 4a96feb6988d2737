/** The board as text for a terminal, for `status` and the live view. */
import colors from 'picocolors';
import type { BoardData, TaskData } from '../../views/board-data.ts';
import { describeWhy } from '../../views/pause-words.ts';
import { stageWords } from '../../views/stage.ts';
import { formatDuration, formatUsd } from '../../domain/amounts.ts';
import { nameReason } from '../../domain/reason-words.ts';
import { cleanLine } from '../../markdown/safe-text.ts';
import { formatMinute } from './local-time.ts';

const maxIdColumns = 28;

/** How a board is shown. */
export interface BoardTextOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Finished tasks beyond so many are only counted. */
  readonly maxDone: number;
  /** Those that were finished before are only counted as well; milliseconds since the epoch. */
  readonly doneSince?: number;
  /** Files that wait for a board to take them in. */
  readonly waiting?: number;
  /** The board that was shown has ended, and the picture stays. */
  readonly hasStopped?: boolean;
}

/** Lines for a board, as long as they are. */
export function formatBoard(data: BoardData, options: BoardTextOptions): readonly string[] {
  const { maxDone, doneSince = -Infinity, waiting = 0 } = options;
  const live = data.tasks.filter((task) => task.column !== 'done' && task.column !== 'archive');
  const done = data.tasks.filter((task) => task.column === 'done');
  const recent = done.filter(({ finishedAt }) => finishedAt === null || Date.parse(finishedAt) >= doneSince);
  const shown = [...live, ...recent.slice(0, maxDone)];
  const width = Math.min(maxIdColumns, Math.max(0, ...shown.map((task) => task.id.length)));
  const hidden = done.length - Math.min(recent.length, maxDone) + data.omitted;
  return [
    ...shown.map((task) => formatTask(task, width, data, options)),
    ...(hidden > 0 ? [colors.dim(`… and ${hidden} more done: .orchestrator/DASHBOARD.md lists them`)] : []),
    ...(waiting > 0 ? [describeWaiting(waiting, data)] : []),
    ...(shown.length + hidden === 0 && waiting === 0
      ? [
          colors.dim(
            'No tasks. Drop a markdown file into .orchestrator/inbox/, or type: branchboard add "Add a login page"',
          ),
        ]
      : []),
    colors.dim(formatFoot(data, options)),
  ];
}

function describeWaiting(count: number, { daemon, paused }: BoardData): string {
  const what = `${count === 1 ? '1 file waits' : `${count} files wait`} to be taken in`;
  if (!daemon.running) return `${what}: branchboard start`;
  if (paused?.reason === 'disk-full') return `${what}, held back: ${describeWhy(paused.reason)}`;
  return `${what} once nothing was written to ${count === 1 ? 'it' : 'them'} for a moment`;
}

function formatTask(task: TaskData, width: number, data: BoardData, { now }: BoardTextOptions): string {
  const id = task.id.length > width ? `${task.id.slice(0, width - 1)}…` : task.id.padEnd(width);
  const detail = task.column === 'active' ? detailOfActive(task, data, now) : detailOf(task);
  return `${markOf(task)} ${colors.bold(id)}  ${wordOf(task).padEnd(9)}  ${cleanLine(detail)}`;
}

function markOf(task: TaskData): string {
  switch (task.column) {
    case 'active':
      return colors.cyan('▶');
    case 'attention':
      return colors.yellow('!');
    case 'queued':
      return colors.dim('·');
    case 'done':
      return colors.green('✓');
    case 'archive':
      return colors.dim('−');
  }
}

/** Where a task stands, in a word: work that is merged is told from work that waits for its review. */
export function wordOf(task: TaskData): string {
  if (task.column === 'done') return task.mergedAt === null ? 'done' : 'merged';
  return task.column === 'queued' && task.waitingFor.length + task.asksFor.length > 0 ? 'waiting' : task.column;
}

/** What tells whether it is alive: how long it has run, its step, and what its agent does now. */
function detailOfActive(task: TaskData, data: BoardData, now: number): string {
  const { progress, costUsd, attempt, startedAt, lastTool, stage } = task;
  if (!data.daemon.running) return `branchboard start goes on with it: ${task.title}`;
  const parts = [
    stage === null || stage === 'running' ? null : stageWords[stage],
    task.question === null ? null : `asks: ${task.question}`,
    startedAt === null ? null : formatDuration(Math.max(0, now - Date.parse(startedAt))),
    task.edited ? 'edited since, which this run does not see' : null,
    progress === null ? null : `${progress.done}/${progress.total} ${progress.step ?? 'steps'}`,
    lastTool,
    attempt > 1 ? `attempt ${attempt}` : null,
    costUsd > 0 ? formatUsd(costUsd) : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? task.title : parts.join(' · ');
}

function detailOf(task: TaskData): string {
  switch (task.column) {
    case 'attention':
      if (task.question !== null) return `asks: ${task.question}`;
      if (task.reason === 'dependency-cycle')
        return `${nameReason(task.reason)}, on ${task.dependsOn.join(', ')}: ${task.title}`;
      return `${task.reason === null ? 'waits for you' : nameReason(task.reason)}: ${task.title}`;
    case 'queued':
      if (task.asksFor.length > 0) return `asks for ${task.asksFor.join(', ')}: branchboard grant ${task.id}`;
      if (task.waitingFor.length > 0) return `on ${task.waitingFor.join(', ')}`;
      return task.resumes ? `goes on where it was: ${task.title}` : task.title;
    case 'done':
      return `${task.branch ?? (task.agent === '' ? '' : 'report')}  ${task.summary ?? task.title}`.trimStart();
    default:
      return task.title;
  }
}

/** Whether the board runs, why nothing starts, the counts that are not 0, and what today cost. */
export function formatFoot(data: BoardData, { now, hasStopped = false }: Omit<BoardTextOptions, 'maxDone'>): string {
  const { tasks, paused, daemon, omitted, costTodayUsd } = data;
  const count = (column: TaskData['column']) => tasks.filter((task) => task.column === column).length;
  const merged = tasks.filter((task) => task.column === 'done' && task.mergedAt !== null).length;
  const resumed = hasStopped ? tasks.filter((task) => task.resumes || task.column === 'active') : [];
  const alive = hasStopped ? 'stopped' : daemon.running ? 'running' : 'not running';
  const counts: readonly (readonly [number, string])[] = [
    [hasStopped ? 0 : count('active'), 'active'],
    [count('queued'), 'queued'],
    [count('attention'), count('attention') === 1 ? 'needs you' : 'need you'],
    [count('done') - merged, 'to review'],
    [merged, 'merged'],
    [omitted, 'older'],
  ];
  return [
    ...(paused !== null && daemon.running && !hasStopped ? [] : [alive]),
    ...(paused === null ? [] : [describePause(paused, daemon.running && !hasStopped, now)]),
    ...(resumed.length === 0 ? [] : [describeResumed(resumed)]),
    ...counts.filter(([of]) => of > 0).map(([of, what]) => `${of} ${what}`),
    ...(costTodayUsd === null ? [] : [`${formatUsd(costTodayUsd)} today`]),
  ].join(' · ');
}

/** Why nothing starts. A board that is started again tries at once, so that a time says something only of one that runs. */
export function describePause(paused: NonNullable<BoardData['paused']>, isRunning: boolean, now: number): string {
  const until = paused.until === null ? now : Date.parse(paused.until);
  const when = isRunning && until > now ? `, again at ${formatMinute(until, now)}` : '';
  return `${paused.reason === 'user' ? '' : 'held: '}${describeWhy(paused.reason)}${when}`;
}

/** As many are named. */
const maxResumedNamed = 3;

function describeResumed(tasks: readonly TaskData[]): string {
  const more = tasks.length - maxResumedNamed;
  const named = tasks.slice(0, maxResumedNamed).map(({ id }) => id);
  const all = `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return `${all} ${tasks.length === 1 ? 'goes' : 'go'} on at the next start`;
}
