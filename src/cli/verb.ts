/** What every verb's file exports. */
import type { Command } from 'commander';
import type { ExitCode } from './exit-code.ts';

/** Makes a verb's command; its action tells the exit code where that is not 0. */
export type Verb = (exit: (code: ExitCode) => void) => Command;

/** Prints a line on standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints data as JSON on standard output. */
export function printJson(data: unknown): void {
  print(JSON.stringify(data, null, 2));
}
