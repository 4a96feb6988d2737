#!/usr/bin/env node
/** The `branchboard` command: reads the arguments, calls the verb's own file, turns errors into messages and exit codes. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { addCommand } from './commands/add.ts';
import { cancelCommand } from './commands/cancel.ts';
import { demoCommand } from './commands/demo.ts';
import { diffCommand } from './commands/diff.ts';
import { doctorCommand } from './commands/doctor.ts';
import { graphCommand } from './commands/graph.ts';
import { initCommand } from './commands/init.ts';
import { logsCommand } from './commands/logs.ts';
import { pauseCommand, resumeCommand } from './commands/pause.ts';
import { retryCommand } from './commands/retry.ts';
import { showCommand } from './commands/show.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { stopCommand } from './commands/stop.ts';
import { CliError, exitCodes, type ExitCode } from './exit-code.ts';

/** Each verb's file defines it; `run` gives the process's exit code. */
const verbs = [
  initCommand,
  startCommand,
  addCommand,
  statusCommand,
  showCommand,
  logsCommand,
  retryCommand,
  cancelCommand,
  pauseCommand,
  resumeCommand,
  stopCommand,
  diffCommand,
  graphCommand,
  doctorCommand,
  demoCommand,
];

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
  for (const verb of verbs) {
    const command = verb((code) => (exitCode = code));
    command.addOption(new Option('--repo <dir>', 'the repository; default: the one of the current folder'));
    program.addCommand(command.exitOverride().showHelpAfterError(`(branchboard ${command.name()} --help says more)`));
  }
  await program.parseAsync(args, { from: 'user' });
  return exitCode;
}

function report(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
  if (error instanceof CliError) {
    process.stderr.write(`error: ${error.message}\n${error.hint === null ? '' : `${error.hint}\n`}`);
    return error.exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`branchboard has a fault; please report it:\n${text}\n`);
  return exitCodes.fault;
}

// A reader that goes away, such as `head`, is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.fine);
  throw error;
});

process.exitCode = await main(process.argv.slice(2)).catch(report);
