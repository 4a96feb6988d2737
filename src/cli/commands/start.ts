/** `start`: runs the board, in the foreground or on its own. */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Option } from 'commander';
import { ControlServer } from '../../adapters/control/control-server.ts';
import { findAgent } from '../../adapters/agent/driver/command-path.ts';
import { awaitLeftovers, endLeftovers } from '../../adapters/machine/leftovers.ts';
import { createClock } from '../../adapters/machine/clock.ts';
import { removeTemporaryFiles } from '../../adapters/files/temporary-files.ts';
import { findDaemon, lockBoard, type LockListener, type Owner } from '../../adapters/daemon-lock/daemon-lock.ts';
import { makePrivate } from '../../adapters/files/private-files.ts';
import { cutLongOutput, putLongAside } from '../../adapters/files/long-file.ts';
import { openRegular } from '../../adapters/machine/regular-file.ts';
import {
  endSignals,
  hearSupervisor,
  readHandover,
  tellSupervisor,
  type FromBoard,
} from '../../adapters/machine/supervision.ts';
import { trySandbox } from '../../adapters/sandbox/sandbox-probe.ts';
import { needsAttention } from '../../core/schedule.ts';
import { formatDiagnostic } from '../../domain/diagnostic.ts';
import type { Sandbox } from '../../domain/sandbox.ts';
import { limits } from '../../domain/limits.ts';
import { defaultSettings, type Settings } from '../../domain/settings.ts';
import { PortError } from '../../ports.ts';
import { checkCheckout } from '../checkout-checks.ts';
import { composeControl } from '../compose-control.ts';
import { composeDaemon } from '../compose-daemon.ts';
import { composeSettings, requireSettings } from '../compose-reader.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-code.ts';
import { listOpenSecrets } from '../open-secrets.ts';
import { openPlace, type GlobalOptions, type OpenPlace } from '../place.ts';
import { redactFor } from '../output-redaction.ts';
import { findUntrusted, requireOwnRecords, requireTrust } from '../ask-trust.ts';
import { print, type Verb } from '../verb.ts';
import { createPlainView, type BoardView } from '../view/plain-view.ts';

interface StartOptions extends GlobalOptions {
  readonly untilIdle?: boolean;
  readonly detach?: boolean;
}

/** Time for a command that is being carried out without a board to end, in milliseconds. */
const errandTimeoutMs = 60_000;
const errandPollMs = 50;
/** Time for a detached board to answer, in milliseconds. */
const detachTimeoutMs = 30_000;

/** The verb `start`. */
export const startCommand: Verb = (command, exit) =>
  command
    .option('--until-idle', 'end once nothing can go on without you (exit code 3 if something needs you)')
    .addOption(new Option('--detach', 'run in the background; `stop` ends it').conflicts('untilIdle'))
    .action(async (options: StartOptions) => {
      const place = await openPlace(options);
      const givenUp = readHandover()?.givenUp ?? null;
      if (givenUp !== null) {
        const { sayGivenUp } = await import('../give-up.ts');
        await sayGivenUp(place, givenUp);
        return;
      }
      closeToOthers(place);
      await checkMachine(place);
      if (options.detach === true) await detach(place);
      else exit(await runBoard(place, { untilIdle: options.untilIdle === true }));
    });

/** Closes the board's folder to other users, and says so. */
function closeToOthers({ layout }: OpenPlace): void {
  const mended = makePrivate(layout);
  if (mended === 0) return;
  const what = mended === 1 ? 'a file or folder' : `${String(mended)} files and folders`;
  print(`Other users could get at ${what} of .orchestrator/; now only you can (modes 0700 and 0600).`);
}

/**
 * Settings that are wrong or not trusted at the start, and an agent that is not there, are errors. While the board runs, the settings
 * stay that were right last, and an agent that is gone is waited for.
 */
