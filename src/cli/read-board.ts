/** The board's data for commands: the running daemon's own, or read from the folder where none runs. */
import { readdir } from 'node:fs/promises';
import { readRegular } from '../adapters/machine/regular-file.ts';
import { findDaemon, type Daemon } from '../adapters/daemon-lock/daemon-lock.ts';
import { listOffers } from '../core/commands/offers.ts';
import { describeBoard, type BoardData, type TaskData } from '../views/board-data.ts';
import { keyOf, type TaskId } from '../domain/task.ts';
import type { Place } from './place.ts';
import { redactFor } from './output-redaction.ts';

/** The board's data, and where it came from. */
export interface KnownBoard {
  readonly data: BoardData;
  /** The number of files that wait to be taken in; those that are refused are problems of the data. */
  readonly waiting: number;
}

/** Reads the board. */
export async function readBoardData(place: Place): Promise<KnownBoard> {
  const { layout, topLevel } = place;
  const owner = await findDaemon(layout.root);
  const running = owner === null ? null : await readRunning(layout.boardData, owner);
  if (running !== null) return addInbox(place, running);
  // A running board's data is a file; what it takes to read the folder is loaded only where none runs.
  const { readBoardOf } = await import('./compose-reader.ts');
  const board = await readBoardOf(place);
  const data = describeBoard(board, {
    running: owner !== null,
    repo: topLevel,
    pid: owner?.pid ?? null,
    redact: redactFor(() => board.settings),
  });
  // Those that lie in other columns wait like those of the inbox.
  const unread = [...(board.scan?.inbox.keys() ?? []), ...(board.scan?.unsettled.keys() ?? [])];
  const elsewhere = unread.filter((path) => !path.startsWith('inbox/') && !board.inbox.has(path));
  const known = await addInbox(place, data);
  return { ...known, waiting: known.waiting + elsewhere.length };
}

/** A board's data with the files of its inbox that it has not looked at yet. */
async function addInbox(place: Place, data: BoardData): Promise<KnownBoard> {
  const names = await readdir(place.layout.inbox).catch(() => []);
  // What it takes to read them is loaded only where there are any; a board that names some problems alone knows of all.
  if (names.length === 0 || data.omittedProblems > 0) return { data, waiting: 0 };
  const { readInboxFiles } = await import('./inbox-files.ts');
  const known = new Set(data.problems.map(({ file }) => file));
  const untaken = (await readInboxFiles(place)).filter(({ shownAs }) => !known.has(shownAs));
  const refused = untaken.flatMap(({ errors }) => errors);
  const waiting = untaken.filter(({ task, errors }) => task !== null && errors.length === 0).length;
  return { data: { ...data, problems: [...data.problems, ...refused] }, waiting };
}

/** One task of the board, or undefined. */
export function findTaskData(data: BoardData, id: TaskId): TaskData | undefined {
  return data.tasks.find((task) => keyOf(task.id as TaskId) === keyOf(id));
}

/** A daemon of an earlier version says nothing of these, and may go on for days. */
const untold = {
  ...{ asksFor: [], granted: [], origin: null, diffstat: null, checks: [], review: null },
  ...{ lastTool: null, stage: null, resumes: false, edited: false },
} as const;
type Told = Omit<TaskData, keyof typeof untold | 'commands'> & Partial<TaskData>;

/** Parses `queue.json` of this version or an earlier one. */
export function openBoardData(text: string): BoardData {
  const data = JSON.parse(text) as Omit<BoardData, 'tasks' | 'costTodayUsd' | 'problems' | 'omittedProblems'> &
    Partial<BoardData> & { readonly tasks: readonly Told[] };
  const tasks = data.tasks.map((task) => {
    const offers = { commands: listOffers(task.column, task.id as TaskId) };
    // The fields keep the order in which the board told them.
    return { ...task, ...untold, ...offers, ...task };
  });
  return { costTodayUsd: null, problems: [], omittedProblems: 0, ...data, version: 2, tasks };
}

/** The data of the daemon that runs now, not of an earlier one that was killed; null where it has written none yet. */
async function readRunning(path: string, owner: Daemon): Promise<BoardData | null> {
  try {
    const data = openBoardData(await readRegular(path));
    return data.daemon.running && data.daemon.pid === owner.pid ? data : null;
  } catch {
    return null;
  }
}
