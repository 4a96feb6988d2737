/** The shape of every verb's file. */
import type { Command } from 'commander';
import type { ExitCode } from './exit-code.ts';

/** Gives a verb's command its options and its action, which tells the exit code where that is not 0. */
export type Verb = (command: Command, exit: (code: ExitCode) => void) => void;

/** Gives a verb's command the options that all have. */
export function addGlobalOptions(command: Command): void {
  command.option('--repo <dir>', 'the repository; default: the one of the current folder');
}

/** Prints a line on standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints data as JSON on standard output. */
export function printJson(data: unknown): void {
  print(JSON.stringify(data, null, 2));
}
