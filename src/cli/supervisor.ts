/**
 * `start`: a small process that runs the board as its child and starts it again after a crash. Agents outlive a board,
 * and each board goes on from the files, so that a crash costs some seconds. This process loads next to nothing, so
 * that a fault of the board can't be one of its own.
 *
 *   board ──► ended as asked ──► its exit code is ours
 *     ▲  └──► crashed ──► too often lately? ──yes──► tell the user, exit code 1
 *     │                        │ no
 *     └── wait, longer each time
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { ftruncateSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  endSignals,
  handoverVariable,
  maxCrashesOfFile,
  type FromBoard,
  type Handover,
  type ToBoard,
} from '../adapters/machine/supervision.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';

/** The board is not started again after so many crashes within that time. */
const maxCrashes = 5;
const crashWindowMs = 10 * 60_000;
/** The first wait after a crash; each further one within the window doubles it. */
const firstWaitMs = 1_000;
/** The board ended as it was asked to, needs the user, or is run by somebody else. */
const endCodes: readonly number[] = [exitCodes.fine, exitCodes.needsUser, exitCodes.taken];

/** The end of a board. */
interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** In a few words. */
  readonly why: string;
}

/** Runs the board until it ends as it was asked to, or is given up; `args` are those of `start`. Gives the exit code. */
export async function supervise(args: readonly string[]): Promise<ExitCode> {
  return new Supervisor(args).run();
}

class Supervisor {
  readonly #args: readonly string[];
  /** Holds which version of a file the board parses at this moment; null where there can be no such file. */
  readonly #parsing = openParsing();
  readonly #crashesOf = new Map<string, number>();
  /** When boards crashed lately. */
  #crashes: readonly number[] = [];
  #child: ChildProcess | null = null;
  #endWait: (() => void) | null = null;
  /** Where this process shows itself, once a board was up. Until then the user reads errors at the terminal. */
  #ownFile: string | null = null;

  constructor(args: readonly string[]) {
    this.#args = args;
    for (const signal of endSignals) process.on(signal, this.#onSignal);
    // Its output may have no reader any more.
    process.stderr.on('error', () => undefined);
  }

  async run(): Promise<ExitCode> {
    for (;;) {
      const end = await this.#runBoard(null);
      if (this.#isFinal(end)) return this.#endLike(end);
      this.#countCrash();
      if (this.#crashes.length >= maxCrashes) return this.#giveUp(end);
      const waitMs = firstWaitMs * 2 ** (this.#crashes.length - 1);
      say(`the board ${end.why}; its agents go on, and it is started again in ${String(waitMs / 1000)} s`);
      if (await this.#waitWasEnded(waitMs)) return exitCodes.fine;
    }
  }

  /** Runs a board to its end, or lets it tell the user why no more are started. */
  #runBoard(givenUp: string | null): Promise<End> {
    const refused = [...this.#crashesOf].filter(([, count]) => count >= maxCrashesOfFile).map(([version]) => version);
    const handover: Handover = { crashes: this.#crashes.length, refused, givenUp };
    if (this.#parsing !== null) ftruncateSync(this.#parsing);
    const program = process.argv[1] ?? '';
    const child = spawn(process.execPath, [...process.execArgv, program, 'board', ...this.#args], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc', this.#parsing ?? 'ignore'],
      env: { ...process.env, [handoverVariable]: JSON.stringify(handover) },
    });
    this.#child = child;
    let failure: string | null = null;
    child.on('message', (message) => {
      const told = message as FromBoard;
      if (told.type === 'failed') failure = told.why;
      else this.#noteUp(told);
    });
    return new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null, how: string) => {
        this.#child = null;
        resolve({ code, signal, why: failure === null ? how : `ended by a fault: ${failure}` });
      };
      child.once('error', ({ message }) => end(null, null, `could not be started: ${message}`));
      child.once('exit', (code, signal) =>
        end(code, signal, signal === null ? `ended with exit code ${String(code)}` : `was ended by ${signal}`),
      );
    });
  }

  #noteUp(up: FromBoard & { readonly type: 'up' }): void {
    this.#ownFile = up.supervisorFile;
    this.#hide();
    // `start --detach` waits for it.
    if (process.connected) process.send?.(up);
  }

  /**
   * Forwards a signal. A terminal signals the board as well, which counts both as one. Between two boards it ends the
   * wait.
   */
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    const message: ToBoard = { signal };
    if (this.#child?.connected === true) this.#child.send(message, () => undefined);
    // As under `nohup`, a hang-up of the terminal ends only what is shown there.
    else if (signal !== 'SIGHUP' || process.stdout.isTTY) this.#endWait?.();
  };

  #isFinal({ code, signal }: End): boolean {
    if (signal !== null) return endSignals.includes(signal);
    if (code === null) return false;
    // A board that says what is wrong before it ever crashed says it to the user, who has just started it.
    const isTold = this.#ownFile === null || (this.#crashes.length === 0 && code !== exitCodes.fault);
    return isTold || endCodes.includes(code);
  }

  /** Ends as the board has ended; gives the exit code where that was no signal. */
  #endLike({ code, signal }: End): ExitCode {
    for (const each of endSignals) process.off(each, this.#onSignal);
    this.#hide();
    if (signal !== null) process.kill(process.pid, signal);
    return Object.values(exitCodes).find((known) => known === code) ?? exitCodes.fault;
  }

  #countCrash(): void {
    const now = performance.now();
    this.#crashes = [...this.#crashes.filter((at) => at > now - crashWindowMs), now];
    const version = this.#parsing === null ? '' : readText(this.#parsing);
    if (version !== '') this.#crashesOf.set(version, (this.#crashesOf.get(version) ?? 0) + 1);
  }

  async #giveUp({ why }: End): Promise<ExitCode> {
    const count = `${String(this.#crashes.length)} times within ${String(crashWindowMs / 60_000)} minutes`;
    say(`the board ${why}, after it had crashed again and again (${count}); it is not started again`);
    await this.#runBoard(`it ${why}, and crashed ${count}; branchboard start tries again`);
    this.#hide();
    return exitCodes.fault;
  }

  /** Waits; gives whether somebody asked for the end meanwhile. */
  async #waitWasEnded(forMs: number): Promise<boolean> {
    await this.#show();
    const wasEnded = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), forMs);
      this.#endWait = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
    this.#endWait = null;
    if (wasEnded) this.#hide();
    return wasEnded;
  }

  /** Until the next board is up, a file tells `stop` whom to end. */
  async #show(): Promise<void> {
    const path = this.#ownFile;
    if (path === null) return;
    try {
      const { readStart } = await import('../adapters/machine/processes.ts');
      writeFileSync(path, `${String(process.pid)}\n${readStart(process.pid) ?? ''}\n`, { mode: 0o600 });
    } catch {
      // The wait is short, and the next board can be stopped.
    }
  }

  #hide(): void {
    if (this.#ownFile !== null) rmSync(this.#ownFile, { force: true });
  }
}

function say(text: string): void {
  process.stderr.write(`branchboard: ${text}\n`);
}

/** A file without a name, which is gone with the last process that has it open. */
function openParsing(): number | null {
  const path = join(tmpdir(), `branchboard-parsing-${String(process.pid)}-${String(Date.now())}`);
  try {
    const file = openSync(path, 'wx+', 0o600);
    rmSync(path);
    return file;
  } catch {
    return null;
  }
}

function readText(file: number): string {
  const buffer = Buffer.alloc(256);
  return buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, 0));
}
