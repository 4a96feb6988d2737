/** `stop`: ends the board that runs here; its agents are stopped and stay resumable. */
import { setTimeout as delay } from 'node:timers/promises';
import { findDaemon, type Daemon } from '../../adapters/daemon-lock/daemon-lock.ts';
import { listCommands, removeCommand, writeCommand } from '../../adapters/files/command-files.ts';
import { checkFolders } from '../../adapters/files/own-folders.ts';
import { createClock } from '../../adapters/machine/clock.ts';
import { signalProcess } from '../../adapters/machine/processes.ts';
import { readRegular } from '../../adapters/machine/regular-file.ts';
import { makeRequest, type CommandId } from '../../domain/command.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { findUncheckedPlace, type GlobalOptions, type Place } from '../place.ts';
import { print, type Verb } from '../verb.ts';

/** A board waits for its agents to end; longer than this something is wrong. */
const stopTimeoutMs = 60_000;
/** A board that is frozen, or has many other commands before this one, reads it later than this. */
const unreadTimeoutMs = 10_000;
/** One that then does not answer for so long either is frozen. */
const answerTimeoutMs = 10_000;
const pollMs = 50;

/** The verb `stop`. */
export const stopCommand: Verb = (command) =>
  command.action(async (options: GlobalOptions) => {
    const place = await findUncheckedPlace(options);
    const daemon = await findDaemon(place.layout.root);
    if (daemon === null) {
      const supervisor = await endSupervisor(place.layout.supervisor);
      print(
        supervisor === null ? 'No board runs here.' : `Stopped (pid ${String(supervisor)}), before it started again.`,
      );
      return;
    }
    const asked = await askToStop(place, daemon);
    for (let waitedMs = 0; waitedMs < stopTimeoutMs; waitedMs += pollMs) {
      if (daemon.hasEnded()) {
        print(`Stopped (pid ${String(daemon.pid)}).`);
        return;
      }
      if (asked !== null && waitedMs === unreadTimeoutMs && (await signalIfUnread(place, daemon, asked))) {
        if (await isFrozen(daemon)) throw describeFrozen(daemon);
      }
      await delay(pollMs);
    }
    if (await isFrozen(daemon)) throw describeFrozen(daemon);
    throw new CliError(
      exitCodes.fault,
      `the board (pid ${String(daemon.pid)}) is still ending its agents`,
      'Type branchboard stop again to hurry it.',
    );
  });

/** Lays the command down; a signal asks the same where that can't be done, and null is given. */
async function askToStop({ layout }: Place, daemon: Daemon): Promise<CommandId | null> {
  const clock = createClock();
  const command = { kind: 'stop', pid: daemon.pid } as const;
  const request = makeRequest(clock.now(), clock.uuid(), { by: 'cli', seen: null, command });
  try {
    checkFolders(layout.folders);
    await writeCommand(layout, request);
    return request.id;
  } catch {
    daemon.signal();
    return null;
  }
}

/** Asks by a signal, and takes the command back: both together would hurry the end. False where it was read. */
async function signalIfUnread({ layout }: Place, daemon: Daemon, id: CommandId): Promise<boolean> {
  if (!(await listCommands(layout)).includes(id)) return false;
  await removeCommand(layout, id);
  daemon.signal();
  return true;
}

/** Whether a board says nothing at all. One that is ending closes the connection. */
async function isFrozen({ socket }: Daemon): Promise<boolean> {
  if (socket === null) return false;
  const { BoardClient, NoAnswerError } = await import('../../client/board-client.ts');
  try {
    await new BoardClient(socket, answerTimeoutMs).board();
    return false;
  } catch (error) {
    return error instanceof NoAnswerError && error.why === 'late';
  }
}

function describeFrozen({ pid }: Daemon): CliError {
  const what = `the board (pid ${String(pid)}) does not answer: it is suspended, or its machine is very busy`;
  return new CliError(
    exitCodes.fault,
    `${what}. It was asked to stop, and does so once it goes on`,
    `If it is suspended: kill -CONT ${String(pid)}`,
  );
}

/** Ends the supervisor that waits until it starts a crashed board again; null where none does. */
async function endSupervisor(path: string): Promise<number | null> {
  const [pid, start = ''] = (await readRegular(path).catch(() => '')).split('\n');
  const mark = { pid: Number(pid), start };
  return mark.pid > 0 && signalProcess(mark, 'SIGTERM') ? mark.pid : null;
}