async function checkMachine(place: OpenPlace): Promise<void> {
  const read = await composeSettings(place, print).readIfChanged();
  if (read?.settings === null) {
    throw new CliError(exitCodes.usage, read.problems.map(formatDiagnostic).join('\n'), 'Mend it and start again.');
  }
  const settings = read?.settings ?? defaultSettings;
  // Each asks git, and none needs another's answer.
  const [untrusted, exposures, findings] = await Promise.all([
    findUntrusted(place, settings),
    listOpenSecrets(place),
    checkCheckout(place, settings),
    requireOwnRecords(place),
  ]);
  await requireTrust(place, untrusted);
  const warnings = findings.filter(({ status }) => status !== 'ok');
  for (const { detail, hint } of [...exposures, ...warnings]) print(`! ${detail}. ${hint ?? ''}`);
  try {
    findAgent(settings, process.env, place.repository.topLevel);
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    throw new CliError(exitCodes.notReady, error.message, 'branchboard doctor says more.');
  }
}

/** Runs a board in this process until it ends; throws CliError if another one has it. */
export async function runBoard(place: OpenPlace, choices: { readonly untilIdle: boolean }): Promise<ExitCode> {
  let stopsAsked = 0;
  let stop: () => void = () => {
    stopsAsked += 1;
  };
  let onNotice: (message: string) => void = () => undefined;
  let settings = () => defaultSettings;
  const control = composeControl(place, {
    board: () => daemon.board,
    look: () => daemon.look(),
    findSettled: (id) => daemon.findSettled(id),
  });
  let isOpen = false;
  const server = new ControlServer(() => (isOpen ? control.host : null));
  const lock = await takeBoard(place, {
    onConnection: (socket) => server.accept(socket),
    onLost: () => {
      onNotice('another machine took this board over while this one was frozen; stopping');
      stop();
    },
  });
  if (!lock.ok) throw describeTaken(lock.failure);
  await removeTemporaryFiles(place.layout);
  await control.open();
  // It takes some tenths of a second, in which the board is shown; the daemon starts nothing before it is known.
  const sandbox = requireSandbox(place);
  sandbox.catch(() => undefined);
  const view = await createView(place, () => settings());
  onNotice = (message) => view.showNotice(message);
  const daemon: ReturnType<typeof composeDaemon> = composeDaemon(place, {
    untilIdle: choices.untilIdle,
    crashes: readHandover()?.crashes ?? 0,
    sandbox,
    onAnswer: (id, answer) => control.onAnswer(id, answer),
    onBoard: (board) => {
      view.showBoard(board);
      control.onBoard();
    },
    onHistory: (entry) => view.showHistory(entry),
    onNotice: (message) => view.showNotice(message),
  });
  settings = () => daemon.board.settings;
  // The first uncaught fault ends the board as one in the reducer does; a second one ends it at once.
  const onFault = (error: unknown) => daemon.fail(error);
  process.once('uncaughtException', onFault);
  const signals = listenForSignals(() => stop());
  const bounding = setInterval(() => boundLog(place), limits.pruneEveryMs);
  try {
    await awaitLeftovers(place.layout.root, createClock(), onNotice);
    tellSupervisor({ type: 'up', pid: process.pid, supervisorFile: place.layout.supervisor });
    const running = daemon.run();
    stop = () => daemon.shutDown();
    isOpen = true;
    // Whoever asked while the board was being set up is not asked to ask again.
    for (; stopsAsked > 0; stopsAsked -= 1) stop();
    await running;
  } finally {
    clearInterval(bounding);
    server.close();
    await endLeftovers(place.layout.root, createClock());
    view.end();
    await lock.value.release();
    signals.end();
    process.off('uncaughtException', onFault);
  }
  return choices.untilIdle && needsAttention(daemon.board) ? exitCodes.needsUser : exitCodes.fine;
}

/** Takes the board's lock; a command that has it for a moment is waited for. */
async function takeBoard({ layout }: OpenPlace, listener: LockListener): ReturnType<typeof lockBoard> {
  for (let waitedMs = 0; ; waitedMs += errandPollMs) {
    const lock = await lockBoard(layout.root, listener);
    if (lock.ok || lock.failure.isErrand !== true || waitedMs >= errandTimeoutMs) return lock;
    await delay(errandPollMs);
  }
}

