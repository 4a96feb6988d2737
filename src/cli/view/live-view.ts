/**
 * The live view of `start` on a terminal: history lines scroll by above, the board stands below. The terminal's title says
 * how many tasks need the user, and its bell rings when one begins to, since the window may be out of sight.
 */
import { basename } from 'node:path';
import cliTruncate from 'cli-truncate';
import { createLogUpdate } from 'log-update';
import colors from 'picocolors';
import wrapAnsi from 'wrap-ansi';
import { describeBoard, type BoardData, type Surroundings } from '../../views/board-data.ts';
import type { Board } from '../../domain/board.ts';
import { endAtWord, toVisibleLine } from '../../domain/visible-text.ts';
import { formatBoard } from './board-text.ts';
import { formatHistory } from './history-text.ts';
import { formatTimeOfDay } from './local-time.ts';
import type { BoardView } from './plain-view.ts';

/** Redrawn at most so often. */
const redrawEveryMs = 100;
/** Redrawn at least so often while an agent is at work, for the time that it has been. */
const tickEveryMs = 1_000;
const maxDoneShown = 5;
/** What was done longer ago is only counted. */
const doneForMs = 60 * 60_000;

const bell = '\x07';

/** As wide as the time before each line. */
const setIn = ' '.repeat('HH:MM:SS '.length);

/** A view that redraws itself in place; for terminals. */
export function createLiveView(stream: NodeJS.WriteStream, surroundings: Surroundings): BoardView {
  const update = createLogUpdate(stream, { showCursor: true });
  let board: Board | null = null;
  let timer: NodeJS.Timeout | null = null;
  let isDrawnSoon = false;
  let title = '';

  const draw = (hasStopped: boolean) => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    isDrawnSoon = false;
    if (board === null) return;
    const now = Date.now();
    const data = describeBoard(board, { ...surroundings, running: !hasStopped });
    setTitle(hasStopped ? '' : titleOf(data));
    const options = { now, maxDone: maxDoneShown, doneSince: now - doneForMs, hasStopped };
    const lines = formatBoard(data, options);
    const foot = wrap(lines.at(-1) ?? '');
    const rows = lines.slice(0, -1).map((line) => endAtWord(cliTruncate(line, stream.columns), line));
    const room = Math.max(5, stream.rows - 4) - foot.length;
    const shown = rows.length > room ? [...rows.slice(0, room - 1), colors.dim(cutNote(rows.length - room + 1))] : rows;
    update(`\n${[...shown, ...foot].join('\n')}`);
    if (!hasStopped && data.tasks.some(({ column }) => column === 'active')) drawIn(tickEveryMs);
  };
  const setTitle = (next: string) => {
    if (next !== title) stream.write(`\x1b]2;${next}${bell}`);
    title = next;
  };
  const drawIn = (ms: number) => {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => draw(false), ms);
  };
  const wrap = (line: string, columns = stream.columns) => wrapAnsi(line, columns, { hard: true }).split('\n');
  /** At spaces, with what goes on below the first line set in. */
  const print = (text: string) => {
    const lines = text.split('\n').flatMap((line) => wrap(line, Math.max(20, stream.columns - setIn.length)));
    update.persist(lines.join(`\n${setIn}`));
  };
  return {
    showBoard(next) {
      board = next;
      if (!isDrawnSoon) drawIn(redrawEveryMs);
      isDrawnSoon = true;
    },
    showHistory(entry) {
      print(`${colors.dim(formatTimeOfDay(entry.at))} ${formatHistory(entry)}`);
      if (entry.type === 'task-settled' && entry.column === 'attention') stream.write(bell);
    },
    showNotice: (message) => print(colors.yellow(message)),
    end() {
      draw(true);
      update.done();
    },
  };
}

/** Without names of tasks: a title stands in other programs' lists. An empty one gives the terminal's own back. */
function titleOf({ repo, tasks, problems }: BoardData): string {
  const count = (fits: (task: BoardData['tasks'][number]) => boolean) => tasks.filter(fits).length;
  const counts = [
    [count((task) => task.column === 'attention' || task.asksFor.length > 0) + problems.length, 'need you'],
    [count((task) => task.column === 'active'), 'at work'],
    [count((task) => task.column === 'done' && task.mergedAt === null), 'to review'],
  ] as const;
  const parts = counts.filter(([n]) => n > 0).map(([n, what]) => `${String(n)} ${what}`);
  return toVisibleLine(`${basename(repo)}: ${parts.join(', ') || 'nothing to do'}`);
}

function cutNote(count: number): string {
  return `… ${count} more: branchboard status`;
}
