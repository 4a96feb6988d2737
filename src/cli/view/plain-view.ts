/** The views that `start` can show, and the plain one: the history, line by line. */
import type { Board } from '../../domain/board.ts';
import type { HistoryEntry } from '../../domain/history.ts';
import { formatHistory } from './history-text.ts';
import { formatTimeOfDay } from './local-time.ts';

/** Shows a running board. */
export interface BoardView {
  showBoard(board: Board): void;
  showHistory(entry: HistoryEntry): void;
  showNotice(message: string): void;
  end(): void;
}

/** A view of plain lines; for pipes and files. */
export function createPlainView(stream: NodeJS.WritableStream): BoardView {
  return {
    showBoard: () => undefined,
    showHistory(entry) {
      for (const line of formatHistory(entry).split('\n')) stream.write(`${formatTimeOfDay(entry.at)} ${line}\n`);
    },
    showNotice: (message) => stream.write(`${message}\n`),
    end: () => undefined,
  };
}
