/** Joins the control channel with the board that runs in this process. */
import { join } from 'node:path';
import { createClock } from '../adapters/machine/clock.ts';
import type { ControlHost } from '../adapters/control/control-app.ts';
import { writeCommand } from '../adapters/files/command-files.ts';
import { createJournal } from '../adapters/files/journal.ts';
import { isSameToken, makeToken } from '../adapters/machine/board-token.ts';
import { codeOf } from '../adapters/machine/errors.ts';
import { see } from '../core/commands/seen.ts';
import type { Board } from '../domain/board.ts';
import { makeCommandId, taskOfCommand, type CommandAnswer, type CommandId } from '../domain/command.ts';
import { limits } from '../domain/limits.ts';
import { keyOf, parseTaskId } from '../domain/task.ts';
import { describeBoard } from '../views/board-data.ts';
import { describeTask } from './describe-task.ts';
import { redactFor } from './output-redaction.ts';
import type { OpenPlace } from './place.ts';

/** The running board, as the channel needs it. */
export interface RunningBoard {
  readonly board: () => Board;
  /** Looks at the folders at once. */
  readonly look: () => void;
}

/** The host of the channel, and what the daemon tells it. */
export interface BoardControl {
  readonly host: ControlHost;
  /** Makes the token of this board; its lock must be held. */
  open(): Promise<void>;
  onBoard(): void;
  onAnswer(id: CommandId, answer: CommandAnswer): void;
}

/** The channel of one running board. */
export function composeControl(place: OpenPlace, { board, look }: RunningBoard): BoardControl {
  const { layout, repository } = place;
  const clock = createClock();
  const journal = createJournal(layout.history, clock);
  const redact = redactFor(() => board().settings);
  const listeners = new Set<() => void>();
  const waiting = new Map<CommandId, ((answer: CommandAnswer) => void)[]>();
  /** What this board settled last, for who asks once more since no answer came. */
  const settled = new Map<CommandId, CommandAnswer>();
  const describe = () => describeBoard(board(), { running: true, repo: repository.topLevel, pid: process.pid, redact });
  let token: string | null = null;
  return {
    async open() {
      token = await makeToken(layout.root);
    },
    host: {
      isUser: (sent) => token !== null && isSameToken(sent, token),
      board: describe,
      async task(text) {
        const id = parseTaskId(text);
        if (id === undefined) return null;
        const task = board().live.get(keyOf(id)) ?? board().finished.get(keyOf(id));
        if (task === undefined) return null;
        const { column, name } = task.file;
        const found = { id: task.id, column, path: join(layout.column(column), name) };
        return (await describeTask(place, found, describe(), redact)).data;
      },
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      async ask({ id: own, command, by, seen }) {
        const at = clock.now();
        const id = own ?? makeCommandId(at, clock.uuid());
        const known = settled.get(id) ?? (own === undefined ? null : await journal.findSettled(own));
        if (known !== null) return { id, answer: Promise.resolve(known) };
        const others = waiting.get(id) ?? [];
        const isAsked = others.length > 0 || board().commands.has(id);
        if (!isAsked && Math.max(board().commands.size, waiting.size) >= limits.maxPendingCommands) return null;
        const answer = new Promise<CommandAnswer>((resolve) => waiting.set(id, [...others, resolve]));
        if (isAsked) return { id, answer };
        const task = taskOfCommand(command);
        const noticed = seen ?? (task === null ? null : see(board(), task));
        try {
          await writeCommand(layout, { version: 1, id, by, at, seen: noticed, command });
        } catch (error) {
          if (codeOf(error) === 'EEXIST') return { id, answer };
          waiting.delete(id);
          throw error;
        }
        look();
        return { id, answer };
      },
    },
    onBoard() {
      for (const listener of listeners) listener();
    },
    onAnswer(id, answer) {
      for (const resolve of waiting.get(id) ?? []) resolve(answer);
      waiting.delete(id);
      settled.set(id, answer);
      for (const oldest of [...settled.keys()].slice(0, -limits.maxPendingCommands)) settled.delete(oldest);
    },
  };
}
