/** The board as text for a terminal, for `status` and the live view. */
import colors from 'picocolors';
import type { BoardData, TaskData } from '../../views/board-data.ts';
import { formatUsd } from '../../domain/amounts.ts';
import { cleanLine } from '../../markdown/safe-text.ts';

const maxIdColumns = 28;

/**
 * Lines for a board, as long as they are. Finished tasks beyond `maxDone` are only counted, as are the files in the
 * inbox that wait for a board to take them in.
 */
export function formatBoard(data: BoardData, maxDone: number, waiting = 0): readonly string[] {
  const live = data.tasks.filter((task) => task.column !== 'done' && task.column !== 'archive');
  const done = data.tasks.filter((task) => task.column === 'done');
  const shown = [...live, ...done.slice(0, maxDone)];
  const width = Math.min(maxIdColumns, Math.max(0, ...shown.map((task) => task.id.length)));
  const hidden = done.length - Math.min(done.length, maxDone) + data.omitted;
  return [
    ...shown.map((task) => formatTask(task, width)),
    ...(hidden > 0 ? [colors.dim(`… and ${hidden} more done`)] : []),
    ...(waiting > 0 ? [describeWaiting(waiting)] : []),
    ...(shown.length === 0 && waiting === 0
      ? [colors.dim('No tasks. Drop a markdown file into .orchestrator/inbox/, or type: branchboard add FILE')]
      : []),
    formatFoot(data, live, done.length + data.omitted),
  ];
}

function describeWaiting(count: number): string {
  const what = count === 1 ? '1 file waits' : `${count} files wait`;
  return `${what} in .orchestrator/inbox/ for the board to run: branchboard start`;
}

function formatTask(task: TaskData, width: number): string {
  const id = task.id.length > width ? `${task.id.slice(0, width - 1)}…` : task.id.padEnd(width);
  return `${markOf(task)} ${colors.bold(id)}  ${wordOf(task).padEnd(9)}  ${cleanLine(detailOf(task))}`;
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

function wordOf(task: TaskData): string {
  return task.column === 'queued' && task.waitingFor.length + task.asksFor.length > 0 ? 'waiting' : task.column;
}

function detailOf(task: TaskData): string {
  switch (task.column) {
    case 'active': {
      const { progress, costUsd, attempt } = task;
      const steps = progress === null ? '' : `${progress.done}/${progress.total} ${progress.step ?? ''} `;
      return (
        `${steps}${attempt > 1 ? `attempt ${attempt} ` : ''}${costUsd > 0 ? formatUsd(costUsd) : ''}`.trim() ||
        task.title
      );
    }
    case 'attention':
      return `${task.reason ?? 'waits for you'}: ${task.question ?? task.title}`;
    case 'queued':
      if (task.asksFor.length > 0) return `asks for ${task.asksFor.join(', ')}: branchboard grant ${task.id}`;
      return task.waitingFor.length > 0 ? `on ${task.waitingFor.join(', ')}` : task.title;
    case 'done':
      return `${task.branch ?? (task.agent === '' ? '' : 'report')}  ${task.summary ?? task.title}`.trimStart();
    case 'archive':
      return task.title;
  }
}

function formatFoot(data: BoardData, live: readonly TaskData[], done: number): string {
  const count = (column: TaskData['column']) => live.filter((task) => task.column === column).length;
  const state =
    data.paused === null
      ? data.daemon.running
        ? 'running'
        : 'not running'
      : `paused (${data.paused.reason}${data.paused.until === null ? '' : ` until ${data.paused.until}`})`;
  const cost = data.tasks.reduce((sum, task) => sum + task.costUsd, 0);
  return colors.dim(
    `${state} · ${count('active')} active · ${count('queued')} queued · ${count('attention')} need you · ${done} done · ${formatUsd(cost)}`,
  );
}
