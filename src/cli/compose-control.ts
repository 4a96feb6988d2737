/** Joins the control channel with the board that runs in this process. */
import { join } from 'node:path';
import { isDeepStrictEqual, stripVTControlCharacters } from 'node:util';
import { createClock } from '../adapters/machine/clock.ts';
import type { ControlHost } from '../adapters/control/control-app.ts';
import { readCommand, writeCommand } from '../adapters/files/command-files.ts';
import { isSameToken, makeToken } from '../adapters/machine/board-token.ts';
import { codeOf } from '../adapters/machine/errors.ts';
import type { Redactor } from '../adapters/redaction/redactor.ts';
import { see } from '../core/commands/seen.ts';
import type { Board } from '../domain/board.ts';
import {
  makeCommandId,
  taskOfCommand,
  type Command,
  type CommandAnswer,
  type CommandId,
  type CommandRequest,
  type SettledCommand,
} from '../domain/command.ts';
import { limits } from '../domain/limits.ts';
import { keyOf, parseTaskId } from '../domain/task.ts';
import { describeBoard, revisionOf, type BoardData } from '../views/board-data.ts';
import { describeTask } from './describe-task.ts';
import { redactFor, redactStreamLine } from './output-redaction.ts';
import type { OpenPlace } from './place.ts';
import { chooseRun, readRun } from './run-log.ts';
import { formatStreamLine } from './view/stream-text.ts';

/** The running board, as the channel needs it. */
export interface RunningBoard {
  readonly board: () => Board;
  /** Looks at the folders at once. */
  readonly look: () => void;
  /** What became of a command that was settled lately. */
  readonly findSettled: (id: CommandId) => Promise<SettledCommand | null>;
}

/** The host of the channel, and what the daemon tells it. */
export interface BoardControl {
  readonly host: ControlHost;
  /** Makes the token of this board; its lock must be held. */
  open(): Promise<void>;
  onBoard(): void;
  onAnswer(id: CommandId, answer: CommandAnswer): void;
}

/** A command with its answer, once it is settled; the command is null where the board does not know it any more. */
interface Taken {
  readonly command: Command | null;
  readonly answer: Promise<CommandAnswer>;
}

/** The channel of one running board. */
export function composeControl(place: OpenPlace, { board, look, findSettled }: RunningBoard): BoardControl {
  const { layout, repository } = place;
  const clock = createClock();
  const redact = redactFor(() => board().settings);
  const listeners = new Set<() => void>();
  /** Commands by their ids: those that wait, and those that were settled last. */
  const known = new Map<CommandId, Promise<Taken>>();
  const waiting = new Map<CommandId, (answer: CommandAnswer) => void>();
  const surroundings = { running: true, repo: repository.topLevel, pid: process.pid, redact };
  let described: BoardData | null = null;
  /** Described once after each change, for all who read it. */
  const describe = () => {
    if (described?.revision !== revisionOf(board())) described = describeBoard(board(), surroundings);
    return described;
  };
  let token: string | null = null;

  /** Lays a command down, unless one of its id is there, or was before; gives that one then. */
  async function takeUp(request: CommandRequest): Promise<Taken> {
    const { id, command } = request;
    const settled = await findSettled(id);
    if (settled !== null) return { command: settled.command, answer: Promise.resolve(settled.answer) };
    const answer = new Promise<CommandAnswer>((resolve) => waiting.set(id, resolve));
    try {
      await writeCommand(layout, request);
      return { command, answer };
    } catch (error) {
      const found = codeOf(error) === 'EEXIST' ? await readCommand(layout, id) : null;
      if (found?.kind === 'known') return { command: found.request.command, answer };
      waiting.delete(id);
      if (found === null) throw error;
      return await takeUp(request);
    } finally {
      look();
    }
  }

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
        return describeTask(place, found, describe(), redact);
      },
      async log(text, { run, follows, isRaw }, signal) {
        const id = parseTaskId(text);
        const task = id && (board().live.get(keyOf(id)) ?? board().finished.get(keyOf(id)));
        if (task === undefined) return null;
        const chosen = await chooseRun(layout, task.id, { run, follows });
        if (!chosen.ok) return chosen.failure;
        const pieces = readRun(layout, { task: task.id, n: chosen.value }, { follows, signal });
        return showLines(pieces, isRaw, redact);
      },
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      async ask({ id: own, command, by, seen }) {
        const at = clock.now();
        const id = own ?? makeCommandId(at, clock.uuid());
        let taken = known.get(id);
        if (taken === undefined) {
          if (Math.max(board().commands.size, waiting.size) >= limits.maxPendingCommands) return { kind: 'too-many' };
          const task = taskOfCommand(command);
          const noticed = seen ?? (task === null ? null : see(board(), task));
          taken = takeUp({ version: 1, id, by, at, seen: noticed, command });
          known.set(id, taken);
        }
        try {
          const first = await taken;
          const isSame = first.command === null || isDeepStrictEqual(first.command, command);
          return isSame ? { kind: 'taken', id, answer: first.answer } : { kind: 'other', command: first.command };
        } catch (error) {
          known.delete(id);
          throw error;
        }
      },
    },
    onBoard() {
      for (const listener of listeners) listener();
    },
    onAnswer(id, answer) {
      waiting.get(id)?.(answer);
      waiting.delete(id);
      const settled = [...known.keys()].filter((each) => !waiting.has(each));
      for (const oldest of settled.slice(0, -limits.maxPendingCommands)) known.delete(oldest);
    },
  };
}

/** Lines without secrets, as texts; readable ones have no colours, since nobody knows where they are shown. */
async function* showLines(
  pieces: AsyncIterable<readonly string[]>,
  isRaw: boolean,
  redact: Redactor,
): AsyncGenerator<string> {
  for await (const lines of pieces) {
    const shown = lines.map((line) => redactStreamLine(line, redact));
    const texts = isRaw ? shown : shown.flatMap(formatStreamLine).map((text) => stripVTControlCharacters(text));
    yield texts.map((text) => `${text}\n`).join('');
  }
}
