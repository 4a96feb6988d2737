/** The live view of `start` on a terminal: what happens scrolls by above, the board stands below. */
import { createLogUpdate } from 'log-update';
import colors from 'picocolors';
import { describeBoard, type Surroundings } from '../../daemon/board-data.ts';
import type { Board } from '../../domain/board.ts';
import type { HistoryEntry } from '../../domain/history.ts';
import { formatBoard } from './board-text.ts';
import { formatHistory } from './history-text.ts';

/** Redrawn at most so often. */
const redrawEveryMs = 100;
const maxDoneShown = 5;

/** Shows a running board. */
export interface BoardView {
  showBoard(board: Board): void;
  showHistory(entry: HistoryEntry): void;
  showNotice(message: string): void;
  end(): void;
}

/** A view that redraws itself in place; for terminals. */
export function createLiveView(stream: NodeJS.WriteStream, surroundings: Surroundings): BoardView {
  const update = createLogUpdate(stream, { showCursor: true });
  let board: Board | null = null;
  let timer: NodeJS.Timeout | null = null;

  const draw = () => {
    timer = null;
    if (board === null) return;
    const rows = Math.max(5, stream.rows - 4);
    const lines = formatBoard(describeBoard(board, surroundings), stream.columns, maxDoneShown);
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
    showHistory: (entry) => print(`${colors.dim(timeOf(entry.at))} ${formatHistory(entry)}`),
    showNotice: (message) => print(colors.yellow(message)),
    end() {
      if (timer !== null) clearTimeout(timer);
      draw();
      update.done();
    },
  };
}

/** A view of plain lines; for pipes and files. */
export function createPlainView(stream: NodeJS.WritableStream): BoardView {
  return {
    showBoard: () => undefined,
    showHistory(entry) {
      for (const line of formatHistory(entry).split('\n')) stream.write(`${timeOf(entry.at)} ${line}\n`);
    },
    showNotice: (message) => stream.write(`${message}\n`),
    end: () => undefined,
  };
}

function timeOf(at: number): string {
  return new Date(at).toLocaleTimeString('sv-SE');
}
