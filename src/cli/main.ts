#!/usr/bin/env node
/** The `branchboard` command: reads the arguments, calls the verb's own file, turns errors into messages and exit codes. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { codeOf } from '../adapters/machine/errors.ts';
import { createRedactor } from '../adapters/redaction/redactor.ts';
import { PortError } from '../ports.ts';
import { CliError, exitCodes, type ExitCode } from './exit-code.ts';
import type { Verb } from './verb.ts';

/** The verbs, in the order of the help. Only the one that is called is loaded: all together take half a second. */
const verbs: Readonly<Record<string, () => Promise<Verb>>> = {
  init: async () => (await import('./commands/init.ts')).initCommand,
  start: async () => (await import('./commands/start.ts')).startCommand,
  add: async () => (await import('./commands/add.ts')).addCommand,
  status: async () => (await import('./commands/status.ts')).statusCommand,
  show: async () => (await import('./commands/show.ts')).showCommand,
  logs: async () => (await import('./commands/logs.ts')).logsCommand,
  retry: async () => (await import('./commands/retry.ts')).retryCommand,
  grant: async () => (await import('./commands/grant.ts')).grantCommand,
  cancel: async () => (await import('./commands/cancel.ts')).cancelCommand,
  pause: async () => (await import('./commands/pause.ts')).pauseCommand,
  resume: async () => (await import('./commands/pause.ts')).resumeCommand,
  stop: async () => (await import('./commands/stop.ts')).stopCommand,
  diff: async () => (await import('./commands/diff.ts')).diffCommand,
  rescue: async () => (await import('./commands/rescue.ts')).rescueCommand,
  graph: async () => (await import('./commands/graph.ts')).graphCommand,
  trust: async () => (await import('./commands/trust.ts')).trustCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  demo: async () => (await import('./commands/demo.ts')).demoCommand,
};

/** The verb that is called; all of them where that is not clear, for the help and for a suggestion. */
function loadVerbs(args: readonly string[]): Promise<readonly Verb[]> {
  if (args[0] === '--version' || args[0] === '-V') return Promise.resolve([]);
  const called = Object.keys(verbs).filter((name) => name === args[0]);
  const names = called.length === 0 ? Object.keys(verbs) : called;
  return Promise.all(names.flatMap((name) => verbs[name]?.() ?? []));
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return /"version":\s*"([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}

async function main(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.fine;
  const program = new Command('branchboard')
    .description(
      'A task board made of files that runs Claude Code: drop markdown tasks, review the branches they leave.',
    )
    .version(readVersion())
    .showHelpAfterError('(branchboard --help lists the commands)')
    .exitOverride();
  for (const verb of await loadVerbs(args)) {
    const command = verb((code) => (exitCode = code));
    command.addOption(new Option('--repo <dir>', 'the repository; default: the one of the current folder'));
    program.addCommand(command.exitOverride().showHelpAfterError(`(branchboard ${command.name()} --help says more)`));
  }
  await program.parseAsync(args, { from: 'user' });
  return exitCode;
}

/** What to do about a system that refuses, by the error's code. */
const systemAdvice: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'The disk is full: make room (df -h), then try again.'],
  ['EDQUOT', 'Your share of the disk is used up: make room (quota -s), then try again.'],
  ['EROFS', 'The file system is mounted read-only: mount it for writing, then try again.'],
  ['EACCES', 'Check who owns the files in .orchestrator/ and .git/ (ls -ld), then try again.'],
]);

function report(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
  const redact = createRedactor([process.env]);
  if (error instanceof CliError) {
    process.stderr.write(redact(`error: ${error.message}\n${error.hint === null ? '' : `${error.hint}\n`}`));
    return error.exitCode;
  }
  const advice = systemAdvice.get(codeOf(error) ?? '');
  if (error instanceof Error && advice !== undefined) {
    process.stderr.write(redact(`error: ${error.message}\n${advice}\n`));
    return exitCodes.notReady;
  }
  // What is wrong is outside of the program, and its message says what to do.
  if (error instanceof PortError) {
    process.stderr.write(redact(`error: ${error.message}\n`));
    return exitCodes.notReady;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(redact(`branchboard has a fault; please report it:\n${text}\n`));
  return exitCodes.fault;
}

/** These have agents at work, and go on when nobody reads what they print. */
const outliveTheirReader = ['start', 'demo'];

/** A reader that goes away, such as `head`, and a terminal that is closed are no fault. */
const readerIsGone = ['EPIPE', 'EIO'];

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!readerIsGone.includes(error.code ?? '')) throw error;
    if (!outliveTheirReader.includes(process.argv[2] ?? '')) process.exit(exitCodes.fine);
  });
}

process.exitCode = await main(process.argv.slice(2)).catch(report);
