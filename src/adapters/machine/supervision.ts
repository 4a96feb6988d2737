/**
 * The tie between a board and its supervisor (`cli/supervisor`), as the board sees it. A board that is run without one
 * finds nothing here, and does without.
 *
 *   environment   what the supervisor knows of earlier boards, see {@link Handover}
 *   channel       the supervisor's signals; that the board is up, or what ends it. It closes with the supervisor, and a
 *                 board that nobody would start again ends then as if it were killed
 *   descriptor    which file is about to be parsed: a parser that ends the process can't tell it afterwards
 */
import { ftruncateSync, writeSync } from 'node:fs';
import type { FileIdentity } from '../../domain/board.ts';

/** The supervisor's hand-over to a board. */
export interface Handover {
  /** The number of boards that crashed lately. */
  readonly crashes: number;
  /** Versions of files that are not parsed any more, since boards ended while they read them. */
  readonly refused: readonly string[];
  /** Where no more boards are started: why not, for this process to tell the user. */
  readonly givenUp: string | null;
}

/** A message of a board to its supervisor. */
export type FromBoard =
  /** `supervisorFile` is where the supervisor shows itself while it waits after a crash. */
  | { readonly type: 'up'; readonly pid: number; readonly supervisorFile: string }
  | { readonly type: 'failed'; readonly why: string };

/** A message of a supervisor to its board: a signal that it got. */
export interface ToBoard {
  readonly signal: NodeJS.Signals;
}

/** Signals that ask for an end: a board stops, and its supervisor starts none again. */
export const endSignals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** The variable that holds the {@link Handover} as JSON. */
export const handoverVariable = 'BRANCHBOARD_HANDOVER';
/** The descriptor of the file that says what is being parsed. */
export const parsingDescriptor = 4;

/** A file that was being parsed when so many boards ended is refused. */
export const maxCrashesOfFile = 2;

let given: Handover | null | undefined;

/** The hand-over of this process's supervisor; null where it has none. */
export function readHandover(): Handover | null {
  if (given !== undefined) return given;
  const text = process.env[handoverVariable];
  // Processes that the board starts have nothing to do with its supervisor.
  Reflect.deleteProperty(process.env, handoverVariable);
  given = text === undefined || process.send === undefined ? null : (JSON.parse(text) as Handover);
  return given;
}

/** Ends this process as soon as its supervisor is gone. */
export function followSupervisor(): void {
  if (readHandover() === null) return;
  const end = () => process.kill(process.pid, 'SIGKILL');
  process.on('disconnect', end);
  // The channel must not keep the board alive.
  process.channel?.unref();
  if (!process.connected) end();
}

/** Calls `onSignal` for each signal that the supervisor was sent. */
export function hearSupervisor(onSignal: (signal: NodeJS.Signals) => void): void {
  if (readHandover() === null) return;
  process.on('message', (message) => onSignal((message as ToBoard).signal));
  process.channel?.unref();
}

/** Tells the supervisor, where there is one. */
export function tellSupervisor(message: FromBoard): void {
  if (readHandover() !== null && process.connected) process.send?.(message);
}

/** Whether that version of a file is not parsed any more. */
export function isRefused(identity: FileIdentity): boolean {
  return readHandover()?.refused.includes(nameVersion(identity)) === true;
}

let isMarked = false;

/** Notes that a file is parsed now. The note is taken back in the next turn of the event loop, since parsing is synchronous. */
export function noteParsing(identity: FileIdentity): void {
  if (readHandover() === null) return;
  mark(nameVersion(identity));
  if (isMarked) return;
  isMarked = true;
  setImmediate(() => {
    isMarked = false;
    mark('');
  });
}

function nameVersion({ inode, size, mtimeMs }: FileIdentity): string {
  return `${String(inode)}:${String(size)}:${String(mtimeMs)}`;
}

/** Files are parsed also where that can't be noted. */
function mark(text: string): void {
  try {
    ftruncateSync(parsingDescriptor);
    writeSync(parsingDescriptor, text, 0);
  } catch {
    // The supervisor could not make the file.
  }
}
