/** Runs the user's own commands (`verify`, `setup`, `notify`) without a shell, with their output bounded. */
import { limits } from '../domain/limits.ts';
import type { CommandRunner } from '../ports.ts';

/** A runner whose commands end when `signal` is aborted. They get the daemon's environment, less git's own variables. */
export function createCommandRunner(environment: NodeJS.ProcessEnv, signal: AbortSignal): CommandRunner {
  const inherited = Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('GIT_')));
  return {
    async run(argv, { cwd, plan }) {
      // Loaded with the first command: many boards have none, and the library is large.
      const { execa } = await import('execa');
      const [program, ...args] = argv;
      const result = await execa(program, args, {
        cwd,
        env: { ...inherited, BRANCHBOARD_TASK: plan.task, CI: 'true' },
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
      if (result.isCanceled) throw new Error(`${argv.join(' ')} was broken off because the board stops`);
      const output = typeof result.all === 'string' ? result.all : '';
      const problem = result.failed && result.exitCode === undefined ? `\n${result.shortMessage}` : '';
      return { argv, ok: !result.failed, outputTail: `${output.slice(-limits.maxTailChars)}${problem}`.trim() };
    },
  };
}
