/**
 * Runs the commands of `verify` and `setup`, with their output bounded. They run the agent's files, so they are confined
 * as the agent is and get its environment without its login. Where the machine lacks what it takes to start one, that is
 * thrown with its code, and says nothing about what the command is to check.
 *
 * They carry their run's tag: what one leaves running, such as a test suite's server, is ended with it, and a board that
 * finds a run of a killed one ends its command, lest the same worktree is prepared or checked twice at once.
 */
import type { ChildProcess } from 'node:child_process';
import { toPortError } from '../machine/errors.ts';
import { kindOf } from '../../domain/outside-kind.ts';
import { limits } from '../../domain/limits.ts';
import { applyTerms } from '../../domain/run-terms.ts';
import type { Sandbox } from '../../domain/sandbox.ts';
import type { Settings } from '../../domain/settings.ts';
import { fetchesSubmodules } from '../../domain/task.ts';
import { stripHidden } from '../../domain/visible-text.ts';
import type { Clock, CommandRunner } from '../../ports.ts';
import { composeCommandEnvironment, tagOf, type RunTag } from '../machine/environment.ts';
import { keepEnd } from '../machine/bounded-text.ts';
import { readStart } from '../machine/processes.ts';
import { sweepRun } from '../machine/sweep.ts';
import { defaultTimings } from '../machine/timings.ts';
import { confine, type ConfinedCommand } from './confined-command.ts';
import { closeToken } from './confinement.ts';

/** A process that no sweep finds may hold a command's output open; it is waited for so long. */
const drainMs = 1_000;
/** Looked at of a command's output, so that enough is left of it without its colours. */
const maxRawTailChars = 8 * limits.maxTailChars;

/** What commands are run with. */
export interface CommandRunnerOptions {
  /** Absolute. */
  readonly boardDir: string;
  /** The daemon's own. */
  readonly environment: NodeJS.ProcessEnv;
  /** As they are when it asks. */
  readonly settings: () => Settings;
  readonly sandbox: Promise<Sandbox>;
  /** Commands end when it is aborted. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Makes the runner of one board. */
export function createCommandRunner(options: CommandRunnerOptions): CommandRunner {
  const { boardDir, environment, signal, clock, sandbox } = options;
  // Loaded while the board starts, and in the background, as it is large: node remembers a load that failed, as one does
  // where descriptors have run out, for as long as the process lives.
  const loading = import('execa');
  loading.catch(() => undefined);
  return {
    async run(argv, { cwd, plan }) {
      const { execa } = await loading;
      const settings = applyTerms(options.settings(), plan.terms);
      const confined =
        (await sandbox).kind === 'on' && !fetchesSubmodules(argv)
          ? await confine(argv, cwd, closeToken(settings.sandbox, boardDir))
          : null;
      const [program, ...args] = confined?.argv ?? argv;
      const tag = tagOf(plan, boardDir);
      const env = composeCommandEnvironment({
        cwd,
        tag,
        inherited: environment,
        configured: settings.agent.env,
        named: settings.commands.env,
      });
      const child = execa(program, args, {
        cwd,
        env: { ...env, BRANCHBOARD_TASK: plan.task, ...confined?.env },
        extendEnv: false,
        stdin: 'ignore',
        all: true,
        reject: false,
        timeout: limits.commandTimeoutMs,
        cancelSignal: signal,
        forceKillAfterDelay: limits.terminateGraceMs,
        maxBuffer: { all: 64 * 1024 * 1024 },
        stripFinalNewline: false,
      });
      const swept = sweepAfter(child, tag, clock);
      const result = await child;
      await swept;
      const refused = await explainAndEnd(confined, result.failed && typeof result.all === 'string' ? result.all : '');
      if (result.isCanceled) throw new Error(`${argv.join(' ')} was broken off because the board stops`);
      if (kindOf(result) === 'shortage') throw toPortError(result, argv.join(' '));
      const output = typeof result.all === 'string' ? result.all : '';
      const problem = result.failed && result.exitCode === undefined ? `\n${result.shortMessage}` : '';
      const said = [`${keepTail(output)}${problem}`.trim(), ...(result.failed ? refused : [])];
      return { argv, ok: !result.failed, outputTail: said.filter((part) => part !== '').join('\n') };
    },
  };
}

async function explainAndEnd(confined: ConfinedCommand | null, output: string): Promise<readonly string[]> {
  if (confined === null) return [];
  try {
    return await confined.explainRefusals(output);
  } finally {
    await confined.end();
  }
}

/** The end of what a command printed; commands to a terminal go first, lest one is cut in its middle. */
function keepTail(output: string): string {
  return keepEnd(stripHidden(keepEnd(output, maxRawTailChars)), limits.maxTailChars);
}

/** Ends what a command left behind as soon as it is gone: its output ends only when nobody holds it open any more. */
function sweepAfter(
  child: Pick<ChildProcess, 'once' | 'stdout' | 'stderr'> & { readonly pid?: number | undefined },
  tag: RunTag,
  clock: Clock,
): Promise<void> {
  // It was not started; not in each such case does it say so by an event.
  if (child.pid === undefined) return Promise.resolve();
  const since = readStart(child.pid);
  const letGo = (): void => [child.stdout, child.stderr].forEach((stream) => stream?.destroy());
  return new Promise((resolve) => {
    child.once('exit', () => {
      void sweepRun(tag, since, clock, defaultTimings).then(() => {
        setTimeout(letGo, drainMs).unref();
        resolve();
      });
    });
  });
}
