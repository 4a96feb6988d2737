/** `logs`: prints a task's agent's output, readable or as the stream itself. */
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { runFiles } from '../../adapters/files/facts.ts';
import type { RunId } from '../../domain/run.ts';
import { findRunning, isUnanswered } from '../ask-running.ts';
import { requireSettings } from '../compose-reader.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { findPlace, type GlobalOptions, type Place } from '../place.ts';
import { redactFor, redactStreamLine } from '../output-redaction.ts';
import { chooseRun, hasBegun, hasEnded, readRun } from '../run-log.ts';
import { findTask } from '../task-files.ts';
import { print, type Verb } from '../verb.ts';
import { describeSilence, OpenTools, tellSilence } from '../view/silence.ts';
import { formatStreamLine } from '../view/stream-text.ts';

interface LogsOptions extends GlobalOptions {
  readonly follow?: boolean;
  readonly raw?: boolean;
  readonly run?: number;
}

/** The verb `logs`. */
export const logsCommand: Verb = (command) =>
  command
    .option('-f, --follow', 'go on as it prints more, into the next runs too, until the task leaves active/')
    .option('--raw', 'the stream itself, as JSON lines')
    .option('--run <n>', 'that run; default: the last', parseRunNumber)
    .action(async (text: string, options: LogsOptions) => {
      const place = await findPlace(options);
      const { id } = await findTask(place, text);
      const follows = options.follow === true;
      const first = await chooseRun(place.layout, id, { run: options.run ?? null, follows });
      if (!first.ok) throw new CliError(exitCodes.usage, first.failure.said, first.failure.hint);
      const settings = await requireSettings(place);
      const redact = redactFor(() => settings);
      for (let n = first.value; ; n++) {
        const run = { task: id, n };
        const lines = listLines(place, run, follows);
        if (options.raw === true) {
          for await (const line of lines) print(redactStreamLine(line, redact));
        } else {
          await show(follows ? tellSilence(lines) : lines, join(place.layout.run(run), runFiles.stream), redact);
        }
        if (!follows || !(await hasBegun(place.layout, run))) return;
      }
    });

/** Prints lines in words; null among them says that none came for long. */
async function show(
  lines: AsyncIterable<string | null>,
  outputPath: string,
  redact: (text: string) => string,
): Promise<void> {
  const tools = new OpenTools();
  for await (const line of lines) {
    if (line === null) {
      const silence = await describeSilence(tools, outputPath, Date.now());
      if (silence !== null) print(silence);
      continue;
    }
    const redacted = redactStreamLine(line, redact);
    tools.see(redacted);
    for (const shown of formatStreamLine(redacted)) print(shown);
  }
}

function parseRunNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('expected a run number, such as 1');
  return Number(text);
}

/** A run's lines, of the board that runs; and of the folder, from where a board that is gone or frozen left off. */
async function* listLines(place: Place, run: RunId, follows: boolean): AsyncGenerator<string> {
  const board = await findRunning(place);
  let taken = 0;
  try {
    for await (const line of board?.log(run.task, run.n, follows) ?? []) {
      taken += 1;
      yield line;
    }
    if (board !== null && (!follows || (await hasEnded(place.layout, run)))) return;
  } catch (error) {
    if (!(await isUnanswered(error))) throw error;
  }
  for await (const lines of readRun(place.layout, run, { follows, skip: taken })) yield* lines;
}
