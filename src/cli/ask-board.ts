/**
 * Asks a board for a command: the daemon that runs it, over its socket; where none runs, this process carries the command
 * out by itself, as an errand.
 *
 *   a daemon answers         done, or refused with the reason
 *   a daemon does not        the command lies in `commands/`, and is carried out once it does
 *   no daemon                an errand, under the board's lock; two at once wait for each other
 */
import { setTimeout as delay } from 'node:timers/promises';
import { findDaemon, lockForErrand, type Daemon } from '../adapters/daemon-lock/daemon-lock.ts';
import { removeCommand, writeCommand } from '../adapters/files/command-files.ts';
import { readToken } from '../adapters/machine/board-token.ts';
import { createClock } from '../adapters/machine/clock.ts';
import { codeOf } from '../adapters/machine/errors.ts';
import { BoardClient, NoAnswerError } from '../client/board-client.ts';
import {
  commandRights,
  makeCommandId,
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
const pollMs = 50;

/** Asks, and prints what came of it. Throws CliError where it was refused. */
export async function askAndPrint(options: GlobalOptions, place: Place, command: Command): Promise<void> {
  if (commandRights[command.kind] === 'decide') {
    const { refuseAgents } = await import('./asked-rights.ts');
    refuseAgents();
  }
  const answer = await askBoard(options, place, command);
  if (answer === null) return;
  const task = taskOfCommand(command);
  if (answer.kind === 'done') {
    print(task === null ? sentence(answer.said) : `${task}: ${answer.said}`);
    return;
  }
  throw new CliError(answer.why === 'failed' ? exitCodes.fault : exitCodes.usage, answer.said, answer.hint);
}

/** The answer; null where the board does not answer now, which was printed. */
async function askBoard(options: GlobalOptions, place: Place, command: Command): Promise<CommandAnswer | null> {
  const clock = createClock();
  const at = clock.now();
  const request: CommandRequest = {
    ...{ version: 1, id: makeCommandId(at, clock.uuid()), by: 'cli', at, seen: null, command },
  };
  const until = at + startupMs;
  while (clock.now() < until) {
    const daemon = await findDaemon(place.layout.root);
    const answer = daemon === null ? await runErrand(options, request) : await askDaemon(place, daemon, request);
    if (answer !== 'again') return answer;
    await delay(pollMs);
  }
  await layDown(place, request);
  const daemon = await findDaemon(place.layout.root);
  const who = daemon === null ? 'Another command has this board' : `The board (pid ${String(daemon.pid)}) is busy`;
  print(`${who}. It does this as soon as it can: .orchestrator/commands/${request.id}.json`);
  return null;
}

/** `again` where the daemon does not listen yet, or is ending. */
async function askDaemon(
  { layout }: Place,
  { pid, socket }: Daemon,
  request: CommandRequest,
): Promise<CommandAnswer | 'again' | null> {
  if (socket === null) return 'again';
  try {
    const { id, by, command } = request;
    const token = commandRights[command.kind] === 'decide' ? await readToken(layout.root) : null;
    const { answer } = await new BoardClient(socket).ask({ id, by, command }, token);
    if (answer !== null) return answer;
    print(`Asked; the board (pid ${String(pid)}) is still at it. branchboard status shows how it goes.`);
    return null;
  } catch (error) {
    if (error instanceof NoAnswerError) return 'again';
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

/** `again` where somebody else has the board at this moment. */
async function runErrand(options: GlobalOptions, request: CommandRequest): Promise<CommandAnswer | 'again'> {
  const place = await openPlace(options);
  const lock = await lockForErrand(place.layout.root);
  if (!lock.ok) return 'again';
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
