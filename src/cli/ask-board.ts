/**
 * Asks a board for a command: the daemon that runs it, over its socket; where none runs, this process carries the command
 * out by itself, as an errand.
 *
 *   a daemon answers         done, or refused with the reason
 *   a daemon does not        the command lies in `commands/`, and is carried out once it does
 *   no daemon                an errand, under the board's lock; two at once wait for each other
 */
import { setTimeout as delay } from 'node:timers/promises';
import { findDaemon, lockForErrand, type Daemon, type Owner } from '../adapters/daemon-lock/daemon-lock.ts';
import { removeCommand, writeCommand } from '../adapters/files/command-files.ts';
import { readToken } from '../adapters/machine/board-token.ts';
import { createClock } from '../adapters/machine/clock.ts';
import { codeOf } from '../adapters/machine/errors.ts';
import { BoardClient, NoAnswerError, RefusedError } from '../client/board-client.ts';
import {
  commandRights,
  makeRequest,
  taskOfCommand,
  type Command,
  type CommandAnswer,
  type CommandRequest,
} from '../domain/command.ts';
import { CliError, exitCodes } from './exit-code.ts';
import { openPlace, type GlobalOptions, type Place } from './place.ts';
import { findTask } from './task-files.ts';
import { print } from './verb.ts';

/** A board that starts opens its socket within this time, and one that stops lets go of its lock. */
const startupMs = 5_000;
/** Other commands that wait for the board, each for its turn, are through within this time. */
const errandsMs = 60_000;
const pollMs = 50;
/** Says by which way a verb was asked, where no user typed it. */
export const askedByVariable = 'BRANCHBOARD_ASKED_BY';

/** Asks, and prints what came of it; whether it was carried out by now. Throws CliError where it was refused. */
export async function askAndPrint(options: GlobalOptions, place: Place, command: Command): Promise<boolean> {
  if (commandRights[command.kind] === 'decide') {
    const { refuseAgents } = await import('./asked-rights.ts');
    refuseAgents();
  }
  const answer = await askBoard(options, place, command);
  if (answer === null) return false;
  const task = taskOfCommand(command);
  if (answer.kind === 'done') {
    print(task === null ? sentence(answer.said) : `${task}: ${answer.said}`);
    return true;
  }
  throw new CliError(answer.why === 'failed' ? exitCodes.fault : exitCodes.usage, answer.said, answer.hint);
}

/** The answer; null where the board does not answer now, which was printed. */
async function askBoard(options: GlobalOptions, place: Place, command: Command): Promise<CommandAnswer | null> {
  const clock = createClock();
  const at = clock.now();
  const request = makeRequest(at, clock.uuid(), { by: askedByTool() ? 'mcp' : 'cli', seen: null, command });
  for (;;) {
    const daemon = await findDaemon(place.layout.root);
    const answer = daemon === null ? await runErrand(options, request) : await askDaemon(place, daemon, request);
    if (answer === null || 'kind' in answer) return answer;
    if (clock.now() > at + (answer.isErrand ? errandsMs : startupMs)) {
      await layDown(place, request);
      print(`${describeBusy(answer)}: .orchestrator/commands/${request.id}.json`);
      return null;
    }
    await delay(pollMs);
  }
}

/** Whether the MCP server called this verb for its session. */
function askedByTool(): boolean {
  return process.env[askedByVariable] === 'mcp';
}

/** Who has the board, and when it does what was laid down for it. */
function describeBusy({ pid, host, isErrand }: Owner): string {
  const whose = `(${pid === null ? '' : `pid ${String(pid)}`}${host === undefined ? '' : ` on ${host}`})`;
  if (isErrand) return `Another command ${whose} has this board. The next branchboard start does this`;
  return `The board ${whose} is busy. It does this as soon as it can`;
}

/** Its owner where the daemon does not listen yet, or is ending. */
async function askDaemon(
  { layout }: Place,
  { pid, socket }: Daemon,
  request: CommandRequest,
): Promise<CommandAnswer | Owner | null> {
  if (socket === null) return { pid };
  try {
    const { id, by, command } = request;
    const token = commandRights[command.kind] === 'decide' ? await readToken(layout.root) : null;
    const { answer } = await new BoardClient(socket).ask({ id, by, command }, token);
    if (answer !== null) return answer;
    print(`Asked; the board (pid ${String(pid)}) is still at it. branchboard status shows how it goes.`);
    return null;
  } catch (error) {
    if (error instanceof NoAnswerError) return { pid };
    if (error instanceof RefusedError) {
      throw new CliError(exitCodes.fault, error.message, 'To see how the board stands: branchboard status');
    }
    throw error;
  }
}

/** Lays a command down, with where its task is now. Whoever was asked may have laid it down already. */
async function layDown(place: Place, request: CommandRequest): Promise<void> {
  const task = taskOfCommand(request.command);
  const found = task === null ? null : await findTask(place, task);
  try {
    await writeCommand(place.layout, { ...request, seen: found === null ? null : { column: found.column, run: null } });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** Its owner where somebody else has the board at this moment. */
async function runErrand(options: GlobalOptions, request: CommandRequest): Promise<CommandAnswer | Owner> {
  const place = await openPlace(options);
  const lock = await lockForErrand(place.layout.root);
  if (!lock.ok) return lock.failure;
  try {
    const { requireOwnRecords } = await import('./ask-trust.ts');
    await requireOwnRecords(place);
    const { runErrandOf } = await import('./compose-daemon.ts');
    await layDown(place, request);
    return await runErrandOf(place, request, (message) => print(`! ${message}`));
  } catch (error) {
    // Nobody is to find later what failed here and was told.
    await removeCommand(place.layout, request.id).catch(() => undefined);
    throw error;
  } finally {
    await lock.value.release();
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