/** Tries the sandbox. Throws CliError where the settings insist on one and the machine has none. */
async function requireSandbox(place: OpenPlace): Promise<Sandbox> {
  const { mode } = (await requireSettings(place)).sandbox;
  const sandbox = await trySandbox(mode, process.env['PATH'] ?? '');
  if (mode !== 'on' || sandbox.kind !== 'missing') return sandbox;
  const message = `the settings say \`sandbox: on\`, and this machine can't confine agents: ${sandbox.why}`;
  throw new CliError(exitCodes.notReady, message, sandbox.hint);
}

/**
 * Calls `stop` at each signal that asks for an end, of this process or of its supervisor: a terminal signals both, which
 * counts as one. A terminal that hangs up ends the board that shows itself there; one whose output goes elsewhere goes
 * on, as under `nohup`, which Node.js makes nothing of by itself.
 */
function listenForSignals(stop: () => void): { end(): void } {
  const isShown = process.stdout.isTTY;
  const heard = { here: 0, there: 0 };
  let asked = 0;
  let isHungUp = false;
  const hear = (where: keyof typeof heard, signal: NodeJS.Signals) => {
    if (signal === 'SIGHUP' && !isShown) return;
    isHungUp ||= signal === 'SIGHUP';
    heard[where] += 1;
    for (; asked < Math.max(heard.here, heard.there); asked += 1) stop();
  };
  const hearHere = (signal: NodeJS.Signals) => hear('here', signal);
  for (const signal of endSignals) process.on(signal, hearHere);
  hearSupervisor((signal) => hear('there', signal));
  return {
    end() {
      for (const signal of endSignals) process.off(signal, hearHere);
      // Node.js aborts at its exit where its terminal is gone, so that signal ends it, as it ends other programs.
      if (isHungUp) process.kill(process.pid, 'SIGHUP');
    },
  };
}

/** Bounds the output of a board in the background while it runs. Without room for the copy it is tried again later. */
function boundLog({ layout }: OpenPlace): void {
  try {
    cutLongOutput(process.stdout.fd, layout.log, limits.maxLogBytes);
  } catch {
    // The full disk is reported elsewhere.
  }
}

function describeTaken({ pid, host }: Owner): CliError {
  const who = `pid ${pid ?? 'unknown'}${host === undefined ? '' : ` on ${host}`}`;
  const where = host === undefined ? '' : ' there';
  const hint = `To see it: branchboard status. To end it, type${where}: branchboard stop`;
  return new CliError(exitCodes.taken, `another board runs here (${who})`, hint);
}

async function createView({ repository }: OpenPlace, settings: () => Settings): Promise<BoardView> {
  if (!process.stdout.isTTY) return createPlainView(process.stdout);
  const { createLiveView } = await import('../view/live-view.ts');
  const surroundings = { running: true, repo: repository.topLevel, pid: process.pid, redact: redactFor(settings) };
  return createLiveView(process.stdout, surroundings);
}

async function detach(place: OpenPlace): Promise<void> {
  const { layout, repository } = place;
  await putLongAside(layout.log, limits.maxLogBytes, 1);
  const log = await openRegular(layout.log, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND);
  const program = process.argv[1];
  if (program === undefined) throw new Error('the program has no path of its own');
  const supervisor = spawn(
    process.execPath,
    [...process.execArgv, program, 'start', '--repo', repository.topLevel],
    // It passes on what the board says over a channel of its own.
    { detached: true, stdio: ['ignore', log.fd, log.fd, 'ipc'] },
  );
  const told = new Promise<FromBoard>((resolve) =>
    supervisor.once('message', (message) => resolve(message as FromBoard)),
  );
  const ended = new Promise<number | null>((resolve) => supervisor.once('exit', resolve));
  const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), detachTimeoutMs).unref());
  const first = await Promise.race([told, ended, late]);
  if (supervisor.connected) supervisor.disconnect();
  supervisor.unref();
  await log.close();
  if (first === 'late') throw new CliError(exitCodes.fault, 'the board did not answer in time', `See ${layout.log}`);
  if (first === exitCodes.taken) throw describeTaken((await findDaemon(layout.root)) ?? { pid: null });
  if (typeof first === 'number' || first?.type !== 'up') {
    throw new CliError(exitCodes.fault, 'the board did not start', `See ${layout.log}`);
  }
  const pid = String(first.pid);
  print(`The board runs in the background (pid ${pid}). It writes to ${layout.log}; branchboard stop ends it.`);
}
