/** The live view of `start` on a terminal: history lines scroll by above, the board stands below. */
import cliTruncate from 'cli-truncate';
import { createLogUpdate } from 'log-update';
import colors from 'picocolors';
import { describeBoard, type Surroundings } from '../../views/board-data.ts';
import type { Board } from '../../domain/board.ts';
import { formatBoard } from './board-text.ts';
import { formatHistory } from './history-text.ts';
import { formatTimeOfDay, type BoardView } from './plain-view.ts';

/** Redrawn at most so often. */
const redrawEveryMs = 100;
const maxDoneShown = 5;

/** A view that redraws itself in place; for terminals. */
export function createLiveView(stream: NodeJS.WriteStream, surroundings: Surroundings): BoardView {
  const update = createLogUpdate(stream, { showCursor: true });
  let board: Board | null = null;
  let timer: NodeJS.Timeout | null = null;

  const draw = () => {
    timer = null;
    if (board === null) return;
    const rows = Math.max(5, stream.rows - 4);
    const lines = formatBoard(describeBoard(board, surroundings), maxDoneShown).map((line) =>
      cliTruncate(line, stream.columns),
    );
    const shown =
      lines.length > rows
        ? [...lines.slice(0, rows - 2), colors.dim(`… ${lines.length - rows + 1} more`), ...lines.slice(-1)]
        : lines;
    update(`\n${shown.join('\n')}`);
  };
  const print = (line: string) => update.persist(line);
  return {
    showBoard(next) {
      board = next;
      timer ??= setTimeout(draw, redrawEveryMs);
    },
    showHistory: (entry) => print(`${colors.dim(formatTimeOfDay(entry.at))} ${formatHistory(entry)}`),
    showNotice: (message) => print(colors.yellow(message)),
    end() {
      if (timer !== null) clearTimeout(timer);
      draw();
      update.done();
    },
  };
}
